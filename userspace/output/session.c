/*
 * The RTMP session (Adobe RTMP 1.0, sections 5.4, 7.1.7 and 7.2.2).
 *
 * Messages to the server go through the outbox, so that an answer never lands inside a half-written message. Chunks
 * read are bounded by media/chunk.h; commands are checked whole before anyone acts on them.
 */
#include "session.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "outbox.h"
#include "publisher_command.h"
#include "verdict.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK_BYTES 65536 /* most servers' limit; nearly every message is one chunk then */
#define UNSENT_BYTES \
	131072 /* in the kernel; what the server is behind waits in the tag queue, where it is bounded */
#define TRICKLE_MS    20000 /* a server that takes bytes, but in this time no message */
#define RECEIVE_BYTES 4096
#define RECEIVE_TURNS 8 /* a server that talks without end does not keep us from sending */

/* Chunk stream ids, section 5.3.1.1. */
enum chunk_stream_id {
	CONTROL_STREAM = 2,
	COMMAND_STREAM = 3,
	DATA_STREAM = 4,
	AUDIO_STREAM = 5,
	VIDEO_STREAM = 6
};

/* Message types, sections 5.4 and 7.1. */
enum message_type {
	SET_CHUNK_SIZE = 1,
	ACKNOWLEDGEMENT = 3,
	USER_CONTROL = 4,
	WINDOW_ACK_SIZE = 5,
	SET_PEER_BANDWIDTH = 6,
	COMMAND_AMF3 = 17,
	COMMAND_AMF0 = 20,
};

/* User control events, section 7.1.7. */
enum user_event { PING_REQUEST = 6, PING_RESPONSE = 7 };

struct session {
	struct stream *stream;
	struct outbox outbox;
	struct chunk_reader reader;
	struct session_listener listener;
	struct stall reading, finishing; /* bytes, and whole messages */
	uint64_t received_bytes, acknowledged_bytes;
	uint32_t window_bytes;           /* acknowledge each time so many came; 0: never */
	uint32_t announced_window_bytes; /* ours, as told to the server */
	uint32_t message_stream;
	const char *key; /* NULL: not publishing */
	bool failed;
	bool closed;   /* by the server, in order */
	char why[256]; /* what ended it */
};

int session_create(struct session **out, struct stream *stream, uint64_t received_bytes)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->stream = stream;
	s->received_bytes = received_bytes;
	outbox_init(&s->outbox);
	chunk_reader_init(&s->reader);
	*out = s;
	return 0;
}

void session_set_listener(struct session *session, const struct session_listener *listener)
{
	session->listener = listener ? *listener : (struct session_listener){0};
}

/* A message of our own. One that finds no room is for a server that asks faster than it reads. */
static int say(struct session *s, struct outbox_address to, const uint8_t *body, size_t size)
{
	struct flv_tag *tag = flv_tag_create(FLV_SCRIPT, 0, size);

	if (!tag)
		return -ENOMEM;
	memcpy(tag->body, body, size);
	return outbox_put(&s->outbox, to, 0, tag);
}

static int say_number(struct session *s, enum message_type type, uint32_t number)
{
	uint8_t body[4];

	store_be32(body, number);
	return say(s, (struct outbox_address){CONTROL_STREAM, (uint8_t)type, 0}, body,
	           sizeof(body));
}

