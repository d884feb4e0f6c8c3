/*
 * FLV audio tag bodies, and what onMetaData tells of audio.
 */
#include "media/flv_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_aac(void **state)
{
	static const uint8_t config[] = {0x11, 0x90};
	struct flv_tag *tag = flv_write_audio_header(3, FLV_AUDIO_AAC, config, sizeof(config));

	(void)state;
	assert_int_equal(tag->size, 4);
	assert_memory_equal(tag->body, "\xaf\x00\x11\x90", 4);
	assert_true(tag->header && tag->type == FLV_AUDIO);
	assert_int_equal(tag->timestamp_ms, 3);
	flv_tag_unref(tag);
	tag = flv_write_audio_frame(4, FLV_AUDIO_AAC, config, sizeof(config));
	assert_int_equal(tag->size, 4);
	assert_memory_equal(tag->body, "\xaf\x01\x11\x90", 4);
	assert_false(tag->header);
	flv_tag_unref(tag);
}

static void test_fourcc(void **state)
{
	static const struct {
		enum flv_audio_codec codec;
		const char *header, *frame;
	} cases[] = {
		{FLV_AUDIO_AC3,
	         "\x90"
	         "ac-3",
	         "\x91"
	         "ac-3"
	         "\x0b\x77"},
		{FLV_AUDIO_EAC3,
	         "\x90"
	         "ec-3",
	         "\x91"
	         "ec-3"
	         "\x0b\x77"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct flv_tag *tag = flv_write_audio_header(0, cases[i].codec, NULL, 0);

		assert_int_equal(tag->size, 5);
		assert_memory_equal(tag->body, cases[i].header, 5);
		assert_true(tag->header);
		flv_tag_unref(tag);
		tag = flv_write_audio_frame(0, cases[i].codec, (const uint8_t *)"\x0b\x77", 2);
		assert_int_equal(tag->size, 7);
		assert_memory_equal(tag->body, cases[i].frame, 7);
		assert_false(tag->header);
		flv_tag_unref(tag);
	}
}

/* The pair is in the body. */
static bool has_pair(const struct flv_tag *tag, const char *name, uint64_t bits)
{
	uint8_t pair[64];
	size_t length = strlen(name);

	pair[0] = 0;
	pair[1] = (uint8_t)length;
	memcpy(pair + 2, name, length);
	pair[2 + length] = 0; /* a number */
	for (int i = 0; i < 8; i++)
		pair[3 + length + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
	return memmem(tag->body, tag->size, pair, length + 11);
}

static void test_metadata(void **state)
{
	static const struct {
		enum flv_audio_codec codec;
		double number;
	} cases[] = {
		{FLV_AUDIO_AAC, 10}, {FLV_AUDIO_AC3, 1633889587}, {FLV_AUDIO_EAC3, 1700998451}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct flv_metadata metadata = {.has_audio = true,
		                                .audio_codec = cases[i].codec,
		                                .sample_rate = 48000,
		                                .channels = 6};
		struct flv_tag *tag = flv_write_metadata(0, &metadata);
		double rate = 48000;
		uint64_t bits;

		memcpy(&bits, &cases[i].number, sizeof(bits));
		assert_true(has_pair(tag, "audiocodecid", bits));
		memcpy(&bits, &rate, sizeof(bits));
		assert_true(has_pair(tag, "audiosamplerate", bits));
		flv_tag_unref(tag);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aac),
		cmocka_unit_test(test_fourcc),
		cmocka_unit_test(test_metadata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
