/*
 * RTMP outputs: a thread each, because connecting and publishing block.
 *
 * The thread resolves, connects and publishes, then moves tags from its queue to the server until one
 * of them is gone. It can be told to stop in every phase: waits look at the stop descriptor, and the
 * receiving direction of the socket is shut down, which ends a blocking read; a blocked send ends with
 * the socket's time limit. The object lives until both the thread and the feed have let go of it.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/rate.h"
#include "base/resolve.h"
#include "base/thread.h"
#include "feed.h"
#include "media/cue_message.h"
#include "publisher.h"
#include "tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 5000
#define IO_TIMEOUT_MS      5000
#define RESOLVE_POLL_MS    10
#define RESOLVE_LIMIT_MS   15000
#define IDLE_POLL_MS       1000

struct output_rtmp {
	struct output base;
	struct rtmp_counters own;
	struct output_url url;
	struct tag_queue *queue;
	struct feed_subscriber subscriber;
	atomic_uint references; /* the thread's and the feed's */
	atomic_bool stop;
	int stop_event;
	int wake_socket; /* a duplicate of the socket in use, or -1; base.status_lock guards it */
};

static void drop_reference(struct output_rtmp *o)
{
	if (atomic_fetch_sub(&o->references, 1) > 1)
		return;
	tag_queue_destroy(o->queue);
	close(o->stop_event);
	output_fini(&o->base);
	free(o);
}

static bool stopping(struct output_rtmp *o)
{
	return atomic_load_explicit(&o->stop, memory_order_acquire);
}

static void wait_for_stop(struct output_rtmp *o, int timeout_ms)
{
	struct pollfd polled = {.fd = o->stop_event, .events = POLLIN};

	poll(&polled, 1, timeout_ms);
}

/* From now on give_up can interrupt what blocks on fd; -1 ends that. */
static void set_wake_socket(struct output_rtmp *o, int fd)
{
	pthread_mutex_lock(&o->base.status_lock);
	if (o->wake_socket >= 0)
		close(o->wake_socket);
	o->wake_socket = fd < 0 ? -1 : dup(fd);
	if (fd >= 0 && stopping(o))
		shutdown(fd, SHUT_RD);
	pthread_mutex_unlock(&o->base.status_lock);
}

static int resolve_host(struct output_rtmp *o, struct resolve_result *addresses, char *why,
                        size_t size)
{
	struct resolve *resolve;
	int error = resolve_start(&resolve, o->url.host, o->url.port, SOCK_STREAM);
	int waited_ms = 0;

	if (error) {
		snprintf(why, size, "no memory to resolve the host name");
		return error;
	}
	while ((error = resolve_poll(resolve, addresses)) == -EAGAIN && !stopping(o) &&
	       waited_ms < RESOLVE_LIMIT_MS) {
		wait_for_stop(o, RESOLVE_POLL_MS);
		waited_ms += RESOLVE_POLL_MS;
	}
	if (error == -EAGAIN)
		snprintf(why, size, "the name server does not answer");
	else if (error)
		snprintf(why, size, "cannot resolve the host name: %s", resolve_error(resolve));
	resolve_drop(resolve);
	return error;
}

/*
 * The tag's time in the connection's stream, which starts at 0 with its first frame. Negative: the frame
 * belongs before that.
 */
static int64_t stream_time(const struct flv_tag *tag, int64_t *base_ms)
{
	if (*base_ms == INT64_MIN && tag->header)
		return 0;
	if (*base_ms == INT64_MIN)
		*base_ms = tag->timestamp_ms;
	if (tag->header && tag->timestamp_ms < *base_ms)
		return 0;
	return tag->timestamp_ms - *base_ms;
}

/* Send what is queued. */
static int send_queued(struct output_rtmp *o, struct publisher *publisher, int64_t *base_ms)
{
	struct flv_tag *tag;
	int error = 0;

	tag_queue_clear(o->queue);
	while (!error && !stopping(o) && (tag = tag_queue_pop(o->queue))) {
		const int64_t time_ms = stream_time(tag, base_ms);
		/* As the connection's clock has it; without memory a cue message is lost. */
		struct flv_tag *own = cue_message_rebase(tag, *base_ms);

		if (time_ms >= 0 && own) {
			error = publisher_send(publisher, own, (uint32_t)time_ms);
			counter_add(&o->base.counters.bytes_sent, error ? 0 : own->size);
		}
		flv_tag_unref(own);
		flv_tag_unref(tag);
	}
	return error;
}

