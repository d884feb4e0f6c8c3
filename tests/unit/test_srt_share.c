/*
 * Who shares a local port with whom: by load, and by what libsrt compares.
 */
#include "output/srt_share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MBPS 1000000u

/* A hundred callers of 5 Mb/s are together; the next sharer is begun when there are more, and left again. */
static void test_join(void **state)
{
	unsigned int sharers[200], highest = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		sharers[i] = srt_share_join(i % 2 ? 5 * MBPS : 0);
		assert_int_equal(sharers[i], 0);
	}
	for (int i = 100; i < 200; i++) {
		sharers[i] = srt_share_join(5 * MBPS);
		highest = sharers[i] > highest ? sharers[i] : highest;
	}
	assert_int_equal(highest, 1);
	for (int i = 0; i < 200; i++)
		srt_share_leave(sharers[i], i < 100 && !(i % 2) ? 0 : 5 * MBPS);
	assert_int_equal(srt_share_join(400 * MBPS), 0);
	assert_int_equal(srt_share_join(400 * MBPS), 1);
	assert_int_equal(srt_share_join(200 * MBPS), 0);
	srt_share_leave(0, 400 * MBPS);
	srt_share_leave(0, 200 * MBPS);
	srt_share_leave(1, 400 * MBPS);
}

/* When all are full the one with the least to do takes more. */
static void test_full(void **state)
{
	unsigned int sharers[40], callers[16] = {0};

	(void)state;
	for (int i = 0; i < 40; i++) {
		sharers[i] = srt_share_join(5000u * (uint64_t)MBPS);
		assert_true(sharers[i] < 16);
		callers[sharers[i]]++;
	}
	for (int i = 0; i < 16; i++)
		assert_in_range(callers[i], 2, 3);
	for (int i = 0; i < 40; i++)
		srt_share_leave(sharers[i], 5000u * (uint64_t)MBPS);
	assert_int_equal(srt_share_join(0), 0);
	srt_share_leave(0, 0);
}

/* A table that overflows forgets what was used longest ago, and mixes nothing up. */
static void test_table(void **state)
{
	struct srt_options options = {.mss = 1500, .tos = -1};
	struct srt_share_key keys[40];

	(void)state;
	for (uint16_t i = 0; i < 40; i++) {
		options.ttl = (uint8_t)(i + 1);
		keys[i] = srt_share_key(&options, AF_INET);
		assert_int_equal(srt_share_get(5, &keys[i]), 0);
		srt_share_set(5, &keys[i], (uint16_t)(1000 + i));
		assert_int_equal(srt_share_get(5, &keys[0]), 1000); /* keeps it in use */
	}
	for (uint16_t i = 0; i < 40; i++) {
		const uint16_t port = srt_share_get(5, &keys[i]);

		assert_true(port == 0 || port == 1000 + i);
		assert_int_equal(port != 0, i == 0 || i > 40 - 16);
		assert_int_equal(srt_share_get(6, &keys[i]), 0);
	}
}

static void test_keys(void **state)
{
	struct srt_options options = {.mss = 1500, .tos = -1}, other[4];
	struct srt_share_key key = srt_share_key(&options, AF_INET), key6;

	(void)state;
	srt_share_set(7, &key, 4000);
	for (int i = 0; i < 4; i++)
		other[i] = options;
	other[0].ttl = 1;
	other[1].tos = 0;
	other[2].mss = 1400;
	strcpy(other[3].adapter, "127.0.0.1");
	for (int i = 0; i < 4; i++) {
		key = srt_share_key(&other[i], AF_INET);
		assert_int_equal(srt_share_get(7, &key), 0);
	}
	key6 = srt_share_key(&options, AF_INET6);
	assert_int_equal(srt_share_get(7, &key6), 0);
	options.latency_ms = 500;
	key = srt_share_key(&options, AF_INET);
	assert_int_equal(srt_share_get(7, &key), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
