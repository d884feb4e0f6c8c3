/*
 * One client of the WebSocket. Ulfius does the handshake and gives the connection two threads; this file
 * does the rest, because ulfius 2.7
 *
 * - gives up a frame halfway, and says it was sent, when the socket is not writable for 50 ms: frames
 *   are written here, whole or not at all, and a client that takes nothing for STALL_MS is closed;
 * - allocates whatever payload size a client announces: its reading thread is kept waiting for the lock
 *   that it takes for a frame, and frames are read here, in constant memory;
 * - changes its list of connections outside the lock that guards it: see handshake.h.
 */
#include "websocket.h"

#include "access.h"
#include "frame.h"
#include "handshake.h"
#include "hub.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <ulfius.h>
#include <unistd.h>

#define STALL_MS     2000         /* a client that takes no byte for so long is closed */
#define SEND_MAX_MS  30000        /* and one that needs longer for one message */
#define SOCKET_BYTES (256 * 1024) /* of messages in the kernel, per client */
#define POLL_MS      1000

/* What a connection brings along from its handshake; freed by on_close. */
struct admission {
	struct websocket_hub *hub;
	uint64_t ticket;
};

/* One connection, on the stack of its thread. */
struct client {
	struct hub_client hub; /* what the publisher knows of it */
	struct _websocket_manager *socket;
	struct frame_reader reader;
	int close_code; /* the peer's or ours, 0 while open */
	bool dead;      /* nothing more can be sent */
};

/* Wait until the socket takes more; false after too long. */
static bool wait_writable(struct client *c, int64_t give_up_ns)
{
	struct pollfd fd = {.fd = c->socket->mhd_sock, .events = POLLOUT};
	int ready;

	do {
		ready = poll(&fd, 1, STALL_MS);
	} while (ready < 0 && errno == EINTR);
	return ready > 0 && !(fd.revents & (POLLERR | POLLHUP | POLLNVAL)) &&
	       clock_now_ns() < give_up_ns;
}

/* Write one frame whole, or mark the client dead. */
static void send_frame(struct client *c, uint8_t opcode, const void *data, size_t size)
{
	int64_t give_up_ns = clock_now_ns() + SEND_MAX_MS * NS_PER_MS;
	uint8_t header[FRAME_HEADER_BYTES];
	struct iovec parts[2] = {{header, frame_header(header, opcode, size)},
	                         {(void *)(uintptr_t)data, size}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;

	while (!c->dead && parts[0].iov_len + parts[1].iov_len) {
		n = sendmsg(c->socket->mhd_sock, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			c->dead = true;
		else if (n < 0)
			c->dead = !wait_writable(c, give_up_ns);
		for (size_t i = 0; i < 2 && n > 0; i++) {
			size_t taken = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;

			parts[i].iov_base = (uint8_t *)parts[i].iov_base + taken;
			parts[i].iov_len -= taken;
			n -= (ssize_t)taken;
		}
	}
}

static void send_close(struct client *c)
{
	uint8_t code[2] = {(uint8_t)(c->close_code >> 8), (uint8_t)c->close_code};

	send_frame(c, FRAME_CLOSE, code, sizeof(code));
}

static void on_control(void *context, uint8_t opcode, const uint8_t *data, size_t size)
{
	struct client *c = context;

	if (c->close_code)
		return;
	if (opcode == FRAME_PING)
		send_frame(c, FRAME_PONG, data, size);
	else if (opcode == FRAME_CLOSE)
		c->close_code = size >= 2 ? data[0] << 8 | data[1] : 1000;
}

static void receive(struct client *c)
{
	uint8_t data[2048];
	ssize_t n = recv(c->socket->mhd_sock, data, sizeof(data), MSG_DONTWAIT);
	int code;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->dead = true;
		return;
	}
	code = frame_read(&c->reader, data, (size_t)n, on_control, c);
	if (code)
		c->close_code = code;
}

/* Send what is due until the peer goes, or the hub or ulfius wants it closed. */
static void serve(struct client *c, struct websocket_hub *hub)
{
	struct pollfd fds[2] = {{.fd = c->socket->mhd_sock, .events = POLLIN},
	                        {.fd = c->hub.wake_fd, .events = POLLIN}};
	struct hub_message *message;

	while (!c->dead && !c->close_code) {
		if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
			break;
		if (hub_is_stopping(hub) ||
		    ulfius_websocket_status(c->socket) != U_WEBSOCKET_STATUS_OPEN) {
			c->close_code = FRAME_GOING_AWAY;
			break;
		}
		if (fds[0].revents)
			receive(c);
		message = c->dead || c->close_code ? NULL : hub_take(hub, &c->hub);
		if (message) {
			send_frame(c, FRAME_TEXT, message->text, message->size);
			hub_release(hub, message);
		}
	}
}

/*
 * Take the lock under which ulfius reads a frame, so that it reads none; one that it has begun it may
 * finish. Errors: ETIMEDOUT.
 */
static int keep_from_reading(struct _websocket_manager *socket)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	return pthread_mutex_timedlock(&socket->read_lock, &until);
}