int session_begin(struct session *session, uint32_t message_stream, const char *key)
{
	const int unsent = UNSENT_BYTES;
	const int error = say_number(session, SET_CHUNK_SIZE, CHUNK_BYTES);

	if (error)
		return error;
	session->outbox.writer.chunk_size = CHUNK_BYTES;
	session->message_stream = message_stream;
	session->key = key;
	setsockopt(session->stream->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	return 0;
}

static int hear_command(struct session *s, const struct chunk_message *message)
{
	struct amf_command command;

	if (amf_command_read(&command, message->body, message->size))
		return 0; /* not for us, whatever it is */
	if (s->listener.hear)
		return s->listener.hear(s->listener.context, message, &command, s->why,
		                        sizeof(s->why));
	return verdict_is_end(&command, false, s->why, sizeof(s->why)) ? -EIO : 0;
}

/* Ping (section 7.1.7): the time stamp comes back as it came. */
static int answer_ping(struct session *s, const struct chunk_message *message)
{
	uint8_t body[6];

	if (message->size < sizeof(body) || load_be16(message->body) != PING_REQUEST)
		return 0;
	store_be16(body, PING_RESPONSE);
	memcpy(body + 2, message->body + 2, 4);
	return say(s, (struct outbox_address){CONTROL_STREAM, USER_CONTROL, 0}, body, sizeof(body));
}

/* Section 5.4.5: the limit to what we send unacknowledged is answered with a window, when that is new. */
static int answer_bandwidth(struct session *s, const struct chunk_message *message)
{
	const uint32_t window = message->size >= 4 ? load_be32(message->body) : 0;

	if (!window || window == s->announced_window_bytes)
		return 0;
	s->announced_window_bytes = window;
	return say_number(s, WINDOW_ACK_SIZE, window);
}

static int hear(void *context, const struct chunk_message *message)
{
	struct session *s = context;
	struct chunk_message inner = *message;
	int error = 0;

	switch (message->type) {
	case USER_CONTROL:
		error = answer_ping(s, message);
		break;
	case WINDOW_ACK_SIZE:
		if (message->size >= 4)
			s->window_bytes = load_be32(message->body);
		break;
	case SET_PEER_BANDWIDTH:
		error = answer_bandwidth(s, message);
		break;
	case COMMAND_AMF0:
		return hear_command(s, message);
	case COMMAND_AMF3: /* a format byte, 0, before what is AMF0 all the same */
		if (message->size < 1 || message->body[0])
			break;
		inner.body++;
		inner.size--;
		return hear_command(s, &inner);
	}
	return error == -ENOBUFS ? 0 : error;
}

/* Section 5.4.3: every window, tell how much has come in all. */
static int acknowledge(struct session *s)
{
	int error;

	if (!s->window_bytes || s->received_bytes - s->acknowledged_bytes < s->window_bytes)
		return 0;
	error = say_number(s, ACKNOWLEDGEMENT, (uint32_t)s->received_bytes);
	if (!error)
		s->acknowledged_bytes = s->received_bytes;
	return error == -ENOBUFS ? 0 : error;
}

static int take_bytes(struct session *s, const uint8_t *data, size_t size)
{
	int error;

	s->received_bytes += size;
	error = chunk_reader_push(&s->reader, data, size, hear, s);
	if (error == -EBADMSG)
		snprintf(s->why, sizeof(s->why), "the server does not speak RTMP as it should");
	else if (error == -ENOMEM)
		snprintf(s->why, sizeof(s->why), "out of memory");
	return error ? error : acknowledge(s);
}

static int receive_once(struct session *s)
{
	uint8_t data[RECEIVE_BYTES];
	const ssize_t count = stream_receive(s->stream, data, sizeof(data));

	if (count > 0)
		return take_bytes(s, data, (size_t)count);
	if (count == -EAGAIN)
		return -EAGAIN;
	s->closed = count == 0;
	if (s->closed)
		snprintf(s->why, sizeof(s->why), "the server closed the connection");
	else
		snprintf(s->why, sizeof(s->why), "the connection broke: %s",
		         stream_error(s->stream, (int)count));
	return -EIO;
}

static int fail(struct session *s, int error, char *why, size_t size)
{
	s->failed = true;
	snprintf(why, size, "%s", s->why);
	return error;
}

int session_receive(struct session *session, char *why, size_t size)
{
	int error = 0;

	for (int turn = 0; !error && turn < RECEIVE_TURNS; turn++)
		error = receive_once(session);
	return error && error != -EAGAIN ? fail(session, error, why, size) : 0;
}

bool session_has_room(const struct session *session)
{
	return outbox_has_room(&session->outbox);
}

static uint8_t stream_of(enum flv_type type)
{
	switch (type) {
	case FLV_AUDIO:
		return AUDIO_STREAM;
	case FLV_VIDEO:
		return VIDEO_STREAM;
	default:
		return DATA_STREAM;
	}
}

int session_put(struct session *session, struct flv_tag *tag, uint32_t timestamp_ms)
{
	const struct outbox_address to = {stream_of(tag->type), (uint8_t)tag->type,
	                                  session->message_stream};

	return outbox_put(&session->outbox, to, timestamp_ms, tag);
}

/* After a reset the kernel has no other error left: whoever reads then finds an end, which was none. */
int session_send(struct session *session, char *why, size_t size)
{
	const int error = outbox_send(&session->outbox, session->stream);
	char words[sizeof(session->why)];

	if (!error || error == -EAGAIN)
		return 0;
	snprintf(words, sizeof(words), "the connection broke: %s",
	         stream_error(session->stream, error));
	if (session_receive(session, why, size) && !(error == -ECONNRESET && session->closed))
		return error;
	memcpy(session->why, words, sizeof(words));
	return fail(session, error, why, size);
}

short session_events(const struct session *session)
{
	return stream_events(session->stream, session->outbox.count > 0);
}

bool session_has_bytes(const struct session *session)
{
	return stream_has_bytes(session->stream);
}

uint64_t session_payload_bytes(const struct session *session)
{
	return session->outbox.payload_bytes;
}

int session_look(struct session *session, int64_t now_ns, struct socket_progress *progress,
                 bool *waiting, char *why, size_t size)
{
	const bool unwritten = session->outbox.count > 0;
	struct stall_sample bytes = {now_ns, session->outbox.wire_bytes, 0, unwritten};
	const struct stall_sample messages = {now_ns, session->outbox.payload_bytes, 0, unwritten};

	*progress = (struct socket_progress){0};
	if (!socket_progress(session->stream->fd, progress))
		bytes = (struct stall_sample){now_ns, progress->acked_bytes, progress->room_bytes,
		                              unwritten || progress->waiting_bytes};
	*waiting = bytes.waiting;
	if (stall_look(&session->reading, &bytes, STALL_LIMIT_MS))
		snprintf(session->why, sizeof(session->why), "the server stopped reading");
	else if (stall_look(&session->finishing, &messages, TRICKLE_MS))
		snprintf(session->why, sizeof(session->why), "the server reads too slowly");
	else
		return 0;
	return fail(session, -ETIMEDOUT, why, size);
}

/* As every publisher ends. Without memory or room the end of the connection has to do. */
static void say_farewell(struct session *s)
{
	const struct outbox_address to = {COMMAND_STREAM, COMMAND_AMF0, 0};
	uint8_t body[PUBLISHER_COMMAND_BYTES];
	const size_t size = publisher_command_unpublish(body, s->key);

	if (size && !say(s, to, body, size))
		say(s, to, body, publisher_command_delete(body, s->message_stream));
}

/* What is half-written must be ended first: that may take too long. */
static void part(struct session *s)
{
	const int64_t deadline_ns = clock_now_ns() + FAREWELL_MS * NS_PER_MS;
	struct pollfd polled = {.fd = s->stream->fd};
	int64_t left_ns = FAREWELL_MS * NS_PER_MS;

	say_farewell(s);
	while (outbox_send(&s->outbox, s->stream) == -EAGAIN && left_ns > 0) {
		polled.events = stream_events(s->stream, true) & ~POLLIN;
		poll(&polled, 1, (int)(left_ns / NS_PER_MS) + 1);
		left_ns = deadline_ns - clock_now_ns();
	}
}

void session_destroy(struct session *session)
{
	if (!session)
		return;
	if (session->key && !session->failed)
		part(session);
	outbox_clear(&session->outbox);
	free(session);
}
