/*
 * SMPTE 2022-1 FEC packets: RTP header, FEC header, exclusive or of the packets they protect.
 *
 *	 0     RTP header; P, X, CC and M are those of the protected packets, combined, so the header is
 *	       12 bytes whatever they say; sequence, time stamp and SSRC are the FEC stream's own
 *	12     SNBase low 16 bits          14  length recovery
 *	16     E (1), PT recovery          17  mask, 24 bits (0)
 *	20     time stamp recovery
 *	24     X, D, type (3), index (3)   25  offset   26  NA   27  SNBase ext bits (0)
 *	28     payload recovery
 *
 * A packet protects the numbers SNBase + k * offset, 0 <= k < NA. Column FEC: D = 0, offset = L, NA = D;
 * row FEC: D = 1, offset = 1, NA = L.
 */
#ifndef MEDIA_FEC_PACKET_H
#define MEDIA_FEC_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define FEC_MAX_COLUMNS   20 /* L */
#define FEC_MAX_ROWS      20 /* D */
#define FEC_PAYLOAD_START 28 /* RTP and FEC header */
#define FEC_RTP_BYTES     12 /* of the header that recovery rebuilds; the rest is payload to it */

enum fec_kind {
	FEC_COLUMN, /* on the media port + 2 */
	FEC_ROW,    /* on the media port + 4 */
};

#define FEC_KINDS 2

enum fec_fault {
	FEC_SIZE = 1,  /* without payload, or more than a stored packet can be */
	FEC_VERSION,   /* not RTP version 2 */
	FEC_HEADER,    /* not extended, a mask, or no exclusive or: another kind of FEC */
	FEC_DIRECTION, /* column FEC where row FEC belongs, or the reverse */
	FEC_MATRIX,    /* offset or NA out of range */
};

struct fec_packet {
	uint16_t base;  /* SNBase */
	uint8_t offset; /* 1 to FEC_MAX_COLUMNS */
	uint8_t count;  /* NA, 1 to 20 */
};

/*
 * Parse one datagram that came on the port of `kind`. Errors: the negative of a fec_fault; out is
 * untouched then. Thread: any. SMPTE 2022-1 sections 8.3 and 8.4.
 */
int fec_packet_parse(struct fec_packet *out, enum fec_kind kind, const uint8_t *datagram,
                     size_t size);

/* The k-th number a packet protects, 0 <= k < count. Thread: any. */
static inline uint16_t fec_packet_number(const struct fec_packet *packet, unsigned int k)
{
	return (uint16_t)(packet->base + k * packet->offset);
}

/* The last number a packet protects. Thread: any. */
static inline uint16_t fec_packet_last(const struct fec_packet *packet)
{
	return fec_packet_number(packet, packet->count - 1u);
}

#endif
