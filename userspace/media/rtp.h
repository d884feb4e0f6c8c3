/*
 * RTP headers and sequence numbers (RFC 3550 sections 5.1, 5.3.1 and A.1; RFC 2250 for MPEG-TS).
 */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rtp_fault {
	RTP_TRUNCATED = 1, /* shorter than the header, its CSRC list or its extension */
	RTP_VERSION,       /* not version 2 */
	RTP_PADDING,       /* padding of zero bytes, or more than the payload */
};

struct rtp_packet {
	bool marker;
	uint8_t payload_type;
	uint16_t sequence;
	uint32_t timestamp; /* 90 kHz for MPEG-TS */
	uint32_t ssrc;
	const uint8_t *payload; /* borrowed; CSRC list, extension and padding are stripped */
	size_t size;            /* of payload, may be 0 */
};

/* Parse one datagram. Errors: the negative of an rtp_fault; out is untouched then. Thread: any. */
int rtp_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size);

/*
 * How far sequence number b lies ahead of a, -32768 to 32767: the only place where sequence numbers are
 * compared. Thread: any.
 */
static inline int rtp_distance(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(b - a);
}

#define RTP_MAX_DROPOUT  3000 /* a forward jump up to here is loss, RFC 3550 A.1 */
#define RTP_MAX_MISORDER 100  /* a packet late by up to this many is late, not a restart */
#define RTP_HISTORY      128 /* packets after which a missing one is given up; > RTP_MAX_MISORDER */

enum rtp_verdict {
	RTP_IN_ORDER,  /* the next one, also after a gap */
	RTP_LATE,      /* filled a gap */
	RTP_DUPLICATE, /* was here already */
	RTP_RESTART,   /* first packet of a new source, or of a new place in the sequence */
	RTP_STRAY,     /* far from the sequence; a second one in a row is a restart */
};

/* The sequence of one source. Zero-initialise. */
struct rtp_sequence {
	bool started, has_stray;
	uint32_t ssrc;
	uint16_t newest;
	uint16_t stray;                /* sequence number that would confirm a restart */
	uint8_t seen[RTP_HISTORY / 8]; /* bit (sequence % RTP_HISTORY): arrived */
};

/*
 * Judge one packet. *lost grows by the packets that are given up: they were still missing RTP_HISTORY
 * packets later. A new SSRC restarts at once, a jump when a second packet follows it (RFC 3550 A.1).
 * The very first packet is RTP_IN_ORDER. Thread: one at a time.
 */
enum rtp_verdict rtp_sequence_update(struct rtp_sequence *state, const struct rtp_packet *packet,
                                     uint64_t *lost);

#endif
