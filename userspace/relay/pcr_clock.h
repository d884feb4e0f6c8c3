/*
 * What PCR a TS would have at any of its packets. At a constant bit rate that is the last one, gone on with by
 * the number of packets since (ISO/IEC 13818-1 section 2.4.2.2). Otherwise it is the last one itself: a little
 * early, but never beyond the next. One thread.
 */
#ifndef RELAY_PCR_CLOCK_H
#define RELAY_PCR_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCR_CLOCK_PIDS 8 /* programs with more PCR PIDs than that are not followed further */

/* Zero-initialise. */
struct pcr_clock {
	uint64_t packets; /* seen so far */
	size_t count;
	struct {
		uint16_t pid;
		int64_t pcr;         /* the last one, 27 MHz */
		uint64_t at;         /* the packet that had it */
		int64_t per_packet;  /* 27 MHz ticks */
		unsigned int steady; /* so many times in a row it was the same */
	} pids[PCR_CLOCK_PIDS];
};

/* The next packet of the TS. Thread: ingest (all). */
void pcr_clock_push(struct pcr_clock *clock, const uint8_t *packet);

/*
 * The PCR of PID one packet before the one pushed last. Returns false when that PID has brought none yet.
 */
bool pcr_clock_before(const struct pcr_clock *clock, uint16_t pid, int64_t *pcr);

/* Forget everything, for another source. */
void pcr_clock_reset(struct pcr_clock *clock);

#endif
