/*
 * Cue messages through the whole remuxer: sections on a PID of a PMT, who takes their messages, and where they are on the
 * clock of the frames.
 */
#include "media/cues.h"
#include "media/scte35.h"

#include "amf_text.h"
#include "remux_fixture.h"
#include "scte35_vectors.h"

#include <stdio.h>

#define CUE_PID      0x102
#define SPLICE_PTS   0x7369c02eLL /* of CUE_SPLICE_INSERT */
#define TICKS_PER_MS 90

static const struct ts_build_stream with_cues[] = {
	{PSI_H264, VIDEO_PID}, {PSI_AAC_ADTS, AUDIO_PID}, {PSI_SCTE35, CUE_PID}};
static const struct remux_choice off = {.cues = CUE_OFF}, simple = {.cues = CUE_ONCUEPOINT},
				 youtube = {.cues = CUE_YOUTUBE};

static void add_cue(const char *vector)
{
	uint8_t unit[1 + VECTOR_MAX_BYTES] = {0}; /* pointer_field 0 */
	const size_t size = vector_decode(vector, unit + 1);

	ts_build_unit(&build, CUE_PID, unit, 1 + size);
}

static void begin(struct remuxer *remuxer, const struct remux_choice *choices, size_t count)
{
	assert_int_equal(remuxer_set_choices(remuxer, choices, count), 0);
	ts_build_pat(&build, 0, programs, 1);
	ts_build_pmt(&build, PMT_PID, 1, 0, with_cues, 3);
	push(remuxer);
}

/* Frames from `pts` on, so that some have left whatever holds them back. */
static void add_frames(int64_t pts)
{
	ADD_KEY(pts, TS_BUILD_NONE);
	for (int i = 1; i < 5; i++)
		ADD_INTER(pts + i * FRAME_TIME, TS_BUILD_NONE);
}

static size_t count_cues(void)
{
	struct flv_tag *frames[MAX_TAGS];

	return select_frames(FLV_SCRIPT, frames);
}

static void test_place(void **state)
{
	struct flv_tag *cues[MAX_TAGS];
	char text[1024], time[64];

	begin(*state, &simple, 1);
	add_frames(SPLICE_PTS - 6000 * TICKS_PER_MS);
	add_cue(CUE_SPLICE_INSERT);
	add_frames(SPLICE_PTS - 5800 * TICKS_PER_MS);
	ADD_KEY(SPLICE_PTS, TS_BUILD_NONE);
	push(*state);
	remuxer_flush(*state);
	assert_int_equal(select_frames(FLV_SCRIPT, cues), 1);
	assert_true(remuxer_wants(*state, cues[0], &simple));
	assert_false(remuxer_wants(*state, cues[0], &off));
	assert_false(remuxer_wants(*state, cues[0], &youtube));
	/* The last frame is the one that the splice is at. */
	assert_int_equal(tags[tag_count - 1]->type, FLV_VIDEO);
	snprintf(time, sizeof(time), "time:%.3f}",
	         (double)tags[tag_count - 1]->timestamp_ms / 1000.0);
	assert_true(amf_text(text, sizeof(text), cues[0]->body, cues[0]->size));
	assert_non_null(strstr(text, time));
	/* And the message is as old as the frame before it. */
	for (size_t i = 1; i < tag_count; i++) {
		if (tags[i] == cues[0])
			assert_int_equal(cues[0]->timestamp_ms, tags[i - 1]->timestamp_ms);
	}
}

/* The splice is 1 s after the wrap, by pts_adjustment; the cue comes 4 s before the wrap. */
static void test_wrap_between(void **state)
{
	const int64_t wrap = 1LL << 33, splice = 1000 * TICKS_PER_MS;
	uint8_t unit[1 + VECTOR_MAX_BYTES] = {0};
	const size_t size = vector_decode(CUE_SPLICE_INSERT, unit + 1);
	struct flv_tag *cues[MAX_TAGS];
	char text[1024], want[64];

	unit[1 + 4] = 1;
	store_be32(unit + 1 + 5, (uint32_t)(wrap + splice - SPLICE_PTS));
	vector_seal(unit + 1, size);
	begin(*state, &youtube, 1);
	add_frames(wrap - 4160 * TICKS_PER_MS);
	ts_build_unit(&build, CUE_PID, unit, 1 + size);
	ADD_KEY(splice, TS_BUILD_NONE);
	push(*state);
	remuxer_flush(*state);
	assert_int_equal(select_frames(FLV_SCRIPT, cues), 1);
	assert_int_equal(tags[tag_count - 1]->type, FLV_VIDEO);
	snprintf(want, sizeof(want), "pre_roll_time_sec:%g,",
	         (double)(tags[tag_count - 1]->timestamp_ms - cues[0]->timestamp_ms) / 1000.0);
	assert_true(amf_text(text, sizeof(text), cues[0]->body, cues[0]->size));
	assert_non_null(strstr(text, want));
	assert_true(tags[tag_count - 1]->timestamp_ms - cues[0]->timestamp_ms >= 5000);
}

