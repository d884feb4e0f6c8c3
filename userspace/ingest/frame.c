/*
 * Frame parsing. The XDP program has looked at the same headers before, but the bytes are parsed as if
 * nobody had.
 */
#include "frame.h"

#include "base/address.h"
#include "base/bytes.h"
#include "bpf/steer.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#define MAX_VLAN_TAGS      2
#define IPV4_FRAGMENT_MASK 0x3fffu
#define UDP_HEADER_BYTES   8u

/* room: bytes that the IP header leaves for UDP. */
static int parse_udp(struct frame_datagram *out, struct byte_reader *r, int room)
{
	size_t length;

	bytes_u16(r); /* source port */
	out->port = bytes_u16(r);
	length = bytes_u16(r);
	bytes_u16(r); /* checksum */
	if (r->overrun || length < UDP_HEADER_BYTES || (int)length > room)
		return -EBADMSG;
	out->size = length - UDP_HEADER_BYTES;
	out->payload = bytes_take(r, out->size);
	return out->payload ? 0 : -EBADMSG;
}

static int parse_ipv4(struct frame_datagram *out, struct byte_reader *r)
{
	const uint8_t *ip = bytes_take(r, 20);

	if (!ip || ip[0] >> 4 != 4 || (ip[0] & 0x0f) < 5 || ip[9] != IPPROTO_UDP ||
	    load_be16(ip + 6) & IPV4_FRAGMENT_MASK)
		return -EBADMSG;
	bytes_take(r, (ip[0] & 0x0fu) * 4 - 20);
	out->source = address_from_ipv4(ip + 12);
	out->destination = address_from_ipv4(ip + 16);
	return parse_udp(out, r, load_be16(ip + 2) - (ip[0] & 0x0f) * 4);
}

/*
 * Past the extension headers up to UDP; protocol: what comes first. Returns how many bytes they took, or
 * -EBADMSG when it is for the kernel to read.
 */
static int skip_extensions(struct byte_reader *r, uint8_t protocol)
{
	int skipped = 0;

	for (int i = 0; protocol != IPPROTO_UDP; i++) {
		const uint8_t *extension;
		int size;

		if (i == STEER_MAX_EXTENSIONS ||
		    (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING &&
		     protocol != IPPROTO_DSTOPTS))
			return -EBADMSG;
		extension = bytes_take(r, 8);
		if (!extension || (protocol == IPPROTO_ROUTING && extension[3] > 0))
			return -EBADMSG; /* segments left: not the destination (RFC 8200 4.4) */
		size = (extension[1] + 1) * 8;
		skipped += size;
		if (skipped > STEER_MAX_EXTENSION_BYTES)
			return -EBADMSG;
		bytes_take(r, (size_t)size - 8);
		protocol = extension[0];
	}
	return skipped;
}

/* ::ffff:0:0/96 is never on the wire (RFC 6890 section 2.2.3). */
static int parse_ipv6(struct frame_datagram *out, struct byte_reader *r)
{
	const uint8_t *ip = bytes_take(r, 40);
	int skipped;

	if (!ip || ip[0] >> 4 != 6)
		return -EBADMSG;
	memcpy(&out->source, ip + 8, sizeof(out->source));
	memcpy(&out->destination, ip + 24, sizeof(out->destination));
	if (IN6_IS_ADDR_V4MAPPED(&out->source) || IN6_IS_ADDR_V4MAPPED(&out->destination))
		return -EBADMSG;
	skipped = skip_extensions(r, ip[6]);
	return skipped < 0 ? skipped : parse_udp(out, r, load_be16(ip + 4) - skipped);
}

int frame_parse(struct frame_datagram *out, const uint8_t *frame, size_t size)
{
	struct byte_reader r = byte_reader(frame, size);
	struct frame_datagram datagram;
	uint16_t protocol;
	int error = -EBADMSG;

	bytes_take(&r, 2 * ETH_ALEN);
	protocol = bytes_u16(&r);
	for (int i = 0; i < MAX_VLAN_TAGS && (protocol == ETH_P_8021Q || protocol == ETH_P_8021AD);
	     i++) {
		bytes_u16(&r);
		protocol = bytes_u16(&r);
	}
	if (protocol == ETH_P_IP)
		error = parse_ipv4(&datagram, &r);
	else if (protocol == ETH_P_IPV6)
		error = parse_ipv6(&datagram, &r);
	if (!error)
		*out = datagram;
	return error;
}
