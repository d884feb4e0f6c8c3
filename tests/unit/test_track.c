/*
 * H.264 and AAC tracks, through the remuxer: access units and frames out of PES packets.
 */
#include "remux_fixture.h"

static void test_starts_with_parameter_sets(void **state)
{
	struct flv_tag *frames[MAX_TAGS];

	start(*state);
	ADD_INTER(0, TS_BUILD_NONE);
	add_audio(0, 48000, 2);
	ADD_INTER(FRAME_TIME, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 0);
	assert_int_equal(select_frames(FLV_AUDIO, frames), 2);
	ADD_KEY(2 * FRAME_TIME, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 1);
}

static void test_open_gop(void **state)
{
	static const uint8_t recovery[] = {AUD,  START, SPS, START, PPS, START, 0x06, 0x06, 0x01,
	                                   0xc4, 0x80,  0,   0,     1,   0x41,  0x9a, 0x04, 0x12};
	static const uint8_t intra[] = {AUD, START, SPS, START, PPS, 0, 0, 1, 0x61, 0x88, 0x84, 1};
	static const uint8_t inter[] = {AUD, START, SPS, START, PPS, 0, 0, 1, 0x61, 0x9a, 0x04, 1};
	static const uint8_t lone_intra[] = {AUD, 0, 0, 1, 0x61, 0x88, 0x84, 1};
	static const struct {
		const uint8_t *data;
		size_t size;
		bool key;
	} cases[] = {
		{recovery, sizeof(recovery), true},
		{intra, sizeof(intra), true},
		{inter, sizeof(inter), false},
		{lone_intra, sizeof(lone_intra), false},
	};
	struct flv_tag *frames[MAX_TAGS];

	start(*state);
	for (int i = 0; i < 4; i++)
		add_video(i * FRAME_TIME, TS_BUILD_NONE, cases[i].data, cases[i].size);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(frames[i]->key, cases[i].key);
}

static void test_parameter_sets_change(void **state)
{
	static const uint8_t other[] = {AUD, START, SPS_INTERLACED, START, PPS,  0,
	                                0,   1,     0x65,           0x88,  0x84, 0x12};

	start(*state);
	ADD_KEY(0, TS_BUILD_NONE);
	ADD_KEY(FRAME_TIME, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(tag_count, 4);
	clear_tags();
	add_video(2 * FRAME_TIME, TS_BUILD_NONE, other, sizeof(other));
	push(*state);
	assert_int_equal(tag_count, 3);
	assert_int_equal(tags[0]->type, FLV_SCRIPT);
	assert_true(tags[1]->header);
	assert_true(tags[2]->key);
}

static void test_several_units(void **state)
{
	static const uint8_t frames_2[] = {AUD,  START, SPS, START, PPS, 0,    0,    1,    0x65,
	                                   0x88, 0x84,  1,   0,     0,   1,    0x65, 0x42, 0x20,
	                                   2,    AUD,   0,   0,     1,   0x41, 0x9a, 0x04, 3};
	/* field_pic_flag 1, bottom_field_flag 0 then 1, frame_num 0; and a frame of its own */
	static const uint8_t fields[] = {AUD,  START, SPS_INTERLACED, START, PPS,  0, 0,   1,
	                                 0x65, 0x88,  0x84,           0x21,  AUD,  0, 0,   1,
	                                 0x41, 0x9a,  0x18,           0x31,  AUD,  0, 0,   1,
	                                 0x41, 0x9a,  0x10,           0x41,  0x00, 0, 0x55};
	struct flv_tag *frames[MAX_TAGS];

	start(*state);
	add_video(0, TS_BUILD_NONE, frames_2, sizeof(frames_2));
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	assert_int_equal(frames[0]->size, 5 + 4 + 4 + 4 + 4);
	assert_int_equal(frames[1]->timestamp_ms, 40);
	assert_false(frames[1]->key);
	clear_tags();
	add_video(9000, TS_BUILD_NONE, fields, sizeof(fields));
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	assert_int_equal(frames[0]->size, 5 + 4 + 4 + 4 + 4);
	assert_true(frames[0]->key);
	assert_false(frames[1]->key);
}

/* After hours of frames an encoder turns to fields, each in a packet of its own: none is lost. */
static void test_fields_after_frames(void **state)
{
	static const uint8_t key[] = {AUD, START, SPS_INTERLACED, START, PPS,  0,
	                              0,   1,     0x65,           0x88,  0x84, 0x21};
	static const uint8_t bottom[] = {AUD, 0, 0, 1, 0x41, 0x9a, 0x18, 0x31};
	static const uint8_t frame[] = {AUD, 0, 0, 1, 0x41, 0x9a, 0x10, 0x41};
	struct flv_tag *frames[MAX_TAGS];
	int64_t time = 0;

	start(*state);
	for (int round = 0; round < 2; round++) {
		add_video(time, TS_BUILD_NONE, key, sizeof(key));
		add_video(time + FRAME_TIME / 2, TS_BUILD_NONE, bottom, sizeof(bottom));
		for (int i = 0; i < 120; i++)
			add_video(time += FRAME_TIME, TS_BUILD_NONE, frame, sizeof(frame));
		time += FRAME_TIME;
	}
	push(*state);
	assert_int_equal(COUNTER(*state, damaged_units), 0);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 242);
	assert_int_equal(frames[121]->size, 5 + 4 + 4 + 4 + 4);
	assert_true(frames[121]->key);
}