/* Returns when the connection or the output has come to its end; why then says what ended it. */
static void stream(struct output_rtmp *o, struct publisher *publisher, int fd, char *why,
                   size_t size)
{
	struct pollfd polled[3] = {{.fd = fd, .events = POLLIN},
	                           {.fd = tag_queue_fd(o->queue), .events = POLLIN},
	                           {.fd = o->stop_event, .events = POLLIN}};
	int64_t base_ms = INT64_MIN;
	struct rate rate = {0};

	while (!stopping(o)) {
		if (poll(polled, 3, IDLE_POLL_MS) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (polled[0].revents && publisher_receive(publisher, why, size))
			return;
		if (send_queued(o, publisher, &base_ms)) {
			snprintf(why, size, "the server stopped reading or closed the connection");
			return;
		}
		rate_update(&rate, clock_now_ns(), counter_get(&o->base.counters.bytes_sent),
		            &o->base.counters.bitrate_bps);
	}
}

static int connect_host(struct output_rtmp *o, char *why, size_t size)
{
	struct resolve_result addresses;
	int fd = resolve_host(o, &addresses, why, size);

	if (fd < 0)
		return fd;
	fd = tcp_connect(&addresses, CONNECT_TIMEOUT_MS, IO_TIMEOUT_MS, o->stop_event);
	if (fd < 0)
		snprintf(why, size, "cannot connect: %s", strerror(-fd));
	return fd;
}

/* One connection from its beginning to its end. */
static void run_connection(struct output_rtmp *o, char *why, size_t size)
{
	struct publisher *publisher;
	int fd;

	output_set_connecting(&o->base);
	fd = connect_host(o, why, size);
	if (fd < 0)
		return;
	set_wake_socket(o, fd);
	if (!publisher_open(&publisher, fd, &o->url, why, size)) {
		output_set_connected(&o->base);
		tag_queue_open(o->queue);
		stream(o, publisher, fd, why, size);
		tag_queue_close(o->queue);
		publisher_close(publisher);
	}
	set_wake_socket(o, -1);
}

static void *output_rtmp_main(void *argument)
{
	struct output_rtmp *o = argument;
	char why[200];

	while (!stopping(o)) {
		snprintf(why, sizeof(why), "connection lost");
		run_connection(o, why, sizeof(why));
		if (!stopping(o))
			wait_for_stop(o, (int)output_set_retrying(&o->base, "%s", why));
	}
	drop_reference(o);
	return NULL;
}

static void output_rtmp_release(struct feed_subscriber *subscriber)
{
	drop_reference(container_of(subscriber, struct output_rtmp, subscriber));
}

static void output_rtmp_give_up(struct output *output)
{
	struct output_rtmp *o = container_of(output, struct output_rtmp, base);

	atomic_store_explicit(&o->stop, true, memory_order_release);
	eventfd_write(o->stop_event, 1);
	pthread_mutex_lock(&o->base.status_lock);
	if (o->wake_socket >= 0)
		shutdown(o->wake_socket, SHUT_RD);
	pthread_mutex_unlock(&o->base.status_lock);
	feed_unsubscribe(&o->subscriber);
}

static const struct output_ops rtmp_ops = {.give_up = output_rtmp_give_up};

int output_rtmp_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	struct output_rtmp *o = calloc(1, sizeof(*o));
	int error;

	if (!o)
		return -ENOMEM;
	o->url = config->url;
	o->base.own_counters = &o->own;
	o->wake_socket = -1;
	o->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&o->references, 2);
	error = o->stop_event < 0 ? -errno
	                          : output_init(&o->base, config, channel_name(feed_channel(feed)),
	                                        &rtmp_ops);
	if (error) {
		if (o->stop_event >= 0)
			close(o->stop_event);
		free(o);
		return error;
	}
	error = tag_queue_create(&o->queue, &config->rtmp.choice,
	                         config->rtmp.backlog_ms ? config->rtmp.backlog_ms
	                                                 : RTMP_DEFAULT_BACKLOG_MS,
	                         &o->own.frames_dropped);
	if (!error)
		error = thread_start_detached(output_rtmp_main, o);
	if (error) {
		atomic_store(&o->references, 1);
		drop_reference(o);
		return error;
	}
	o->subscriber.queue = o->queue;
	o->subscriber.release = output_rtmp_release;
	feed_subscribe(feed, &o->subscriber);
	*out = &o->base;
	return 0;
}
