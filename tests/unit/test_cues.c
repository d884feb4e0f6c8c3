/*
 * Cue messages: what each flavour says of the published examples, where and when, repetitions, changes, readers that join
 * late, bounds.
 */
#include "media/cue_message.h"
#include "media/cue_table.h"
#include "media/cues.h"

#include "amf_text.h"
#include "scte35_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define ALL_FLAVOURS \
	(1u << CUE_ONCUEPOINT_SCTE35 | 1u << CUE_ONCUEPOINT | 1u << CUE_ONADCUE | 1u << CUE_YOUTUBE)
#define MAX_TAGS   512
#define TEXT_BYTES 1024

/* The stream: PTS `base` is at 0 ms; the newest frame is at `now`. */
static int64_t base, now;
static struct flv_tag *tags[MAX_TAGS];
static size_t tag_count;
static char text[TEXT_BYTES];
static uint8_t data[VECTOR_MAX_BYTES];
static size_t size;

static void take_tag(void *context, struct flv_tag *tag)
{
	(void)context;
	assert_true(tag_count < MAX_TAGS);
	tags[tag_count++] = tag;
}

static int64_t get_time(void *context, int64_t pts33)
{
	(void)context;
	return now == CUE_NO_TIME ? CUE_NO_TIME : (pts33 - base) / 90;
}

static int64_t get_current(void *context)
{
	(void)context;
	return now;
}

static void clear_tags(void)
{
	while (tag_count > 0)
		flv_tag_unref(tags[--tag_count]);
}

static int setup(void **state)
{
	static const struct cue_host host = {NULL, take_tag, get_time, get_current};
	struct cues *cues;

	if (cues_create(&cues, &host) < 0)
		return -1;
	cues_set_flavours(cues, ALL_FLAVOURS);
	base = 0;
	now = 0;
	*state = cues;
	return 0;
}

static int teardown(void **state)
{
	clear_tags();
	cues_destroy(*state);
	return 0;
}

static void push_vector(struct cues *cues, const char *vector)
{
	size = vector_decode(vector, data);
	cues_push(cues, data, size);
}

/* The message of a flavour as text, of those since clear_tags; NULL: there is none. There is no second one. */
static const char *message(enum cue_flavour flavour)
{
	const char *found = NULL;

	for (size_t i = 0; i < tag_count; i++) {
		if (tags[i]->variant != flavour)
			continue;
		assert_null(found);
		assert_int_equal(tags[i]->type, FLV_SCRIPT);
		assert_false(tags[i]->header);
		assert_true(amf_text(text, sizeof(text), tags[i]->body, tags[i]->size));
		found = text;
	}
	return found;
}

static void test_out_in_all_flavours(void **state)
{
	/* 14.2, 8 s ahead; its PTS rounds to 21514559 ms. */
	base = 0x7369c02e - 100000 * 90;
	now = 92000;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 4);
	for (size_t i = 0; i < tag_count; i++)
		assert_int_equal(tags[i]->timestamp_ms, 92000);
	assert_string_equal(message(CUE_ONCUEPOINT_SCTE35),
	                    "onCuePoint {type:\"scte35\",parameters:{messageType:\"splice_insert\","
	                    "splice_command_type:5,splice_event_id:1207959695,"
	                    "splice_event_cancel_indicator:false,out_of_network_indicator:true,"
	                    "splice_immediate:false,pre_roll_time:8000,break_duration:60294,"
	                    "unique_program_id:0,avail_num:0,avail_expected:0}}");
	assert_string_equal(message(CUE_ONCUEPOINT),
	                    "onCuePoint {name:\"scte35\",type:\"event\",parameters:{type:"
	                    "\"SpliceOut\",id:\"1207959695\",duration:60.293567},time:100}");
	assert_string_equal(message(CUE_ONADCUE),
	                    "onAdCue {cue:\"" CUE_SPLICE_INSERT "\",type:\"scte35\","
	                    "id:\"1207959695\",duration:60.293567,time:100}");
	assert_string_equal(message(CUE_YOUTUBE),
	                    "onCuePoint {type:\"com.youtube.cuepoint\",version:\"0.1\","
	                    "pre_roll_time_sec:8,cue_point_start:true,"
	                    "break_duration_sec:60.293567,splice_event_id:1207959695}");
}

