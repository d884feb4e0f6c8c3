/*
 * Bits, AudioSpecificConfig and LATM.
 */
#include "media/latm.h"

#include "audio_build.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LC_48K_STEREO 0x1190 /* 16 bits */

static void test_bits(void **state)
{
	static const uint8_t data[] = {0xa5, 0x0f, 0x3c, 0xff};
	struct bit_reader r;
	uint8_t out[4];

	(void)state;
	r = bit_reader(data, sizeof(data));
	assert_int_equal(bits_get(&r, 3), 5);
	assert_int_equal(bits_get(&r, 13), 0x50f);
	assert_int_equal(bits_get(&r, 0), 0);
	assert_int_equal(bits_left(&r), 16);
	assert_int_equal(bits_get(&r, 17), 0);
	assert_true(r.overrun);
	assert_int_equal(bits_get(&r, 1), 0);
	assert_false(bits_copy(&r, 1, out));
	/* copies at every offset and of every length are what single bits are */
	for (size_t at = 0; at <= 32; at++) {
		for (size_t n = 0; at + n <= 32; n++) {
			struct bit_reader copy = bit_reader(data, sizeof(data));
			struct bit_reader expected;

			memset(out, 0xee, sizeof(out));
			assert_true(bits_skip(&copy, at));
			r = copy;
			assert_true(bits_copy(&copy, n, out));
			assert_int_equal(copy.at, at + n);
			expected = bit_reader(out, sizeof(out));
			for (size_t i = 0; i < n; i++)
				assert_int_equal(bits_get(&expected, 1), bits_get(&r, 1));
			if (n % 8)
				assert_int_equal(bits_get(&expected, 8 - n % 8), 0);
			if (n <= 24)
				assert_int_equal(out[(n + 7) / 8], 0xee);
		}
	}
}

