/*
 * FLV tags and their bodies, AMF0.
 */
#include "media/amf.h"
#include "media/flv_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_tag(void **state)
{
	struct flv_tag *tag = flv_tag_create(FLV_AUDIO, -5, 3);

	(void)state;
	assert_non_null(tag);
	assert_int_equal(tag->timestamp_ms, -5);
	assert_int_equal(tag->size, 3);
	assert_false(tag->key || tag->header);
	assert_ptr_equal(flv_tag_ref(tag), tag);
	flv_tag_unref(tag);
	tag->body[2] = 1; /* still there */
	flv_tag_unref(tag);
	flv_tag_unref(NULL);
	assert_null(flv_tag_create(FLV_AUDIO, 0, 0));
	assert_null(flv_tag_create(FLV_AUDIO, 0, FLV_MAX_BODY_BYTES + 1));
}

static void test_amf(void **state)
{
	static const uint8_t expected[] = {
		0x02, 0x00, 0x01, 'x', /* string */
		0x03, 0x00, 0x01, 'n',  0x00, 0x3f, 0xf8, 0,    0,
		0,    0,    0,    0,                                  /* object, n: 1.5 */
		0x00, 0x01, 'b',  0x01, 0x01, 0x00, 0x00, 0x09,       /* b: true, end */
		0x08, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 'z',  0x05, /* array, z: null */
		0x00, 0x00, 0x09,                                     /* end */
	};
	uint8_t data[sizeof(expected)];

	(void)state;
	/* in too little room: an overrun, nothing beyond the end, nothing half */
	for (size_t room = 0; room <= sizeof(expected); room++) {
		struct amf_writer w = amf_writer(data, room);

		amf_write_string(&w, "x");
		amf_begin_object(&w);
		amf_write_key(&w, "n");
		amf_write_number(&w, 1.5);
		amf_write_key(&w, "b");
		amf_write_boolean(&w, true);
		amf_end(&w);
		amf_begin_array(&w, 1);
		amf_write_key(&w, "z");
		amf_write_null(&w);
		amf_end(&w);
		assert_int_equal(w.overrun, room < sizeof(expected));
		assert_true(amf_size(&w) <= room);
		assert_memory_equal(data, expected, amf_size(&w));
	}
}

static void test_metadata(void **state)
{
	static const uint8_t start[] = {
		0x02, 0x00, 0x0d, '@', 's',  'e',  't',  'D',  'a',  't',  'a', 'F',
		'r',  'a',  'm',  'e', 0x02, 0x00, 0x0a, 'o',  'n',  'M',  'e', 't',
		'a',  'D',  'a',  't', 'a',  0x08, 0x00, 0x00, 0x00, 0x09,
	};
	static const uint8_t width[] = {0x00, 0x05, 'w', 'i', 'd', 't', 'h', 0x00,
	                                0x40, 0x9e, 0,   0,   0,   0,   0,   0};
	struct flv_metadata metadata = {
		.has_video = true,
		.width = 1920,
		.height = 1080,
		.frame_rate = 25,
		.has_audio = true,
		.sample_rate = 48000,
		.channels = 2,
	};
	struct flv_tag *tag = flv_write_metadata(7, &metadata);

	(void)state;
	assert_non_null(tag);
	assert_int_equal(tag->type, FLV_SCRIPT);
	assert_true(tag->header);
	assert_int_equal(tag->timestamp_ms, 7);
	assert_memory_equal(tag->body, start, sizeof(start));
	assert_memory_equal(tag->body + sizeof(start), width, sizeof(width));
	assert_memory_equal(tag->body + tag->size - 3, "\0\0\11", 3);
	flv_tag_unref(tag);

	metadata = (struct flv_metadata){0};
	tag = flv_write_metadata(0, &metadata);
	assert_non_null(tag);
	assert_int_equal(tag->body[sizeof(start) - 1], 1); /* the encoder alone */
	flv_tag_unref(tag);
}

static void test_avc(void **state)
{
	static const uint8_t a[] = {0x06, 0x01}, b[] = {0x65, 0x02, 0x03};
	static const uint8_t config[] = {1, 2, 3};
	static const uint8_t frame[] = {0x17, 0x01, 0x00, 0x00, 0x50, 0, 0,    0,    2,
	                                0x06, 0x01, 0,    0,    0,    3, 0x65, 0x02, 0x03};
	static const uint8_t header[] = {0x17, 0x00, 0x00, 0x00, 0x00, 1, 2, 3};
	const struct nal_unit nals[] = {{a, sizeof(a)}, {b, sizeof(b)}};
	const struct nal_unit huge = {a, FLV_MAX_BODY_BYTES};
	struct flv_tag *tag = flv_write_video_frame(FLV_AVC, 1000, 80, true, nals, 2);

	(void)state;
	assert_non_null(tag);
	assert_int_equal(tag->size, sizeof(frame));
	assert_memory_equal(tag->body, frame, sizeof(frame));
	assert_true(tag->key && !tag->header && tag->type == FLV_VIDEO);
	flv_tag_unref(tag);

	tag = flv_write_video_frame(FLV_AVC, 1000, -1, false, nals, 1);
	assert_memory_equal(tag->body, "\x27\x01\xff\xff\xff", 5);
	assert_false(tag->key);
	flv_tag_unref(tag);
	/* a composition time beyond 24 bits is cut */
	tag = flv_write_video_frame(FLV_AVC, 1000, 1 << 24, false, nals, 1);
	assert_memory_equal(tag->body, "\x27\x01\x7f\xff\xff", 5);
	flv_tag_unref(tag);
	assert_null(flv_write_video_frame(FLV_AVC, 0, 0, true, &huge, 1));

	tag = flv_write_video_header(FLV_AVC, 3, config, sizeof(config));
	assert_int_equal(tag->size, sizeof(header));
	assert_memory_equal(tag->body, header, sizeof(header));
	assert_true(tag->header && !tag->key);
	flv_tag_unref(tag);
}

static void test_aac(void **state)
{
	static const uint8_t config[] = {0x11, 0x90};
	struct flv_tag *tag = flv_write_aac_header(3, config, sizeof(config));

	(void)state;
	assert_int_equal(tag->size, 4);
	assert_memory_equal(tag->body, "\xaf\x00\x11\x90", 4);
	assert_true(tag->header && tag->type == FLV_AUDIO);
	flv_tag_unref(tag);
	tag = flv_write_aac_frame(4, config, sizeof(config));
	assert_memory_equal(tag->body, "\xaf\x01\x11\x90", 4);
	assert_false(tag->header);
	flv_tag_unref(tag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tag),      cmocka_unit_test(test_amf),
		cmocka_unit_test(test_metadata), cmocka_unit_test(test_avc),
		cmocka_unit_test(test_aac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
