/*
 * The seeded fault pattern of the media source.
 */
#include "media-source/impair.h"

#include "base/bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 20000

/* What came out, in order: the numbers written into the datagrams. */
static struct {
	size_t count;
	uint32_t number[3 * COUNT];
	bool copy[3 * COUNT];
} out;

static void take(void *context, const uint8_t *data, size_t size, bool copy)
{
	assert_null(context);
	assert_int_equal(size, 4 + load_be32(data) % 1000);
	assert_true(out.count < 3 * COUNT);
	out.number[out.count] = load_be32(data);
	out.copy[out.count++] = copy;
}

static struct impair_config config(uint64_t seed, double drop, double duplicate, double reorder)
{
	struct impair_config made = {.seed = seed, .reorder_distance = 3};

	made.drop_percent = drop;
	made.duplicate_percent = duplicate;
	made.reorder_percent = reorder;
	return made;
}

/* Pass `count` numbered datagrams through the pattern. */
static struct impair_counts play(const struct impair_config *how, uint32_t count)
{
	uint8_t datagram[IMPAIR_MAX_BYTES] = {0};
	struct impair_counts counts;
	struct impair *impair;

	out.count = 0;
	assert_int_equal(impair_create(&impair, how, take, NULL), 0);
	for (uint32_t i = 0; i < count; i++) {
		store_be32(datagram, i);
		impair_submit(impair, datagram, 4 + i % 1000);
	}
	impair_flush(impair);
	counts = impair_counts(impair);
	assert_int_equal(counts.submitted, count);
	assert_int_equal(counts.emitted, out.count);
	assert_int_equal(counts.emitted, count - counts.dropped + counts.duplicated);
	impair_destroy(impair);
	return counts;
}

/* How often each number came out. */
static void count_copies(uint8_t *copies)
{
	memset(copies, 0, COUNT);
	for (size_t i = 0; i < out.count; i++)
		copies[out.number[i]]++;
}

static void test_nothing_happens(void **state)
{
	struct impair_config how = config(1, 0, 0, 0);

	(void)state;
	play(&how, COUNT);
	assert_int_equal(out.count, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(out.number[i], i);
}

static void test_same_seed_same_pattern(void **state)
{
	static uint32_t first[3 * COUNT];
	struct impair_config how = config(42, 5, 3, 4);
	size_t count, differ = 0;

	(void)state;
	play(&how, COUNT);
	count = out.count;
	memcpy(first, out.number, sizeof(first));
	play(&how, COUNT);
	assert_int_equal(out.count, count);
	assert_memory_equal(first, out.number, count * sizeof(first[0]));
	how.seed = 43;
	play(&how, COUNT);
	for (size_t i = 0; i < count && i < out.count; i++)
		differ += first[i] != out.number[i];
	assert_true(differ > COUNT / 2);
}

/* Faults are drawn apart: what is dropped does not depend on what else is asked for. */
static void test_faults_are_independent(void **state)
{
	static uint8_t alone[COUNT], together[COUNT];
	struct impair_config how = config(9, 10, 0, 0);

	(void)state;
	play(&how, COUNT);
	count_copies(alone);
	how = config(9, 10, 20, 20);
	play(&how, COUNT);
	count_copies(together);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(alone[i] == 0, together[i] == 0);
}

static void test_rates(void **state)
{
	static const double rates[] = {0.5, 5, 50};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (uint64_t seed = 0; seed < 5; seed++) {
			struct impair_config how = config(seed, rates[i], rates[i], rates[i]);
			struct impair_counts counts = play(&how, COUNT);
			double kept = (double)(COUNT - counts.dropped);

			/* five standard deviations of a binomial distribution are below this */
			double slack = 0.036 * (rates[i] > 5 ? 1 : 0.45);

			assert_true((double)counts.dropped / COUNT > rates[i] / 100 - slack);
			assert_true((double)counts.dropped / COUNT < rates[i] / 100 + slack);
			assert_true((double)counts.duplicated / kept < rates[i] / 100 + slack);
			assert_true((double)counts.duplicated / kept > rates[i] / 100 - slack);
			assert_true((double)counts.reordered / kept < rates[i] / 100 + slack);
			assert_true(counts.dropped > 0 && counts.duplicated > 0);
			assert_true(counts.reordered > 0);
		}
	}
}

static void test_everything_dropped_or_doubled(void **state)
{
	struct impair_config how = config(5, 100, 100, 50);

	(void)state;
	assert_int_equal(play(&how, COUNT).dropped, COUNT);
	assert_int_equal(out.count, 0);
	how = config(5, 0, 100, 0);
	assert_int_equal(play(&how, COUNT).duplicated, COUNT);
	for (uint32_t i = 0; i < out.count; i++) {
		assert_int_equal(out.number[i], i / 2);
		assert_int_equal(out.copy[i], i % 2);
	}
}