static void test_segmentation(void **state)
{
	base = 0x72bd0050 - 5000 * 90;
	push_vector(*state, CUE_PO_START);
	assert_string_equal(
		message(CUE_ONCUEPOINT_SCTE35),
		"onCuePoint {type:\"scte35\",parameters:{messageType:\"time_signal\","
		"splice_command_type:6,splice_event_id:1207959694,"
		"splice_event_cancel_indicator:false,out_of_network_indicator:true,"
		"splice_immediate:false,pre_roll_time:5000,break_duration:307000,"
		"unique_program_id:0,avail_num:2,avail_expected:0,segmentation_type_id:52,"
		"segmentation_upid:748724618}}");
	clear_tags();
	push_vector(*state, CUE_PO_END);
	assert_string_equal(message(CUE_YOUTUBE),
	                    "onCuePoint {type:\"com.youtube.cuepoint\",version:\"0.1\","
	                    "pre_roll_time_sec:311.973,cue_point_start:false,"
	                    "break_duration_sec:0,splice_event_id:1207959694}");
}

/* Programs are notes: only onAdCue passes them on, and the section once. */
static void test_notes(void **state)
{
	base = 0x7a4d88b6;
	push_vector(*state, CUE_PROGRAM_SEAM);
	assert_int_equal(tag_count, 1);
	assert_non_null(message(CUE_ONADCUE));
	clear_tags();
	/* The end of a placement opportunity and two notes on programs. */
	base = 0xa8cd44ed;
	push_vector(*state, CUE_THREE);
	assert_int_equal(tag_count, 4);
	assert_non_null(strstr(message(CUE_ONCUEPOINT), "SpliceIn"));
	assert_non_null(strstr(message(CUE_ONADCUE), "id:\"1207959725\""));
}

static void test_others_say_nothing(void **state)
{
	static const char *vectors[] = {CUE_NULL, CUE_WRONG_CRC};

	for (size_t i = 0; i < 2; i++)
		push_vector(*state, vectors[i]);
	size = vector_decode(CUE_SPLICE_INSERT, data);
	data[4] |= 0x80; /* encrypted */
	vector_seal(data, size);
	cues_push(*state, data, size);
	assert_int_equal(tag_count, 0);
}

static void test_adjusted_and_wrapped(void **state)
{
	/* The splice is 1 s after the wrap by pts_adjustment alone. */
	size = vector_decode(CUE_SPLICE_INSERT, data);
	data[4] = 1; /* 2^33 + 90000 - pts_time, modulo 2^33 */
	store_be32(data + 5, (uint32_t)(0x100000000ULL + 90000 - 0x7369c02e));
	vector_seal(data, size);
	cues_push(*state, data, size);
	assert_non_null(strstr(message(CUE_ONCUEPOINT), "time:1}"));
	assert_non_null(strstr(message(CUE_YOUTUBE), "pre_roll_time_sec:1,"));
}

static void test_flavours_that_nobody_wants(void **state)
{
	cues_set_flavours(*state, 1u << CUE_YOUTUBE);
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 1);
	assert_non_null(message(CUE_YOUTUBE));
	clear_tags();
	cues_set_flavours(*state, 0);
	push_vector(*state, CUE_DTMF);
	assert_int_equal(tag_count, 0);
}

static void test_repetitions(void **state)
{
	base = 0x7369c02e - 20000 * 90;
	for (now = 0; now < 40000; now += 500)
		push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 4);
	clear_tags();
	/* The source restarted: the same cue is at another place. */
	base = 0x7369c02e - 60000 * 90;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 4);
}

/* Out and in of one id, repeated in turn before either. */
static void test_interleaved_repetitions(void **state)
{
	base = 0x72bd0050 - 20000 * 90;
	for (int i = 0; i < 5; i++) {
		push_vector(*state, CUE_PO_START);
		push_vector(*state, CUE_PO_END);
	}
	assert_int_equal(tag_count, 8);
}

static void test_change_of_duration(void **state)
{
	base = 0x7369c02e - 20000 * 90;
	push_vector(*state, CUE_SPLICE_INSERT);
	clear_tags();
	data[size - 4 - 10 - 2 - 4 - 1]++; /* lowest byte of break_duration */
	vector_seal(data, size);
	cues_push(*state, data, size);
	assert_int_equal(tag_count, 4);
}

/* splice_insert, for an event of that id; returns its size. */
static size_t build_insert(uint32_t id, uint8_t flags, int64_t pts)
{
	const bool timed = (flags & 0x50) == 0x40;
	size_t at = 14 + 4;

	memset(data, 0, 48);
	data[0] = SCTE35_TABLE_ID;
	data[11] = 0xff;
	data[13] = SCTE35_INSERT;
	store_be32(data + 14, id);
	data[at++] = flags ? 0x7f : 0xff;
	if (flags) {
		data[at++] = flags;
		if (timed) {
			data[at] = (uint8_t)(0xfe | pts >> 32);
			store_be32(data + at + 1, (uint32_t)pts);
			at += 5;
		}
		at += 4;
	}
	data[12] = (uint8_t)(at - 14);
	data[10] = data[11] = 0xf0;
	at += 2 + 4;
	store_be16(data + 1, (uint16_t)(0x3000 | (at - 3)));
	vector_seal(data, at);
	return at;
}

