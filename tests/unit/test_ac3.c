/*
 * AC-3 and E-AC-3 headers and units.
 */
#include "media/ac3.h"

#include "audio_build.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Table 4.13: words of a frame at 32, 44.1 and 48 kHz, for each pair of codes, the odd one at 44.1. */
static const uint16_t words[19][4] = {
	{96, 69, 70, 64},         {120, 87, 88, 80},        {144, 104, 105, 96},
	{168, 121, 122, 112},     {192, 139, 140, 128},     {240, 174, 175, 160},
	{288, 208, 209, 192},     {336, 243, 244, 224},     {384, 278, 279, 256},
	{480, 348, 349, 320},     {576, 417, 418, 384},     {672, 487, 488, 448},
	{768, 557, 558, 512},     {960, 696, 697, 640},     {1152, 835, 836, 768},
	{1344, 975, 976, 896},    {1536, 1114, 1115, 1024}, {1728, 1253, 1254, 1152},
	{1920, 1393, 1394, 1280},
};

static void test_frame_sizes(void **state)
{
	uint8_t frame[8];
	struct ac3_header header;

	(void)state;
	for (unsigned int code = 0; code < 38; code++) {
		ac3_build_frame(frame, 2, code, 0x40, 8);
		assert_int_equal(ac3_parse_header(frame, 8, &header), 0);
		assert_int_equal(header.frame_bytes, words[code / 2][0] * 2);
		assert_int_equal(header.sample_rate, 32000);
		ac3_build_frame(frame, 1, code, 0x40, 8);
		assert_int_equal(ac3_parse_header(frame, 8, &header), 0);
		assert_int_equal(header.frame_bytes, words[code / 2][1 + code % 2] * 2);
		assert_int_equal(header.sample_rate, 44100);
		ac3_build_frame(frame, 0, code, 0x40, 8);
		assert_int_equal(ac3_parse_header(frame, 8, &header), 0);
		assert_int_equal(header.frame_bytes, words[code / 2][3] * 2);
		assert_int_equal(header.sample_rate, 48000);
		assert_int_equal(header.samples, 1536);
		assert_false(header.enhanced || header.dependent || header.substream);
	}
}

static void test_rejected(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} changes[] = {
		{0, 0x0c}, {1, 0x78}, {4, 0xc0}, {4, 38}, {5, 17 << 3}, {5, 31 << 3},
	};
	static const struct eac3_build reserved[] = {
		{.type = 3, .size = 100},
		{.rate_code = 3, .blocks_code = 3, .size = 100},
		{.size = 4},
	};
	uint8_t frame[128];
	struct ac3_header header;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		ac3_build_frame(frame, 0, 0, 0x40, 128);
		frame[changes[i].at] = changes[i].byte;
		assert_int_equal(ac3_parse_header(frame, 128, &header), -EINVAL);
	}
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		eac3_build_frame(frame, &reserved[i]);
		assert_int_equal(ac3_parse_header(frame, 128, &header), -EINVAL);
	}
	ac3_build_frame(frame, 0, 0, 0x40, 128);
	for (size_t size = 0; size < AC3_HEADER_BYTES; size++)
		assert_int_equal(ac3_parse_header(frame, size, &header), -EAGAIN);
}

/* Channels by acmod, with and without LFE, whose bit is elsewhere for each. */
static void test_channels(void **state)
{
	static const struct {
		unsigned int mode, lfe_bit, channels;
	} modes[] = {{0, 3, 2}, {1, 3, 1}, {2, 5, 2}, {3, 5, 3},
	             {4, 5, 3}, {5, 7, 4}, {6, 5, 4}, {7, 7, 5}};
	uint8_t frame[128];
	struct ac3_unit unit;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		unsigned int lfe = 0x80u >> modes[i].lfe_bit, mode = modes[i].mode << 5;

		ac3_build_frame(frame, 0, 0, mode | (0x1f & ~lfe), 128);
		assert_int_equal(ac3_parse_unit(frame, 128, true, &unit), 0);
		assert_int_equal(unit.channels, modes[i].channels);
		ac3_build_frame(frame, 0, 0, mode | lfe, 128);
		assert_int_equal(ac3_parse_unit(frame, 128, true, &unit), 0);
		assert_int_equal(unit.channels, modes[i].channels + 1);
		assert_false(unit.enhanced);
	}
}

