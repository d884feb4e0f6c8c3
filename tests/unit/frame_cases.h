/*
 * Ethernet frames for the two parsers that must agree: bpf/steer.bpf.c in the kernel and
 * userspace/ingest/frame.c behind it. A frame is described by its headers and built from that.
 */
#ifndef TESTS_FRAME_CASES_H
#define TESTS_FRAME_CASES_H

#include "base/bytes.h"
#include "bpf/steer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FRAME_MAX_BYTES 9216
#define FRAME_PORT      5004
#define FRAME_V4        10, 1, 2, 3
#define FRAME_V6        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42
#define FRAME_SENDER_V4 10, 9, 9, 9
#define FRAME_SENDER_V6 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1

/* IPv6 extension headers, and what else may stand there. */
#define FRAME_HOP      0
#define FRAME_ROUTING  43
#define FRAME_FRAGMENT 44
#define FRAME_OPTIONS  60 /* for the destination */

struct frame_extension {
	uint8_t type;
	uint8_t units; /* of 8 bytes, beyond the first 8 */
	uint8_t segments_left;
};

struct frame_spec {
	uint16_t tags[3];       /* EtherTypes of VLAN tags, outermost first; 0 ends the list */
	uint16_t protocol;      /* EtherType of what follows */
	uint8_t version_length; /* first byte of the IP header: 0x45 unless given */
	uint8_t next;           /* IP protocol: UDP unless given */
	uint16_t fragment;      /* IPv4 flags and fragment offset */
	struct frame_extension extensions[6];
	size_t extension_count;
	uint8_t source[16];    /* 4 bytes or 16; FRAME_SENDER_V4 or _V6 unless given */
	uint8_t address[16];   /* destination: 4 bytes or 16; FRAME_V4 or FRAME_V6 unless given */
	uint16_t port;         /* FRAME_PORT unless given */
	size_t payload;        /* bytes after the UDP header */
	int ip_length_change;  /* how far the IP length is from the truth */
	int udp_length_change; /* and the UDP length */
	size_t cut;            /* bytes missing at the end */
	size_t trailer;        /* bytes too many at the end, as Ethernet pads short frames */
};

