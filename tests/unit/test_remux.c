/*
 * The remuxer as a whole, on streams made here; and on samples where they are (SAMPLES_DIR).
 */
#include "remux_fixture.h"

#include <math.h>

#include <stdio.h>

static void test_order(void **state)
{
	static const struct {
		enum flv_type type;
		bool header, key;
		int64_t ms;
	} expected[] = {
		{FLV_SCRIPT, true, false, 1000}, {FLV_VIDEO, true, false, 1000},
		{FLV_VIDEO, false, true, 1000},  {FLV_SCRIPT, true, false, 1011},
		{FLV_AUDIO, true, false, 1011},  {FLV_AUDIO, false, false, 1011},
		{FLV_VIDEO, false, false, 1040},
	};
	static const uint8_t inter_body[] = {0x27, 1,    0,    0, 80, 0, 0, 0,    5,    0x06, 0x05,
	                                     1,    0x11, 0x80, 0, 0,  0, 4, 0x41, 0x9a, 4,    0x56};

	start(*state);
	ADD_KEY(90000 + 2 * FRAME_TIME, 90000);
	push(*state);
	add_audio(91000, 48000, 1);
	ADD_INTER(93600 + 7200, 93600);
	push(*state);
	assert_int_equal(tag_count, 7);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(tags[i]->type, expected[i].type);
		assert_int_equal(tags[i]->header, expected[i].header);
		assert_int_equal(tags[i]->key, expected[i].key);
		assert_int_equal(tags[i]->timestamp_ms, expected[i].ms);
	}
	assert_int_equal(tags[6]->size, sizeof(inter_body));
	assert_memory_equal(tags[6]->body, inter_body, sizeof(inter_body));
	assert_int_equal(COUNTER(*state, video_frames), 2);
	assert_int_equal(COUNTER(*state, audio_frames), 1);
	assert_int_equal(COUNTER(*state, unsupported_streams), 0);
}

static void test_one_packet_at_a_time(void **state)
{
	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, av, 2);
	for (int i = 0; i < 20; i++)
		ADD_KEY(i * FRAME_TIME, TS_BUILD_NONE);
	for (size_t i = 0; i < build.count; i++)
		remuxer_push(*state, ts_build_packet(&build, i), 1);
	assert_int_equal(COUNTER(*state, video_frames), 20);
}

static void test_wrap(void **state)
{
	const int64_t first = TS_WRAP_90K - 5 * FRAME_TIME;
	struct flv_tag *frames[MAX_TAGS];
	size_t count;

	start(*state);
	for (int i = 0; i < 10; i++) {
		int64_t dts = first + i * FRAME_TIME;

		if (i == 0)
			ADD_KEY(dts + 2 * FRAME_TIME, dts);
		else
			ADD_INTER(dts + 2 * FRAME_TIME, dts);
		add_audio(dts, 48000, 1);
	}
	push(*state);
	count = select_frames(FLV_VIDEO, frames);
	assert_int_equal(count, 10);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(frames[i]->timestamp_ms,
		                 (first + (int64_t)i * FRAME_TIME + 45) / 90);
		assert_int_equal(load_be24(frames[i]->body + 2), 80);
	}
	count = select_frames(FLV_AUDIO, frames);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(frames[i]->timestamp_ms,
		                 (first + (int64_t)i * FRAME_TIME + 45) / 90);
	assert_int_equal(COUNTER(*state, clock_jumps), 0);
}

static void test_restart(void **state)
{
	static const int64_t restarts[] = {0, 7000000000, 90000, 5 * 90000};
	struct flv_tag *frames[MAX_TAGS];
	size_t count;

	start(*state);
	for (size_t i = 0; i < 4; i++) {
		for (int j = 0; j < 25; j++) {
			/* audio is half a second behind video in the stream */
			int64_t time = restarts[i] + 200000 + j * FRAME_TIME;

			ADD_KEY(time, time);
			if (i > 0 && j < 12)
				time = restarts[i - 1] + 200000 + (j + 13) * FRAME_TIME;
			else
				time -= 12 * FRAME_TIME;
			add_audio(time, 48000, 1);
		}
	}
	push(*state);
	count = select_frames(FLV_VIDEO, frames);
	assert_int_equal(count, 100);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(frames[i]->timestamp_ms - frames[i - 1]->timestamp_ms,
		                 i == 75 ? 40 + 4000 - 960 - 40 : 40);
	count = select_frames(FLV_AUDIO, frames);
	assert_int_equal(count, 100);
	for (size_t i = 1; i < count; i++)
		assert_true(frames[i]->timestamp_ms > frames[i - 1]->timestamp_ms);
}

