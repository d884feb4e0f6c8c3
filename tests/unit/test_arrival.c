/*
 * Interarrival jitter against the formula of RFC 3550 section 6.4.1 in floating point, and the buckets at
 * their limits.
 */
#include "base/clock.h"
#include "media/arrival.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TICK         (NS_PER_S / 90000.0)

/* An even stream that the clock follows has none, however its numbers wrap. */
static void test_even(void **state)
{
	struct arrival arrival = {0};
	uint32_t timestamp = UINT32_MAX - 180 * 50;

	(void)state;
	for (int i = 1; i <= 100; i++) {
		arrival_add(&arrival, timestamp, i * 2 * NS_PER_MS);
		timestamp += 180;
		assert_int_equal(arrival_jitter_us(&arrival), 0);
	}
}

/* One packet 16 ms late, worked out by hand: D = 1440 ticks, J = 1440 / 16 = 90 ticks = 1 ms. */
static void test_by_hand(void **state)
{
	struct arrival arrival = {0};

	(void)state;
	assert_int_equal(arrival_add(&arrival, 0, NS_PER_S), -1);
	assert_int_equal(arrival_add(&arrival, 3600, NS_PER_S + 56 * NS_PER_MS), 6);
	assert_int_equal(arrival_jitter_us(&arrival), 1000);
	/* In time again: D = -1440, J = 90 + (1440 - 90) / 16 = 174.375 ticks = 1937.5 us. */
	arrival_add(&arrival, 7200, NS_PER_S + 80 * NS_PER_MS);
	assert_in_range(arrival_jitter_us(&arrival), 1930, 1938);
}

static void test_formula(void **state)
{
	struct arrival arrival = {0};
	double jitter = 0, transit = 0;
	uint32_t random = 1;

	(void)state;
	for (int i = 1; i <= 5000; i++) {
		const uint32_t timestamp = (uint32_t)i * 180 + 12345;
		int64_t now_ns = i * 2 * NS_PER_MS;
		double difference;

		random = random * 1664525u + 1013904223u;
		now_ns += (random >> 8) % (20 * NS_PER_MS);
		difference = fabs((double)now_ns / TICK - timestamp - transit);
		transit = (double)now_ns / TICK - timestamp;
		if (i > 1)
			jitter += (difference - jitter) / 16;
		arrival_add(&arrival, timestamp, now_ns);
		/* The integers lose a tick at most in each difference, and one in the sum. */
		assert_true(fabs(jitter * TICK / 1000 - arrival_jitter_us(&arrival)) < 23);
	}
	assert_in_range(arrival_jitter_us(&arrival), 4000, 9500);
}

/* Time stamps that jump are a new beginning; the jitter known stays. */
static void test_jump(void **state)
{
	struct arrival arrival = {0};
	uint32_t before;

	(void)state;
	arrival_add(&arrival, 0, NS_PER_S);
	arrival_add(&arrival, 0, NS_PER_S + 10 * NS_PER_MS);
	before = arrival_jitter_us(&arrival);
	assert_int_equal(before, 625);
	arrival_add(&arrival, 3000000000u, NS_PER_S + 20 * NS_PER_MS);
	assert_int_equal(arrival_jitter_us(&arrival), before);
	arrival_add(&arrival, 3000000900u, NS_PER_S + 30 * NS_PER_MS);
	assert_in_range(arrival_jitter_us(&arrival), 580, 590);
}

static void test_buckets(void **state)
{
	static const struct {
		int64_t interval_ns;
		int bucket;
	} cases[] = {
		{0, 0},
		{NS_PER_MS, 0},
		{NS_PER_MS + 1, 1},
		{2 * NS_PER_MS, 1},
		{2 * NS_PER_MS + 1, 2},
		{5 * NS_PER_MS, 2},
		{5 * NS_PER_MS + 1, 3},
		{10 * NS_PER_MS, 3},
		{10 * NS_PER_MS + 1, 4},
		{20 * NS_PER_MS, 4},
		{20 * NS_PER_MS + 1, 5},
		{50 * NS_PER_MS, 5},
		{50 * NS_PER_MS + 1, 6},
		{100 * NS_PER_MS, 6},
		{100 * NS_PER_MS + 1, 7},
		{3600 * NS_PER_S, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arrival arrival = {0};

		assert_int_equal(arrival_add(&arrival, 0, 5), -1);
		assert_int_equal(arrival_add(&arrival, 0, 5 + cases[i].interval_ns),
		                 cases[i].bucket);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_even),    cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_formula), cmocka_unit_test(test_jump),
		cmocka_unit_test(test_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
