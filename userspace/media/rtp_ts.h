/*
 * MPEG-TS in RTP: the header, and a payload of whole TS packets (RFC 2250 section 2).
 */
#ifndef MEDIA_RTP_TS_H
#define MEDIA_RTP_TS_H

#include "rtp.h"

/* Continues enum rtp_fault. */
enum rtp_ts_fault {
	RTP_TS_SIZE = RTP_PADDING + 1, /* the payload is no multiple of 188 bytes */
	RTP_TS_SYNC,                   /* a TS packet does not start with 0x47 */
};

/*
 * Whether size bytes are whole TS packets with their sync bytes; none are too. Errors: the negative of an
 * rtp_ts_fault. Thread: any.
 */
int rtp_ts_check(const uint8_t *payload, size_t size);

/*
 * Parse a datagram as rtp_parse does and check its payload, which may be empty (padding only).
 * Errors: the negative of an rtp_fault or rtp_ts_fault; out is untouched then. Thread: any.
 */
int rtp_ts_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size);

#endif
