/*
 * When the packets of an RTP stream come: interarrival jitter (RFC 3550 sections 6.4.1 and A.8, in the 90 kHz
 * of RFC 2250) and the time since the packet before, sorted into buckets.
 *
 * The times are those that the caller gives. The ingest loop gives that of its present round, so everything
 * is known to a millisecond or so: an even stream shows a jitter of some hundred microseconds, not 0.
 * One thread at a time.
 */
#ifndef MEDIA_ARRIVAL_H
#define MEDIA_ARRIVAL_H

#include <stdint.h>

#define ARRIVAL_BUCKETS 8 /* up to 1, 2, 5, 10, 20, 50, 100 ms, and more */

/* Zero-initialise: a new source. */
struct arrival {
	int64_t last_ns;    /* of the packet before, 0: there was none */
	uint32_t timestamp; /* of the packet before */
	uint32_t jitter;    /* 1/16 of a 90 kHz tick */
};

/*
 * Take a packet with its RTP time stamp. Time stamps that jump by more than a second against the clock
 * are a new beginning of theirs, not jitter. Returns the bucket of the time since the packet before, or
 * -1 for the first.
 */
int arrival_add(struct arrival *arrival, uint32_t timestamp, int64_t now_ns);

/* The interarrival jitter in microseconds. */
uint32_t arrival_jitter_us(const struct arrival *arrival);

#endif