#define OUT_NOW   0xdf /* program, immediate */
#define IN_NOW    0x5f
#define OUT_TIMED 0xcf
#define CANCEL    0

static void push_insert(struct cues *cues, uint32_t id, uint8_t flags, int64_t pts)
{
	size = build_insert(id, flags, pts);
	cues_push(cues, data, size);
}

static void test_immediate(void **state)
{
	now = 1234;
	push_insert(*state, 7, OUT_NOW, 0);
	assert_int_equal(tag_count, 4);
	assert_non_null(strstr(message(CUE_ONCUEPOINT_SCTE35),
	                       "splice_immediate:true,pre_roll_time:0,break_duration:0,"));
	assert_non_null(strstr(message(CUE_ONCUEPOINT), "time:1.234}"));
	clear_tags();
	for (now = 1500; now < 30000; now += 1000) /* repeated, the same one */
		push_insert(*state, 7, OUT_NOW, 0);
	assert_int_equal(tag_count, 0);
	push_insert(*state, 7, IN_NOW, 0);
	assert_int_equal(tag_count, 4);
	assert_non_null(strstr(message(CUE_ONCUEPOINT), "SpliceIn"));
	clear_tags();
	now += 2000;
	push_insert(*state, 7, OUT_NOW, 0); /* another break by the same id */
	assert_int_equal(tag_count, 4);
	clear_tags();
	now += CUE_SAME_MS + 1;
	push_insert(*state, 7, OUT_NOW, 0); /* and after a time too */
	assert_int_equal(tag_count, 4);
}

/* Announced with its time, and ordered when it has come. */
static void test_announced_then_immediate(void **state)
{
	push_insert(*state, 7, OUT_TIMED, 5000 * 90);
	clear_tags();
	now = 4980;
	push_insert(*state, 7, OUT_NOW, 0);
	assert_int_equal(tag_count, 0);
}

static void test_cancelled(void **state)
{
	struct flv_tag *pending[CUES_MAX_PENDING];

	push_insert(*state, 7, OUT_TIMED, 5000 * 90);
	clear_tags();
	now = 1000;
	push_insert(*state, 7, CANCEL, 0);
	assert_int_equal(tag_count, 3); /* YouTube has no word for it */
	assert_non_null(strstr(message(CUE_ONCUEPOINT_SCTE35), "splice_event_cancel_indicator:true,"
	                                                       "out_of_network_indicator:false"));
	assert_non_null(strstr(message(CUE_ONCUEPOINT), "SpliceCancel"));
	assert_int_equal(cues_get_pending(*state, CUE_ONCUEPOINT, now, pending), 0);
	clear_tags();
	push_insert(*state, 7, CANCEL, 0);
	assert_int_equal(tag_count, 0);
	push_insert(*state, 7, OUT_TIMED, 5000 * 90); /* after all */
	assert_int_equal(tag_count, 4);
}

/* A splice_insert and a placement opportunity for one break, as some encoders send both. */
static void test_one_splice_by_two_commands(void **state)
{
	base = 0x72bd0050 - 5000 * 90;
	push_vector(*state, CUE_PO_START);
	clear_tags();
	push_insert(*state, 7, OUT_TIMED, 0x72bd0050);
	assert_int_equal(tag_count, 1);
	assert_non_null(message(CUE_ONADCUE));
}

static void test_splice_in_the_past(void **state)
{
	/* A break of 60.29 s, heard of for the first time when 20 s of it are over. */
	base = 0x7369c02e;
	now = 20000;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_non_null(strstr(message(CUE_ONADCUE), "duration:60.293567,elapsed:20,time:0}"));
	assert_non_null(strstr(message(CUE_YOUTUBE), "pre_roll_time_sec:0,cue_point_start:true,"
	                                             "break_duration_sec:40.293567,"));
	clear_tags();
	base -= 3600 * 90000;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_non_null(message(CUE_ONADCUE)); /* moved an hour ahead */
	clear_tags();
	base += 2 * 3600 * (int64_t)90000;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 0); /* over */
}

