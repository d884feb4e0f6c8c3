/*
 * RTMP sessions against a scripted server: everything that it will say is in the socket before the
 * publisher begins, so that each test is one thread and its outcome is certain.
 */
#include "output/publisher.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HANDSHAKE_BYTES 1536
#define CHUNK_BYTES     128
#define INVOKE          20
#define METADATA        18

struct script {
	int client, server;
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

static void begin(struct script *s)
{
	const struct timeval limit = {.tv_sec = 2};
	const int room = 1 << 20;
	uint8_t hello[1 + 2 * HANDSHAKE_BYTES] = {3};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*s = (struct script){.client = pair[0], .server = pair[1]};
	setsockopt(s->server, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(s->client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(s->client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	assert_int_equal(write(s->server, hello, sizeof(hello)), sizeof(hello));
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

static int open_session(struct script *s, struct publisher **publisher, char why[200])
{
	int error;

	why[0] = '\0';
	error = publisher_open(publisher, s->client, &url, why, 200);
	if (error)
		close(s->server);
	return error;
}

static void end(struct script *s, struct publisher *publisher)
{
	publisher_close(publisher);
	close(s->server);
}

static void test_accepted(void **state)
{
	struct flv_tag *tag = flv_tag_create(FLV_VIDEO, 0, 10000);
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	assert_non_null(tag);
	memset(tag->body, 7, tag->size);
	begin(&s);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	assert_int_equal(publisher_send(publisher, tag, 40), 0);
	assert_int_equal(tag->body[9999],
	                 7); /* librtmp writes chunk headers, but not into the tag */
	assert_int_equal(tag->body[4096], 7);
	flv_tag_unref(tag);
	end(&s, publisher);
}

/* Servers that do not know releaseStream (2) and FCPublish (3) say so, and publish all the same. */
static void test_harmless_errors(void **state)
{
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_result(&s, "_result", 1);
	say_status(&s, "_error", 2, "error", "NetConnection.Call.Failed");
	say_status(&s, "_error", 3, "error", "NetConnection.Call.Failed");
	say_result(&s, "_result", 4);
	say_status(&s, "onStatus", 0, "status", "NetStream.Publish.Start");
	assert_int_equal(open_session(&s, &publisher, why), 0);
	end(&s, publisher);
}

static void test_refused(void **state)
{
	static const char *const words = "the server refused: Some.Code: so it is";
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_status(&s, "_error", 1, "error", "Some.Code"); /* connect */
	assert_int_equal(open_session(&s, &publisher, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	say_result(&s, "_result", 1);
	say_status(&s, "_error", 4, "error", "Some.Code"); /* createStream */
	assert_int_equal(open_session(&s, &publisher, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	say_result(&s, "_result", 1);
	say_result(&s, "_result", 4);
	say_status(&s, "onStatus", 0, "error", "Some.Code"); /* publish */
	assert_int_equal(open_session(&s, &publisher, why), -EIO);
	assert_string_equal(why, words);

	begin(&s);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	say_status(&s, "onStatus", 0, "error", "Some.Code"); /* later */
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), -EIO);
	assert_string_equal(why, words);
	end(&s, publisher);
}

/* librtmp decodes recursively: what is nested deeply is not given to it. */
static void test_nested(void **state)
{
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_nested(&s, INVOKE, 300);
	say_nested(&s, INVOKE, 10000);
	say_nested(&s, METADATA, 10000);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	end(&s, publisher);
}

/* A second message within the first, longer one: the buffer of the first must not take it. */
static void test_overlap(void **state)
{
	static const uint8_t first[12] = {3, 0, 0, 0, 0, 0, 200, INVOKE};
	static const uint8_t second[8] = {0x43, 0, 0, 0, 0, 0xea, 0x60, INVOKE};
	uint8_t payload[CHUNK_BYTES];
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	memset(payload, 2, sizeof(payload));
	begin(&s);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	assert_int_equal(write(s.server, first, sizeof(first)), sizeof(first));
	assert_int_equal(write(s.server, payload, sizeof(payload)), sizeof(payload));
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), 0);
	assert_int_equal(write(s.server, second, sizeof(second)), sizeof(second));
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), -EIO);
	assert_string_equal(why, "the server does not speak RTMP as it should");
	end(&s, publisher);
}

/* A ping is answered with the time stamp that it came with (RTMP 1.0 section 7.1.7). */
static void test_ping(void **state)
{
	static const uint8_t ping[6] = {0, 6, 0x12, 0x34, 0x56, 0x78};
	static const uint8_t pong[6] = {0, 7, 0x12, 0x34, 0x56, 0x78};
	struct publisher *publisher;
	uint8_t sent[8192];
	struct script s;
	char why[200];
	ssize_t count;

	(void)state;
	begin(&s);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	while (recv(s.server, sent, sizeof(sent), MSG_DONTWAIT) > 0)
		;
	put(&s, ping, sizeof(ping));
	send_message(&s, 4);
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), 0);
	count = recv(s.server, sent, sizeof(sent), MSG_DONTWAIT);
	assert_true(count > (ssize_t)sizeof(pong));
	assert_memory_equal(sent + count - (ssize_t)sizeof(pong), pong, sizeof(pong));
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), 0); /* nothing: no wait */
	end(&s, publisher);
}

static void test_gone(void **state)
{
	struct publisher *publisher;
	struct script s;
	char why[200];

	(void)state;
	begin(&s);
	say_accepted(&s);
	assert_int_equal(open_session(&s, &publisher, why), 0);
	shutdown(s.server, SHUT_RDWR);
	assert_int_equal(publisher_receive(publisher, why, sizeof(why)), -EIO);
	assert_string_equal(why, "the server closed the connection");
	end(&s, publisher);
	publisher_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_harmless_errors),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_nested),
		cmocka_unit_test(test_overlap),  cmocka_unit_test(test_ping),
		cmocka_unit_test(test_gone),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
