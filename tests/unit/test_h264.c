/*
 * H.264: byte stream, parameter sets, slice headers, SEI, avcC.
 */
#include "media/h264_params.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* As encoders wrote them. */
static const uint8_t sps_640x360[] = {
	0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00,
	0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d, 0x96,
};
static const uint8_t sps_642x362[] = {
	0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa4, 0x2f, 0xe2, 0x24, 0xc0, 0x44,
	0x00, 0x00, 0x0f, 0xa4, 0x00, 0x03, 0xa9, 0x80, 0x3c, 0x58, 0xb6, 0x58,
};
static const uint8_t sps_interlaced[] = {
	0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x63, 0xf3, 0xe0, 0x22, 0x00,
	0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x64, 0x3e, 0x28, 0x53, 0x2c,
};
static const uint8_t sps_1080[] = {
	0x67, 0x42, 0xc0, 0x28, 0xda, 0x01, 0xe0, 0x08, 0x9f, 0x97, 0x01, 0x10,
	0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x03, 0xce, 0x06, 0x00,
	0x0f, 0x42, 0x40, 0x01, 0xe8, 0x48, 0x6e, 0x20, 0x0c, 0x07, 0x81, 0x95,
};
static const uint8_t pps[] = {0x68, 0xef, 0x8f, 0xcb};

#define NAL(bytes) ((struct nal_unit){bytes, sizeof(bytes)})

static void test_byte_stream(void **state)
{
	static const uint8_t stream[] = {
		0xaa, 0x00, 0x00, 0x00, 0x01, 0x09, 0xf0,       /* after garbage, 4 bytes */
		0x00, 0x00, 0x01, 0x06, 0x00, 0x00, 0x03, 0x01, /* 3 bytes, emulation prevention */
		0x00, 0x00, 0x00, 0x00, 0x01, 0x65, 0x01, 0x02, /* trailing zeros before */
		0x00, 0x00, 0x01, 0x00, 0x00, 0x01,             /* empty */
		0x00, 0x00, 0x01, 0x41, 0x00, 0x00,             /* trailing zeros at the end */
	};
	static const struct {
		size_t offset, size;
	} expected[] = {{5, 2}, {10, 5}, {20, 3}, {32, 1}};
	struct byte_reader r = byte_reader(stream, sizeof(stream));
	struct nal_unit nal;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_true(nal_next(&r, &nal));
		assert_ptr_equal(nal.data, stream + expected[i].offset);
		assert_int_equal(nal.size, expected[i].size);
	}
	assert_false(nal_next(&r, &nal));
	assert_false(nal_next(&r, &nal));
}

static void test_byte_stream_cut(void **state)
{
	static const uint8_t stream[] = {0, 0, 0, 1, 0x65, 7, 0, 0, 1, 0x41};
	struct nal_unit nal;

	(void)state;
	for (size_t size = 0; size <= sizeof(stream); size++) {
		struct byte_reader r = byte_reader(stream, size);
		unsigned int count = 0;

		while (nal_next(&r, &nal))
			count++;
		assert_int_equal(count, size < 5 ? 0 : size < 10 ? 1 : 2);
	}
}

static void test_sps(void **state)
{
	static const struct {
		struct nal_unit nal;
		unsigned int width, height;
		double rate;
		bool frames_only;
		uint8_t profile;
	} cases[] = {
		{{sps_640x360, sizeof(sps_640x360)}, 640, 360, 25, true, 100},
		{{sps_642x362, sizeof(sps_642x362)}, 642, 362, 30000 / 1001.0, true, 100},
		{{sps_interlaced, sizeof(sps_interlaced)}, 640, 360, 25, false, 100},
		{{sps_1080, sizeof(sps_1080)}, 1920, 1080, 30, true, 66},
	};
	struct h264_sps sps;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(h264_parse_sps(&cases[i].nal, &sps), 0);
		assert_int_equal(sps.width, cases[i].width);
		assert_int_equal(sps.height, cases[i].height);
		assert_int_equal(sps.frame_mbs_only, cases[i].frames_only);
		assert_int_equal(sps.profile_idc, cases[i].profile);
		assert_float_equal(h264_get_frame_rate(&sps), cases[i].rate, 1e-4);
	}
}

