/*
 * The sequence window of one RTP source: puts packets in order, drops what is here already, and keeps the
 * account of what is missing.
 *
 *	 oldest          next                newest
 *	   | kept copies  | missing, held ...   |  not yet due
 *	   '--------------'---------------------'
 *
 * `next` is the number to be passed on next; when nothing is waited for, it is newest + 1 and a packet in
 * order goes straight through. A gap makes what lies behind it wait as copies in the packet store, until
 * it is filled or its time is over; each number remembers since when it is missing. Every number from the
 * first to the newest is passed on or given up exactly once. Copies of `keep` packets behind the newest
 * stay in the store for FEC.
 *
 * One byte a number remembers the last RTP_WINDOW_SIZE of them, so that duplicates and late packets are
 * told apart. One thread at a time.
 */
#ifndef MEDIA_RTP_WINDOW_H
#define MEDIA_RTP_WINDOW_H

#include "packet_store.h"
#include "rtp.h"
#include "rtp_counters.h"
#include "rtp_patience.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_PATHS       2
#define RTP_WINDOW_SIZE PACKET_STORE_SLOTS

/*
 * Numbers behind the newest after which it is settled which path brought a packet and which did not
 * (path0_only, path1_only); more than a second at 50 Mb/s.
 */
#define RTP_WINDOW_SETTLED 6144u

/*
 * Takes payloads in order: size bytes of TS, more than 0, borrowed for the call. `broken`: numbers are
 * missing, or the source has restarted, between the payload before and this one.
 */
typedef void (*rtp_emit_fn)(void *context, const uint8_t *payload, size_t size, bool broken);

/* A packet to be put in its place. */
struct rtp_arrival {
	const struct rtp_packet *packet; /* parsed from the datagram */
	const uint8_t *datagram;         /* borrowed */
	size_t size;
	int64_t now_ns;
};

/* Made by rtp_window_init. Fields below the line are the window's own. */
struct rtp_window {
	struct packet_store *store;
	struct rtp_counters *counters;
	rtp_emit_fn emit;
	void *context;
	uint32_t keep;  /* packets behind the newest whose copies stay, below RTP_WINDOW_SIZE / 2 */
	bool waits;     /* false: gaps are given up at once, nothing is ever stored */
	bool two_paths; /* count what only one path brought */
	/* ---- */
	bool started, broken;
	bool filled; /* the store may have something; else it is left alone, a cache line less */
	uint16_t oldest, next, newest;
	uint8_t history[RTP_WINDOW_SIZE];
};

/* An empty window; store and counters are borrowed. */
void rtp_window_init(struct rtp_window *window, struct packet_store *store,
                     struct rtp_counters *counters, rtp_emit_fn emit, void *context);

/* Pass on what still waits, give up the gaps in it, and forget the source. */
void rtp_window_stop(struct rtp_window *window);

/* Begin at sequence, the first of a source, after stopping the former one. */
void rtp_window_start(struct rtp_window *window, uint16_t sequence);

/*
 * Put in a packet of the source that came on path (0 or 1): pass it on, hold it, or drop and count it.
 * It must lie less than RTP_WINDOW_SIZE ahead of the newest. behind: older than others of its path.
 * Returns whether a gap opened or a missing number came in, so that FEC may have something to do.
 */
bool rtp_window_add(struct rtp_window *window, const struct rtp_arrival *arrival, int path,
                    bool behind);

/* Put in a packet that FEC rebuilt. */
void rtp_window_recover(struct rtp_window *window, const struct rtp_arrival *arrival);

/* Give up what has been missing for too long, and pass on what waited for it. */
void rtp_window_expire(struct rtp_window *window, const struct rtp_patience *patience,
                       int64_t now_ns);

/* Whether anything is waited for. */
static inline bool rtp_window_is_waiting(const struct rtp_window *window)
{
	return window->started && rtp_distance(window->next, window->newest) >= 0;
}

/* Sequence numbers that have gone by, over all sources: passed on, given up, or waited for. */
static inline uint64_t rtp_window_numbers(const struct rtp_window *window)
{
	const uint64_t settled = counter_get(&window->counters->rtp_emitted) +
	                         counter_get(&window->counters->rtp_lost);

	if (!rtp_window_is_waiting(window))
		return settled;
	return settled + (uint64_t)rtp_distance(window->next, window->newest) + 1;
}

#endif
