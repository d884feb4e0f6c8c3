/*
 * Liveness: loops that tick, one that is stuck in a tick or a command, one without work.
 */
#include "base/clock.h"
#include "base/liveness.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define PATIENCE_NS (60 * NS_PER_S)

/* A loop with a gate that its ticks or commands wait at. */
struct gated {
	struct tick_loop *loop;
	atomic_bool shut;
	sem_t arrived, opened;
	atomic_bool idle;
	struct command command;
};

static void wait_at_gate(struct gated *gated)
{
	if (!atomic_exchange(&gated->shut, false))
		return;
	sem_post(&gated->arrived);
	sem_wait(&gated->opened);
}

static void tick_gated(void *context, int64_t now_ns)
{
	(void)now_ns;
	wait_at_gate(context);
}

static bool gated_is_idle(void *context)
{
	return atomic_load(&((struct gated *)context)->idle);
}

static void run_gated(struct command *command)
{
	wait_at_gate((struct gated *)((char *)command - offsetof(struct gated, command)));
}

static void start(struct gated *gated, const char *name, bool idle)
{
	const struct tick_config config = {.name = name,
	                                   .period_us = 1000,
	                                   .tick = tick_gated,
	                                   .is_idle = gated_is_idle,
	                                   .context = gated};

	sem_init(&gated->arrived, 0, 0);
	sem_init(&gated->opened, 0, 0);
	atomic_init(&gated->idle, idle);
	gated->command.run = run_gated;
	assert_int_equal(tick_loop_create(&gated->loop, &config), 0);
}

static void end(struct gated *gated)
{
	tick_loop_destroy(gated->loop);
	sem_destroy(&gated->arrived);
	sem_destroy(&gated->opened);
}

static void pause_ms(long ms)
{
	const struct timespec pause = {.tv_nsec = ms * NS_PER_MS};

	nanosleep(&pause, NULL);
}

/* Wait until all are alive. */
static void expect_alive(struct liveness *liveness)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (liveness_find_stalled(liveness)) {
		assert_true(clock_now_ns() < deadline_ns);
		pause_ms(1);
	}
}

/* The loop stands at its gate: it is the one that is found, however often, until it is let through. */
static void expect_stalled(struct liveness *liveness, struct gated *gated)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	sem_wait(&gated->arrived);
	while (liveness_find_stalled(liveness) != gated->loop) { /* what ticked before may count */
		assert_true(clock_now_ns() < deadline_ns);
		pause_ms(1);
	}
	for (int i = 0; i < 20; i++) {
		pause_ms(10);
		assert_ptr_equal(liveness_find_stalled(liveness), gated->loop);
	}
	assert_int_equal(sem_post(&gated->opened), 0);
}

static void test_stuck(void **state)
{
	struct gated first = {0}, second = {0};
	struct liveness liveness = {0};

	(void)state;
	start(&first, "first", false);
	start(&second, "second", false);
	assert_int_equal(liveness_watch(&liveness, first.loop), 0);
	assert_int_equal(liveness_watch(&liveness, second.loop), 0);
	expect_alive(&liveness);
	expect_alive(&liveness);
	atomic_store(&second.shut, true); /* in a tick */
	expect_stalled(&liveness, &second);
	expect_alive(&liveness);
	atomic_store(&first.idle, true);
	pause_ms(20);
	atomic_store(&first.shut, true); /* in a command: its ticks are a second apart */
	tick_loop_post(first.loop, &first.command);
	expect_stalled(&liveness, &first);
	expect_alive(&liveness);
	end(&first);
	end(&second);
}

/* A loop without work is alive, if one waits for it: not for long. */
static void test_idle(void **state)
{
	struct gated gated = {0};
	struct liveness liveness = {0};
	int64_t began_ns;

	(void)state;
	start(&gated, "idle", true);
	assert_int_equal(liveness_watch(&liveness, gated.loop), 0);
	expect_alive(&liveness);
	began_ns = clock_now_ns();
	expect_alive(&liveness);
	expect_alive(&liveness);
	assert_true(clock_now_ns() - began_ns < 10 * NS_PER_S);
	end(&gated);
}

static void test_many(void **state)
{
	struct gated gated = {0};
	struct liveness liveness = {0};

	(void)state;
	assert_null(liveness_find_stalled(&liveness));
	start(&gated, "many", false);
	for (size_t i = 0; i < LIVENESS_MAX_LOOPS; i++)
		assert_int_equal(liveness_watch(&liveness, gated.loop), 0);
	assert_int_equal(liveness_watch(&liveness, gated.loop), -ENOSPC);
	expect_alive(&liveness);
	end(&gated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
