/*
 * Time as a process lives it: while it is not let run, as on a machine that stands still for a moment, it does not pass.
 * Limits are judged by it, so that only what the program itself waits for counts.
 *
 * A thread looks at the clock every few milliseconds; of a longer gap between two looks only the first part counts.
 */
#ifndef TESTS_RUNNING_TIME_H
#define TESTS_RUNNING_TIME_H

#include "base/clock.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define RUNNING_LOOK_NS (2 * NS_PER_MS)
#define RUNNING_GAP_NS \
	(100 * NS_PER_MS) /* a busy processor seldom keeps a thread waiting for longer */

static struct {
	pthread_mutex_t lock; /* guards all below */
	int64_t ran_ns, looked_ns;
} running = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline int64_t running_look(void)
{
	int64_t now_ns, gap_ns, ran_ns;

	pthread_mutex_lock(&running.lock);
	now_ns = clock_now_ns();
	gap_ns = now_ns - running.looked_ns;
	running.ran_ns += gap_ns < RUNNING_GAP_NS ? gap_ns : RUNNING_GAP_NS;
	running.looked_ns = now_ns;
	ran_ns = running.ran_ns;
	pthread_mutex_unlock(&running.lock);
	return ran_ns;
}

static inline void *running_main(void *unused)
{
	const struct timespec pause = {.tv_nsec = RUNNING_LOOK_NS};

	for (;;) {
		running_look();
		nanosleep(&pause, NULL);
	}
	return unused;
}

static inline void running_begin(void)
{
	pthread_t thread;

	running.looked_ns = clock_now_ns();
	if (pthread_create(&thread, NULL, running_main, NULL) || pthread_detach(thread))
		abort();
}

/* How long the process has been let run, from the first call on. */
static inline int64_t running_ns(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, running_begin);
	return running_look();
}

#endif
