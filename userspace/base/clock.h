/*
 * Monotonic time. Every duration in the program is measured on this clock; wall-clock time is only
 * printed. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

/* Nanoseconds on CLOCK_MONOTONIC. Thread: any. */
static inline int64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Whole seconds since 1970 on CLOCK_REALTIME, for things a person reads. Thread: any. */
static inline int64_t clock_wall_s(void)
{
	return (int64_t)time(NULL);
}

#endif
