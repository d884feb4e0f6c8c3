/*
 * RTP headers and the sequence tracker, against wire vectors and against a model of a lossy network.
 */
#include "media/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_BYTES    40
#define FIXED_HEADER 0x21, 0xff, 0xfe, 0x01, 0x02, 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef

static const struct vector {
	const char *name;
	uint8_t bytes[MAX_BYTES];
	size_t size;
	int result;
	size_t offset, payload; /* of the payload in bytes, and its size */
} vectors[] = {
	{"plain", {0x80, FIXED_HEADER, 'a', 'b', 'c'}, 15, 0, 12, 3},
	{"no payload", {0x80, FIXED_HEADER}, 12, 0, 12, 0},
	{"nothing", {0}, 0, -RTP_TRUNCATED, 0, 0},
	{"header cut", {0x80, FIXED_HEADER}, 11, -RTP_TRUNCATED, 0, 0},
	{"version 0", {0x00, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"version 1", {0x40, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"version 3", {0xc0, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"one source", {0x81, FIXED_HEADER, 1, 2, 3, 4, 'a'}, 17, 0, 16, 1},
	{"two sources", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7, 8, 'a'}, 21, 0, 20, 1},
	{"two sources, no payload", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7, 8}, 20, 0, 20, 0},
	{"second source cut", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7}, 19, -RTP_TRUNCATED, 0, 0},
	{"fifteen sources, one there", {0x8f, FIXED_HEADER, 1, 2, 3, 4}, 16, -RTP_TRUNCATED, 0, 0},
	{"empty extension", {0x90, FIXED_HEADER, 0xbe, 0xde, 0, 0, 'a'}, 17, 0, 16, 1},
	{"extension", {0x90, FIXED_HEADER, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 'a'}, 21, 0, 20, 1},
	{"extension header cut", {0x90, FIXED_HEADER, 0xbe, 0xde, 0}, 15, -RTP_TRUNCATED, 0, 0},
	{"extension cut", {0x90, FIXED_HEADER, 0, 0, 0, 1, 9, 9, 9}, 19, -RTP_TRUNCATED, 0, 0},
	{"huge extension", {0x90, FIXED_HEADER, 0, 0, 0xff, 0xff}, 40, -RTP_TRUNCATED, 0, 0},
	{"source and extension",
         {0x91, FIXED_HEADER, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 'a', 'b'},
         26,
         0,
         24,
         2},
	{"padding", {0xa0, FIXED_HEADER, 'a', 'b', 0, 0, 3}, 17, 0, 12, 2},
	{"one byte of padding", {0xa0, FIXED_HEADER, 'a', 1}, 14, 0, 12, 1},
	{"nothing but padding", {0xa0, FIXED_HEADER, 0, 0, 0, 4}, 16, 0, 12, 0},
	{"padding of zero", {0xa0, FIXED_HEADER, 'a', 'b', 0}, 15, -RTP_PADDING, 0, 0},
	{"padding over the payload", {0xa0, FIXED_HEADER, 'a', 'b', 4}, 15, -RTP_PADDING, 0, 0},
	{"padding without payload", {0xa0, FIXED_HEADER}, 12, -RTP_PADDING, 0, 0},
	{"padding over the extension",
         {0xb0, FIXED_HEADER, 0, 0, 0, 1, 9, 9, 9, 9, 2},
         21,
         -RTP_PADDING,
         0,
         0},
	{"everything",
         {0xb1, FIXED_HEADER, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 'a', 'b', 0, 2},
         28,
         0,
         24,
         2},
};

static void check_vector(const struct vector *v)
{
	uint8_t *exact = malloc(v->size + 1); /* its own block: an overrun is seen */
	struct rtp_packet packet, untouched;
	int result;

	assert_non_null(exact);
	memcpy(exact + 1, v->bytes, v->size);
	memset(&packet, 0x5a, sizeof(packet));
	untouched = packet;
	result = rtp_parse(&packet, exact + 1, v->size);
	if (result != v->result)
		fail_msg("%s: %d instead of %d", v->name, result, v->result);
	if (result) {
		assert_memory_equal(&packet, &untouched, sizeof(packet));
	} else {
		if (packet.payload != exact + 1 + v->offset || packet.size != v->payload)
			fail_msg("%s: payload of %zu bytes", v->name, packet.size);
		assert_false(packet.marker);
		assert_int_equal(packet.payload_type, 0x21);
		assert_int_equal(packet.sequence, 0xfffe);
		assert_int_equal(packet.timestamp, 0x01020304);
		assert_int_equal(packet.ssrc, 0xdeadbeef);
	}
	free(exact);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		check_vector(&vectors[i]);
}

static void test_marker(void **state)
{
	const uint8_t bytes[] = {0x80, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct rtp_packet packet;

	(void)state;
	assert_int_equal(rtp_parse(&packet, bytes, sizeof(bytes)), 0);
	assert_true(packet.marker);
	assert_int_equal(packet.payload_type, 127);
}

/* A packet with a source and an extension: cut anywhere in its headers it is truncated, never read. */
static void test_truncations(void **state)
{
	static const uint8_t whole[] = {
		0x91, FIXED_HEADER, 1,   2,   3,  4, 0, 0, 0, 2, 9, 9, 9, 9, 8, 8, 8,
		8,    'a',          'b', 'c', 'd'};
	const size_t headers = sizeof(whole) - 4;

	(void)state;
	for (size_t size = 0; size <= sizeof(whole); size++) {
		uint8_t *cut = malloc(size ? size : 1);
		struct rtp_packet packet;
		int result;

		assert_non_null(cut);
		memcpy(cut, whole, size);
		result = rtp_parse(&packet, cut, size);
		assert_int_equal(result, size < headers ? -RTP_TRUNCATED : 0);
		if (!result)
			assert_int_equal(packet.size, size - headers);
		free(cut);
	}
}

static void test_distance(void **state)
{
	static const struct {
		uint16_t a, b;
		int distance;
	} cases[] = {
		{0, 0, 0},          {0, 1, 1},          {1, 0, -1},         {65535, 0, 1},
		{0, 65535, -1},     {65500, 100, 136},  {100, 65500, -136}, {0, 32767, 32767},
		{0, 32768, -32768}, {32768, 0, -32768}, {1, 32769, -32768}, {0, 32769, -32767},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(rtp_distance(cases[i].a, cases[i].b), cases[i].distance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_marker),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_distance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
