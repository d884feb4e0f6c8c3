/*
 * HEVC: NAL units, parameter sets and hvcC by vectors of x265 (decoded and re-made by ffmpeg to the same
 * record), and the track through the remuxer.
 */
#include "media/hevc_params.h"

#include "remux_fixture.h"

#include <errno.h>

/* 416x240, Main, 25 frames a second; and 418x242, Main 10, 30000/1001, of four slices a picture. */
#define VPS                                                                                       \
	0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, \
		0x03, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x95, 0x94, 0x09
#define SPS_8                                                                                     \
	0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, \
		0x03, 0x00, 0x3c, 0xa0, 0x0d, 0x08, 0x0f, 0x16, 0x59, 0x59, 0x52, 0x93, 0x0b,     \
		0xc0, 0x5a, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x32, 0x10
#define SPS_10                                                                                    \
	0x42, 0x01, 0x01, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, \
		0x03, 0x00, 0x3c, 0xa0, 0x0d, 0x48, 0x0f, 0x9c, 0x92, 0x36, 0x59, 0x59, 0xa4,     \
		0x93, 0x2b, 0xc0, 0x5a, 0x02, 0x00, 0x00, 0x7d, 0x20, 0x00, 0x0e, 0xa6, 0x01
#define HEVC_PPS 0x44, 0x01, 0xc0, 0x73, 0xc1, 0x89
#define HEVC_AUD START, 0x46, 0x01, 0x10

static const uint8_t vps[] = {VPS}, sps_8[] = {SPS_8}, sps_10[] = {SPS_10}, pps[] = {HEVC_PPS};

/* An IDR picture of two slices with parameter sets; an inter picture of two with SEI before and after. */
static const uint8_t idr[] = {HEVC_AUD, START, VPS, START, SPS_8, START, HEVC_PPS,
                              0,        0,     1,   0x26,  0x01,  0xaf,  0x11,
                              0,        0,     1,   0x26,  0x01,  0x2f,  0x22};
static const uint8_t trail[] = {HEVC_AUD, 0,    0,    1,    0x4e, 0x01, 0x05, 0x01, 0x33,
                                0x80,     0,    0,    1,    0x02, 0x01, 0xd0, 0x44, 0,
                                0,        1,    0x02, 0x01, 0x50, 0x55, 0,    0,    1,
                                0x50,     0x01, 0x84, 0x01, 0x66, 0x80};
static const struct ts_build_stream hevc_stream[] = {{PSI_HEVC, VIDEO_PID}};

static struct nal_unit unit(const uint8_t *data, size_t size)
{
	return (struct nal_unit){data, size};
}

static void test_sps(void **state)
{
	struct nal_unit nal = unit(sps_8, sizeof(sps_8));
	struct hevc_sps sps;

	(void)state;
	assert_int_equal(hevc_parse_sps(&nal, &sps), 0);
	assert_int_equal(sps.width, 416);
	assert_int_equal(sps.height, 240);
	assert_int_equal(sps.bit_depth_luma, 8);
	assert_int_equal(sps.chroma_format_idc, 1);
	assert_int_equal(sps.sub_layers, 1);
	assert_true(sps.temporal_nesting);
	assert_true(hevc_get_frame_rate(&sps) == 25);
	nal = unit(sps_10, sizeof(sps_10));
	assert_int_equal(hevc_parse_sps(&nal, &sps), 0);
	assert_int_equal(sps.width, 418);
	assert_int_equal(sps.height, 242);
	assert_int_equal(sps.bit_depth_chroma, 10);
	assert_true(hevc_get_frame_rate(&sps) == 30000.0 / 1001);
}