/* The thread that ulfius starts for a connection after the handshake. */
static void client_main(const struct _u_request *request, struct _websocket_manager *socket,
                        void *user_data)
{
	const struct admission *admission = user_data;
	struct websocket_hub *hub = admission->hub;
	struct client client = {.socket = socket};
	int size = SOCKET_BYTES;

	(void)request;
	socket->keep_messages = U_WEBSOCKET_KEEP_NONE;
	handshake_leave(admission->ticket);
	setsockopt(socket->mhd_sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (!keep_from_reading(socket)) {
		if (!hub_join(hub, &client.hub)) {
			serve(&client, hub);
			hub_leave(hub, &client.hub);
		} else {
			client.close_code = FRAME_TRY_LATER;
		}
		if (client.close_code && !client.dead)
			send_close(&client);
		socket->connected = 0; /* the closing handshake is done: no other by ulfius */
		pthread_mutex_unlock(&socket->read_lock);
	}
	socket->connected = 0; /* also ends a frame that ulfius cannot finish */
}

/* Ulfius is about to forget a connection, or its handshake failed. */
static void on_close(const struct _u_request *request, struct _websocket_manager *socket,
                     void *user_data)
{
	struct admission *admission = user_data;

	(void)request;
	(void)socket;
	if (!handshake_abandon())
		handshake_hold_to_end();
	free(admission);
}

/* Whether a comma-separated header contains token. */
static bool header_has(const struct _u_request *request, const char *name, const char *token)
{
	const char *value = u_map_get_case(request->map_header, name);

	return value && strcasestr(value, token);
}

/*
 * The subprotocol to answer with: ours, when it is the first that is offered. A browser that offered one and got none
 * gives up.
 */
static const char *protocol_of(const struct _u_request *request)
{
	const char *offered = u_map_get_case(request->map_header, "Sec-WebSocket-Protocol");
	const size_t n = strlen(ACCESS_PROTOCOL);

	if (!offered || strncmp(offered, ACCESS_PROTOCOL, n) != 0)
		return NULL;
	return offered[n] && offered[n] != ',' ? NULL : ACCESS_PROTOCOL;
}

int websocket_accept(struct websocket_hub *hub, const struct _u_request *request,
                     struct _u_response *response, struct api_error *error)
{
	const char *version = u_map_get_case(request->map_header, "Sec-WebSocket-Version");
	struct admission *admission;

	if (!header_has(request, "Upgrade", "websocket") ||
	    !header_has(request, "Connection", "upgrade") || !version ||
	    strcmp(version, "13") != 0 || strcmp(request->http_verb, "GET") != 0 ||
	    strcmp(request->http_protocol, "HTTP/1.1") != 0 ||
	    !u_map_get_case(request->map_header, "Sec-WebSocket-Key"))
		return api_error_set(error, 400, "not_a_websocket", NULL,
		                     "This is a WebSocket: an HTTP/1.1 upgrade with version 13 is "
		                     "needed");
	if (hub_is_full(hub))
		return api_error_set(error, 503, "limit", NULL,
		                     "There are already %d WebSocket clients",
		                     WEBSOCKET_MAX_CLIENTS);
	admission = malloc(sizeof(*admission));
	if (admission) {
		*admission = (struct admission){.hub = hub, .ticket = handshake_enter()};
		if (ulfius_set_websocket_response(response, protocol_of(request), NULL, client_main,
		                                  admission, NULL, NULL, on_close,
		                                  admission) == U_OK)
			return 0;
		handshake_leave(admission->ticket);
		free(admission);
	}
	return api_error_no_memory(error);
}
