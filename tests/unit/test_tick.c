/*
 * Tick loops: periods, the order of commands, retirement, and what destroying a loop still runs.
 */
#include "base/clock.h"
#include "base/container.h"
#include "base/tick.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PATIENCE_NS (60 * NS_PER_S)
#define LONG_US     100000 /* a loop that will not tick while a test looks */

static void tick_nothing(void *context, int64_t now_ns)
{
	(void)context;
	(void)now_ns;
}

static struct tick_loop *make_loop(uint32_t period_us)
{
	const struct tick_config config = {
		.name = "test", .period_us = period_us, .tick = tick_nothing};
	struct tick_loop *loop;

	assert_int_equal(tick_loop_create(&loop, &config), 0);
	return loop;
}

/* Wait until the value is reached. */
static void wait_for(atomic_uint *value, unsigned int wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	while (atomic_load(value) < wanted) {
		if (clock_now_ns() > deadline_ns)
			fail_msg("%u instead of %u", atomic_load(value), wanted);
		nanosleep(&pause, NULL);
	}
}

struct sleeper {
	struct tick_loop *loop;
	atomic_uint ticks, commands;
	struct command command;
};

static void count_tick(void *context, int64_t now_ns)
{
	struct sleeper *sleeper = context;

	(void)now_ns;
	atomic_fetch_add(&sleeper->ticks, 1);
}

static bool always_idle(void *context)
{
	(void)context;
	return true;
}

static void count_command(struct command *command)
{
	atomic_fetch_add(&container_of(command, struct sleeper, command)->commands, 1);
}

/* One that is idle does not tick, runs every command all the same, and can be stopped. */
static void test_idle(void **state)
{
	struct sleeper sleeper = {.command.run = count_command};
	const struct tick_config config = {.name = "test",
	                                   .period_us = 100,
	                                   .tick = count_tick,
	                                   .is_idle = always_idle,
	                                   .context = &sleeper};
	const struct timespec pause = {.tv_nsec = 300 * NS_PER_MS};
	const int64_t start_ns = clock_now_ns();
	unsigned int ticks;

	(void)state;
	assert_int_equal(tick_loop_create(&sleeper.loop, &config), 0);
	nanosleep(&pause, NULL);
	ticks = atomic_load(&sleeper.ticks); /* of 3000 periods; it looks around once a second */
	assert_in_range(ticks, 0, 2 + (clock_now_ns() - start_ns) / NS_PER_S);
	for (unsigned int i = 1; i <= 1000; i++) {
		tick_loop_post(sleeper.loop, &sleeper.command);
		wait_for(&sleeper.commands, i);
	}
	tick_loop_destroy(sleeper.loop);
}

static void test_period(void **state)
{
	static const struct {
		uint32_t period_us;
		int error;
	} cases[] = {
		{0, -EINVAL}, {99, -EINVAL},     {100, 0},
		{100000, 0},  {100001, -EINVAL}, {UINT32_MAX, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct tick_config config = {
			.name = "test", .period_us = cases[i].period_us, .tick = tick_nothing};
		struct tick_loop *loop = NULL;

		assert_int_equal(tick_loop_create(&loop, &config), cases[i].error);
		assert_true(!loop == !!cases[i].error);
		tick_loop_destroy(loop);
	}
}

struct ticks {
	atomic_uint count;
	int64_t last_ns;
	bool backwards;
};

static void tick_count(void *context, int64_t now_ns)
{
	struct ticks *ticks = context;

	ticks->backwards |= now_ns <= ticks->last_ns;
	ticks->last_ns = now_ns;
	atomic_fetch_add(&ticks->count, 1);
}

/* It ticks with rising times, and never more often than its period allows. */
static void test_ticks(void **state)
{
	struct ticks ticks = {0};
	const struct tick_config config = {
		.name = "test", .period_us = 500, .tick = tick_count, .context = &ticks};
	const int64_t start_ns = clock_now_ns();
	struct tick_loop *loop;
	int64_t elapsed_ns;

	(void)state;
	assert_int_equal(tick_loop_create(&loop, &config), 0);
	wait_for(&ticks.count, 20);
	tick_loop_destroy(loop);
	elapsed_ns = clock_now_ns() - start_ns;
	assert_false(ticks.backwards);
	assert_true(atomic_load(&ticks.count) <= elapsed_ns / (500 * NS_PER_US) + 1);
}

/* The first tick is late by the delay, and only that. */
static void test_delay(void **state)
{
	struct ticks ticks = {0};
	const struct tick_config config = {.name = "test",
	                                   .period_us = 500,
	                                   .delay_us = 40000,
	                                   .tick = tick_count,
	                                   .context = &ticks};
	const int64_t start_ns = clock_now_ns();
	struct tick_loop *loop;

	(void)state;
	assert_int_equal(tick_loop_create(&loop, &config), 0);
	wait_for(&ticks.count, 5);
	tick_loop_destroy(loop);
	assert_true(ticks.last_ns - start_ns >= 40 * NS_PER_MS);
	assert_true(atomic_load(&ticks.count) <=
	            (ticks.last_ns - start_ns - 40 * NS_PER_MS) / (500 * NS_PER_US) + 1);
}

#define POSTERS  3
#define COMMANDS 3000

struct order {
	struct tick_loop *loop;
	pthread_t runner;
	bool strange_thread;
	int next[POSTERS]; /* number expected from each poster */
	bool disorder;
	atomic_uint done;
};

struct numbered {
	struct command command;
	struct order *order;
	int poster, number;
};

static void run_numbered(struct command *command)
{
	struct numbered *n = container_of(command, struct numbered, command);
	struct order *order = n->order;

	if (!order->runner)
		order->runner = pthread_self();
	order->strange_thread |= !pthread_equal(order->runner, pthread_self());
	order->disorder |= n->number != order->next[n->poster]++;
	free(n);
	atomic_fetch_add(&order->done, 1);
}

struct poster {
	struct order *order;
	int index;
};

static void *post_numbered(void *argument)
{
	const struct poster *poster = argument;

	for (int i = 0; i < COMMANDS; i++) {
		struct numbered *n = calloc(1, sizeof(*n));

		if (!n)
			return NULL;
		*n = (struct numbered){
			.command.run = run_numbered,
			.order = poster->order,
			.poster = poster->index,
			.number = i,
		};
		tick_loop_post(poster->order->loop, &n->command);
	}
	return NULL;
}

static void test_order(void **state)
{
	struct order order = {.loop = make_loop(100)};
	struct poster posters[POSTERS];
	pthread_t threads[POSTERS];

	(void)state;
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){&order, i};
		assert_int_equal(pthread_create(&threads[i], NULL, post_numbered, &posters[i]), 0);
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	wait_for(&order.done, POSTERS * COMMANDS);
	tick_loop_destroy(order.loop);
	assert_false(order.disorder);
	assert_false(order.strange_thread);
	assert_false(pthread_equal(order.runner, pthread_self()));
}

