/*
 * The continuous clock.
 */
#include "media/timeline.h"

#include "media/ts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define STEP 3600

static struct timeline timeline;
static struct timeline_cursor video, audio;
static bool jumped;

static int setup(void **state)
{
	(void)state;
	timeline = (struct timeline){0};
	video = audio = (struct timeline_cursor){0};
	return 0;
}

static int64_t map(struct timeline_cursor *cursor, int64_t dts)
{
	return timeline_map(&timeline, cursor, dts & (TS_WRAP_90K - 1), STEP, &jumped);
}

static void test_wraps_once_for_all(void **state)
{
	(void)state;
	assert_int_equal(map(&video, TS_WRAP_90K - 100), TS_WRAP_90K - 100);
	assert_int_equal(map(&video, 50), TS_WRAP_90K + 50);
	/* audio that joins before and after the wrap lands on the same clock */
	assert_int_equal(map(&audio, TS_WRAP_90K - 3000), TS_WRAP_90K - 3000);
	assert_int_equal(map(&audio, 100), TS_WRAP_90K + 100);
	assert_false(jumped);
}

static void test_gap_is_kept(void **state)
{
	(void)state;
	map(&video, 1000);
	assert_int_equal(map(&video, 1000 + TIMELINE_MAX_FORWARD), 1000 + TIMELINE_MAX_FORWARD);
	assert_false(jumped);
}

/* Streams jump one after the other; the distance between them stays what it was at the source. */
static void test_jump(void **state)
{
	static const int64_t targets[] = {5000000000, 90000, 7};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int64_t out_video, out_audio;

		setup(NULL);
		map(&video, 1000000);
		map(&audio, 980000);
		out_video = map(&video, targets[i] + 20000);
		assert_true(jumped);
		assert_int_equal(out_video, 1000000 + STEP);
		assert_int_equal(map(&audio, 981920), 981920);
		assert_false(jumped);
		out_audio = map(&audio, targets[i]);
		assert_false(jumped);
		assert_int_equal(out_video - out_audio, 20000);
	}
}

static void test_step_back(void **state)
{
	(void)state;
	map(&video, 900000);
	assert_int_equal(map(&video, 900000 - STEP), 900000 - STEP);
	assert_false(jumped);
	/* two seconds back are a restart */
	assert_int_equal(map(&video, 720000), 900000);
	assert_true(jumped);
	assert_int_equal(map(&video, 723600), 903600);
	assert_false(jumped);
}

/* One wrong time stamp costs a step, not the clock. */
static void test_outlier(void **state)
{
	(void)state;
	map(&video, 900000);
	map(&video, 4000000000);
	assert_true(jumped);
	assert_int_equal(map(&video, 900000 + 2 * STEP), 900000 + 2 * STEP);
	assert_false(jumped);
}

static void test_new_stream_elsewhere(void **state)
{
	(void)state;
	map(&video, 900000);
	assert_int_equal(map(&audio, 4000000000), 900000);
	assert_true(jumped);
}

static void test_advance(void **state)
{
	(void)state;
	map(&video, 9000);
	timeline_advance(&video, STEP);
	assert_int_equal(video.output, 9000 + STEP);
	assert_int_equal(map(&video, 9000 + 2 * STEP), 9000 + 2 * STEP);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(timeline_distance(7200, 0), 7200);
	assert_int_equal(timeline_distance(100, TS_WRAP_90K - 100), 200);
	assert_int_equal(timeline_distance(0, 100), -100);
	assert_int_equal(timeline_distance(TS_WRAP_90K / 2, 0), 0);
}

static void test_to_ms(void **state)
{
	static const struct {
		int64_t time, ms;
	} cases[] = {{0, 0}, {44, 0}, {45, 1}, {90, 1}, {-45, 0}, {-46, -1}, {-90, -1}, {-136, -2}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(timeline_to_ms(cases[i].time), cases[i].ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_wraps_once_for_all, setup),
		cmocka_unit_test_setup(test_gap_is_kept, setup),
		cmocka_unit_test_setup(test_jump, setup),
		cmocka_unit_test_setup(test_step_back, setup),
		cmocka_unit_test_setup(test_outlier, setup),
		cmocka_unit_test_setup(test_new_stream_elsewhere, setup),
		cmocka_unit_test_setup(test_advance, setup),
		cmocka_unit_test_setup(test_distance, setup),
		cmocka_unit_test_setup(test_to_ms, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