/* Cut anywhere before its picture is described, it is refused; a VUI that is cut costs the frame rate. */
static void test_sps_cut_short(void **state)
{
	struct hevc_sps sps;

	(void)state;
	for (size_t size = 1; size < 28; size++) {
		const struct nal_unit nal = unit(sps_8, size);

		assert_int_equal(hevc_parse_sps(&nal, &sps), -EINVAL);
	}
	for (size_t size = 32; size < sizeof(sps_8) - 1; size++) {
		const struct nal_unit nal = unit(sps_8, size);

		assert_int_equal(hevc_parse_sps(&nal, &sps), 0);
		assert_int_equal(sps.width, 416);
		assert_true(hevc_get_frame_rate(&sps) == 0);
	}
}

static void test_hvcc(void **state)
{
	static const uint8_t head[] = {1, 1,    0x60, 0,    0, 0,    0x90, 0,          0,    0,
	                               0, 0,    0x3c, 0xf0, 0, 0xfc, 0xfd, 0xf8,       0xf8, 0,
	                               0, 0x0f, 3,    0xa0, 0, 1,    0,    sizeof(vps)};
	static struct hevc_params params;
	static uint8_t hvcc[HEVC_HVCC_MAX_BYTES];
	const struct nal_unit sets[] = {
		unit(pps, sizeof(pps)), unit(sps_8, sizeof(sps_8)), unit(pps, sizeof(pps)),
		unit(vps, sizeof(vps)), unit(pps, sizeof(pps)),
	};
	const struct nal_unit other = unit(sps_10, sizeof(sps_10));
	size_t size;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(hevc_params_complete(&params), i > 3);
		assert_int_equal(hevc_params_add(&params, &sets[i]), 0);
	}
	assert_true(params.sets.changed);
	size = hevc_params_write_hvcc(&params, hvcc);
	assert_false(params.sets.changed);
	assert_int_equal(size, 23 + 3 * 5 + sizeof(vps) + sizeof(sps_8) + sizeof(pps));
	assert_memory_equal(hvcc, head, sizeof(head));
	assert_memory_equal(hvcc + sizeof(head), vps, sizeof(vps));
	assert_memory_equal(hvcc + size - sizeof(pps), pps, sizeof(pps));
	assert_int_equal(hevc_params_add(&params, &sets[1]), 0);
	assert_false(params.sets.changed);
	assert_int_equal(hevc_params_add(&params, &other), 0);
	assert_false(hevc_params_complete(&params)); /* the PPS was of the other SPS */
}

static void start_hevc(struct remuxer *remuxer)
{
	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, hevc_stream, 1);
	push(remuxer);
}

static void test_enhanced(void **state)
{
	static const uint8_t begin[] = {0x90, 'h', 'v', 'c', '1', 1, 1, 0x60};
	static const uint8_t key[] = {0x91, 'h', 'v',  'c',  '1', 0, 0, 80, 0,    0,    0,    4,
	                              0x26, 1,   0xaf, 0x11, 0,   0, 0, 4,  0x26, 0x01, 0x2f, 0x22};
	struct flv_tag *frames[MAX_TAGS], *headers[3];

	start_hevc(*state);
	add_video(2 * FRAME_TIME, 0, idr, sizeof(idr));
	add_video(FRAME_TIME, FRAME_TIME, trail, sizeof(trail));
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	assert_true(frames[0]->key);
	assert_int_equal(frames[0]->size, sizeof(key));
	assert_memory_equal(frames[0]->body, key, sizeof(key));
	assert_false(frames[1]->key);
	assert_int_equal(frames[1]->body[0], 0xa1);
	/* delimiter left out; SEI before and after kept */
	assert_int_equal(frames[1]->size, 8 + 4 + 6 + 4 + 4 + 4 + 4 + 4 + 6);
	assert_int_equal(remuxer_get_headers(*state, &usual, headers), 2);
	assert_memory_equal(headers[1]->body, begin, sizeof(begin));
	assert_true(remuxer_wants(*state, headers[1], &usual));
	for (size_t i = 0; i < 2; i++)
		flv_tag_unref(headers[i]);
}