static void test_damaged(void **state)
{
	static uint8_t large[2000];
	size_t middle;

	start(*state);
	memcpy(large, inter_frame, sizeof(inter_frame));
	memset(large + sizeof(inter_frame), 0x33, sizeof(large) - sizeof(inter_frame));
	ADD_KEY(0, TS_BUILD_NONE);
	middle = build.count + 4;
	add_video(FRAME_TIME, TS_BUILD_NONE, large, sizeof(large));
	ADD_INTER(2 * FRAME_TIME, TS_BUILD_NONE);
	memmove(ts_build_packet(&build, middle), ts_build_packet(&build, middle + 1),
	        (build.count - middle - 1) * TS_PACKET_BYTES);
	build.count--;
	push(*state);
	assert_int_equal(COUNTER(*state, video_frames), 2);
	assert_int_equal(COUNTER(*state, damaged_units), 1);
	assert_int_equal(COUNTER(*state, discontinuities), 1);
	assert_int_equal(tags[tag_count - 1]->timestamp_ms, 80);
}

static void test_ignored_packets(void **state)
{
	uint8_t *packet;

	start(*state);
	for (int i = 0; i < 3; i++) {
		ADD_KEY(0, TS_BUILD_NONE);
		packet = ts_build_packet(&build, build.count - 1);
		if (i == 0)
			packet[0] = 0x46;
		else if (i == 1)
			packet[1] |= 0x80;
		else
			packet[4] = 184; /* adaptation_field_length */
	}
	push(*state);
	assert_int_equal(tag_count, 0);
	assert_int_equal(COUNTER(*state, ignored_packets), 3);
}

static void test_late_joiner(void **state)
{
	struct flv_tag *headers[3];

	start(*state);
	assert_int_equal(remuxer_get_headers(*state, &usual, headers), 0);
	add_audio(0, 48000, 1);
	ADD_KEY(0, TS_BUILD_NONE);
	push(*state);
	clear_tags();
	assert_int_equal(remuxer_get_headers(*state, &usual, headers), 3);
	assert_int_equal(headers[0]->type, FLV_SCRIPT);
	assert_int_equal(headers[1]->type, FLV_VIDEO);
	assert_int_equal(headers[2]->type, FLV_AUDIO);
	/* 9 pairs: width, height, framerate, videocodecid; four of audio; encoder */
	assert_int_equal(headers[0]->body[16 + 13 + 4], 9);
	for (size_t i = 0; i < 3; i++) {
		assert_true(headers[i]->header);
		flv_tag_unref(headers[i]);
	}
}

/* The value of a number of onMetaData, or -1 when it is not there. */
static double get_number(const struct flv_tag *tag, const char *key)
{
	const size_t length = strlen(key);
	uint64_t bits = 0;
	double value;

	for (size_t i = 0; i + length + 9 <= tag->size; i++) {
		if (memcmp(tag->body + i, key, length) != 0 || tag->body[i + length] != 0)
			continue;
		for (size_t j = 0; j < 8; j++)
			bits = bits << 8 | tag->body[i + length + 1 + j];
		memcpy(&value, &bits, sizeof(value));
		return value;
	}
	return -1;
}

