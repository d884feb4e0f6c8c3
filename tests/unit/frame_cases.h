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

#define FRAME_MAX_BYTES 2048
#define FRAME_PORT      5004
#define FRAME_V4        10, 1, 2, 3
#define FRAME_V6        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42

struct frame_spec {
	uint16_t tags[3];       /* EtherTypes of VLAN tags, outermost first; 0 ends the list */
	uint16_t protocol;      /* EtherType of what follows */
	uint8_t version_length; /* first byte of the IP header: 0x45 unless given */
	uint8_t next;           /* IP protocol: UDP unless given */
	uint16_t fragment;      /* IPv4 flags and fragment offset */
	uint8_t address[16];    /* destination: 4 bytes or 16; FRAME_V4 or FRAME_V6 unless given */
	uint16_t port;          /* FRAME_PORT unless given */
	size_t payload;         /* bytes after the UDP header */
	int udp_length_change;  /* how far the UDP length is from the truth */
	size_t cut;             /* bytes missing at the end */
	size_t trailer;         /* bytes too many at the end, as Ethernet pads short frames */
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
	{"IPv6, hop-by-hop options",
         {.protocol = 0x86dd, .next = 0xff, .payload = 20},
         STEER_PASS_NOT_UDP},
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
	{"ARP", {.protocol = 0x0806, .payload = 28}, STEER_PASS_NOT_IP},
	{"LLDP", {.protocol = 0x88cc, .payload = 28}, STEER_PASS_NOT_IP},
	{"IEEE 802.3 length", {.protocol = 0x0026, .payload = 28}, STEER_PASS_NOT_IP},
	{"ARP, VLAN", {.tags = {0x8100}, .protocol = 0x0806, .payload = 28}, STEER_PASS_NOT_IP},
};

#define FRAME_CASES (sizeof(frame_cases) / sizeof(frame_cases[0]))

static inline uint8_t *frame_put_ipv4(uint8_t *at, const struct frame_spec *spec)
{
	static const uint8_t address[4] = {FRAME_V4};
	const uint8_t first = spec->version_length ? spec->version_length : 0x45;
	const size_t words = (first & 0x0f) < 5 ? 5 : first & 0x0f;

	at[0] = first;
	store_be16(at + 2, (uint16_t)(words * 4 + 8 + spec->payload));
	store_be16(at + 6, spec->fragment);
	at[8] = 64;
	at[9] = spec->next ? spec->next : 17;
	memcpy(at + 12, (const uint8_t[]){10, 9, 9, 9}, 4);
	memcpy(at + 16, spec->address[0] ? spec->address : address, 4);
	memset(at + 20, 1, (words - 5) * 4); /* options: no operation */
	return at + words * 4;
}

static inline uint8_t *frame_put_ipv6(uint8_t *at, const struct frame_spec *spec)
{
	static const uint8_t address[16] = {FRAME_V6}, none[16];

	at[0] = spec->version_length ? spec->version_length : 0x60;
	store_be16(at + 4, (uint16_t)(8 + spec->payload));
	at[6] = spec->next == 0xff ? 0 : spec->next ? spec->next : 17;
	at[7] = 64;
	at[8] = 0xfe;
	at[9] = 0x80;
	memcpy(at + 24, memcmp(spec->address, none, 16) ? spec->address : address, 16);
	return at + 40;
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

/* Bytes before the payload of a frame that can be parsed. */
static inline size_t frame_header_bytes(const struct frame_spec *spec)
{
	const uint8_t words = spec->version_length ? spec->version_length & 0x0f : 5;
	size_t size = 14 + 8 + (spec->protocol == 0x86dd ? 40 : words * 4u);

	for (int i = 0; i < 3 && spec->tags[i]; i++)
		size += 4;
	return size;
}

#endif