static void test_only_for_who_wants_them(void **state)
{
	begin(*state, &off, 1);
	add_frames(SPLICE_PTS);
	add_cue(CUE_SPLICE_INSERT);
	push(*state);
	assert_int_equal(count_cues(), 0);
	assert_int_equal(COUNTER(*state, malformed_units), 0);
}

static void test_late_joiner(void **state)
{
	struct flv_tag *cues[REMUX_MAX_CUES];
	const struct remux_choice both[] = {off, youtube};

	begin(*state, both, 2);
	add_cue(CUE_SPLICE_INSERT); /* before the first frame */
	add_frames(SPLICE_PTS - 5000 * TICKS_PER_MS);
	push(*state);
	assert_int_equal(count_cues(), 0);
	assert_int_equal(remuxer_get_cues(*state, &off, 0, cues), 0);
	assert_int_equal(remuxer_get_cues(*state, &youtube, tags[2]->timestamp_ms, cues), 1);
	assert_true(remuxer_wants(*state, cues[0], &youtube));
	flv_tag_unref(cues[0]);
}

/* Cues come and go with the PMT. */
static void test_pmt_without(void **state)
{
	struct flv_tag *cues[REMUX_MAX_CUES];

	begin(*state, &youtube, 1);
	add_frames(SPLICE_PTS - 5000 * TICKS_PER_MS);
	add_cue(CUE_SPLICE_INSERT);
	ts_build_pmt(&build, PMT_PID, 1, 1, av, 2);
	add_cue(CUE_DTMF);
	push(*state);
	assert_int_equal(count_cues(), 1);
	assert_int_equal(remuxer_get_cues(*state, &youtube, 0, cues), 0);
}

/* What was announced in one program does not hold in another. */
static void test_other_program(void **state)
{
	static const struct ts_build_program others[] = {{2, PMT_PID + 1}};
	struct flv_tag *cues[REMUX_MAX_CUES];

	begin(*state, &youtube, 1);
	add_frames(SPLICE_PTS - 5000 * TICKS_PER_MS);
	add_cue(CUE_SPLICE_INSERT);
	push(*state);
	assert_int_equal(count_cues(), 1);
	ts_build_pat(&build, 1, others, 1);
	ts_build_pmt(&build, PMT_PID + 1, 2, 0, with_cues, 3);
	push(*state);
	assert_int_equal(remuxer_get_cues(*state, &youtube, 0, cues), 0);
	add_cue(CUE_SPLICE_INSERT);
	push(*state);
	assert_int_equal(count_cues(), 2);
}

static size_t sections, good;

static void take_section(void *context, const uint8_t *section, size_t size)
{
	struct scte35_section parsed;

	(void)context;
	sections++;
	good += scte35_parse(&parsed, section, size) == 0;
}

/* The PID with SCTE-35 in the capture; every section on it is read. */
#define SAMPLE_CUE_PID 0x45

static void test_sample(void **state)
{
	const char *folder = getenv("SAMPLES_DIR");
	uint8_t packet[TS_PACKET_BYTES];
	struct section_reader *reader;
	char path[1024];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/dvb-scte35.ts", folder ? folder : "../shared/samples");
	file = fopen(path, "rb");
	if (!file)
		skip();
	assert_int_equal(section_reader_create(&reader, SCTE35_MAX_BYTES, take_section, NULL), 0);
	while (fread(packet, sizeof(packet), 1, file) == 1) {
		if (ts_get_pid(packet) == SAMPLE_CUE_PID)
			section_reader_push(reader, packet);
	}
	fclose(file);
	section_reader_destroy(reader);
	assert_true(sections > 0);
	assert_int_equal(good, sections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_place),       TEST(test_wrap_between), TEST(test_only_for_who_wants_them),
		TEST(test_late_joiner), TEST(test_pmt_without),  TEST(test_other_program),
		TEST(test_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