/* Rates are in what late joiners get, and never in a tag of their own. */
static void test_rates(void **state)
{
	struct flv_tag *headers[3], *frames[MAX_TAGS];

	start(*state);
	for (int i = 0; i < 30; i++) {
		ADD_KEY(i * FRAME_TIME, TS_BUILD_NONE);
		add_audio(i * FRAME_TIME, 48000, 2);
	}
	push(*state);
	assert_int_equal(
		tag_count - select_frames(FLV_VIDEO, frames) - select_frames(FLV_AUDIO, frames), 4);
	assert_int_equal(remuxer_get_headers(*state, &usual, headers), 3);
	/* 25 frames of 13 bytes and 50 of 42 bytes a second */
	assert_true(get_number(headers[0], "videodatarate") == 25 * 13 * 8 / 1000.0);
	assert_true(fabs(get_number(headers[0], "audiodatarate") - 50 * 42 * 8 / 1000.0) < 0.5);
	assert_true(get_number(headers[0], "framerate") == 25);
	assert_true(get_number(headers[0], "width") == 640);
	assert_true(get_number(headers[0], "videocodecid") == 7);
	for (size_t i = 0; i < 3; i++)
		flv_tag_unref(headers[i]);
}

#define ENGLISH 0x201
#define GERMAN  0x202

/* A PMT of one video and three audio streams, two of them with a language. */
static void start_languages(struct remuxer *remuxer, uint8_t version)
{
	const uint8_t body[] = {
		0,    1,    (uint8_t)(0xc1 | version << 1),
		0,    0,    0xe1,
		0,    0xf0, 0,
		0x1b, 0xe1, 0x00,
		0xf0, 0, /* video */
		0x0f, 0xe1, 0x01,
		0xf0, 0, /* no language */
		0x0f, 0xe2, 0x01,
		0xf0, 6,    0x0a,
		4,    'e',  'n',
		'g',  0, /* ENGLISH */
		0x0f, 0xe2, 0x02,
		0xf0, 6,    0x0a,
		4,    'D',  'E',
		'U',  0, /* GERMAN */
	};

	ts_build_pat(&build, 0, programs, 1);
	ts_build_section(&build, PMT_PID, 0x02, body, sizeof(body));
	push(remuxer);
}

static void add_adts(uint16_t pid, int64_t pts, size_t payload)
{
	uint8_t data[512];
	const size_t size = write_adts(data, 48000, payload);

	ts_build_pes(&build, pid, pts, TS_BUILD_NONE, true, data, size);
}

static size_t count_wanted(const struct remuxer *remuxer, const struct remux_choice *choice,
                           enum flv_type type, size_t *size)
{
	size_t count = 0;

	for (size_t i = 0; i < tag_count; i++) {
		if (tags[i]->type != type || !remuxer_wants(remuxer, tags[i], choice))
			continue;
		if (!tags[i]->header) {
			count++;
			*size = tags[i]->size;
		}
	}
	return count;
}

static void test_audio_choice(void **state)
{
	static const struct remux_choice choices[] = {
		{.audio_language = "deu"},
		{.audio_index = 1},
		{.audio_language = "fra"},
	};
	char text[100];
	size_t size = 0;

	assert_int_equal(remuxer_set_choices(*state, choices, 3), 0);
	start_languages(*state, 0);
	add_adts(AUDIO_PID, 0, 10);
	add_adts(ENGLISH, 0, 20);
	add_adts(GERMAN, 0, 30);
	push(*state);
	assert_int_equal(COUNTER(*state, audio_frames), 2); /* nobody wants the first */
	assert_int_equal(count_wanted(*state, &choices[0], FLV_AUDIO, &size), 1);
	assert_int_equal(size, 2 + 30);
	assert_int_equal(count_wanted(*state, &choices[1], FLV_AUDIO, &size), 1);
	assert_int_equal(size, 2 + 20);
	assert_int_equal(count_wanted(*state, &choices[2], FLV_AUDIO, &size), 0);
	assert_int_equal(COUNTER(*state, unsupported_streams), 0);
	remuxer_describe(*state, &choices[1], text, sizeof(text));
	assert_string_equal(text, "");
	remuxer_describe(*state, &choices[2], text, sizeof(text));
	assert_string_equal(text, "no audio track fra:0 that RTMP can carry");
}

