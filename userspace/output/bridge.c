/*
 * Carrying bytes between a library's socket and a stream, by one loop on the output's own thread. The library's thread
 * does nothing but its call; an event tells the loop when that has returned.
 */
#include "bridge.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES 4096

struct carrier {
	struct bridge *bridge;
	struct stream *stream;
	int64_t deadline_ns;
	int stop_fd;
	int done_fd;                /* readable once the call has returned; -1: there is none */
	size_t receive_left;        /* bytes that the library may still get */
	size_t size;                /* of data */
	uint8_t data[BUFFER_BYTES]; /* from the library, for the server */
};

struct call {
	bridge_call_fn call;
	void *argument;
	int result;
	int done_fd;
};

int bridge_open(struct bridge *bridge)
{
	int pair[2], error;

	*bridge = (struct bridge){-1, -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	*bridge = (struct bridge){.library_fd = pair[0], .own_fd = pair[1]};
	if (!fcntl(bridge->own_fd, F_SETFL, O_NONBLOCK))
		return 0;
	error = -errno;
	bridge_close(bridge);
	return error;
}

void bridge_close(struct bridge *bridge)
{
	if (bridge->library_fd >= 0)
		close(bridge->library_fd);
	if (bridge->own_fd >= 0)
		close(bridge->own_fd);
	*bridge = (struct bridge){-1, -1};
}

/* Take what the library has written. */
static void fill(struct carrier *c)
{
	ssize_t count;

	if (c->size)
		return;
	count = recv(c->bridge->own_fd, c->data, sizeof(c->data), MSG_DONTWAIT);
	c->size = count > 0 ? (size_t)count : 0;
}

/* To the server, as far as that goes without waiting. */
static int carry_out(struct carrier *c)
{
	for (fill(c); c->size; fill(c)) {
		const struct iovec part = {c->data, c->size};
		const ssize_t count = stream_send(c->stream, &part, 1);

		if (count < 0)
			return count == -EAGAIN ? 0 : (int)count;
		c->size -= (size_t)count;
		memmove(c->data, c->data + count, c->size);
	}
	return 0;
}

/* To the library. The pair takes many times what it may get before it has to read. */
static int carry_in(struct carrier *c)
{
	uint8_t data[BUFFER_BYTES];

	while (c->receive_left) {
		const size_t room = c->receive_left < sizeof(data) ? c->receive_left : sizeof(data);
		const ssize_t count = stream_receive(c->stream, data, room);

		if (count == -EAGAIN)
			return 0;
		if (count <= 0)
			return count ? (int)count : -ECONNRESET;
		if (send(c->bridge->own_fd, data, (size_t)count, MSG_NOSIGNAL) != count)
			return -ENOBUFS;
		c->receive_left -= (size_t)count;
	}
	return 0;
}

/* Something that was taken from the library has not left yet. */
static bool holds_bytes(const struct carrier *c)
{
	return c->size || stream_events(c->stream, false) & POLLOUT;
}

/* 1: the call has returned; 0: there may be bytes to carry. Errors: -ETIMEDOUT, -ECANCELED. */
static int wait_more(struct carrier *c)
{
	const int64_t left_ns = c->deadline_ns - clock_now_ns();
	const short events = (short)((c->receive_left ? POLLIN : 0) |
	                             (stream_events(c->stream, c->size) & POLLOUT));
	struct pollfd polled[4] = {{.fd = c->stop_fd, .events = POLLIN},
	                           {.fd = c->done_fd, .events = POLLIN},
	                           {.fd = c->size ? -1 : c->bridge->own_fd, .events = POLLIN},
	                           {.fd = events ? c->stream->fd : -1, .events = events}};

	if (left_ns <= 0)
		return -ETIMEDOUT;
	if (poll(polled, 4, (int)(left_ns / NS_PER_MS) + 1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (polled[0].revents)
		return -ECANCELED;
	return polled[1].revents != 0;
}

static int carry(struct carrier *c)
{
	int error = 0;

	while (!error) {
		error = carry_out(c);
		if (!error)
			error = carry_in(c);
		if (!error && c->done_fd < 0 && !holds_bytes(c))
			return 0;
		if (!error)
			error = wait_more(c);
	}
	return error;
}

static void *run_call(void *argument)
{
	struct call *call = argument;

	call->result = call->call(call->argument);
	eventfd_write(call->done_fd, 1);
	return NULL;
}

static int start_call(pthread_t *thread, struct call *call)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error)
		return -error;
	error = pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
	if (!error)
		error = pthread_create(thread, &attributes, run_call, call);
	pthread_attr_destroy(&attributes);
	return -error;
}

static int64_t deadline_after(int timeout_ms)
{
	return clock_now_ns() + timeout_ms * NS_PER_MS;
}

int bridge_call(struct bridge *bridge, struct stream *stream, size_t receive_bytes,
                bridge_call_fn call, void *argument, int timeout_ms, int stop_fd)
{
	struct carrier carrier = {.bridge = bridge,
	                          .stream = stream,
	                          .deadline_ns = deadline_after(timeout_ms),
	                          .stop_fd = stop_fd,
	                          .receive_left = receive_bytes};
	struct call under_way = {.call = call, .argument = argument};
	pthread_t thread;
	int error;

	under_way.done_fd = carrier.done_fd = eventfd(0, EFD_CLOEXEC);
	if (carrier.done_fd < 0)
		return -errno;
	error = start_call(&thread, &under_way);
	if (!error) {
		error = carry(&carrier);
		if (error < 0)
			shutdown(bridge->own_fd, SHUT_RDWR);
		pthread_join(thread, NULL);
	}
	close(carrier.done_fd);
	if (error < 0 || under_way.result)
		return error < 0 ? error : under_way.result;
	/* What was written last, or is still held. */
	carrier.done_fd = -1;
	carrier.receive_left = 0;
	return carry(&carrier);
}

int bridge_flush(struct bridge *bridge, struct stream *stream, int timeout_ms, int stop_fd)
{
	struct carrier carrier = {.bridge = bridge,
	                          .stream = stream,
	                          .deadline_ns = deadline_after(timeout_ms),
	                          .stop_fd = stop_fd,
	                          .done_fd = -1};

	return carry(&carrier);
}