static void test_time_stamps_never_go_back(void **state)
{
	now = 5000;
	push_insert(*state, 1, OUT_NOW, 0);
	now = 4000;
	push_insert(*state, 2, OUT_NOW, 0);
	now = 6000;
	push_insert(*state, 3, OUT_NOW, 0);
	assert_int_equal(tag_count, 12);
	assert_int_equal(tags[4]->timestamp_ms, 5000);
	assert_int_equal(tags[8]->timestamp_ms, 6000);
}

static void test_late_readers(void **state)
{
	struct flv_tag *pending[CUES_MAX_PENDING];
	size_t count;

	/* Heard before there was a clock: nobody is told, but it is remembered. */
	now = CUE_NO_TIME;
	base = 0x7369c02e - 20000 * 90;
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 0);
	now = 12000;
	for (unsigned int f = CUE_ONCUEPOINT_SCTE35; f < CUE_FLAVOURS; f++) {
		count = cues_get_pending(*state, f, now, pending);
		assert_int_equal(count, 1);
		assert_int_equal(pending[0]->variant, f);
		assert_int_equal(pending[0]->timestamp_ms, 12000);
		take_tag(NULL, pending[0]);
	}
	assert_non_null(strstr(message(CUE_ONCUEPOINT_SCTE35), "pre_roll_time:8000,"));
	assert_non_null(strstr(message(CUE_ONADCUE), "cue:\"" CUE_SPLICE_INSERT "\""));
	/* Whoever joins later hears it again, until it has come. */
	assert_int_equal(cues_get_pending(*state, CUE_YOUTUBE, 20000, pending), 0);
	assert_int_equal(cues_get_pending(*state, CUE_OFF, 12000, pending), 0);
	/* The source's repetition is still one. */
	clear_tags();
	push_vector(*state, CUE_SPLICE_INSERT);
	assert_int_equal(tag_count, 0);
}

static void test_bounded(void **state)
{
	struct flv_tag *pending[CUES_MAX_PENDING];
	size_t count;

	cues_set_flavours(*state, 1u << CUE_ONADCUE);
	for (uint32_t id = 0; id < 3 * CUE_TABLE_ENTRIES; id++)
		push_insert(*state, id, OUT_TIMED, (10000 + (int64_t)id * 1000) * 90);
	assert_int_equal(tag_count, 3 * CUE_TABLE_ENTRIES);
	clear_tags();
	push_insert(*state, 3 * CUE_TABLE_ENTRIES - 1, OUT_TIMED,
	            (10000 + (3 * CUE_TABLE_ENTRIES - 1) * (int64_t)1000) * 90);
	assert_int_equal(tag_count, 0); /* still known */
	push_insert(*state, 0, OUT_TIMED, 10000 * 90);
	assert_int_equal(tag_count, 1); /* no more */
	count = cues_get_pending(*state, CUE_ONADCUE, 0, pending);
	assert_int_equal(count, CUES_MAX_PENDING);
	while (count > 0)
		flv_tag_unref(pending[--count]);
}

static void test_rebased(void **state)
{
	struct flv_tag *other;

	base = 0x7369c02e - 100000 * 90;
	now = 92000;
	push_vector(*state, CUE_SPLICE_INSERT);
	for (size_t i = 0; i < tag_count; i++) {
		const bool absolute =
			tags[i]->variant == CUE_ONCUEPOINT || tags[i]->variant == CUE_ONADCUE;

		other = cue_message_rebase(tags[i], 90001);
		assert_non_null(other);
		assert_int_equal(other == tags[i], !absolute);
		assert_int_equal(other->timestamp_ms, 92000);
		assert_true(amf_text(text, sizeof(text), other->body, other->size));
		assert_int_equal(strstr(text, "time:9.999}") != NULL, absolute);
		flv_tag_unref(other);
	}
	other = flv_tag_create(FLV_VIDEO, 0, 100);
	memset(other->body, 0, 100);
	other->variant = CUE_ONADCUE;
	assert_ptr_equal(cue_message_rebase(other, 5), other);
	flv_tag_unref(other);
	flv_tag_unref(other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_out_in_all_flavours),
		TEST(test_segmentation),
		TEST(test_notes),
		TEST(test_others_say_nothing),
		TEST(test_adjusted_and_wrapped),
		TEST(test_flavours_that_nobody_wants),
		TEST(test_repetitions),
		TEST(test_interleaved_repetitions),
		TEST(test_change_of_duration),
		TEST(test_immediate),
		TEST(test_announced_then_immediate),
		TEST(test_cancelled),
		TEST(test_one_splice_by_two_commands),
		TEST(test_splice_in_the_past),
		TEST(test_time_stamps_never_go_back),
		TEST(test_late_readers),
		TEST(test_bounded),
		TEST(test_rebased),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
