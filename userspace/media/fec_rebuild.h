/*
 * The arithmetic of SMPTE 2022-1: one lost RTP packet out of a FEC packet and all others it protects.
 */
#ifndef MEDIA_FEC_REBUILD_H
#define MEDIA_FEC_REBUILD_H

#include "fec_packet.h"
#include "packet_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fec_rebuild {
	const struct fec_packet *packet;  /* header of the FEC packet */
	uint16_t missing;                 /* the one of its numbers that the store has not */
	uint32_t ssrc;                    /* of the stream; FEC does not carry it */
	const struct packet_store *store; /* has all other numbers */
};

/*
 * Turn the FEC datagram of size bytes into the missing packet, in place: returns where in it the RTP
 * packet starts, its size in bytes in *rebuilt_size. NULL, the datagram being spoilt, when what comes out
 * is not plausible: a protected packet or the recovered length longer than the FEC payload, a payload
 * type other than that of the protected packets, a time stamp further from theirs than one second plus
 * what they span, or no payload of whole TS packets. Thread: any. SMPTE 2022-1 section 8, RFC 2733.
 */
uint8_t *fec_rebuild(const struct fec_rebuild *job, uint8_t *datagram, size_t size,
                     size_t *rebuilt_size);

/*
 * Whether the FEC datagram of size bytes matches the packets it protects, all of which the store has. The
 * datagram is spoilt. Thread: any.
 */
bool fec_verify(const struct fec_packet *packet, const struct packet_store *store,
                uint8_t *datagram, size_t size);

#endif
