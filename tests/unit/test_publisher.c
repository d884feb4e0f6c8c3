/*
 * RTMP sessions against a scripted server: everything that it will say is in the socket before the
 * publisher begins, so that each test is one script and its outcome is certain.
 */
#include "output/publisher.h"

#include "base/bytes.h"
#include "output/verdict.h"
#include "running_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDSHAKE_BYTES 1536
#define CHUNK_BYTES     128
#define INVOKE          20
#define METADATA        18
#define OPEN_MS         30000
#define SILENT_MS       1000 /* of a server that has said something before */

struct script {
	int client, server;
	struct stream stream;
	struct chunk_reader reader; /* of what the client says after its handshake */
	size_t skipped;             /* of that handshake */
	char heard[4000];           /* "type:size:first bytes in hex " for each message */
	uint8_t connect[CHUNK_MESSAGE_BYTES];
	size_t connect_size;
	uint8_t body[64 * 1024];
	size_t size;
};

static const struct output_url url = {
	.scheme = OUTPUT_RTMP, .host = "h", .port = 1935, .rtmp = {.app = "live", .key = "key"}};

static void put(struct script *s, const void *data, size_t size)
{
	assert_true(s->size + size <= sizeof(s->body));
	memcpy(s->body + s->size, data, size);
	s->size += size;
}

static void put_string(struct script *s, const char *text)
{
	const uint8_t head[3] = {2, 0, (uint8_t)strlen(text)};

	put(s, head, sizeof(head));
	put(s, text, strlen(text));
}

/* A number as an AMF0 double. */
static void put_number(struct script *s, unsigned int number)
{
	const double value = number;
	uint64_t bits;
	uint8_t wire[9] = {0};

	memcpy(&bits, &value, sizeof(bits));
	store_be32(wire + 1, (uint32_t)(bits >> 32));
	store_be32(wire + 5, (uint32_t)bits);
	put(s, wire, sizeof(wire));
}

static void put_property(struct script *s, const char *name, const char *value)
{
	const uint8_t head[2] = {0, (uint8_t)strlen(name)};

	put(s, head, sizeof(head));
	put(s, name, strlen(name));
	put_string(s, value);
}

/* Send what was put as one message: a type 0 chunk, then type 3 chunks (RTMP 1.0 section 5.3.1). */
static void send_message(struct script *s, uint8_t type)
{
	uint8_t head[12] = {3};
	const uint8_t more = 0xc3;

	store_be24(head + 4, (uint32_t)s->size);
	head[7] = type;
	assert_int_equal(write(s->server, head, sizeof(head)), sizeof(head));
	for (size_t at = 0; at < s->size; at += CHUNK_BYTES) {
		const size_t n = s->size - at < CHUNK_BYTES ? s->size - at : CHUNK_BYTES;

		if (at)
			assert_int_equal(write(s->server, &more, 1), 1);
		assert_int_equal(write(s->server, s->body + at, n), n);
	}
	s->size = 0;
}

static void begin_with(struct script *s, const int pair[2])
{
	const int room = 1 << 20;
	uint8_t hello[1 + 2 * HANDSHAKE_BYTES] = {3};

	memset(s, 0, sizeof(*s));
	s->client = pair[0];
	s->server = pair[1];
	chunk_reader_init(&s->reader);
	setsockopt(s->server, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	assert_int_equal(write(s->server, hello, sizeof(hello)), sizeof(hello));
}

static void begin(struct script *s)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	begin_with(s, pair);
}

/* Over TCP, which has errors of its own. */
static void begin_tcp(struct script *s)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	socklen_t size = sizeof(local);
	const int listener = socket(AF_INET, SOCK_STREAM, 0);
	int pair[2];

	local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&local, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&local, &size), 0);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], (struct sockaddr *)&local, size), 0);
	pair[1] = accept(listener, NULL, NULL);
	assert_true(pair[1] >= 0);
	close(listener);
	begin_with(s, pair);
}

