/*
 * The failover decision: every transition, at the millisecond.
 */
#include "base/clock.h"
#include "relay/failover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define START_MS  1000000 /* the clock never is at 0 */
#define MAX_SPANS 5
#define FOREVER   1000000

/* While an input brings useful TS ('+') or nulls ('0'), every 10 ms from first to last. */
struct span {
	char what;
	int first_ms, last_ms;
};

struct expected {
	int at_ms;
	unsigned int active;
	enum failover_cause cause;
};

static const struct {
	const char *name;
	bool returns;
	unsigned int stable_ms;
	struct span primary[MAX_SPANS], backup[MAX_SPANS];
	int select_ms; /* the backup by hand, 0: never */
	int until_ms;
	struct expected changes[MAX_SPANS];
} cases[] = {
	{"both good", false, 0, {{'+', 0, FOREVER}}, {{'+', 0, FOREVER}}, 0, 3000, {{0}}},
	{"nothing at all", false, 0, {{0}}, {{0}}, 0, 3000, {{0}}},
	{"no backup to go to", false, 0, {{'+', 0, 1000}}, {{0}}, 0, 3000, {{0}}},
	{"the primary ends",
         false,
         0,
         {{'+', 0, 1000}},
         {{'+', 0, FOREVER}},
         0,
         3000,
         {{1500, 1, FAILOVER_NOTHING}}},
	{"the primary brings nulls alone",
         false,
         0,
         {{'+', 0, 1000}, {'0', 1010, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         3000,
         {{1500, 1, FAILOVER_NULLS}}},
	{"the primary ends, nulls last",
         false,
         0,
         {{'+', 0, 1000}, {'0', 1010, 1200}},
         {{'+', 0, FOREVER}},
         0,
         3000,
         {{1500, 1, FAILOVER_NOTHING}}},
	{"a gap just short enough",
         false,
         0,
         {{'+', 0, 1000}, {'+', 1499, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         3000,
         {{0}}},
	{"the primary never comes, the backup does",
         false,
         0,
         {{0}},
         {{'+', 100, FOREVER}},
         0,
         3000,
         {{500, 1, FAILOVER_NOTHING}}},
	{"the primary never comes, the backup does later",
         false,
         0,
         {{0}},
         {{'+', 2000, FOREVER}},
         0,
         3000,
         {{2000, 1, FAILOVER_NOTHING}}},
	{"a backup of nulls is no backup",
         false,
         0,
         {{'+', 0, 1000}},
         {{'0', 0, FOREVER}},
         0,
         3000,
         {{0}}},
	{"a backup that ended before is no backup",
         false,
         0,
         {{'+', 0, 1000}},
         {{'+', 0, 990}},
         0,
         3000,
         {{0}}},
	{"the backup comes when the primary has long ended",
         false,
         0,
         {{'+', 0, 1000}},
         {{'+', 2000, FOREVER}},
         0,
         3000,
         {{2000, 1, FAILOVER_NOTHING}}},
	{"stays on the backup",
         false,
         0,
         {{'+', 0, 1000}, {'+', 2000, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}}},
	{"there and back, each for its fault",
         false,
         0,
         {{'+', 0, 1000}, {'+', 2000, FOREVER}},
         {{'+', 0, 3000}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {3500, 0, FAILOVER_NOTHING}}},
	{"returns once stable",
         true,
         1000,
         {{'+', 0, 1000}, {'+', 2000, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {3000, 0, FAILOVER_RETURN}}},
	{"stable means without a break",
         true,
         1000,
         {{'+', 0, 1000}, {'+', 2000, 2500}, {'+', 3200, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {4200, 0, FAILOVER_RETURN}}},
	{"nulls are a break",
         true,
         1000,
         {{'+', 0, 1000}, {'+', 2000, 2500}, {'0', 2510, 3190}, {'+', 3200, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {4200, 0, FAILOVER_RETURN}}},
	{"returns after timeout_ms with stable_ms 0",
         true,
         0,
         {{'+', 0, 1000}, {'+', 2000, FOREVER}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {2500, 0, FAILOVER_RETURN}}},
	{"does not return to one that comes now and then",
         true,
         0,
         {{'+', 0, 1000},
          {'+', 2000, 2010},
          {'+', 2520, 2530},
          {'+', 3040, 3050},
          {'+', 3560, 3570}},
         {{'+', 0, FOREVER}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}}},
	{"returns earlier when the backup fails",
         true,
         60000,
         {{'+', 0, 1000}, {'+', 2000, FOREVER}},
         {{'+', 0, 3000}},
         0,
         9000,
         {{1500, 1, FAILOVER_NOTHING}, {3500, 0, FAILOVER_NOTHING}}},
	{"by hand holds against return",
         true,
         100,
         {{'+', 0, FOREVER}},
         {{'+', 0, FOREVER}},
         1000,
         9000,
         {{1000, 1, FAILOVER_BY_HAND}}},
	{"by hand holds until the backup fails, and no longer",
         true,
         100,
         {{'+', 0, 4000}, {'+', 5000, FOREVER}},
         {{'+', 0, 3000}, {'+', 3600, FOREVER}},
         1000,
         9000,
         {{1000, 1, FAILOVER_BY_HAND},
          {3500, 0, FAILOVER_NOTHING},
          {4500, 1, FAILOVER_NOTHING},
          {5500, 0, FAILOVER_RETURN}}},
	{"by hand to a dead input: it has its time",
         false,
         0,
         {{'+', 0, FOREVER}},
         {{0}},
         1000,
         3000,
         {{1000, 1, FAILOVER_BY_HAND}, {1500, 0, FAILOVER_NOTHING}}},
};

static void note(struct failover *f, unsigned int input, const struct span *spans, int ms)
{
	for (size_t i = 0; i < MAX_SPANS && spans[i].what; i++)
		if (ms >= spans[i].first_ms && ms <= spans[i].last_ms &&
		    (ms - spans[i].first_ms) % 10 == 0)
			failover_note(f, input, spans[i].what == '+', (START_MS + ms) * NS_PER_MS);
}

static void run(size_t i)
{
	const struct failover_settings settings = {
		.timeout_ms = 500, .returns = cases[i].returns, .stable_ms = cases[i].stable_ms};
	const struct expected *next = cases[i].changes;
	struct failover f = {0};
	enum failover_cause cause;

	failover_begin(&f, &settings, START_MS * NS_PER_MS);
	for (int ms = 0; ms <= cases[i].until_ms; ms++) {
		note(&f, INPUT_PRIMARY, cases[i].primary, ms);
		note(&f, INPUT_BACKUP, cases[i].backup, ms);
		cause = FAILOVER_NONE;
		if (ms && ms == cases[i].select_ms)
			cause = failover_select(&f, INPUT_BACKUP, (START_MS + ms) * NS_PER_MS);
		if (!cause)
			cause = failover_decide(&f, &settings, (START_MS + ms) * NS_PER_MS);
		if (!cause)
			continue;
		if (next->at_ms != ms || next->active != f.active || next->cause != cause)
			fail_msg("%s: at %d ms to %u for cause %d", cases[i].name, ms, f.active,
			         cause);
		next++;
	}
	if (next->cause)
		fail_msg("%s: no change at %d ms", cases[i].name, next->at_ms);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run(i);
}

/* To where it is already, by hand: no change, but the backup is held. */
static void test_select_active(void **state)
{
	const struct failover_settings settings = {.timeout_ms = 500, .returns = true};
	struct failover f = {.active = INPUT_BACKUP};
	const int64_t now_ns = START_MS * NS_PER_MS;

	(void)state;
	failover_note(&f, INPUT_PRIMARY, true, now_ns);
	failover_note(&f, INPUT_BACKUP, true, now_ns);
	assert_int_equal(failover_select(&f, INPUT_BACKUP, now_ns), FAILOVER_NONE);
	assert_int_equal(failover_decide(&f, &settings, now_ns), FAILOVER_NONE);
	assert_int_equal(failover_select(&f, INPUT_PRIMARY, now_ns), FAILOVER_BY_HAND);
	assert_int_equal(f.active, INPUT_PRIMARY);
	assert_false(f.held);
}

/* Beginning with one input alive, as when merging ends. */
static void test_begin(void **state)
{
	const struct failover_settings settings = {.timeout_ms = 500};
	const int64_t now_ns = START_MS * NS_PER_MS;
	struct failover f = {0};

	(void)state;
	failover_note(&f, INPUT_BACKUP, true, now_ns);
	failover_begin(&f, &settings, now_ns + 499 * NS_PER_MS);
	assert_int_equal(f.active, INPUT_BACKUP);
	failover_begin(&f, &settings, now_ns + 500 * NS_PER_MS);
	assert_int_equal(f.active, INPUT_PRIMARY);
	failover_note(&f, INPUT_PRIMARY, true, now_ns + 500 * NS_PER_MS);
	failover_note(&f, INPUT_BACKUP, true, now_ns + 500 * NS_PER_MS);
	failover_begin(&f, &settings, now_ns + 500 * NS_PER_MS);
	assert_int_equal(f.active, INPUT_PRIMARY);
	failover_forget(&f, INPUT_BACKUP);
	assert_false(failover_is_alive(&f, INPUT_BACKUP, 500, now_ns + 500 * NS_PER_MS));
}

static void test_explain(void **state)
{
	static const char *const texts[] = {[FAILOVER_NOTHING] = "no TS for 500 ms",
	                                    [FAILOVER_NULLS] =
	                                            "nothing but null packets for 500 ms",
	                                    [FAILOVER_RETURN] = "it has been good for 700 ms",
	                                    [FAILOVER_BY_HAND] = "asked for"};
	const struct failover_settings settings = {.timeout_ms = 500, .stable_ms = 700};
	char text[80];

	(void)state;
	for (enum failover_cause cause = FAILOVER_NOTHING; cause <= FAILOVER_BY_HAND; cause++) {
		failover_explain(text, sizeof(text), cause, &settings);
		assert_string_equal(text, texts[cause]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_select_active),
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
