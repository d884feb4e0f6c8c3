/*
 * A change of source within a TS, such that the TS stays valid: continuity counters and the time base of two
 * sources do not fit together.
 *
 * Before the first packet of each PID of the new source goes one packet of that PID without payload, whose
 * adaptation field has discontinuity_indicator set, and whose continuity counter is the one that the packet
 * behind it continues (ISO/IEC 13818-1 sections 2.4.3.3 and 2.4.3.5). On a PCR PID it carries the PCR of the new
 * time base too, as the time base may only change in a packet that has both. What the source itself sent is
 * not touched. Null packets need nothing of this.
 */
#ifndef RELAY_SPLICE_H
#define RELAY_SPLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pcr_clock.h"

/* Zero-initialise: no splice. */
struct splice {
	bool on;            /* there has been one */
	uint8_t seen[1024]; /* PIDs of the new source so far, a bit each */
};

/* What comes next is of another source. Thread: ingest (all). */
void splice_begin(struct splice *splice);

/*
 * Whether a packet, the next of the source, needs one before it, written to out (188 bytes) then. clock: of
 * the source, this packet included. Call it for every packet while splice->on.
 */
bool splice_packet(struct splice *splice, const struct pcr_clock *clock, const uint8_t *packet,
                   uint8_t *out);

#endif