static void test_config(void **state)
{
	static const struct {
		uint8_t data[8];
		size_t size;
		struct aac_config config;
	} cases[] = {
		{{0x11, 0x90}, 2, {2, false, false, 48000, 48000, 2, 1024}},
		{{0x12, 0x0c}, 2, {2, false, false, 44100, 44100, 1, 960}},
		/* any rate: 12345 Hz, 7.1 */
		{{0x17, 0x80, 0x18, 0x1c, 0xb8}, 5, {2, false, false, 12345, 12345, 8, 1024}},
		/* SBR first: 5, 24 kHz, stereo, 48 kHz, LC */
		{{0x2b, 0x11, 0x88, 0x00}, 4, {2, true, false, 24000, 48000, 2, 1024}},
		/* PS first: 29, 24 kHz, mono, 48 kHz, LC */
		{{0xeb, 0x09, 0x88, 0x00}, 4, {2, true, true, 24000, 48000, 2, 1024}},
		/* SBR behind, then SBR and PS behind */
		{{0x13, 0x10, 0x56, 0xe5, 0x98}, 5, {2, true, false, 24000, 48000, 2, 1024}},
		{{0x13, 0x08, 0x56, 0xe5, 0x9d, 0x48, 0x80},
	         7,
	         {2, true, true, 24000, 48000, 2, 1024}},
		/* behind, but not present; and cut off */
		{{0x11, 0x90, 0x56, 0xe5, 0x00}, 5, {2, false, false, 48000, 48000, 2, 1024}},
		{{0x11, 0x90, 0x56, 0xe5}, 4, {2, false, false, 48000, 48000, 2, 1024}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bit_reader r = bit_reader(cases[i].data, cases[i].size);
		const struct aac_config *want = &cases[i].config;
		struct aac_config got;

		assert_int_equal(aac_config_parse(&r, true, &got), 0);
		assert_int_equal(got.object_type, want->object_type);
		assert_int_equal(got.sbr, want->sbr);
		assert_int_equal(got.ps, want->ps);
		assert_int_equal(got.sample_rate, want->sample_rate);
		assert_int_equal(got.output_rate, want->output_rate);
		assert_int_equal(got.channels, want->channels);
		assert_int_equal(got.frame_samples, want->frame_samples);
		assert_int_equal(bits_left(&r), 0);
		assert_false(r.overrun);
	}
}

static void test_config_rejected(void **state)
{
	static const struct {
		uint8_t data[4];
		size_t size;
		int error;
	} cases[] = {
		{{0x11}, 1, -EINVAL},              /* cut off */
		{{0x16, 0x90}, 2, -EINVAL},        /* rate index 13 */
		{{0x2b, 0x16, 0x88}, 3, -EINVAL},  /* the same for the extension */
		{{0x01, 0x90}, 2, -ENOTSUP},       /* object type 0 */
		{{0xf9, 0x46, 0x40}, 3, -ENOTSUP}, /* 42: xHE-AAC */
		{{0x11, 0x80, 0x00}, 3, -EINVAL},  /* channels told by nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bit_reader r = bit_reader(cases[i].data, cases[i].size);
		struct aac_config got;

		assert_int_equal(aac_config_parse(&r, true, &got), cases[i].error);
	}
}

/* A program config: 3 in front (centre, pair), a pair behind, LFE, with a comment; at odd offsets. */
static void test_program_config(void **state)
{
	(void)state;
	for (unsigned int offset = 0; offset < 8; offset++) {
		struct bit_build b = {0};
		struct bit_reader r;
		struct aac_config config;
		size_t end;

		bit_build_add(&b, offset, 0);
		bit_build_add(&b, 5 + 4 + 4 + 3, 2 << 11 | 3 << 7);
		bit_build_add(&b, 4 + 2 + 4, 1 << 4 | 3);
		bit_build_add(&b, 4 + 4 + 4 + 2 + 3 + 4, 2 << 17 | 0 << 13 | 1 << 9 | 1 << 7);
		bit_build_add(&b, 3, 0);
		bit_build_add(&b, 5, 0x00);
		bit_build_add(&b, 5, 0x10);
		bit_build_add(&b, 5, 0x11);
		bit_build_add(&b, 4, 0);
		while ((b.bits - offset) % 8)
			bit_build_add(&b, 1, 0);
		bit_build_add(&b, 8, 3);
		bit_build_add(&b, 24, 0x616263);
		end = b.bits;
		bit_build_add(&b, 16, 0xffff);
		r = bit_reader(b.data, b.bits / 8 + 1);
		bits_skip(&r, offset);
		assert_int_equal(aac_config_parse(&r, false, &config), 0);
		assert_int_equal(config.channels, 6);
		assert_int_equal(r.at, end);
	}
}

static void test_sync(void **state)
{
	static const uint8_t header[] = {0x56, 0xe1, 0x02};
	size_t bytes;

	(void)state;
	assert_int_equal(latm_parse_sync(header, 3, &bytes), 0);
	assert_int_equal(bytes, 3 + 0x102);
	for (size_t size = 0; size < 3; size++)
		assert_int_equal(latm_parse_sync(header, size, &bytes), -EAGAIN);
	assert_int_equal(latm_parse_sync((const uint8_t[]){0x57}, 1, &bytes), -EINVAL);
	assert_int_equal(latm_parse_sync((const uint8_t[]){0x56, 0xc1}, 2, &bytes), -EINVAL);
	assert_int_equal(latm_parse_sync((const uint8_t[]){0x56, 0xe0, 0}, 3, &bytes), -EINVAL);
}

/* Open an element and compare its sub-frames with what went in. */
static void check_element(struct latm *latm, const struct latm_build *build)
{
	static uint8_t frame[LATM_MAX_SYNC_BYTES];
	struct bit_build b = {0};
	size_t size = latm_build_element(&b, build), frame_bytes;
	struct bit_reader r;

	assert_int_equal(latm_open(latm, b.data, size, &r), 0);
	assert_int_equal(latm->frames, build->frames ? build->frames : 1);
	for (unsigned int i = 0; i < latm->frames; i++) {
		assert_int_equal(latm_next(&r, frame, &frame_bytes), 0);
		assert_int_equal(frame_bytes, build->payload);
		for (size_t j = 0; j < frame_bytes; j++)
			assert_int_equal(frame[j], 0x40 + i);
	}
	assert_true(bits_left(&r) < 8);
}

static void test_elements(void **state)
{
	static const struct latm_build cases[] = {
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 100},
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 255},
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 700, .frames = 5},
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 0},
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 9, .other = true},
		{.config = LC_48K_STEREO, .config_bits = 16, .payload = 99, .version_1 = true},
		{.config = LC_48K_STEREO,
	         .config_bits = 16,
	         .payload = 510,
	         .version_1 = true,
	         .other = true,
	         .frames = 3},
		/* fill bits behind a configuration, and one that ends in the middle of a byte */
		{.config = 0x11900, .config_bits = 20, .payload = 50, .version_1 = true},
		{.config = 0x2b118800 >> 7, .config_bits = 25, .payload = 50, .version_1 = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct latm latm = {0};
		struct latm_build same = cases[i];

		check_element(&latm, &cases[i]);
		assert_true(latm.has_config);
		assert_int_equal(latm.config_bytes, (cases[i].config_bits + 7) / 8);
		assert_int_equal(latm.config_data[0],
		                 cases[i].config >> (cases[i].config_bits - 8));
		same.same = true;
		check_element(&latm, &same);
	}
}

static void test_elements_rejected(void **state)
{
	static const struct latm_build good = {
		.config = LC_48K_STEREO, .config_bits = 16, .payload = 40};
	static uint8_t frame[LATM_MAX_SYNC_BYTES];
	struct latm latm = {0};
	struct bit_build b = {0};
	struct bit_reader r;
	size_t size, frame_bytes;

	(void)state;
	/* a configuration that never came */
	assert_int_equal(latm_open(&latm, (const uint8_t[]){0x80}, 1, &r), -ENOENT);
	assert_int_equal(latm_open(&latm, (const uint8_t[]){0x60}, 1, &r), -ENOTSUP); /* A = 1 */
	assert_int_equal(latm_open(&latm, (const uint8_t[]){0x00, 0x00}, 2, &r), -ENOTSUP);
	assert_int_equal(latm_open(&latm, NULL, 0, &r), -EINVAL);
	/* cut off at every byte: an error, of one of the two, and no byte read beyond (sanitizers) */
	size = latm_build_element(&b, &good);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = malloc(cut + 1);
		int error;

		memcpy(copy, b.data, cut);
		copy = realloc(copy, cut ? cut : 1);
		error = latm_open(&latm, copy, cut, &r);
		if (!error)
			error = latm_next(&r, frame, &frame_bytes);
		assert_int_equal(error, -EINVAL);
		free(copy);
	}
	/* a broken configuration ends the one before */
	check_element(&latm, &good);
	assert_int_equal(latm_open(&latm, b.data, 3, &r), -EINVAL);
	assert_int_equal(latm_open(&latm, (const uint8_t[]){0x80}, 1, &r), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_config_rejected),
		cmocka_unit_test(test_program_config),
		cmocka_unit_test(test_sync),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_elements_rejected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