/* Both forms at once: each reader has its own frames, headers and onMetaData. */
static void test_legacy(void **state)
{
	static const struct remux_choice choices[] = {{.hevc = HEVC_ENHANCED},
	                                              {.hevc = HEVC_LEGACY}};
	size_t wanted[2] = {0}, keys[2] = {0};
	struct flv_tag *headers[3];

	assert_int_equal(remuxer_set_choices(*state, choices, 2), 0);
	start_hevc(*state);
	add_video(0, TS_BUILD_NONE, idr, sizeof(idr));
	add_video(FRAME_TIME, TS_BUILD_NONE, trail, sizeof(trail));
	push(*state);
	for (size_t i = 0; i < tag_count; i++) {
		for (size_t j = 0; j < 2; j++) {
			const bool wants = remuxer_wants(*state, tags[i], &choices[j]);

			wanted[j] += wants;
			keys[j] += wants && tags[i]->key;
		}
	}
	for (size_t j = 0; j < 2; j++) {
		assert_int_equal(wanted[j], 4); /* onMetaData, sequence header, two frames */
		assert_int_equal(keys[j], 1);
	}
	assert_int_equal(remuxer_get_headers(*state, &choices[1], headers), 2);
	assert_int_equal(headers[1]->body[0], 0x1c);
	assert_int_equal(headers[1]->body[1], 0);
	assert_int_equal(headers[1]->body[5], 1);
	flv_tag_unref(headers[0]);
	flv_tag_unref(headers[1]);
}

/* A slice to a PES packet, a NAL unit cut in two: the access units are put together again. */
static void test_spanning_packets(void **state)
{
	const size_t second = sizeof(idr) - 7, middle = 40;
	struct flv_tag *frames[MAX_TAGS];

	start_hevc(*state);
	for (int i = 0; i < 3; i++) {
		const int64_t dts = i * FRAME_TIME;

		add_video(dts, TS_BUILD_NONE, idr, middle);
		add_video(TS_BUILD_NONE, TS_BUILD_NONE, idr + middle, second - middle);
		add_video(TS_BUILD_NONE, TS_BUILD_NONE, idr + second, 7);
	}
	push_open(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	remuxer_flush(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(frames[i]->size, 8 + 2 * 8);
		assert_int_equal(frames[i]->timestamp_ms, 40 * i);
	}
	assert_int_equal(COUNTER(*state, damaged_units), 0);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
}

/* What a loss leaves of an access unit is dropped whole and counted. */
static void test_spanning_loss(void **state)
{
	const size_t second = sizeof(idr) - 7;
	struct flv_tag *frames[MAX_TAGS];

	start_hevc(*state);
	for (int i = 0; i < 4; i++) {
		add_video(i * FRAME_TIME, TS_BUILD_NONE, idr, second);
		if (i == 2)
			build.continuity[VIDEO_PID]++; /* a packet is missing here */
		add_video(TS_BUILD_NONE, TS_BUILD_NONE, idr + second, 7);
	}
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 3);
	assert_int_equal(frames[2]->timestamp_ms, 3 * 40);
	assert_true(COUNTER(*state, damaged_units) > 0);
	assert_int_equal(COUNTER(*state, discontinuities), 1);
}

/* Layers above the base, which a decoder of Main does not take, are left out. */
static void test_layers(void **state)
{
	static const uint8_t layered[] = {HEVC_AUD, 0, 0, 1,    0x02, 0x01, 0xd0, 0x44,
	                                  0,        0, 1, 0x02, 0x09, 0xd0, 0x55};
	struct flv_tag *frames[MAX_TAGS];

	start_hevc(*state);
	add_video(0, TS_BUILD_NONE, idr, sizeof(idr));
	add_video(FRAME_TIME, TS_BUILD_NONE, layered, sizeof(layered));
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	assert_int_equal(frames[1]->size, 8 + 4 + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sps),  cmocka_unit_test(test_sps_cut_short),
		cmocka_unit_test(test_hvcc), TEST(test_enhanced),
		TEST(test_legacy),           TEST(test_spanning_packets),
		TEST(test_spanning_loss),    TEST(test_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
