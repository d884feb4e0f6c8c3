/*
 * How long a gap in an RTP stream waits, from what is configured and what is observed.
 */
#ifndef MEDIA_RTP_PATIENCE_H
#define MEDIA_RTP_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#define RTP_FEC_HOLD_MS 5000 /* no gap waits longer for FEC */

/* When a missing number is given up. */
struct rtp_patience {
	int64_t min_ns;   /* not before, */
	int64_t max_ns;   /* at the latest, */
	uint32_t packets; /* and in between once `reached` is this far ahead of it */
	uint16_t reached; /* the newest number of the path that is behind; set by the user */
};

struct rtp_conditions {
	unsigned int reorder_ms, merge_ms;
	uint32_t span;          /* packets after which FEC can no longer help, 0 without FEC */
	uint32_t packets_per_s; /* 0 when not yet known */
	bool merging;           /* two paths are alive */
};

/* The patience under these conditions; *expected_ms is what a lost packet will make others wait. */
struct rtp_patience rtp_patience_make(const struct rtp_conditions *conditions,
                                      uint32_t *expected_ms);

/* Packets a second, smoothed. Zero-initialise. */
struct rtp_rate {
	int64_t since_ns;
	uint64_t since_numbers;
	uint32_t packets_per_s; /* 0 until known; keeps its value while nothing comes */
};

/* numbers: how many sequence numbers have gone by, ever. Call it several times a second. */
void rtp_rate_update(struct rtp_rate *rate, uint64_t numbers, int64_t now_ns);

#endif
