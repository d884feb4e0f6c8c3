/*
 * RTP headers (RFC 3550 sections 5.1 and 5.3.1; RFC 2250 for MPEG-TS) and how sequence numbers compare.
 */
#ifndef MEDIA_RTP_H
#define MEDIA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_BYTES    12 /* without CSRC list and extension */
#define RTP_PAYLOAD_TYPE_TS 33 /* MP2T, RFC 3551 section 6 */

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
 * Write the fixed header to out (RTP_HEADER_BYTES): version 2, no padding, extension, CSRC or marker.
 * payload_type: 0 to 127. Thread: any. RFC 3550 section 5.1.
 */
void rtp_write_header(uint8_t *out, uint8_t payload_type, uint16_t sequence, uint32_t timestamp,
                      uint32_t ssrc);

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

#endif