static void test_describe(void **state)
{
	static const struct ts_build_stream streams[] = {
		{PSI_MPEG2_VIDEO, 0x90}, {PSI_MPEG1_AUDIO, 0x91}, {PSI_MPEG1_AUDIO, 0x92},
		{PSI_SCTE35, 0x93},      {PSI_PRIVATE_PES, 0x94}, {0x42, 0x95},
	};
	char text[100], cut[12];
	unsigned int revision = remuxer_revision(*state);

	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, streams, 6);
	push(*state);
	assert_int_not_equal(remuxer_revision(*state), revision);
	remuxer_describe(*state, &usual, text, sizeof(text));
	assert_string_equal(
		text,
		"MPEG-2 video, MPEG-1 audio, stream type 0x42 not sent: RTMP cannot carry them");
	remuxer_describe(*state, &usual, cut, sizeof(cut));
	assert_string_equal(cut, "MPEG-2 vide");
}

/* What RTMP could carry, and does not for another reason. */
static void test_describe_limits(void **state)
{
	struct ts_build_stream streams[13] = {
		{PSI_H264, 0x100}, {PSI_HEVC, 0x101}, {PSI_MPEG2_VIDEO, 0x102}};
	char text[200];

	for (uint16_t i = 3; i < 13; i++)
		streams[i] = (struct ts_build_stream){PSI_AAC_ADTS, (uint16_t)(0x100 + i)};
	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, streams, 13);
	push(*state);
	remuxer_describe(*state, &usual, text, sizeof(text));
	assert_string_equal(text, "MPEG-2 video not sent: RTMP cannot carry it; "
	                          "HEVC not sent: only the first video stream is; "
	                          "AAC (ADTS) not sent: only the first 8 audio tracks can be");
	assert_int_equal(COUNTER(*state, unsupported_streams), 4);
	ts_build_pmt(&build, PMT_PID, 1, 1, streams + 3, 8);
	push(*state);
	remuxer_describe(*state, &usual, text, sizeof(text));
	assert_string_equal(text, "");
	ts_build_pmt(&build, PMT_PID, 1, 2, streams + 3, 9);
	push(*state);
	remuxer_describe(*state, &(const struct remux_choice){.audio_language = "fra"}, text,
	                 sizeof(text));
	assert_string_equal(text, "AAC (ADTS) not sent: only the first 8 audio tracks can be; "
	                          "no audio track fra:0 that RTMP can carry");
}

/* Another program is followed at once, and time goes on. */
static void test_program(void **state)
{
	static const struct ts_build_program two[] = {{1, PMT_PID}, {2, 0x1001}};
	static const struct ts_build_stream second[] = {{PSI_H264, 0x300}};
	struct flv_tag *frames[MAX_TAGS];
	char text[100];

	ts_build_pat(&build, 0, two, 2);
	ts_build_pmt(&build, PMT_PID, 1, 0, av, 2);
	ADD_KEY(90000, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 1);
	remuxer_set_program(*state, 2);
	remuxer_describe(*state, &usual, text, sizeof(text));
	assert_string_equal(text, "program 2 is not in the stream");
	ADD_KEY(93600, TS_BUILD_NONE);
	ts_build_pat(&build, 0, two, 2);
	ts_build_pmt(&build, 0x1001, 2, 0, second, 1);
	ts_build_pes(&build, 0x300, 93600, TS_BUILD_NONE, true, key_frame, sizeof(key_frame));
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 2);
	assert_int_equal(frames[1]->timestamp_ms, 1040);
	remuxer_describe(*state, &usual, text, sizeof(text));
	assert_string_equal(text, "");
	remuxer_set_program(*state, 0);
	ts_build_pat(&build, 0, two, 2);
	ts_build_pmt(&build, PMT_PID, 1, 0, av, 2);
	ADD_KEY(97200, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 3);
}

