/*
 * One of the two ways an RTP stream comes in (SMPTE 2022-7): what it is listening to, and a copy of the
 * packet that is not yet believed (rtp_source.h). One thread at a time.
 */
#ifndef MEDIA_RTP_PATH_H
#define MEDIA_RTP_PATH_H

#include "arrival.h"
#include "base/bytes.h"
#include "packet_pool.h"
#include "rtp_counters.h"
#include "rtp_source.h"
#include "rtp_window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct rtp_path {
	struct rtp_source source;
	struct arrival arrival;
	bool joined;        /* its packets belong to the window's source */
	int64_t last_ns;    /* of a packet that did */
	uint8_t *candidate; /* a block of the pool, or NULL */
	size_t candidate_size;
};

static inline bool rtp_path_is_alive(const struct rtp_path *path, int64_t now_ns,
                                     int64_t silence_ns)
{
	return path->joined && now_ns - path->last_ns <= silence_ns;
}

/* The number the path goes on with: the candidate's, which precedes the packet, or the packet's. */
static inline uint16_t rtp_path_first(const struct rtp_path *path, const struct rtp_packet *packet)
{
	return path->candidate ? load_be16(path->candidate + 2) : packet->sequence;
}

/* Keep a copy of a packet as the candidate, counted as held; without memory as stray. */
void rtp_path_keep(struct rtp_path *path, const struct rtp_arrival *arrival,
                   struct packet_pool *pool, struct rtp_counters *counters);

/* Drop the candidate, if there is one: it was not confirmed, or is not wanted. Counted as stray. */
void rtp_path_drop(struct rtp_path *path, struct packet_pool *pool, struct rtp_counters *counters);

#endif