static const struct frame_case {
	const char *name;
	struct frame_spec spec;
	enum steer_verdict verdict; /* with no rule at all; NO_RULE means that it could be parsed */
} frame_cases[] = {
	{"IPv4", {.protocol = 0x0800, .payload = 1328}, STEER_PASS_NO_RULE},
	{"IPv4, no payload", {.protocol = 0x0800}, STEER_PASS_NO_RULE},
	{"IPv4, padded", {.protocol = 0x0800, .payload = 4, .trailer = 14}, STEER_PASS_NO_RULE},
	{"IPv4, do not fragment",
         {.protocol = 0x0800, .fragment = 0x4000, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, one option word",
         {.protocol = 0x0800, .version_length = 0x46, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, ten option words",
         {.protocol = 0x0800, .version_length = 0x4f, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, multicast",
         {.protocol = 0x0800, .address = {239, 1, 1, 1}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, VLAN", {.tags = {0x8100}, .protocol = 0x0800, .payload = 9}, STEER_PASS_NO_RULE},
	{"IPv4, service VLAN",
         {.tags = {0x88a8}, .protocol = 0x0800, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, QinQ",
         {.tags = {0x88a8, 0x8100}, .protocol = 0x0800, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, two customer tags",
         {.tags = {0x8100, 0x8100}, .protocol = 0x0800, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, three tags",
         {.tags = {0x88a8, 0x8100, 0x8100}, .protocol = 0x0800, .payload = 9},
         STEER_PASS_NOT_IP},
	{"IPv4, QinQ and options",
         {.tags = {0x88a8, 0x8100}, .protocol = 0x0800, .version_length = 0x4f, .payload = 1316},
         STEER_PASS_NO_RULE},
	{"IPv4, first fragment",
         {.protocol = 0x0800, .fragment = 0x2000, .payload = 9},
         STEER_PASS_FRAGMENT},
	{"IPv4, middle fragment",
         {.protocol = 0x0800, .fragment = 0x20b9, .payload = 9},
         STEER_PASS_FRAGMENT},
	{"IPv4, last fragment",
         {.protocol = 0x0800, .fragment = 0x00b9, .payload = 9},
         STEER_PASS_FRAGMENT},
	{"IPv4, TCP", {.protocol = 0x0800, .next = 6, .payload = 20}, STEER_PASS_NOT_UDP},
	{"IPv4, ICMP", {.protocol = 0x0800, .next = 1, .payload = 20}, STEER_PASS_NOT_UDP},
	{"IPv4, TCP fragment",
         {.protocol = 0x0800, .next = 6, .fragment = 0x2000, .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv4, version 6 inside",
         {.protocol = 0x0800, .version_length = 0x65, .payload = 40},
         STEER_PASS_MALFORMED},
	{"IPv4, header of 4 words",
         {.protocol = 0x0800, .version_length = 0x44, .payload = 9},
         STEER_PASS_MALFORMED},
	{"IPv4, header of no words",
         {.protocol = 0x0800, .version_length = 0x40, .payload = 9},
         STEER_PASS_MALFORMED},
	{"IPv4, UDP length a byte too long",
         {.protocol = 0x0800, .payload = 9, .udp_length_change = 1},
         STEER_PASS_MALFORMED},
	{"IPv4, UDP length of 65535",
         {.protocol = 0x0800, .payload = 9, .udp_length_change = 65535 - 17},
         STEER_PASS_MALFORMED},
	{"IPv4, UDP length a byte short of its header",
         {.protocol = 0x0800, .payload = 9, .udp_length_change = -10},
         STEER_PASS_MALFORMED},
	{"IPv4, UDP length 0",
         {.protocol = 0x0800, .payload = 9, .udp_length_change = -17},
         STEER_PASS_MALFORMED},
	{"IPv4, UDP length short of the payload",
         {.protocol = 0x0800, .payload = 9, .udp_length_change = -4},
         STEER_PASS_NO_RULE},
	{"IPv4, payload cut", {.protocol = 0x0800, .payload = 9, .cut = 1}, STEER_PASS_MALFORMED},
	{"IPv6", {.protocol = 0x86dd, .payload = 1328}, STEER_PASS_NO_RULE},
	{"IPv6, no payload", {.protocol = 0x86dd}, STEER_PASS_NO_RULE},
	{"IPv6, VLAN", {.tags = {0x8100}, .protocol = 0x86dd, .payload = 9}, STEER_PASS_NO_RULE},
	{"IPv6, QinQ",
         {.tags = {0x88a8, 0x8100}, .protocol = 0x86dd, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv6, TCP", {.protocol = 0x86dd, .next = 6, .payload = 20}, STEER_PASS_NOT_UDP},
	{"IPv6, fragment", {.protocol = 0x86dd, .next = 44, .payload = 20}, STEER_PASS_FRAGMENT},
	{"IPv6, version 4 inside",
         {.protocol = 0x86dd, .version_length = 0x45, .payload = 9},
         STEER_PASS_MALFORMED},
	{"IPv6, UDP length a byte too long",
         {.protocol = 0x86dd, .payload = 9, .udp_length_change = 1},
         STEER_PASS_MALFORMED},
	{"IPv6, UDP length 0 (jumbogram)",
         {.protocol = 0x86dd, .payload = 9, .udp_length_change = -17},
         STEER_PASS_MALFORMED},
	{"IPv6 with an IPv4 address (never on the wire)",
         {.protocol = 0x86dd, .address = {[10] = 0xff, 0xff, FRAME_V4}, .payload = 9},
         STEER_PASS_MALFORMED},
	{"IPv6 with an address that looks like IPv4's",
         {.protocol = 0x86dd,
          .address = {0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0xff, 0xff, FRAME_V4},
          .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, jumbo", {.protocol = 0x0800, .payload = 8972}, STEER_PASS_NO_RULE},
	{"IPv4, limited broadcast",
         {.protocol = 0x0800, .address = {255, 255, 255, 255}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, network broadcast",
         {.protocol = 0x0800, .address = {10, 1, 2, 255}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, local group",
         {.protocol = 0x0800, .address = {224, 0, 0, 1}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, source-specific group",
         {.protocol = 0x0800, .address = {232, 1, 2, 3}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, another machine",
         {.protocol = 0x0800, .address = {10, 1, 2, 4}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv4, IGMP with router alert",
         {.protocol = 0x0800, .version_length = 0x46, .next = 2, .payload = 8},
         STEER_PASS_NOT_UDP},
	{"IPv4 in IPv4", {.protocol = 0x0800, .next = 4, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv6 in IPv4", {.protocol = 0x0800, .next = 41, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, GRE", {.protocol = 0x0800, .next = 47, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, ESP", {.protocol = 0x0800, .next = 50, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, AH", {.protocol = 0x0800, .next = 51, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, SCTP", {.protocol = 0x0800, .next = 132, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, UDP-Lite", {.protocol = 0x0800, .next = 136, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv4, first fragment with options",
         {.protocol = 0x0800, .version_length = 0x48, .fragment = 0x2000, .payload = 1400},
         STEER_PASS_FRAGMENT},
	{"IPv4, VLAN, last fragment",
         {.tags = {0x8100}, .protocol = 0x0800, .fragment = 0x00b9, .payload = 9},
         STEER_PASS_FRAGMENT},
	{"IPv4, IP length a byte too short for UDP",
         {.protocol = 0x0800, .payload = 9, .ip_length_change = -1},
         STEER_PASS_MALFORMED},
	{"IPv4, IP length of its header alone",
         {.protocol = 0x0800, .payload = 9, .ip_length_change = -17},
         STEER_PASS_MALFORMED},
	{"IPv4, IP length 0",
         {.protocol = 0x0800, .payload = 9, .ip_length_change = -37},
         STEER_PASS_MALFORMED},
	{"IPv4, IP length beyond the frame",
         {.protocol = 0x0800, .payload = 9, .ip_length_change = 1000},
         STEER_PASS_NO_RULE},
	{"IPv4, from the zero network",
         {.protocol = 0x0800, .source = {0, 0, 0, 1}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv6, jumbo", {.protocol = 0x86dd, .payload = 8952}, STEER_PASS_NO_RULE},
	{"IPv6, group",
         {.protocol = 0x86dd, .address = {0xff, 0x3e, [15] = 7}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv6, another machine",
         {.protocol = 0x86dd, .address = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x43}, .payload = 9},
         STEER_PASS_NO_RULE},
	{"IPv6, hop-by-hop options",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, long hop-by-hop options",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 9, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, options for the destination",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_OPTIONS, 2, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, routing, arrived",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_ROUTING, 2, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, routing, on its way",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_ROUTING, 2, 1}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, hop-by-hop and routing, on its way",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 1, 0}, {FRAME_ROUTING, 2, 9}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, two extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0}, {FRAME_OPTIONS, 1, 0}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, three extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0}, {FRAME_ROUTING, 2, 0}, {FRAME_OPTIONS, 0, 0}},
          .extension_count = 3,
          .payload = 1316},
         STEER_PASS_NO_RULE},
	{"IPv6, four extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 3, 0},
                         {FRAME_OPTIONS, 1, 0},
                         {FRAME_ROUTING, 4, 0},
                         {FRAME_OPTIONS, 0, 0}},
          .extension_count = 4,
          .payload = 1316},
         STEER_PASS_NO_RULE},
	{"IPv6, five extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_ROUTING, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_OPTIONS, 0, 0}},
          .extension_count = 5,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, 256 bytes of extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 31, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, 256 bytes in two extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 10, 0}, {FRAME_OPTIONS, 20, 0}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_NO_RULE},
	{"IPv6, 264 bytes of extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 32, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, 264 bytes in two extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 10, 0}, {FRAME_OPTIONS, 21, 0}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, 2048 bytes of extension headers",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_OPTIONS, 255, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, hop-by-hop, fragment",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 1, 0}, {FRAME_FRAGMENT, 0, 0}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_FRAGMENT},
	{"IPv6, fragment, options",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_FRAGMENT, 0, 0}, {FRAME_OPTIONS, 1, 0}},
          .extension_count = 2,
          .payload = 20},
         STEER_PASS_FRAGMENT},
	{"IPv6, four extension headers, fragment",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_ROUTING, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_FRAGMENT, 0, 0}},
          .extension_count = 5,
          .payload = 20},
         STEER_PASS_FRAGMENT},
	{"IPv6, five extension headers, fragment",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_ROUTING, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_OPTIONS, 0, 0},
                         {FRAME_FRAGMENT, 0, 0}},
          .extension_count = 6,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, options, TCP",
         {.protocol = 0x86dd,
          .next = 6,
          .extensions = {{FRAME_OPTIONS, 0, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, hop-by-hop, multicast listener report",
         {.protocol = 0x86dd,
          .next = 58,
          .extensions = {{FRAME_HOP, 0, 0}},
          .extension_count = 1,
          .payload = 20},
         STEER_PASS_NOT_UDP},
	{"IPv6, neighbour solicitation",
         {.protocol = 0x86dd, .next = 58, .payload = 24},
         STEER_PASS_NOT_UDP},
	{"IPv6, ESP", {.protocol = 0x86dd, .next = 50, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv6, AH", {.protocol = 0x86dd, .next = 51, .payload = 40}, STEER_PASS_NOT_UDP},
	{"IPv6, options, AH",
         {.protocol = 0x86dd,
          .next = 51,
          .extensions = {{FRAME_OPTIONS, 0, 0}},
          .extension_count = 1,
          .payload = 40},
         STEER_PASS_NOT_UDP},
	{"IPv6, nothing follows",
         {.protocol = 0x86dd, .next = 59, .payload = 0},
         STEER_PASS_NOT_UDP},
	{"IPv6, mobility", {.protocol = 0x86dd, .next = 135, .payload = 16}, STEER_PASS_NOT_UDP},
	{"IPv6, QinQ, extension headers",
         {.tags = {0x88a8, 0x8100},
          .protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 0, 0}, {FRAME_OPTIONS, 1, 0}},
          .extension_count = 2,
          .payload = 1316},
         STEER_PASS_NO_RULE},
	{"IPv6, three tags",
         {.tags = {0x88a8, 0x8100, 0x8100}, .protocol = 0x86dd, .payload = 9},
         STEER_PASS_NOT_IP},
	{"IPv6, extension headers beyond the IP length",
         {.protocol = 0x86dd,
          .extensions = {{FRAME_HOP, 3, 0}},
          .extension_count = 1,
          .payload = 20,
          .ip_length_change = -40},
         STEER_PASS_MALFORMED},
	{"IPv6, IP length a byte too short for UDP",
         {.protocol = 0x86dd, .payload = 9, .ip_length_change = -1},
         STEER_PASS_MALFORMED},
	{"IPv6, IP length 0",
         {.protocol = 0x86dd, .payload = 9, .ip_length_change = -17},
         STEER_PASS_MALFORMED},
	{"IPv6 from an IPv4 address (never on the wire)",
         {.protocol = 0x86dd, .source = {[10] = 0xff, 0xff, FRAME_SENDER_V4}, .payload = 9},
         STEER_PASS_MALFORMED},
	{"IPv6, padded", {.protocol = 0x86dd, .payload = 0, .trailer = 20}, STEER_PASS_NO_RULE},
	{"MPLS", {.protocol = 0x8847, .payload = 60}, STEER_PASS_NOT_IP},
	{"PPPoE", {.protocol = 0x8864, .payload = 60}, STEER_PASS_NOT_IP},
	{"EAPOL", {.protocol = 0x888e, .payload = 60}, STEER_PASS_NOT_IP},
	{"MACsec", {.protocol = 0x88e5, .payload = 60}, STEER_PASS_NOT_IP},
	{"PTP", {.protocol = 0x88f7, .payload = 60}, STEER_PASS_NOT_IP},
	{"IPv4, tag of an old kind",
         {.tags = {0x9100}, .protocol = 0x0800, .payload = 9},
         STEER_PASS_NOT_IP},
	{"ARP", {.protocol = 0x0806, .payload = 28}, STEER_PASS_NOT_IP},
	{"LLDP", {.protocol = 0x88cc, .payload = 28}, STEER_PASS_NOT_IP},
	{"IEEE 802.3 length", {.protocol = 0x0026, .payload = 28}, STEER_PASS_NOT_IP},
	{"ARP, VLAN", {.tags = {0x8100}, .protocol = 0x0806, .payload = 28}, STEER_PASS_NOT_IP},
};

#define FRAME_CASES (sizeof(frame_cases) / sizeof(frame_cases[0]))

/* The address given, or what stands for it. */
static inline void frame_put_address(uint8_t *at, const uint8_t *given, const uint8_t *otherwise,
                                     size_t size)
{
	static const uint8_t none[16];

	memcpy(at, memcmp(given, none, size) ? given : otherwise, size);
}

static inline uint8_t *frame_put_ipv4(uint8_t *at, const struct frame_spec *spec)
{
	const uint8_t first = spec->version_length ? spec->version_length : 0x45;
	const size_t words = (first & 0x0f) < 5 ? 5 : first & 0x0f;

	at[0] = first;
	store_be16(at + 2,
	           (uint16_t)((int)(words * 4 + 8 + spec->payload) + spec->ip_length_change));
	store_be16(at + 6, spec->fragment);
	at[8] = 64;
	at[9] = spec->next ? spec->next : 17;
	frame_put_address(at + 12, spec->source, (const uint8_t[]){FRAME_SENDER_V4}, 4);
	frame_put_address(at + 16, spec->address, (const uint8_t[]){FRAME_V4}, 4);
	memset(at + 20, 1, (words - 5) * 4); /* options: no operation */
	return at + words * 4;
}

static inline size_t frame_extension_bytes(const struct frame_spec *spec, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += (spec->extensions[i].units + 1u) * 8;
	return bytes;
}

static inline uint8_t *frame_put_ipv6(uint8_t *at, const struct frame_spec *spec)
{
	const size_t bytes = 8 + spec->payload + frame_extension_bytes(spec, spec->extension_count);
	uint8_t *next = at + 6; /* where the type of what follows is said */

	at[0] = spec->version_length ? spec->version_length : 0x60;
	store_be16(at + 4, (uint16_t)((int)bytes + spec->ip_length_change));
	at[7] = 64;
	frame_put_address(at + 8, spec->source, (const uint8_t[]){FRAME_SENDER_V6}, 16);
	frame_put_address(at + 24, spec->address, (const uint8_t[]){FRAME_V6}, 16);
	at += 40;
	for (size_t i = 0; i < spec->extension_count; i++) {
		*next = spec->extensions[i].type;
		next = at;
		at[1] = spec->extensions[i].units;
		at[3] = spec->extensions[i].segments_left;
		at += (spec->extensions[i].units + 1u) * 8;
	}
	*next = spec->next ? spec->next : 17;
	return at;
}

/* Build the frame; returns its size. */
static inline size_t frame_build(uint8_t out[FRAME_MAX_BYTES], const struct frame_spec *spec)
{
	uint8_t *at = out + 12;

	memset(out, 0, FRAME_MAX_BYTES);
	memset(out, 2, 12); /* locally administered addresses */
	for (int i = 0; i < 3 && spec->tags[i]; i++, at += 4) {
		store_be16(at, spec->tags[i]);
		store_be16(at + 2, (uint16_t)(100 + i));
	}
	store_be16(at, spec->protocol);
	at += 2;
	if (spec->protocol == 0x0800)
		at = frame_put_ipv4(at, spec);
	else if (spec->protocol == 0x86dd)
		at = frame_put_ipv6(at, spec);
	store_be16(at, 40000);
	store_be16(at + 2, spec->port ? spec->port : FRAME_PORT);
	store_be16(at + 4, (uint16_t)((int)(8 + spec->payload) + spec->udp_length_change));
	at += 8;
	for (size_t i = 0; i < spec->payload; i++)
		*at++ = (uint8_t)(i + 1);
	return (size_t)(at - out) + spec->trailer - spec->cut;
}

/* Bytes before the IP header; tags beyond the second are not read. */
static inline size_t frame_link_bytes(const struct frame_spec *spec)
{
	size_t size = 14;

	for (int i = 0; i < 2 && spec->tags[i]; i++)
		size += 4;
	return size;
}

/* Bytes before the payload of a frame that can be parsed. */
static inline size_t frame_header_bytes(const struct frame_spec *spec)
{
	const uint8_t words = spec->version_length ? spec->version_length & 0x0f : 5;

	return frame_link_bytes(spec) + 8 +
	       (spec->protocol == 0x86dd ? 40 + frame_extension_bytes(spec, spec->extension_count)
	                                 : words * 4u);
}

/*
 * How many bytes of a frame decide on its verdict: with fewer it is malformed. verdict: that of the whole.
 */
static inline size_t frame_deciding_bytes(const struct frame_spec *spec, enum steer_verdict verdict)
{
	const size_t link = frame_link_bytes(spec);
	size_t bytes = 0;

	if (verdict == STEER_PASS_MALFORMED)
		return 0;
	if (verdict == STEER_PASS_NOT_IP)
		return spec->tags[0] == 0x9100 ? 14 : link;
	if (verdict == STEER_PASS_NO_RULE)
		return frame_header_bytes(spec) +
		       (size_t)((int)spec->payload + spec->udp_length_change);
	if (spec->protocol == 0x0800)
		return link + 20;
	/* An extension header says in its first four bytes what it is and what follows. */
	for (size_t i = 0; i < spec->extension_count; i++) {
		if (spec->extensions[i].type == FRAME_FRAGMENT)
			break;
		bytes = frame_extension_bytes(spec, i) + 4;
		if (i == STEER_MAX_EXTENSIONS || spec->extensions[i].segments_left ||
		    frame_extension_bytes(spec, i + 1) > STEER_MAX_EXTENSION_BYTES)
			break;
	}
	return link + 40 + bytes;
}

#endif
