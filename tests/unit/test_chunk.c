/*
 * RTMP chunk streams: wire vectors as bytes, each read whole and byte by byte.
 */
#include "media/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What was handed on: "type:size:first byte" for each message. */
struct heard {
	char text[400];
	int answer; /* what the handler returns */
};

static int hear(void *context, const struct chunk_message *message)
{
	struct heard *heard = context;
	const size_t n = strlen(heard->text);

	snprintf(heard->text + n, sizeof(heard->text) - n, "%u:%zu:%u ", message->type,
	         message->size, message->size ? message->body[0] : 0);
	return heard->answer;
}

struct vector {
	const char *name;
	const char *heard;
	int error;
	size_t size;
	uint8_t bytes[64];
};

#define BYTES(...)                        \
	sizeof((uint8_t[]){__VA_ARGS__}), \
	{                                 \
		__VA_ARGS__               \
	}

static const struct vector vectors[] = {
	{"one message", "20:3:7 ", 0, BYTES(3, 0, 0, 0, 0, 0, 3, 20, 1, 0, 0, 0, 7, 8, 9)},
	{"an empty one", "20:0:0 ", 0, BYTES(3, 0, 0, 0, 0, 0, 0, 20, 1, 0, 0, 0)},
	{"the four header types", "8:1:1 8:1:2 8:1:3 8:1:4 ", 0,
         BYTES(4, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 1, 0x44, 0, 0, 1, 0, 0, 1, 8, 2, 0x84, 0, 0, 1,
               3, 0xc4, 4)},
	{"a type 1 header changes type and length", "8:1:1 9:2:5 ", 0,
         BYTES(4, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 1, 0x44, 0, 0, 1, 0, 0, 2, 9, 5, 6)},
	{"stream ids of two and three bytes", "8:1:1 8:1:2 ", 0,
         BYTES(0, 10, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 1, 1, 10, 1, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0,
               2)},
	{"an extended time stamp, also on the next chunk", "8:1:1 8:1:2 ", 0,
         BYTES(4, 0xff, 0xff, 0xff, 0, 0, 1, 8, 1, 0, 0, 0, 9, 9, 9, 9, 1, 0xc4, 9, 9, 9, 9, 2)},
	{"two streams in turns", "1:4:0 9:3:4 8:3:1 ", 0,
         BYTES(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 0, 3, 8, 1, 0, 0, 0,
               1, 2, 5, 0, 0, 0, 0, 0, 3, 9, 1, 0, 0, 0, 4, 5, 0xc5, 6, 0xc4, 3)},
	{"an abort", "1:4:0 2:4:0 8:1:7 ", 0,
         BYTES(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 5, 4, 0, 0, 0, 0, 0, 9, 8, 1, 0, 0, 0,
               1, 2, 3, 4, 5, 0x42, 0, 0, 0, 0, 0, 4, 2, 0, 0, 0, 4, 4, 0, 0, 0, 0, 0, 1, 8, 1, 0,
               0, 0, 7)},
	{"a continuation of nothing", "", -EBADMSG, BYTES(0xc3)},
	{"a message within a message", "1:4:0 ", -EBADMSG,
         BYTES(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 0, 3, 8, 1, 0, 0, 0,
               1, 2, 0x44, 0, 0, 0, 0, 0xff, 0xff, 8)},
	{"chunks of no size", "", -EBADMSG, BYTES(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0)},
	{"chunks of a negative size", "", -EBADMSG,
         BYTES(2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0x80, 0, 0, 1)},
	{"a size that is cut short", "", -EBADMSG, BYTES(2, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0)},
};

static void check(const struct vector *v, size_t piece)
{
	struct chunk_reader reader;
	struct heard heard = {0};
	int error = 0;

	chunk_reader_init(&reader);
	for (size_t at = 0; !error && at < v->size; at += piece)
		error = chunk_reader_push(&reader, v->bytes + at,
		                          v->size - at < piece ? v->size - at : piece, hear,
		                          &heard);
	if (error != v->error || strcmp(heard.text, v->heard) != 0)
		fail_msg("%s by %zu: %d, \"%s\"", v->name, piece, error, heard.text);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		for (size_t piece = 1; piece <= sizeof(vectors[i].bytes); piece++)
			check(&vectors[i], piece);
}

/* A message in chunks of 128 bytes, of which the payload is kept up to the bound. */
static void test_long(void **state)
{
	static const size_t sizes[] = {127,  128, 129, CHUNK_MESSAGE_BYTES, CHUNK_MESSAGE_BYTES + 1,
	                               70000};
	uint8_t byte = 5, next = 0xc3;
	struct chunk_reader reader;
	char expected[40];

	(void)state;
	chunk_reader_init(&reader);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const uint8_t head[12] = {3,
		                          0,
		                          0,
		                          0,
		                          (uint8_t)(sizes[i] >> 16),
		                          (uint8_t)(sizes[i] >> 8),
		                          (uint8_t)sizes[i],
		                          20,
		                          1};
		struct heard heard = {0};

		assert_int_equal(chunk_reader_push(&reader, head, 12, hear, &heard), 0);
		for (size_t n = 0; n < sizes[i]; n++) {
			if (n && n % 128 == 0)
				assert_int_equal(chunk_reader_push(&reader, &next, 1, hear, &heard),
				                 0);
			assert_int_equal(chunk_reader_push(&reader, &byte, 1, hear, &heard), 0);
		}
		snprintf(expected, sizeof(expected), "20:%zu:5 ", sizes[i]);
		assert_string_equal(heard.text, sizes[i] > CHUNK_MESSAGE_BYTES ? "" : expected);
	}
}

/* Any number of streams one after the other, but only so many at a time. */
static void test_streams(void **state)
{
	uint8_t whole[13] = {0, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 9};
	uint8_t begun[13] = {0, 0, 0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 9};
	struct chunk_reader reader;
	struct heard heard = {0};

	(void)state;
	chunk_reader_init(&reader);
	for (uint8_t id = 2; id < 40; id++) {
		whole[0] = id;
		assert_int_equal(chunk_reader_push(&reader, whole, sizeof(whole), hear, &heard), 0);
	}
	chunk_reader_init(&reader);
	reader.chunk_size = 1;
	for (uint8_t id = 2; id < 2 + CHUNK_STREAMS; id++) {
		begun[0] = id;
		assert_int_equal(chunk_reader_push(&reader, begun, sizeof(begun), hear, &heard), 0);
	}
	begun[0] = 2 + CHUNK_STREAMS;
	assert_int_equal(chunk_reader_push(&reader, begun, sizeof(begun), hear, &heard), -EBADMSG);
}

static void test_handler_ends(void **state)
{
	struct heard heard = {.answer = -EIO};
	struct chunk_reader reader;

	(void)state;
	chunk_reader_init(&reader);
	assert_int_equal(
		chunk_reader_push(&reader, vectors[0].bytes, vectors[0].size, hear, &heard), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_handler_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
