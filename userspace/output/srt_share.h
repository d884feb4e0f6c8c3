/*
 * Which local UDP port callers share.
 *
 * A port serves as many callers as its threads can feed with ease, then the next one is begun: for 100 callers of
 * 5 Mb/s one port costs a fifth less than two, and one thread sends at most about 1 Gb/s.
 *
 * libsrt 1.5.1 has two threads for every local port (a multiplexer), and lets sockets share one when all of this
 * agrees (updateMux in its api.cpp). Numbers only; libsrt is not used here.
 */
#ifndef OUTPUT_SRT_SHARE_H
#define OUTPUT_SRT_SHARE_H

#include "srt_options.h"

#include <stdint.h>
#include <sys/socket.h>

/*
 * Choose who to share with: the number of a sharer that has room for a caller of bitrate_bps (0: not known), who is
 * counted until srt_share_leave with the same figure. Thread: any (both).
 */
unsigned int srt_share_join(uint64_t bitrate_bps);
void srt_share_leave(unsigned int sharer, uint64_t bitrate_bps);

/* What sockets must have in common to share a port. */
struct srt_share_key {
	sa_family_t family;
	char adapter[INET6_ADDRSTRLEN];
	uint8_t ttl;
	int16_t tos;
	uint32_t
		mss; /* not compared by libsrt, but the first one's sizes what all of them can receive */
};

/* Thread: any. */
struct srt_share_key srt_share_key(const struct srt_options *options, sa_family_t family);

/*
 * The port that callers of `sharer` (0 to 15) with this key share; 0: none yet, or none any more because others
 * were used since. Thread: any, one at a time (both).
 */
uint16_t srt_share_get(unsigned int sharer, const struct srt_share_key *key);

/* From now on it is this port. */
void srt_share_set(unsigned int sharer, const struct srt_share_key *key, uint16_t port);

#endif
