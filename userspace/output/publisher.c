/*
 * librtmp behind the bridge: it writes to one end of a socket pair, and reads nothing there but the server's half of
 * the handshake. Its own reader trusts the server with lengths, and its decoder recurses: chunks are read by the
 * session, which bounds them, and librtmp is handed only the commands that take the opening further, checked whole.
 * It is freed as soon as the server has said that publishing has started.
 */
#include "publisher.h"

#include "base/clock.h"
#include "base/log.h"
#include "bridge.h"
#include "publisher_command.h"
#include "verdict.h"

#include <errno.h>
#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HANDSHAKE_BYTES (1 + 2 * 1536) /* the server's half, section 5.2 */
#define COMMAND_CHANNEL 3
#define RTMP_PORT       1935
#define RTMPS_PORT      443

struct opening {
	RTMP rtmp;
	struct bridge bridge;
	struct stream *stream;
	struct session *session;
	int64_t deadline_ns;
	int stop_fd;
	char tc_url[sizeof(((struct output_url *)0)->host) +
	            sizeof(((struct output_url *)0)->rtmp.app) + 32];
	char connect[RTMP_MAX_HEADER_SIZE +
	             PUBLISHER_COMMAND_BYTES]; /* room for librtmp's header */
	size_t connect_size;
	unsigned int told; /* commands that librtmp was told */
};

/* It answers some, and blocks when many answers wait. A server needs six. */
#define MAX_TOLD 50

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

__attribute__((format(printf, 2, 0))) static void log_library(int level, const char *format,
                                                              va_list args)
{
	char line[400];

	if (level > RTMP_LOGERROR)
		return;
	vsnprintf(line, sizeof(line), format, args);
	log_debug("librtmp: %s", line);
}

/* RTMP_Init makes a global TLS context without a lock the first time: do that once, here. */
static void start_library(void)
{
	RTMP *rtmp = RTMP_Alloc();

	RTMP_LogSetCallback(log_library);
	RTMP_LogSetLevel(RTMP_LOGERROR);
	if (rtmp)
		RTMP_Init(rtmp);
	RTMP_Free(rtmp);
}

static AVal make_aval(const char *text)
{
	return (AVal){.av_val = (char *)(uintptr_t)text, .av_len = (int)strlen(text)};
}

/* The URL without the stream's name; the port only where it is not the scheme's own. */
static void write_tc_url(struct opening *o, const struct output_url *url)
{
	const bool v6 = strchr(url->host, ':');
	char port[8] = "";

	if (url->port != (url->rtmp.tls ? RTMPS_PORT : RTMP_PORT))
		snprintf(port, sizeof(port), ":%u", url->port);
	snprintf(o->tc_url, sizeof(o->tc_url), "%s://%s%s%s%s/%s", url->rtmp.tls ? "rtmps" : "rtmp",
	         v6 ? "[" : "", url->host, v6 ? "]" : "", port, url->rtmp.app);
}

static void set_link(struct opening *o, const struct output_url *url)
{
	RTMP_LNK *link = &o->rtmp.Link;

	link->protocol = RTMP_PROTOCOL_RTMP | RTMP_FEATURE_WRITE; /* TLS is the stream's */
	link->hostname = make_aval(url->host);
	link->port = url->port;
	link->app = make_aval(url->rtmp.app);
	link->tcUrl = make_aval(o->tc_url);
	link->playpath = make_aval(url->rtmp.key);
	link->lFlags |= RTMP_LF_LIVE;
}

static int left_ms(const struct opening *o)
{
	const int64_t left_ns = o->deadline_ns - clock_now_ns();

	return left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
}

/* Which call the server owes an answer to; NULL: none that matters. */
static const char *awaited_call(const struct opening *o)
{
	static const char *const calls[] = {"connect", "createStream", "publish"};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (int j = 0; j < o->rtmp.m_numCalls; j++) {
			const AVal *name = &o->rtmp.m_methodCalls[j].name;

			if (name->av_len == (int)strlen(calls[i]) &&
			    !memcmp(name->av_val, calls[i], strlen(calls[i])))
				return calls[i];
		}
	return NULL;
}

static bool is_awaited(const struct opening *o, double transaction)
{
	for (int i = 0; i < o->rtmp.m_numCalls; i++)
		if (o->rtmp.m_methodCalls[i].num == transaction)
			return true;
	return false;
}

/*
 * The commands that librtmp has to see; others it would ignore, or close its socket. What it cannot read to the end it
 * never frees, and a server could fill the memory with that, connection after connection.
 */
static bool is_for_library(const struct amf_command *command)
{
	static const char *const names[] = {"_result",    "onStatus",  "onBWDone",
	                                    "_onbwcheck", "_onbwdone", "ping"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(command->name, names[i]))
			return !command->exotic;
	return false;
}

static int hear(void *context, const struct chunk_message *message,
                const struct amf_command *command, char *why, size_t size)
{
	struct opening *o = context;
	RTMPPacket packet = {.m_packetType = RTMP_PACKET_TYPE_INVOKE,
	                     .m_nBodySize = (uint32_t)message->size,
	                     .m_body = (char *)(uintptr_t)message->body};

	if (verdict_is_end(command, is_awaited(o, command->transaction), why, size))
		return -EIO;
	if (!is_for_library(command))
		return 0;
	if (++o->told > MAX_TOLD) {
		snprintf(why, size, "the server talks without end");
		return -EPROTO;
	}
	RTMP_ClientPacket(&o->rtmp, &packet);
	if (RTMP_IsConnected(&o->rtmp))
		return 0;
	snprintf(why, size, "the server ended the session");
	return -EIO;
}

