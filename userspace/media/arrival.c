/*
 * Interarrival jitter in the integer arithmetic of RFC 3550 section A.8.
 */
#include "arrival.h"

#include "base/clock.h"

#define CLOCK_HZ 90000

static int bucket_of(int64_t interval_ns)
{
	static const int64_t limits_ns[ARRIVAL_BUCKETS - 1] = {
		1 * NS_PER_MS,  2 * NS_PER_MS,  5 * NS_PER_MS,   10 * NS_PER_MS,
		20 * NS_PER_MS, 50 * NS_PER_MS, 100 * NS_PER_MS,
	};
	int bucket = 0;

	while (bucket < ARRIVAL_BUCKETS - 1 && interval_ns > limits_ns[bucket])
		bucket++;
	return bucket;
}

/* Nanoseconds as ticks of the RTP clock, modulo 2^32 as time stamps are. */
static uint32_t ticks(int64_t ns)
{
	return (uint32_t)((uint64_t)ns * 9 / 100000);
}

int arrival_add(struct arrival *arrival, uint32_t timestamp, int64_t now_ns)
{
	const int64_t last_ns = arrival->last_ns;
	int32_t difference;
	uint32_t size;

	/* The transit time of this packet less that of the one before. */
	difference = (int32_t)(ticks(now_ns) - ticks(last_ns) - (timestamp - arrival->timestamp));
	arrival->last_ns = now_ns;
	arrival->timestamp = timestamp;
	if (!last_ns)
		return -1;
	size = difference < 0 ? -(uint32_t)difference : (uint32_t)difference;
	if (size <= CLOCK_HZ)
		arrival->jitter += size - ((arrival->jitter + 8) >> 4);
	return bucket_of(now_ns - last_ns);
}

uint32_t arrival_jitter_us(const struct arrival *arrival)
{
	return (uint32_t)((uint64_t)arrival->jitter * 100 / (9 * 16));
}