static void test_unsupported(void **state)
{
	static const struct ts_build_stream streams[] = {
		{PSI_MPEG2_VIDEO, 0x90}, {PSI_MPEG1_AUDIO, 0x91}, {PSI_H264, VIDEO_PID},
		{PSI_H264, 0x92},        {PSI_SCTE35, 0x93},
	};
	struct psi_stream skipped[PSI_MAX_STREAMS];
	uint8_t layer_2[] = {0xff, 0xfd, 0x84, 0x00, 0x11, 0x22, 0x33, 0x44};

	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, streams, 5);
	ts_build_pes(&build, 0x91, 0, TS_BUILD_NONE, true, layer_2, sizeof(layer_2));
	ADD_KEY(0, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(COUNTER(*state, unsupported_streams), 3);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
	assert_int_equal(remuxer_get_skipped(*state, skipped, PSI_MAX_STREAMS), 3);
	assert_int_equal(skipped[1].pid, 0x91);
	assert_string_equal(psi_get_type_name(skipped[1].type), "MPEG-1 audio");
	assert_int_equal(remuxer_get_skipped(*state, skipped, 1), 3);
	assert_int_equal(tag_count, 3);
}

static void test_pmt_changes(void **state)
{
	static const struct ts_build_stream other[] = {{PSI_H264, 0x200}};
	struct flv_tag *headers[3];
	size_t count;

	start(*state);
	ADD_KEY(90000, TS_BUILD_NONE);
	add_audio(90000, 48000, 1);
	push(*state);
	clear_tags();
	ts_build_pmt(&build, PMT_PID, 1, 1, other, 1);
	ts_build_pes(&build, 0x200, 93600, TS_BUILD_NONE, true, key_frame, sizeof(key_frame));
	ADD_KEY(97200, TS_BUILD_NONE); /* the old PID */
	push(*state);
	assert_int_equal(tag_count, 3);
	assert_int_equal(tags[2]->timestamp_ms, 1040);
	count = remuxer_get_headers(*state, &usual, headers);
	assert_int_equal(count, 2);
	assert_int_equal(headers[0]->body[16 + 13 + 4], 5); /* no audio */
	while (count--)
		flv_tag_unref(headers[count]);
}

static void test_flush_and_discontinuity(void **state)
{
	start(*state);
	ts_build_pes(&build, VIDEO_PID, 0, TS_BUILD_NONE, false, key_frame, sizeof(key_frame));
	push_open(*state);
	assert_int_equal(tag_count, 0);
	remuxer_flush(*state);
	assert_int_equal(tag_count, 3);
	ts_build_pes(&build, VIDEO_PID, FRAME_TIME, TS_BUILD_NONE, false, key_frame,
	             sizeof(key_frame));
	push_open(*state);
	remuxer_discontinuity(*state);
	remuxer_flush(*state);
	assert_int_equal(tag_count, 3);
	assert_int_equal(COUNTER(*state, damaged_units), 1);
}

static void test_time_stands_still(void **state)
{
	struct flv_tag *frames[MAX_TAGS];

	start(*state);
	for (int i = 0; i < 5; i++)
		ADD_KEY(9000, TS_BUILD_NONE);
	push(*state);
	assert_int_equal(select_frames(FLV_VIDEO, frames), 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(frames[i]->timestamp_ms, 100 + i);
}

static void test_sample(void **state)
{
	const char *folder = getenv("SAMPLES_DIR");
	static uint8_t packets[7 * TS_PACKET_BYTES];
	char path[1024];
	size_t count;
	FILE *file;

	snprintf(path, sizeof(path), "%s/h264-aac.ts", folder ? folder : "../shared/samples");
	file = fopen(path, "rb");
	if (!file)
		skip();
	while ((count = fread(packets, TS_PACKET_BYTES, 7, file)) > 0)
		remuxer_push(*state, packets, count);
	fclose(file);
	remuxer_flush(*state);
	assert_int_equal(COUNTER(*state, video_frames), 299); /* one is cut off */
	assert_int_equal(COUNTER(*state, audio_frames), 559);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_one_packet_at_a_time),
		TEST(test_wrap),
		TEST(test_restart),
		TEST(test_damaged),
		TEST(test_ignored_packets),
		TEST(test_late_joiner),
		TEST(test_rates),
		TEST(test_audio_choice),
		TEST(test_describe),
		TEST(test_describe_limits),
		TEST(test_program),
		TEST(test_unsupported),
		TEST(test_pmt_changes),
		TEST(test_flush_and_discontinuity),
		TEST(test_time_stands_still),
		TEST(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
