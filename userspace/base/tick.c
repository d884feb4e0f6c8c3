/*
 * Tick loops. The command queue is a lock-free stack with one consumer: posters push with a
 * compare-and-swap, the loop takes the whole stack with one exchange and reverses it, which restores
 * the order of posting.
 */
#include "tick.h"

#include "clock.h"
#include "counter.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#define IDLE_LIMIT_NS NS_PER_S /* then a loop that sleeps looks around all the same */

struct tick_loop {
	struct tick_config config;
	pthread_t thread;
	atomic_bool stop;
	_Atomic(struct command *) posted; /* newest first */
	atomic_bool asleep;               /* until `called` */
	sem_t called;
	counter_t ticks; /* that are over */
};

static void run_commands(struct tick_loop *loop)
{
	struct command *newest = atomic_exchange(&loop->posted, NULL), *oldest = NULL, *next;

	for (; newest; newest = next) {
		next = newest->next;
		newest->next = oldest;
		oldest = newest;
	}
	for (; oldest; oldest = next) {
		next = oldest->next;
		oldest->run(oldest);
	}
}

static void sleep_until(int64_t deadline_ns)
{
	struct timespec at = {.tv_sec = deadline_ns / NS_PER_S, .tv_nsec = deadline_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/*
 * Sleep until a command is posted or the loop is stopped. Whoever posts after `asleep` was set calls; what was posted
 * before is seen here.
 */
static void sleep_until_called(struct tick_loop *loop)
{
	const int64_t limit_ns = clock_now_ns() + IDLE_LIMIT_NS;
	const struct timespec at = {.tv_sec = limit_ns / NS_PER_S, .tv_nsec = limit_ns % NS_PER_S};

	atomic_store(&loop->asleep, true);
	if (!atomic_load(&loop->posted) && !atomic_load(&loop->stop))
		while (sem_clockwait(&loop->called, CLOCK_MONOTONIC, &at) && errno == EINTR)
			;
	atomic_store(&loop->asleep, false);
}

static void call(struct tick_loop *loop)
{
	if (atomic_load(&loop->asleep) && atomic_exchange(&loop->asleep, false))
		sem_post(&loop->called);
}

static void *loop_main(void *argument)
{
	struct tick_loop *loop = argument;
	const int64_t period_ns = loop->config.period_us * NS_PER_US;
	int64_t deadline_ns = clock_now_ns() + loop->config.delay_us * NS_PER_US, now_ns;

	while (!atomic_load_explicit(&loop->stop, memory_order_acquire)) {
		deadline_ns += period_ns;
		sleep_until(deadline_ns);
		now_ns = clock_now_ns();
		if (now_ns - deadline_ns > period_ns) /* stalled: do not make up for lost ticks */
			deadline_ns = now_ns;
		run_commands(loop);
		loop->config.tick(loop->config.context, now_ns);
		counter_add(&loop->ticks, 1);
		if (loop->config.is_idle && loop->config.is_idle(loop->config.context))
			sleep_until_called(loop);
	}
	return NULL;
}

int tick_loop_create(struct tick_loop **out, const struct tick_config *config)
{
	struct tick_loop *loop;
	int error;

	if (config->period_us < 100 || config->period_us > 100000)
		return -EINVAL;
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	loop->config = *config;
	sem_init(&loop->called, 0, 0);
	error = pthread_create(&loop->thread, NULL, loop_main, loop);
	if (error) {
		sem_destroy(&loop->called);
		free(loop);
		return -error;
	}
	pthread_setname_np(loop->thread, config->name);
	*out = loop;
	return 0;
}

void tick_loop_destroy(struct tick_loop *loop)
{
	if (!loop)
		return;
	atomic_store(&loop->stop, true);
	call(loop);
	pthread_join(loop->thread, NULL);
	while (atomic_load(&loop->posted))
		run_commands(loop);
	sem_destroy(&loop->called);
	free(loop);
}

void tick_loop_post(struct tick_loop *loop, struct command *command)
{
	command->next = atomic_load_explicit(&loop->posted, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&loop->posted, &command->next, command))
		;
	call(loop);
}

uint64_t tick_loop_count(const struct tick_loop *loop)
{
	return counter_get(&loop->ticks);
}

const char *tick_loop_name(const struct tick_loop *loop)
{
	return loop->config.name;
}

static void retirement_visit(struct command *command)
{
	struct retirement *r = (struct retirement *)command; /* command is its first member */

	if (r->visited == r->loop_count)
		r->release(r);
	else
		tick_loop_post(r->loops[r->visited++], &r->command);
}

void retire(struct retirement *retirement, struct tick_loop *const *loops, size_t loop_count,
            void (*release)(struct retirement *retirement))
{
	*retirement = (struct retirement){.command.run = retirement_visit,
	                                  .loops = loops,
	                                  .loop_count = loop_count,
	                                  .release = release};
	retirement_visit(&retirement->command);
}
