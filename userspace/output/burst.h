/*
 * When an output sends: once in each period of the clock. Outputs with the same period burst in the same tick of their
 * sender, while what they send is still in the cache.
 */
#ifndef OUTPUT_BURST_H
#define OUTPUT_BURST_H

#include <stdbool.h>
#include <stdint.h>

/* One thread. */
struct burst {
	int64_t period_ns; /* at least 1, which is each time that is asked */
	int64_t last;      /* number of the period in which it was due last */
};

/* Whether a period has begun since this was true last. */
static inline bool burst_is_due(struct burst *burst, int64_t now_ns)
{
	const int64_t period = now_ns / burst->period_ns;
	const bool is_due = period != burst->last;

	burst->last = period;
	return is_due;
}

#endif