static void test_lower_rates(void **state)
{
	uint8_t frame[128];
	struct ac3_header header;

	(void)state;
	ac3_build_frame(frame, 0, 0, 0x40, 128);
	frame[5] = 9 << 3;
	assert_int_equal(ac3_parse_header(frame, 128, &header), 0);
	assert_int_equal(header.sample_rate, 24000);
	frame[5] = 10 << 3;
	assert_int_equal(ac3_parse_header(frame, 128, &header), 0);
	assert_int_equal(header.sample_rate, 12000);
	assert_int_equal(header.frame_bytes, 128);
}

static void test_enhanced(void **state)
{
	static const struct {
		struct eac3_build build;
		unsigned int rate, samples;
	} cases[] = {
		{{.rate_code = 0, .blocks_code = 3, .mode = 2, .size = 60}, 48000, 1536},
		{{.rate_code = 1, .blocks_code = 0, .mode = 2, .size = 60}, 44100, 256},
		{{.rate_code = 2, .blocks_code = 1, .mode = 2, .size = 60}, 32000, 512},
		{{.rate_code = 0, .blocks_code = 2, .mode = 2, .size = 4096}, 48000, 768},
		{{.rate_code = 3, .blocks_code = 1, .mode = 2, .size = 60}, 22050, 1536},
	};
	static uint8_t frame[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ac3_header header;

		eac3_build_frame(frame, &cases[i].build);
		assert_int_equal(ac3_parse_header(frame, AC3_HEADER_BYTES, &header), 0);
		assert_true(header.enhanced);
		assert_int_equal(header.sample_rate, cases[i].rate);
		assert_int_equal(header.samples, cases[i].samples);
		assert_int_equal(header.frame_bytes, cases[i].build.size);
	}
}

/* 5.1 with what makes it 7.1, then a second program, then the next unit. */
static void test_unit(void **state)
{
	static const struct eac3_build main_frame = {
		.blocks_code = 3, .mode = 7, .lfe = true, .size = 400};
	/* the surrounds again, and a pair behind */
	static const struct eac3_build rear = {
		.type = 1, .blocks_code = 3, .mode = 6, .channel_map = 0x1a00, .size = 200};
	static const struct eac3_build second = {
		.substream = 1, .blocks_code = 3, .mode = 2, .size = 100};
	static uint8_t data[4096];
	size_t whole, size = 0;
	struct ac3_unit unit;

	(void)state;
	size += eac3_build_frame(data + size, &main_frame);
	size += eac3_build_frame(data + size, &rear);
	size += eac3_build_frame(data + size, &second);
	whole = size;
	size += eac3_build_frame(data + size, &main_frame);
	assert_int_equal(ac3_parse_unit(data, size, false, &unit), 0);
	assert_int_equal(unit.bytes, whole);
	assert_int_equal(unit.channels, 8);
	assert_int_equal(unit.samples, 1536);
	assert_true(unit.enhanced);
	/* its end is known with the header behind it, or by the end of the packet */
	assert_int_equal(ac3_parse_unit(data, whole + AC3_HEADER_BYTES, false, &unit), 0);
	for (size_t cut = 0; cut < whole + AC3_HEADER_BYTES; cut++)
		assert_int_equal(ac3_parse_unit(data, cut, false, &unit), -EAGAIN);
	assert_int_equal(ac3_parse_unit(data, whole, true, &unit), 0);
	assert_int_equal(unit.bytes, whole);
	assert_int_equal(ac3_parse_unit(data, whole - 1, true, &unit), -EAGAIN);
	/* other substreams begin none */
	assert_int_equal(ac3_parse_unit(data + 400, size - 400, true, &unit), -EINVAL);
	assert_int_equal(ac3_parse_unit(data + 600, size - 600, true, &unit), -EINVAL);
}

static void test_unit_is_bounded(void **state)
{
	static const struct eac3_build first = {.mode = 2, .size = 4096};
	static const struct eac3_build more = {.type = 1, .mode = 2, .size = 4096};
	static uint8_t data[AC3_MAX_UNIT_BYTES + 4096];
	struct ac3_unit unit;

	(void)state;
	for (size_t at = 0; at < sizeof(data); at += 4096)
		eac3_build_frame(data + at, at ? &more : &first);
	assert_int_equal(ac3_parse_unit(data, AC3_MAX_UNIT_BYTES, true, &unit), 0);
	assert_int_equal(unit.bytes, AC3_MAX_UNIT_BYTES);
	assert_int_equal(ac3_parse_unit(data, sizeof(data), true, &unit), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_sizes),     cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_channels),        cmocka_unit_test(test_lower_rates),
		cmocka_unit_test(test_enhanced),        cmocka_unit_test(test_unit),
		cmocka_unit_test(test_unit_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
