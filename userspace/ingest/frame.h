/*
 * Ethernet frame -> UDP datagram, for frames that XDP handed over.
 */
#ifndef INGEST_FRAME_H
#define INGEST_FRAME_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct frame_datagram {
	struct in6_addr source, destination; /* IPv4 as v4-mapped IPv6 */
	uint16_t port;                       /* destination, host order */
	const uint8_t *payload;              /* borrowed from the frame */
	size_t size;
};

/*
 * Parse a frame as bpf/steer.bpf.c does: VLAN tags (802.1Q, 802.1ad, two at most), IPv4 (RFC 791) with
 * options, IPv6 (RFC 8200) with the extension headers that it reads through, UDP (RFC 768). Checksums are
 * not verified: on virtual devices they are often not filled in, and hardware has checked them. Errors:
 * -EBADMSG; out is untouched then. Thread: any.
 */
int frame_parse(struct frame_datagram *out, const uint8_t *frame, size_t size);

#endif
