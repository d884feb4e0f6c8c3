/*
 * When each packet of a transport stream leaves, and how long the stream lasts.
 *
 * The clock runs in 27 MHz units from 0 at the first packet and is piecewise linear in the packet
 * number: from PCR to PCR (ISO/IEC 13818-1 section 2.4.2.2), or one line at a constant bit rate. Where
 * PCRs jump, time goes on at the rate before the jump. Any thread, one at a time.
 */
#ifndef MEDIA_SOURCE_LOOP_CLOCK_H
#define MEDIA_SOURCE_LOOP_CLOCK_H

#include "loop_index.h"

#include <stdint.h>

struct clock_point {
	uint32_t packet;
	int64_t time; /* 27 MHz */
};

struct loop_clock {
	struct clock_point *points; /* the first at packet 0, the last behind the last packet */
	size_t count;
	int64_t length;       /* of one play, 27 MHz, at least 1 */
	int64_t stamp_length; /* what PCR, PTS and DTS advance by in one play: 27 MHz, a multiple of 300,
			       * 0 to TS_WRAP_27M - 1; differs from length only if PCRs jump or a bit
			       * rate is given */
	uint32_t jumps;       /* PCR discontinuities */
};

/*
 * Make the clock of `packets` packets. bitrate_bps: constant bit rate in bit/s, or 0 to go by the PCRs
 * of the PID that has most of them. Owns: *clock is the caller's, freed by loop_clock_free, untouched on
 * error. Errors: -ENODATA when there are not two PCRs that agree and no bit rate; -ERANGE when a play
 * would take more than 48 hours; -ENOMEM.
 */
int loop_clock_init(struct loop_clock *clock, const struct loop_index *index, uint32_t packets,
                    uint64_t bitrate_bps);

/* Free what loop_clock_init made. */
void loop_clock_free(struct loop_clock *clock);

/*
 * The time of a packet, 0 to packets, in 27 MHz units. *cursor is the caller's place in the table; it
 * starts at 0 and makes rising packet numbers cheap.
 */
int64_t loop_clock_at(const struct loop_clock *clock, size_t *cursor, uint32_t packet);

#endif