static int connect_library(void *argument)
{
	struct opening *o = argument;
	RTMPPacket packet = {
		.m_headerType = RTMP_PACKET_SIZE_LARGE,
		.m_packetType = RTMP_PACKET_TYPE_INVOKE,
		.m_nChannel = COMMAND_CHANNEL,
		.m_nBodySize = (uint32_t)o->connect_size,
		.m_body = o->connect + RTMP_MAX_HEADER_SIZE,
	};

	o->rtmp.m_numInvokes = CONNECT_TRANSACTION;
	return RTMP_Connect1(&o->rtmp, &packet) ? 0 : -EIO;
}

static int shake_hands(struct opening *o, char *why, size_t size)
{
	const int error = bridge_call(&o->bridge, o->stream, HANDSHAKE_BYTES, connect_library, o,
	                              left_ms(o), o->stop_fd);

	if (error == -ETIMEDOUT)
		snprintf(why, size, "the server does not answer the RTMP handshake");
	else if (error == -ECONNRESET)
		snprintf(why, size, "the server closed the connection in the RTMP handshake");
	else if (error == -EAGAIN)
		snprintf(why, size, "no thread for the RTMP handshake");
	else if (error)
		snprintf(why, size, "the RTMP handshake failed: %s",
		         stream_error(o->stream, error));
	return error;
}

static int wait_for_server(struct opening *o)
{
	struct pollfd polled[2] = {{.fd = o->stream->fd, .events = session_events(o->session)},
	                           {.fd = o->stop_fd, .events = POLLIN}};

	if (!session_has_bytes(o->session) && poll(polled, 2, left_ms(o)) < 0 && errno != EINTR)
		return -errno;
	if (polled[1].revents)
		return -ECANCELED;
	return left_ms(o) ? 0 : -ETIMEDOUT;
}

/* What librtmp has written, then what the session answers of itself. */
static int send_answers(struct opening *o, char *why, size_t size)
{
	const int error = bridge_flush(&o->bridge, o->stream, left_ms(o), o->stop_fd);

	if (!error)
		return session_send(o->session, why, size);
	if (error != -ETIMEDOUT)
		snprintf(why, size, "the connection broke: %s", stream_error(o->stream, error));
	return error;
}

static int wait_for_publish(struct opening *o, char *why, size_t size)
{
	const char *call;
	int error = 0;

	while (!error && !o->rtmp.m_bPlaying) {
		error = wait_for_server(o);
		if (!error)
			error = session_receive(o->session, why, size);
		if (!error)
			error = send_answers(o, why, size);
	}
	if (error == -ETIMEDOUT) {
		call = awaited_call(o);
		snprintf(why, size, "the server did not answer %s in time",
		         call ? call : "publish");
	}
	return error;
}

static int run_opening(struct opening *o, const struct output_url *url, char *why, size_t size)
{
	const struct session_listener listener = {hear, o};
	int error = shake_hands(o, why, size);

	if (error)
		return error;
	snprintf(why, size, "out of memory");
	error = session_create(&o->session, o->stream, HANDSHAKE_BYTES);
	if (error)
		return error;
	session_set_listener(o->session, &listener);
	error = wait_for_publish(o, why, size);
	if (!error)
		error = session_begin(o->session, (uint32_t)o->rtmp.m_stream_id, url->rtmp.key);
	session_set_listener(o->session, NULL);
	return error;
}

static int prepare(struct opening *o, const struct output_url *url, char *why, size_t size)
{
	int error = bridge_open(&o->bridge);

	if (error) {
		snprintf(why, size, "no socket for the RTMP handshake: %s", strerror(-error));
		return error;
	}
	write_tc_url(o, url);
	set_link(o, url);
	o->connect_size = publisher_command_connect((uint8_t *)o->connect + RTMP_MAX_HEADER_SIZE,
	                                            url->rtmp.app, o->tc_url);
	/* librtmp closes its socket as it pleases: it gets one of its own. */
	o->rtmp.m_sb.sb_socket = dup(o->bridge.library_fd);
	if (o->rtmp.m_sb.sb_socket < 0 || !o->connect_size) {
		snprintf(why, size,
		         o->connect_size ? "no descriptor is left" : "the URL is too long");
		return -EIO;
	}
	return 0;
}

/* -1: librtmp says no farewell of its own. */
static void end(struct opening *o)
{
	o->rtmp.m_stream_id = -1;
	RTMP_Close(&o->rtmp);
	bridge_close(&o->bridge);
	free(o);
}

int publisher_open(struct session **out, struct stream *stream, const struct output_url *url,
                   int timeout_ms, int stop_fd, char *why, size_t size)
{
	struct opening *o = calloc(1, sizeof(*o));
	int error;

	pthread_once(&library_once, start_library);
	if (!o) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	RTMP_Init(&o->rtmp);
	o->bridge = (struct bridge){-1, -1};
	o->stream = stream;
	o->stop_fd = stop_fd;
	o->deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	error = prepare(o, url, why, size);
	if (!error)
		error = run_opening(o, url, why, size);
	if (error)
		session_destroy(o->session);
	else
		*out = o->session;
	end(o);
	return error;
}