static void test_too_many_units(void **state)
{
	static uint8_t flood[5 * 1100];

	for (size_t i = 0; i < sizeof(flood); i += 5)
		memcpy(flood + i, (const uint8_t[]){0, 0, 1, 0x68, 0x80}, 5);
	start(*state);
	add_video(0, TS_BUILD_NONE, flood, sizeof(flood));
	push(*state);
	assert_int_equal(COUNTER(*state, malformed_units), 1);
}

static void test_aac_spans_packets(void **state)
{
	struct flv_tag *frames[MAX_TAGS];
	uint8_t data[8 * 100];
	size_t size = 0, count;

	for (int i = 0; i < 8; i++)
		size += write_adts(data + size, 48000, 93);
	start(*state);
	/* a frame and a bit; the PTS of a packet is of the frame that starts in it */
	for (int64_t at = 0, i = 0; at < (int64_t)size; at += 160, i++) {
		int64_t first = (at + 99) / 100;

		ts_build_pes(&build, AUDIO_PID, first * 1920, TS_BUILD_NONE, true, data + at, 160);
	}
	push(*state);
	count = select_frames(FLV_AUDIO, frames);
	assert_int_equal(count, 8);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(frames[i]->size, 2 + 93);
		assert_int_equal(frames[i]->timestamp_ms, ((int64_t)i * 1920 + 45) / 90);
	}
}

static void test_aac_does_not_drift(void **state)
{
	struct flv_tag *frames[MAX_TAGS];

	start(*state);
	add_audio(90000, 44100, 40);
	push(*state);
	assert_int_equal(select_frames(FLV_AUDIO, frames), 40);
	for (int64_t i = 0; i < 40; i++) {
		double exact = 1000 + (double)i * 1024 * 1000 / 44100;

		assert_true(frames[i]->timestamp_ms >= exact - 0.51 &&
		            frames[i]->timestamp_ms <= exact + 0.51);
	}
}

static void test_aac_loss(void **state)
{
	uint8_t data[300];

	for (size_t i = 0; i < 3; i++)
		write_adts(data + i * 100, 48000, 93);
	start(*state);
	ts_build_pes(&build, AUDIO_PID, 0, TS_BUILD_NONE, true, data, 150);
	push(*state);
	build.continuity[AUDIO_PID]++;
	ts_build_pes(&build, AUDIO_PID, 9000, TS_BUILD_NONE, true, data + 150, 150);
	push(*state);
	assert_int_equal(COUNTER(*state, audio_frames), 2);
	assert_int_equal(tags[tag_count - 1]->timestamp_ms, 100);
}

static void test_aac_under_other_type(void **state)
{
	static const struct ts_build_stream streams[] = {{PSI_MPEG2_AUDIO, AUDIO_PID}};

	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, streams, 1);
	push(*state);
	assert_int_equal(COUNTER(*state, unsupported_streams), 1);
	add_audio(0, 48000, 3);
	push(*state);
	assert_int_equal(COUNTER(*state, unsupported_streams), 0);
	assert_int_equal(COUNTER(*state, audio_frames), 3);
}

static void test_no_time_stamps(void **state)
{
	start(*state);
	ADD_KEY(TS_BUILD_NONE, TS_BUILD_NONE);
	add_audio(TS_BUILD_NONE, 48000, 1);
	push(*state);
	assert_int_equal(tag_count, 0);
	assert_int_equal(COUNTER(*state, untimed_units), 2);
	/* later, time goes on by itself */
	ADD_KEY(0, TS_BUILD_NONE);
	ADD_INTER(TS_BUILD_NONE, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(tags[tag_count - 1]->timestamp_ms, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_starts_with_parameter_sets),
		TEST(test_open_gop),
		TEST(test_parameter_sets_change),
		TEST(test_several_units),
		TEST(test_fields_after_frames),
		TEST(test_too_many_units),
		TEST(test_aac_spans_packets),
		TEST(test_aac_does_not_drift),
		TEST(test_aac_loss),
		TEST(test_aac_under_other_type),
		TEST(test_no_time_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
