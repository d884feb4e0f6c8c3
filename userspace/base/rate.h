/*
 * A bit rate over about the last second, from a byte count that only grows. One thread.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include "clock.h"
#include "counter.h"

/* Zero-initialise. */
struct rate {
	int64_t since_ns;
	uint64_t since_bytes;
};

/*
 * Once a second has passed since the last time, set gauge to the bits per second of that time. Call it
 * as often as convenient.
 */
static inline void rate_update(struct rate *rate, int64_t now_ns, uint64_t bytes, counter_t *gauge)
{
	const int64_t elapsed_ns = now_ns - rate->since_ns;

	if (elapsed_ns < NS_PER_S)
		return;
	if (rate->since_ns)
		counter_set(gauge, (uint64_t)((double)(bytes - rate->since_bytes) * 8e9 /
		                              (double)elapsed_ns));
	rate->since_ns = now_ns;
	rate->since_bytes = bytes;
}

#endif