static void say_result(struct script *s, const char *method, unsigned int transaction)
{
	const uint8_t null = 5;

	put_string(s, method);
	put_number(s, transaction);
	put(s, &null, 1);
	put_number(s, 1); /* the stream id, for createStream */
	send_message(s, INVOKE);
}

static void say_status(struct script *s, const char *method, unsigned int transaction,
                       const char *level, const char *code)
{
	const uint8_t null_object[2] = {5, 3}, end[3] = {0, 0, 9};

	put_string(s, method);
	put_number(s, transaction);
	put(s, null_object, sizeof(null_object));
	put_property(s, "level", level);
	put_property(s, "code", code);
	put_property(s, "description", "so it is");
	put(s, end, sizeof(end));
	send_message(s, INVOKE);
}

/* Objects in objects. */
static void say_nested(struct script *s, uint8_t type, size_t levels)
{
	const uint8_t object = 3, property[4] = {0, 1, 'a', 3};

	put_string(s, "onStatus");
	put_number(s, 0);
	put(s, &object, 1);
	for (size_t i = 0; i < levels; i++)
		put(s, property, sizeof(property));
	send_message(s, type);
}

static void say_accepted(struct script *s)
{
	say_result(s, "_result", 1); /* connect */
	say_result(s, "_result", 4); /* createStream */
	say_status(s, "onStatus", 0, "status", "NetStream.Publish.Start");
}

/* Many nulls, and last a reference, which librtmp cannot read. */
static void say_exotic(struct script *s)
{
	const uint8_t null = 5, reference[3] = {7, 0, 0};

	put_string(s, "_result");
	put_number(s, 99);
	for (int i = 0; i < 400; i++)
		put(s, &null, 1);
	put(s, reference, sizeof(reference));
	send_message(s, INVOKE);
}

static int open_limited(struct script *s, struct session **session, char why[200], int limit_ms)
{
	int error;

	why[0] = '\0';
	assert_int_equal(stream_open(&s->stream, s->client, NULL, 0, -1, why, 200), 0);
	error = publisher_open(session, &s->stream, &url, limit_ms, -1, why, 200);
	if (error) {
		stream_close(&s->stream);
		close(s->server);
	}
	return error;
}

static int open_session(struct script *s, struct session **session, char why[200])
{
	return open_limited(s, session, why, OPEN_MS);
}

/* At a server that accepts everything. */
static struct session *open_accepted(struct script *s)
{
	struct session *session;
	char why[200];

	say_accepted(s);
	assert_int_equal(open_session(s, &session, why), 0);
	return session;
}

static void end(struct script *s, struct session *session)
{
	session_destroy(session);
	stream_close(&s->stream);
	if (s->server >= 0)
		close(s->server);
}

static int note_message(void *context, const struct chunk_message *message)
{
	struct script *s = context;
	size_t n = strlen(s->heard);

	n += (size_t)snprintf(s->heard + n, sizeof(s->heard) - n, "%u:%zu:", message->type,
	                      message->size);
	for (size_t i = 0; i < message->size && i < 6 && n < sizeof(s->heard); i++)
		n += (size_t)snprintf(s->heard + n, sizeof(s->heard) - n, "%02x", message->body[i]);
	if (n < sizeof(s->heard))
		snprintf(s->heard + n, sizeof(s->heard) - n, " ");
	if (message->type == INVOKE && !s->connect_size) {
		memcpy(s->connect, message->body, message->size);
		s->connect_size = message->size;
	}
	return 0;
}

