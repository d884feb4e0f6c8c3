/*
 * RTMP chunks as they are written: headers as bytes, and every cut of a message the same bytes in all.
 */
#include "media/chunk_write.h"

#include "media/chunk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define AUDIO 8
#define VIDEO 9

/* The bytes of a message from offset on, gathered max slices at a time; returns how many. */
static size_t collect(const struct chunk_cut *cut, size_t offset, size_t max, uint8_t *out)
{
	struct iovec parts[64];
	size_t size = 0, count;

	while ((count = chunk_cut_gather(cut, offset + size, parts, max)) > 0) {
		assert_true(count <= max);
		for (size_t i = 0; i < count; i++) {
			assert_true(parts[i].iov_len > 0);
			memcpy(out + size, parts[i].iov_base, parts[i].iov_len);
			size += parts[i].iov_len;
		}
	}
	return size;
}

static void check_bytes(const struct chunk_cut *cut, const uint8_t *expected, size_t size)
{
	uint8_t out[100];

	assert_int_equal(chunk_cut_bytes(cut), size);
	assert_int_equal(collect(cut, 0, 64, out), size);
	assert_memory_equal(out, expected, size);
}

#define CHECK(cut, ...) \
	check_bytes(cut, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Section 5.3.1.2: type 0 at first, type 1 while time goes on in the same message stream. */
static void test_headers(void **state)
{
	static const uint8_t body[3] = {7, 8, 9};
	struct chunk_writer w;
	struct chunk_cut cut;

	(void)state;
	chunk_writer_init(&w);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x010203, body, 3);
	CHECK(&cut, 5, 1, 2, 3, 0, 0, 3, AUDIO, 1, 0, 0, 0, 7, 8, 9);
	chunk_write(&w, &cut, 6, VIDEO, 1, 0x010204, body, 1); /* another chunk stream */
	CHECK(&cut, 6, 1, 2, 4, 0, 0, 1, VIDEO, 1, 0, 0, 0, 7);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x010303, body, 2);
	CHECK(&cut, 0x45, 0, 1, 0, 0, 0, 2, AUDIO, 7, 8);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x010303, body, 2); /* the same time again */
	CHECK(&cut, 0x45, 0, 0, 0, 0, 0, 2, AUDIO, 7, 8);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x010302, body, 1); /* back in time */
	CHECK(&cut, 5, 1, 3, 2, 0, 0, 1, AUDIO, 1, 0, 0, 0, 7);
	chunk_write(&w, &cut, 5, AUDIO, 0x01020304, 0x010303, body, 1); /* another message stream */
	CHECK(&cut, 5, 1, 3, 3, 0, 0, 1, AUDIO, 4, 3, 2, 1, 7);
	chunk_write(&w, &cut, 5, AUDIO, 0x01020304, 0x010304, NULL, 0);
	CHECK(&cut, 0x45, 0, 0, 1, 0, 0, 0, AUDIO);
}

/* Section 5.3.1.3: on every chunk of the message, and not on the next message, whose time is a difference. */
static void test_extended(void **state)
{
	static const uint8_t body[3] = {7, 8, 9};
	struct chunk_writer w;
	struct chunk_cut cut;

	(void)state;
	chunk_writer_init(&w);
	w.chunk_size = 2;
	chunk_write(&w, &cut, 6, VIDEO, 1, 0xfffffe, body, 3);
	CHECK(&cut, 6, 0xff, 0xff, 0xfe, 0, 0, 3, VIDEO, 1, 0, 0, 0, 7, 8, 0xc6, 9);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0xffffff, body, 3);
	CHECK(&cut, 5, 0xff, 0xff, 0xff, 0, 0, 3, AUDIO, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 7, 8,
	      0xc5, 0, 0xff, 0xff, 0xff, 9);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x01000002, body, 3);
	CHECK(&cut, 0x45, 0, 0, 3, 0, 0, 3, AUDIO, 7, 8, 0xc5, 9);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x02000002, body, 1); /* a gap of more than 24 bits */
	CHECK(&cut, 5, 0xff, 0xff, 0xff, 0, 0, 1, AUDIO, 1, 0, 0, 0, 2, 0, 0, 2, 7);
}

/* The clock of RTMP wraps at 32 bits: time goes on. */
static void test_wrap(void **state)
{
	static const uint8_t body[1] = {7};
	struct chunk_writer w;
	struct chunk_cut cut;

	(void)state;
	chunk_writer_init(&w);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0xfffffff0, body, 1);
	chunk_write(&w, &cut, 5, AUDIO, 1, 0x10, body, 1);
	CHECK(&cut, 0x45, 0, 0, 0x20, 0, 0, 1, AUDIO, 7);
}

struct heard {
	size_t count, size;
	const uint8_t *body;
};

static int hear(void *context, const struct chunk_message *message)
{
	struct heard *heard = context;

	heard->count++;
	assert_int_equal(message->size, heard->size);
	assert_memory_equal(message->body, heard->body, heard->size);
	return 0;
}

/* From every offset, with any number of slices at once, the bytes are the same; and they are read as the message. */
static void check_cuts(size_t body_size, uint32_t chunk_size, uint32_t timestamp_ms)
{
	uint8_t body[1400], whole[4000], piece[4000];
	struct heard heard = {.size = body_size, .body = body};
	struct chunk_reader reader;
	struct chunk_writer w;
	struct chunk_cut cut;
	size_t size;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 7);
	chunk_writer_init(&w);
	w.chunk_size = chunk_size;
	chunk_write(&w, &cut, 6, VIDEO, 1, timestamp_ms, body, body_size);
	size = collect(&cut, 0, 64, whole);
	assert_int_equal(size, chunk_cut_bytes(&cut));
	for (size_t offset = 0; offset <= size; offset++) {
		assert_int_equal(collect(&cut, offset, 1 + offset % 4, piece), size - offset);
		assert_memory_equal(piece, whole + offset, size - offset);
	}
	chunk_reader_init(&reader);
	reader.chunk_size = chunk_size;
	assert_int_equal(chunk_reader_push(&reader, whole, size, hear, &heard), 0);
	assert_int_equal(heard.count, 1);
}

static void test_cuts(void **state)
{
	static const uint32_t times[] = {0, 0xfffffe, 0xffffff, 0xfedcba98};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		check_cuts(0, 128, times[i]);
		check_cuts(1, 128, times[i]);
		check_cuts(128, 128, times[i]);
		check_cuts(129, 128, times[i]);
		check_cuts(256, 128, times[i]);
		check_cuts(1400, 128, times[i]);
		check_cuts(1400, 65536, times[i]);
		check_cuts(300, 1, times[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_extended),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
