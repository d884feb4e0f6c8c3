/*
 * ADTS headers and AudioSpecificConfig.
 */
#include "media/aac.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* 48 kHz stereo LC, MPEG-4, no CRC, 371 bytes: as ffmpeg wrote it. */
static const uint8_t stereo[] = {0xff, 0xf1, 0x4c, 0x80, 0x2e, 0x7f, 0xfc};
/* 44.1 kHz mono LC, MPEG-2, CRC, 20 bytes. */
static const uint8_t mono_crc[] = {0xff, 0xf8, 0x50, 0x40, 0x02, 0x9f, 0xfc};

static void test_header(void **state)
{
	struct aac_header header;

	(void)state;
	assert_int_equal(aac_parse_header(stereo, sizeof(stereo), &header), 0);
	assert_int_equal(header.object_type, 2);
	assert_int_equal(header.sample_rate, 48000);
	assert_int_equal(aac_get_channels(&header), 2);
	assert_int_equal(header.header_bytes, 7);
	assert_int_equal(header.frame_bytes, 371);
	assert_int_equal(header.raw_blocks, 1);

	assert_int_equal(aac_parse_header(mono_crc, sizeof(mono_crc), &header), 0);
	assert_int_equal(header.sample_rate, 44100);
	assert_int_equal(aac_get_channels(&header), 1);
	assert_int_equal(header.header_bytes, 9);
	assert_int_equal(header.frame_bytes, 20);
}

static void test_cut(void **state)
{
	struct aac_header header;

	(void)state;
	for (size_t size = 0; size < sizeof(stereo); size++)
		assert_int_equal(aac_parse_header(stereo, size, &header), -EAGAIN);
	assert_int_equal(aac_parse_header((const uint8_t[]){0xfe}, 1, &header), -EINVAL);
	assert_int_equal(aac_parse_header((const uint8_t[]){0xff, 0xfd}, 2, &header), -EINVAL);
}

static void test_rejected(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} changes[] = {
		{0, 0x47}, {1, 0xe1}, {1, 0xf7}, /* syncword, layer */
		{2, 0x74},                       /* sample rate index 13 */
		{4, 0x00},                       /* shorter than its header, with the next */
	};
	struct aac_header header;
	uint8_t bytes[sizeof(stereo)];

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(bytes, stereo, sizeof(bytes));
		bytes[changes[i].at] = changes[i].byte;
		if (changes[i].at == 4)
			bytes[5] = 0xff; /* 7 bytes: nothing behind the header */
		assert_int_equal(aac_parse_header(bytes, sizeof(bytes), &header), -EINVAL);
	}
}

static void test_config(void **state)
{
	static const struct {
		const uint8_t *header;
		uint8_t config[AAC_CONFIG_BYTES];
	} cases[] = {{stereo, {0x11, 0x90}}, {mono_crc, {0x12, 0x08}}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct aac_header header;
		uint8_t config[AAC_CONFIG_BYTES];

		assert_int_equal(aac_parse_header(cases[i].header, 7, &header), 0);
		aac_write_config(&header, config);
		assert_memory_equal(config, cases[i].config, sizeof(config));
	}
}

static void test_is_adts(void **state)
{
	static const uint8_t layer_2[] = {0xff, 0xfd, 0x84, 0x00, 0x2e, 0x7f, 0xfc};
	uint8_t frames[60] = {0};

	(void)state;
	memcpy(frames, mono_crc, sizeof(mono_crc));
	memcpy(frames + 20, mono_crc, sizeof(mono_crc));
	memcpy(frames + 40, layer_2, sizeof(layer_2));
	assert_true(aac_is_adts(frames, 60));
	assert_true(aac_is_adts(frames, 40));
	assert_true(aac_is_adts(frames, 20));
	assert_false(aac_is_adts(frames, 30));
	assert_false(aac_is_adts(frames, 19));
	assert_false(aac_is_adts(frames, 0));
	assert_false(aac_is_adts(frames + 20, 40));
	assert_false(aac_is_adts(layer_2, sizeof(layer_2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_rejected), cmocka_unit_test(test_config),
		cmocka_unit_test(test_is_adts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