/* What the client has said since the last time. */
static const char *listen_in(struct script *s)
{
	uint8_t data[8192];
	ssize_t count;

	s->heard[0] = '\0';
	while ((count = recv(s->server, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		size_t skip = 1 + 2 * HANDSHAKE_BYTES - s->skipped;

		if (skip > (size_t)count)
			skip = (size_t)count;
		s->skipped += skip;
		assert_int_equal(chunk_reader_push(&s->reader, data + skip, (size_t)count - skip,
		                                   note_message, s),
		                 0);
	}
	return s->heard;
}

static int send_now(struct session *session)
{
	char why[200];

	return session_send(session, why, sizeof(why));
}

/* The first message is Set Chunk Size to 65536, so that the second is one chunk. */
static void test_accepted(void **state)
{
	struct flv_tag *tag = flv_tag_create(FLV_VIDEO, 0, 1400);
	struct session *session;
	struct script s;

	(void)state;
	assert_non_null(tag);
	memset(tag->body, 7, tag->size);
	begin(&s);
	session = open_accepted(&s);
	listen_in(&s);
	assert_true(session_has_room(session));
	assert_int_equal(session_put(session, flv_tag_ref(tag), 40), 0);
	assert_int_equal(send_now(session), 0);
	assert_string_equal(listen_in(&s), "1:4:00010000 9:1400:070707070707 ");
	assert_int_equal(session_payload_bytes(session), 1404);
	flv_tag_unref(tag);
	session_destroy(session);
	assert_string_equal(listen_in(&s), "20:30:02000b464355 20:34:02000c64656c ");
	end(&s, NULL);
}

static bool has_text(const struct script *s, const char *text)
{
	return memmem(s->connect, s->connect_size, text, strlen(text));
}

/* The fields of connect: those of a publisher, and those of Enhanced RTMP. */
static void test_connect(void **state)
{
	static const char *const texts[] = {
		"app",   "live", "tcUrl", "rtmp://h/live",      "fourCcList",
		"hvc1",  "ac-3", "ec-3",  "videoFourCcInfoMap", "audioFourCcInfoMap",
		"capsEx"};
	struct amf_command command;
	struct session *session;
	struct script s;

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	listen_in(&s);
	assert_int_equal(amf_command_read(&command, s.connect, s.connect_size), 0);
	assert_string_equal(command.name, "connect");
	assert_int_equal(command.transaction, 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!has_text(&s, texts[i]))
			fail_msg("no %s", texts[i]);
	end(&s, session);
}

/* Servers that do not know releaseStream (2) and FCPublish (3) say so, and publish all the same. */
static void test_harmless_errors(void **state)
{
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_result(&s, "_result", 1);
	say_status(&s, "_error", 2, "error", "NetConnection.Call.Failed");
	say_status(&s, "_error", 3, "error", "NetConnection.Call.Failed");
	say_result(&s, "_result", 4);
	say_status(&s, "onStatus", 0, "status", "NetStream.Publish.Start");
	assert_int_equal(open_session(&s, &session, why), 0);
	end(&s, session);
}

static void test_refused(void **state)
{
	static const char *const words = "the server refused: Some.Code: so it is";
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_status(&s, "_error", 1, "error", "Some.Code"); /* connect */
	assert_int_equal(open_session(&s, &session, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	say_result(&s, "_result", 1);
	say_status(&s, "_error", 4, "error", "Some.Code"); /* createStream */
	assert_int_equal(open_session(&s, &session, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	say_result(&s, "_result", 1);
	say_result(&s, "_result", 4);
	say_status(&s, "onStatus", 0, "error", "Some.Code"); /* publish */
	assert_int_equal(open_session(&s, &session, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	session = open_accepted(&s);
	say_status(&s, "onStatus", 0, "error", "Some.Code"); /* later */
	assert_int_equal(session_receive(session, why, sizeof(why)), -EIO);
	assert_string_equal(why, words);
	end(&s, session);
}

/* What ends a session, and in which words; what does not. */
static void test_refusals(void **state)
{
	static const struct {
		struct amf_command command;
		const char *why; /* NULL: no end */
		bool awaited;
	} cases[] = {
		{{.name = "onStatus", .level = "error", .code = "Never.Heard.Of"},
	         "the server refused: Never.Heard.Of",
	         false},
		{{.name = "onStatus", .level = "status", .code = "NetStream.Publish.BadName"},
	         "the server refused: NetStream.Publish.BadName",
	         false},
		{{.name = "onStatus", .code = "NetStream.Publish.Denied", .description = "no"},
	         "the server refused: NetStream.Publish.Denied: no",
	         false},
		{{.name = "onFCPublish", .level = "error", .code = "NetStream.Publish.BadName"},
	         "the server refused: NetStream.Publish.BadName",
	         false},
		{{.name = "onStatus", .level = "error"}, "the server refused", false},
		{{.name = "_error", .description = "gone"}, "the server refused: gone", true},
		{{.name = "_error",
	          .level = "error",
	          .code = "NetConnection.Connect.Rejected",
	          .description = "[ code=403 need auth; authmod=adobe ]"},
	         "the server asks for a user name and password, which is not supported: "
	         "NetConnection.Connect.Rejected: [ code=403 need auth; authmod=adobe ]",
	         true},
		{{.name = "close"}, "the server ended the session", false},
		{{.name = "_error", .level = "error", .code = "Some.Code"}, NULL, false},
		{{.name = "onStatus", .level = "status", .code = "NetStream.Publish.Start"},
	         NULL,
	         false},
		{{.name = "onStatus", .level = "warning", .code = "Some.Code"}, NULL, false},
		{{.name = "_result", .level = "error"}, NULL, true},
		{{.name = "onBWDone"}, NULL, false},
	};
	char why[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			verdict_is_end(&cases[i].command, cases[i].awaited, why, sizeof(why)),
			cases[i].why != NULL);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

/* librtmp decodes recursively: what is nested deeply is not given to it. */
static void test_nested(void **state)
{
	struct session *session;
	struct script s;

	(void)state;
	begin(&s);
	say_nested(&s, INVOKE, 300);
	say_nested(&s, INVOKE, 10000);
	say_nested(&s, METADATA, 10000);
	session = open_accepted(&s);
	end(&s, session);
}

/* librtmp does not free what it cannot read: a server must not fill the memory with that. */
static void test_unreadable(void **state)
{
	struct session *session;
	struct script s;
	char why[200];
	size_t before = 0;

	(void)state;
	for (int round = 0; round < 4; round++) {
		begin(&s);
		for (int i = 0; i < 40; i++)
			say_exotic(&s);
		say_accepted(&s);
		assert_int_equal(open_session(&s, &session, why), 0);
		end(&s, session);
		if (round == 0) /* what is made once is there */
			before = mallinfo2().uordblks;
	}
	assert_in_range(mallinfo2().uordblks, 0, before + 100000);
}

/* A code that is cut may end within a secret: then it is left out. */
static void test_cut_code(void **state)
{
	struct amf_command command = {.name = "onStatus", .level = "error"};
	char why[200];

	(void)state;
	memset(command.code, 'x', sizeof(command.code) - 1);
	strcpy(command.description, "so it is");
	assert_true(verdict_is_end(&command, false, why, sizeof(why)));
	assert_string_equal(why, "the server refused: so it is");
}

/* Commands without end that want an answer, before the stream is published: neither time nor memory goes there. */
static void test_command_flood(void **state)
{
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	for (unsigned int i = 0; i < 200; i++) {
		put_string(&s, "ping");
		put_number(&s, i);
		send_message(&s, INVOKE);
	}
	assert_int_not_equal(open_limited(&s, &session, why, 20000), 0);
	assert_string_equal(why, "the server talks without end");
}

/* A second message within the first, longer one: the buffer of the first must not take it. */
static void test_overlap(void **state)
{
	static const uint8_t first[12] = {3, 0, 0, 0, 0, 0, 200, INVOKE};
	static const uint8_t second[8] = {0x43, 0, 0, 0, 0, 0xea, 0x60, INVOKE};
	uint8_t payload[CHUNK_BYTES];
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	memset(payload, 2, sizeof(payload));
	begin(&s);
	session = open_accepted(&s);
	assert_int_equal(write(s.server, first, sizeof(first)), sizeof(first));
	assert_int_equal(write(s.server, payload, sizeof(payload)), sizeof(payload));
	assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	assert_int_equal(write(s.server, second, sizeof(second)), sizeof(second));
	assert_int_equal(session_receive(session, why, sizeof(why)), -EBADMSG);
	assert_string_equal(why, "the server does not speak RTMP as it should");
	end(&s, session);
}

/* A ping is answered with the time stamp that it came with (RTMP 1.0 section 7.1.7). */
static void test_ping(void **state)
{
	static const uint8_t ping[6] = {0, 6, 0x12, 0x34, 0x56, 0x78};
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	assert_int_equal(send_now(session), 0);
	listen_in(&s);
	put(&s, ping, sizeof(ping));
	send_message(&s, 4);
	assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	assert_int_equal(send_now(session), 0);
	assert_string_equal(listen_in(&s), "4:6:000712345678 ");
	assert_int_equal(session_receive(session, why, sizeof(why)), 0); /* nothing: no wait */
	end(&s, session);
}

/* A flood of pings from a server that does not read finds an end, and no memory is taken for it. */
static void test_ping_flood(void **state)
{
	static const uint8_t ping[6] = {0, 6, 1, 2, 3, 4};
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	for (int i = 0; i < 2000; i++) {
		put(&s, ping, sizeof(ping));
		send_message(&s, 4);
		assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	}
	assert_false(session_has_room(session));
	end(&s, session);
}

/* Windows (sections 5.4.3 to 5.4.5): what has come is acknowledged, a bandwidth answered once. */
static void test_windows(void **state)
{
	static const uint8_t window[4] = {0, 0, 0, 200}, bandwidth[5] = {0, 0, 0x10, 0, 2};
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	assert_int_equal(send_now(session), 0);
	listen_in(&s);
	put(&s, bandwidth, sizeof(bandwidth));
	send_message(&s, 6);
	put(&s, bandwidth, sizeof(bandwidth));
	send_message(&s, 6);
	assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	assert_int_equal(send_now(session), 0);
	assert_string_equal(listen_in(&s), "5:4:00001000 ");
	put(&s, window, sizeof(window));
	send_message(&s, 5);
	assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	assert_int_equal(send_now(session), 0);
	assert_memory_equal(listen_in(&s), "3:4:0000", 8); /* with all that came before */
	assert_int_equal(session_receive(session, why, sizeof(why)), 0);
	assert_int_equal(send_now(session), 0);
	assert_string_equal(listen_in(&s), "");
	end(&s, session);
}

static void test_gone(void **state)
{
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	shutdown(s.server, SHUT_RDWR);
	assert_int_equal(session_receive(session, why, sizeof(why)), -EIO);
	assert_string_equal(why, "the server closed the connection");
	end(&s, session);
	session_destroy(NULL);
}

/* A server that dies with bytes unread does not close: it resets. */
static void test_reset(void **state)
{
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	assert_int_equal(send_now(session), 0);
	close(s.server);
	s.server = -1;
	assert_int_equal(session_receive(session, why, sizeof(why)), -EIO);
	assert_string_equal(why, "the connection broke: Connection reset by peer");
	end(&s, session);
}

/* Who sends first is told so too: after that a read finds nothing but the end. */
static void test_reset_sending(void **state)
{
	struct flv_tag *tag = flv_tag_create(FLV_VIDEO, 0, 10);
	struct pollfd polled = {0};
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	assert_non_null(tag);
	memset(tag->body, 7, 10);
	begin_tcp(&s);
	session = open_accepted(&s);
	assert_int_equal(send_now(session), 0);
	close(s.server);
	s.server = -1;
	polled.fd = s.client;
	assert_int_equal(poll(&polled, 1, 10000), 1); /* the reset has come */
	assert_int_equal(session_put(session, tag, 40), 0);
	assert_int_equal(session_send(session, why, sizeof(why)), -ECONNRESET);
	assert_string_equal(why, "the connection broke: Connection reset by peer");
	end(&s, session);
}

/* A server that hangs up has often said why, which counts more than that the sending failed. */
static void test_last_words(void **state)
{
	struct session *session;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	say_status(&s, "onStatus", 0, "error", "Some.Code");
	shutdown(s.server, SHUT_RDWR);
	assert_true(session_send(session, why, sizeof(why)) < 0);
	assert_string_equal(why, "the server refused: Some.Code: so it is");
	end(&s, session);
}

/* A server that falls silent, wherever it does, has used up the one limit in time. */
static void test_silent(void **state)
{
	struct session *session;
	struct script s;
	char why[200];
	int64_t began_ns, ran_ns;

	(void)state;
	begin(&s);
	began_ns = clock_now_ns();
	ran_ns = running_ns();
	assert_int_equal(open_limited(&s, &session, why, SILENT_MS), -ETIMEDOUT);
	assert_string_equal(why, "the server did not answer connect in time");

	begin(&s);
	say_result(&s, "_result", 1);
	assert_int_equal(open_limited(&s, &session, why, SILENT_MS), -ETIMEDOUT);
	assert_string_equal(why, "the server did not answer createStream in time");

	begin(&s);
	say_result(&s, "_result", 1);
	say_result(&s, "_result", 4);
	assert_int_equal(open_limited(&s, &session, why, SILENT_MS), -ETIMEDOUT);
	assert_string_equal(why, "the server did not answer publish in time");
	assert_true(clock_now_ns() - began_ns >= 3 * SILENT_MS * NS_PER_MS);
	assert_true(running_ns() - ran_ns <= (3 * SILENT_MS + 1200) * NS_PER_MS);
}

static void test_no_handshake(void **state)
{
	struct session *session;
	uint8_t swallowed[1 + 2 * HANDSHAKE_BYTES];
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	assert_int_equal(recv(s.client, swallowed, sizeof(swallowed), MSG_WAITALL),
	                 sizeof(swallowed));
	assert_int_equal(open_limited(&s, &session, why, 100), -ETIMEDOUT);
	assert_string_equal(why, "the server does not answer the RTMP handshake");

	begin(&s);
	assert_int_equal(recv(s.client, swallowed, sizeof(swallowed), MSG_WAITALL),
	                 sizeof(swallowed));
	shutdown(s.server, SHUT_RDWR);
	assert_true(open_session(&s, &session, why) < 0);
	assert_memory_equal(why, "the ", 4);
}

/* Nobody reads at the other end: the session says so once the limit is over, and not before. */
static void test_stalled(void **state)
{
	struct socket_progress progress;
	int64_t now_ns = NS_PER_S;
	struct session *session;
	struct flv_tag *tag;
	struct script s;
	bool waiting;
	char why[200];

	(void)state;
	begin(&s);
	session = open_accepted(&s);
	assert_int_equal(send_now(session), 0);
	assert_int_equal(session_look(session, now_ns, &progress, &waiting, why, 200), 0);
	assert_false(waiting);
	for (int i = 0; session_has_room(session) && i < 1000; i++) {
		tag = flv_tag_create(FLV_VIDEO, 0, 100000);
		assert_non_null(tag);
		memset(tag->body, 0, tag->size);
		assert_int_equal(session_put(session, tag, (uint32_t)i), 0);
		assert_int_equal(send_now(session), 0);
	}
	assert_false(session_has_room(session));
	now_ns += NS_PER_S;
	assert_int_equal(session_look(session, now_ns, &progress, &waiting, why, 200), 0);
	assert_true(waiting);
	for (int ms = STALL_LOOK_MS; ms < STALL_LIMIT_MS; ms += STALL_LOOK_MS) {
		now_ns += STALL_LOOK_MS * NS_PER_MS;
		assert_int_equal(session_look(session, now_ns, &progress, &waiting, why, 200), 0);
	}
	now_ns += STALL_LOOK_MS * NS_PER_MS;
	assert_int_equal(session_look(session, now_ns, &progress, &waiting, why, 200), -ETIMEDOUT);
	assert_string_equal(why, "the server stopped reading");
	end(&s, session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_harmless_errors),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_cut_code),
		cmocka_unit_test(test_command_flood),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_ping_flood),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_sending),
		cmocka_unit_test(test_last_words),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_no_handshake),
		cmocka_unit_test(test_stalled),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