static void test_sps_cut(void **state)
{
	struct h264_sps sps;

	(void)state;
	/* Width and height are within the first 11 bytes; VUI may be missing, they may not. */
	for (size_t size = 1; size < sizeof(sps_640x360); size++) {
		struct nal_unit nal = {sps_640x360, size};
		int error = h264_parse_sps(&nal, &sps);

		if (size < 9)
			assert_int_not_equal(error, 0);
		if (!error) {
			assert_int_equal(sps.width, 640);
			assert_int_equal(sps.height, 360);
		}
	}
}

static void test_sps_absurd(void **state)
{
	/* profile 66; then bits: exp-Golomb codes without an end, an id of 32, a width of 65535 */
	static const uint8_t endless[] = {0x67, 66, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t id_32[] = {0x67, 66, 0, 30, 0x04, 0x20, 0xff, 0xff, 0xff};
	/* id 0, log2_max_frame_num 4, poc 2, no references, no gaps; then a huge width */
	static const uint8_t wide[] = {0x67, 66, 0, 30, 0xed, 0x00, 0x00, 0x80, 0x00, 0xff, 0xff};
	const struct nal_unit nals[] = {NAL(endless), NAL(id_32), NAL(wide)};
	struct h264_sps sps;

	(void)state;
	for (size_t i = 0; i < sizeof(nals) / sizeof(nals[0]); i++)
		assert_int_not_equal(h264_parse_sps(&nals[i], &sps), 0);
}

static void test_slice(void **state)
{
	/* first_mb 0, type 7 (I), pps 0, frame_num 0 (4 bits); with fields: field, bottom */
	static const uint8_t top[] = {0x65, 0x88, 0x85, 0x00};
	static const uint8_t bottom[] = {0x65, 0x88, 0x87, 0x00};
	const struct nal_unit interlaced = NAL(sps_interlaced), first = NAL(top);
	const struct nal_unit second = NAL(bottom), cut = {top, 1};
	struct h264_sps sps;
	struct h264_slice slice;

	(void)state;
	assert_int_equal(h264_parse_sps(&interlaced, &sps), 0);
	assert_int_equal(sps.log2_max_frame_num, 4);
	assert_int_equal(h264_parse_slice(&first, &sps, &slice), 0);
	assert_int_equal(slice.first_mb, 0);
	assert_int_equal(slice.type, H264_SLICE_I);
	assert_true(slice.reference && slice.field && !slice.bottom);
	assert_int_equal(h264_parse_slice(&second, &sps, &slice), 0);
	assert_true(slice.field && slice.bottom);
	assert_int_equal(h264_parse_slice(&cut, &sps, &slice), -EINVAL);
}

static void test_recovery_point(void **state)
{
	static const uint8_t only[] = {0x06, 0x06, 0x01, 0xc4, 0x80};
	static const uint8_t second[] = {0x06, 0x01, 0x02, 0x11, 0x22, 0x06, 0x01, 0xc4, 0x80};
	static const uint8_t emulated[] = {0x06, 0x05, 0x03, 0x00, 0x00, 0x03,
	                                   0x01, 0x06, 0x01, 0xc4, 0x80};
	static const uint8_t other[] = {0x06, 0x05, 0x02, 0x06, 0x01, 0x80};
	static const uint8_t lies[] = {0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80};
	static const uint8_t cut[] = {0x06};
	const struct {
		struct nal_unit nal;
		bool found;
	} cases[] = {
		{NAL(only), true},   {NAL(second), true}, {NAL(emulated), true},
		{NAL(other), false}, {NAL(lies), false},  {NAL(cut), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(h264_has_recovery_point(&cases[i].nal), cases[i].found);
}

static struct h264_params params;
static uint8_t avcc[H264_AVCC_MAX_BYTES];

static void test_avcc(void **state)
{
	static const uint8_t expected[] = {
		0x01, 0x64, 0x00, 0x1e, 0xff, 0xe1, 0x00, 0x1a, 0x67, 0x64, 0x00, 0x1e,
		0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
		0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d, 0x96, 0x01, 0x00,
		0x04, 0x68, 0xef, 0x8f, 0xcb, 0xfd, 0xf8, 0xf8, 0x00,
	};
	const struct nal_unit sps_nal = NAL(sps_640x360), pps_nal = NAL(pps);

	(void)state;
	memset(&params, 0, sizeof(params));
	assert_int_equal(h264_params_add(&params, &sps_nal), 0);
	assert_false(h264_params_complete(&params));
	assert_int_equal(h264_params_add(&params, &pps_nal), 0);
	assert_true(h264_params_complete(&params));
	assert_true(params.sets.changed);
	assert_int_equal(h264_params_write_avcc(&params, avcc), sizeof(expected));
	assert_memory_equal(avcc, expected, sizeof(expected));
	/* the same again changes nothing */
	assert_int_equal(h264_params_add(&params, &sps_nal), 0);
	assert_int_equal(h264_params_add(&params, &pps_nal), 0);
	assert_false(params.sets.changed);
}

static void test_params_change(void **state)
{
	static const uint8_t other_pps[] = {0x68, 0x6e, 0x3c}; /* id 2 */
	static const uint8_t bad_pps[] = {0x68};
	const struct nal_unit a = NAL(sps_640x360), b = NAL(sps_1080), p = NAL(pps);
	const struct nal_unit q = NAL(other_pps), bad = NAL(bad_pps);

	(void)state;
	memset(&params, 0, sizeof(params));
	h264_params_add(&params, &a);
	h264_params_add(&params, &p);
	h264_params_add(&params, &q);
	assert_int_equal(param_sets_count(&params.sets, H264_NAL_PPS), 2);
	assert_int_equal(h264_params_add(&params, &bad), -EINVAL);
	h264_params_write_avcc(&params, avcc);
	/* a new SPS takes the PPSs with it */
	assert_int_equal(h264_params_add(&params, &b), 0);
	assert_false(h264_params_complete(&params));
	h264_params_add(&params, &p);
	assert_true(h264_params_complete(&params));
	assert_true(params.sets.changed);
	assert_int_equal(params.sps.width, 1920);
	/* baseline: no chroma format at the end */
	assert_int_equal(h264_params_write_avcc(&params, avcc),
	                 6 + 2 + sizeof(sps_1080) + 1 + 2 + sizeof(pps));
}

static void test_params_full(void **state)
{
	static uint8_t large[6000];
	struct nal_unit nal = {large, sizeof(large)};
	/* ue(v) of 0, 1, 2 in the first bits */
	static const uint8_t ids[] = {0x80, 0x40, 0x60};

	(void)state;
	memset(&params, 0, sizeof(params));
	memset(large, 0x55, sizeof(large));
	large[0] = 0x68;
	for (size_t i = 0; i < 3; i++) {
		large[1] = ids[i];
		assert_int_equal(h264_params_add(&params, &nal), i < 2 ? 0 : -ENOSPC);
	}
	large[1] = ids[0] | 1;
	assert_int_equal(h264_params_add(&params, &nal), 0);
	assert_int_equal(param_sets_count(&params.sets, H264_NAL_PPS), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_stream),
		cmocka_unit_test(test_byte_stream_cut),
		cmocka_unit_test(test_sps),
		cmocka_unit_test(test_sps_cut),
		cmocka_unit_test(test_sps_absurd),
		cmocka_unit_test(test_slice),
		cmocka_unit_test(test_recovery_point),
		cmocka_unit_test(test_avcc),
		cmocka_unit_test(test_params_change),
		cmocka_unit_test(test_params_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
