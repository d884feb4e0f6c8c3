/*
 * WebSocket frames: headers written, client frames read in any portions, hostile ones refused.
 */
#include "api/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	int count;
	uint8_t opcode;
	uint8_t data[FRAME_CONTROL_BYTES];
	size_t size;
};

static void on_control(void *context, uint8_t opcode, const uint8_t *data, size_t size)
{
	struct seen *seen = context;

	seen->count++;
	seen->opcode = opcode;
	seen->size = size;
	memcpy(seen->data, data, size);
}

static void test_header(void **state)
{
	uint8_t out[FRAME_HEADER_BYTES];

	(void)state;
	assert_int_equal(frame_header(out, FRAME_PONG, 125), 2);
	assert_memory_equal(out, "\x8a\x7d", 2);
	assert_int_equal(frame_header(out, FRAME_TEXT, 126), 4);
	assert_memory_equal(out, "\x81\x7e\x00\x7e", 4);
	assert_int_equal(frame_header(out, FRAME_TEXT, 65535), 4);
	assert_memory_equal(out, "\x81\x7e\xff\xff", 4);
	assert_int_equal(frame_header(out, FRAME_TEXT, 65536), 10);
	assert_memory_equal(out, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
}

/* The masked "Hello" of RFC 6455 section 5.7 as text, as ping, an empty ping, and a close. */
static const uint8_t stream[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d,
                                 0x51, 0x58, 0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f,
                                 0x9f, 0x4d, 0x51, 0x58, 0x89, 0x80, 1,    2,    3,
                                 4,    0x88, 0x82, 0,    0,    0,    0,    0x03, 0xe8};

static void test_portions(void **state)
{
	(void)state;
	for (size_t portion = 1; portion <= sizeof(stream); portion++) {
		struct frame_reader reader = {0};
		struct seen seen = {0};

		for (size_t i = 0; i < sizeof(stream); i += portion) {
			size_t n = sizeof(stream) - i < portion ? sizeof(stream) - i : portion;

			assert_int_equal(frame_read(&reader, stream + i, n, on_control, &seen), 0);
			if (seen.count == 1) {
				assert_int_equal(seen.opcode, FRAME_PING);
				assert_memory_equal(seen.data, "Hello", 5);
			}
		}
		assert_int_equal(seen.count, 3);
		assert_int_equal(seen.opcode, FRAME_CLOSE);
		assert_int_equal(seen.size, 2);
		assert_memory_equal(seen.data, "\x03\xe8", 2);
	}
}

static void test_hostile(void **state)
{
	static const struct {
		uint8_t data[14];
		size_t size;
		int code;
	} cases[] = {
		{{0x81, 0x01, 0, 0, 0, 0}, 6, FRAME_PROTOCOL_ERROR}, /* not masked */
		{{0xc1, 0x80, 0, 0, 0, 0}, 6, FRAME_PROTOCOL_ERROR}, /* reserved bit */
		{{0x83, 0x80, 0, 0, 0, 0}, 6, FRAME_PROTOCOL_ERROR}, /* reserved opcode */
		{{0x8b, 0x80, 0, 0, 0, 0}, 6, FRAME_PROTOCOL_ERROR},
		{{0x09, 0x80, 0, 0, 0, 0}, 6, FRAME_PROTOCOL_ERROR},         /* ping in pieces */
		{{0x89, 0xfe, 0, 126, 0, 0, 0, 0}, 8, FRAME_PROTOCOL_ERROR}, /* ping too long */
		{{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0}, 14, FRAME_TOO_BIG},
		{{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 14, FRAME_TOO_BIG},
		{{0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0}, 8, 0}, /* the most that is taken */
		{{0x01, 0x80, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0}, 12, 0}, /* text in pieces */
	};
	struct seen seen = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame_reader reader = {0};

		assert_int_equal(
			frame_read(&reader, cases[i].data, cases[i].size, on_control, &seen),
			cases[i].code);
	}
	assert_int_equal(seen.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