static void test_reorder_loses_nothing(void **state)
{
	static const uint32_t distances[] = {1, 2, 7, IMPAIR_MAX_DISTANCE};
	static const double percents[] = {1, 20, 50};
	static uint8_t copies[COUNT];

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct impair_config how = config(i, 0, 0, percents[i % 3]);
		struct impair_counts counts;
		uint32_t newest = 0, late = 0;

		how.reorder_distance = distances[i / 3];
		counts = play(&how, COUNT);
		count_copies(copies);
		for (size_t n = 0; n < COUNT; n++)
			assert_int_equal(copies[n], 1);
		for (size_t n = 0; n < out.count; n++) {
			late += out.number[n] < newest;
			newest = out.number[n] > newest ? out.number[n] : newest;
		}
		assert_int_equal(late, counts.reordered);
		assert_true(late > 0);
	}
}

/* One datagram held back leaves behind exactly as many as asked for. */
static void test_reorder_distance(void **state)
{
	struct impair_config how = config(3, 0, 0, 0.05);
	size_t displaced = 0;

	(void)state;
	how.reorder_distance = 4;
	play(&how, COUNT);
	for (uint32_t i = 0; i + 5 < COUNT; i++) {
		if (out.number[i] != i + 1)
			continue;
		displaced++;
		for (uint32_t n = 0; n < 4; n++)
			assert_int_equal(out.number[i + n], i + 1 + n);
		assert_int_equal(out.number[i + 4], i);
		i += 4;
	}
	assert_true(displaced > 0);
}

static void test_held_to_the_end(void **state)
{
	struct impair_config how = config(0, 0, 0, 50);

	(void)state;
	how.reorder_distance = IMPAIR_MAX_DISTANCE;
	play(&how, 1);
	assert_int_equal(out.count, 1);
	for (uint32_t count = 1; count < 40; count++) {
		play(&how, count);
		assert_int_equal(out.count, count);
	}
}

static void test_drop_list(void **state)
{
	static uint8_t copies[COUNT];
	struct impair_config how = config(1, 0, 0, 0);

	(void)state;
	assert_int_equal(impair_parse_drop_list(&how, "5,17,20-25"), 0);
	assert_int_equal(impair_parse_drop_list(&how, "0"), 0);
	assert_int_equal(play(&how, 100).dropped, 9);
	count_copies(copies);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(copies[i], !(i == 0 || i == 5 || i == 17 || (i >= 20 && i <= 25)));
}

static void test_drop_list_syntax(void **state)
{
	static const char *const wrong[] = {"",
	                                    ",",
	                                    "5,",
	                                    "5-",
	                                    "-5",
	                                    "7-6",
	                                    "5 6",
	                                    "a",
	                                    "5,b",
	                                    "1-2-3",
	                                    "+1",
	                                    " 1",
	                                    "99999999999999999999"};
	struct impair_config how;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		how.drop_list_count = 0;
		assert_int_equal(impair_parse_drop_list(&how, wrong[i]), -EINVAL);
	}
	how.drop_list_count = IMPAIR_MAX_RANGES - 1;
	assert_int_equal(impair_parse_drop_list(&how, "1"), 0);
	assert_int_equal(impair_parse_drop_list(&how, "1"), -E2BIG);
}

static void test_out_of_range(void **state)
{
	struct impair_config wrong[] = {config(1, 101, 0, 0), config(1, 0, -1, 0),
	                                config(1, 0, 0, 51), config(1, 0, 0, 0),
	                                config(1, 0, 0, 0)};
	struct impair *impair = NULL;

	(void)state;
	wrong[3].reorder_distance = 0;
	wrong[4].reorder_distance = IMPAIR_MAX_DISTANCE + 1;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(impair_create(&impair, &wrong[i], take, NULL), -EINVAL);
	assert_null(impair);
	impair_destroy(NULL);
}

/* SplitMix64 is defined by its output function and its increment: the same numbers are different. */
static void test_random_streams(void **state)
{
	(void)state;
	assert_true(impair_random(1, 0, 0) == impair_random(1, 0, 0));
	assert_true(impair_random(1, 0, 0) != impair_random(1, 0, 1));
	assert_true(impair_random(1, 0, 0) != impair_random(1, 1, 0));
	assert_true(impair_random(1, 0, 0) != impair_random(2, 0, 0));
	assert_true(impair_random(0, 0, 0) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_happens),
		cmocka_unit_test(test_same_seed_same_pattern),
		cmocka_unit_test(test_faults_are_independent),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_everything_dropped_or_doubled),
		cmocka_unit_test(test_reorder_loses_nothing),
		cmocka_unit_test(test_reorder_distance),
		cmocka_unit_test(test_held_to_the_end),
		cmocka_unit_test(test_drop_list),
		cmocka_unit_test(test_drop_list_syntax),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_random_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
