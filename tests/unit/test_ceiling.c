/*
 * The ceiling's arithmetic, with times of the test's own.
 */
#include "bpf/ceiling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SECOND_NS 1000000000ull

static const uint32_t rates[] = {1, 7, 64, 333, 6400, 6401, 50000, 999983, 10000000};

static const uint64_t starts_ns[] = {
	0,
	1,
	3600 * SECOND_NS,
	1163000000 * SECOND_NS,      /* the state's sign changes soon after that */
	UINT64_MAX / 16 - SECOND_NS, /* it wraps */
	1763800000 * SECOND_NS,      /* the real-time clock */
};

static bool admit(const struct ceiling *ceiling, uint64_t *state, uint64_t now_ns)
{
	const uint64_t next = ceiling_next(ceiling, *state, now_ns);
	const bool admitted = next != *state;

	*state = next;
	return admitted;
}

static void test_none(void **state)
{
	(void)state;
	assert_int_equal(ceiling_make(0).interval, 0);
	assert_true(ceiling_make(10000000).interval > 0);
}

/* The burst exactly, at once. */
static void test_burst(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++)
		for (size_t k = 0; k < COUNT(starts_ns); k++) {
			const struct ceiling ceiling = ceiling_make(rates[i]);
			const uint64_t burst = ceiling_burst_pkts(rates[i]);
			uint64_t word = ceiling_start(starts_ns[k]), passed = 0;

			assert_true(burst >= 64 && burst >= rates[i] / 100);
			for (uint64_t n = 0; n < 2 * burst; n++)
				passed += admit(&ceiling, &word, starts_ns[k]);
			assert_int_equal(passed, burst);
		}
}

/* At twice the rate for three seconds: the burst, and the rate. */
static void test_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++)
		for (size_t k = 0; k < COUNT(starts_ns); k++) {
			const uint32_t rate = rates[i] > 100000 ? rates[i] / 10 : rates[i];
			const struct ceiling ceiling = ceiling_make(rate);
			const uint64_t burst = ceiling_burst_pkts(rate), seconds = 70;
			const uint64_t sent = rate > 1000 ? 2 * rate : 2 * seconds * rate;
			const uint64_t spread_ns = (rate > 1000 ? 1 : seconds) * SECOND_NS;
			uint64_t word = ceiling_start(starts_ns[k]), passed = 0, expected;

			for (uint64_t n = 0; n < sent; n++)
				passed +=
					admit(&ceiling, &word, starts_ns[k] + n * spread_ns / sent);
			expected = burst + (spread_ns / SECOND_NS) * rate;
			if (expected > sent)
				expected = sent;
			assert_in_range(passed, expected - expected / 1000 - 1, expected);
		}
}

/* At the rate itself nothing is ever dropped, and a pause gives a burst, not more. */
static void test_steady(void **state)
{
	const struct ceiling ceiling = ceiling_make(2000);
	uint64_t word = 0, now_ns = 0, passed = 0;

	(void)state;
	for (int n = 0; n < 100000; n++, now_ns += SECOND_NS / 2000)
		assert_true(admit(&ceiling, &word, now_ns));
	now_ns += 3600 * SECOND_NS;
	for (int n = 0; n < 1000; n++)
		passed += admit(&ceiling, &word, now_ns);
	assert_int_equal(passed, ceiling_burst_pkts(2000));
}

/* Clocks of processors differ a little: a time before the last one does no harm. */
static void test_earlier_time(void **state)
{
	const struct ceiling ceiling = ceiling_make(1000);
	uint64_t word = ceiling_start(SECOND_NS), passed = 0;

	(void)state;
	for (int n = 0; n < 200; n++)
		passed += admit(&ceiling, &word, SECOND_NS - (n % 2 ? 50000 : 0));
	assert_int_equal(passed, ceiling_burst_pkts(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),         cmocka_unit_test(test_burst),
		cmocka_unit_test(test_rate),         cmocka_unit_test(test_steady),
		cmocka_unit_test(test_earlier_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