/* What is still queued runs, in order, on the destroying thread. */
static void test_destroy_runs_pending(void **state)
{
	struct order order = {.loop = make_loop(LONG_US)};
	struct poster poster = {&order, 0};

	(void)state;
	post_numbered(&poster);
	tick_loop_destroy(order.loop);
	assert_int_equal(atomic_load(&order.done), COMMANDS);
	assert_false(order.disorder);
}

/* A command that posts another one while the loop is being destroyed. */
struct chain {
	struct command command;
	struct tick_loop *loop;
	unsigned int left;
};

static void run_chain(struct command *command)
{
	struct chain *chain = container_of(command, struct chain, command);

	if (chain->left > 0) {
		chain->left--;
		tick_loop_post(chain->loop, command);
	}
}

static void test_destroy_runs_what_commands_post(void **state)
{
	struct chain chain = {.command.run = run_chain, .loop = make_loop(LONG_US), .left = 10};

	(void)state;
	tick_loop_post(chain.loop, &chain.command);
	tick_loop_destroy(chain.loop);
	assert_int_equal(chain.left, 0);
}

#define LOOPS 3

struct visitor {
	struct command command;
	atomic_uint ran;
};

struct retired {
	struct retirement retirement;
	struct visitor visitors[LOOPS]; /* posted to each loop before the retirement */
	bool early;                     /* released before one of them ran */
	atomic_uint released;
};

static void run_visitor(struct command *command)
{
	atomic_fetch_add(&container_of(command, struct visitor, command)->ran, 1);
}

static void release_retired(struct retirement *retirement)
{
	struct retired *retired = container_of(retirement, struct retired, retirement);

	for (size_t i = 0; i < retirement->loop_count; i++)
		retired->early |= atomic_load(&retired->visitors[i].ran) != 1;
	atomic_fetch_add(&retired->released, 1);
}

static void begin_retirement(struct retired *retired, struct tick_loop *const *loops, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		retired->visitors[i].command.run = run_visitor;
		tick_loop_post(loops[i], &retired->visitors[i].command);
	}
	retire(&retired->retirement, loops, count, release_retired);
}

static void test_retire(void **state)
{
	struct retired retired[50] = {0};
	struct tick_loop *loops[LOOPS] = {make_loop(100), make_loop(5000), make_loop(100)};

	(void)state;
	for (size_t i = 0; i < COUNT(retired); i++)
		begin_retirement(&retired[i], loops, LOOPS);
	for (size_t i = 0; i < COUNT(retired); i++)
		wait_for(&retired[i].released, 1);
	for (size_t i = 0; i < LOOPS; i++)
		tick_loop_destroy(loops[i]);
	for (size_t i = 0; i < COUNT(retired); i++) {
		assert_int_equal(atomic_load(&retired[i].released), 1);
		assert_false(retired[i].early);
	}
}

static void test_retire_without_loops(void **state)
{
	struct retired retired = {0};

	(void)state;
	begin_retirement(&retired, NULL, 0);
	assert_int_equal(atomic_load(&retired.released), 1);
}

/* The loops go away in their order while the retirement is under way: it is released all the same. */
static void test_retire_and_destroy(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < 20; round++) {
		struct retired retired = {0};
		struct tick_loop *loops[LOOPS] = {make_loop(100 + round * 50),
		                                  make_loop(LONG_US / 10), make_loop(100)};

		begin_retirement(&retired, loops, LOOPS);
		for (size_t i = 0; i < LOOPS; i++)
			tick_loop_destroy(loops[i]);
		assert_int_equal(atomic_load(&retired.released), 1);
		assert_false(retired.early);
	}
}

static void test_destroy_null(void **state)
{
	(void)state;
	tick_loop_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_destroy_runs_pending),
		cmocka_unit_test(test_destroy_runs_what_commands_post),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_retire_without_loops),
		cmocka_unit_test(test_retire_and_destroy),
		cmocka_unit_test(test_destroy_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
