/*
 * What the XDP program and user space share: the layout of its maps.
 *
 * Included by steer.bpf.c and by userspace/ingest/; nothing else may define these.
 */
#ifndef BPF_STEER_H
#define BPF_STEER_H

#include "ceiling.h"

#include <linux/types.h>

#define STEER_MAX_PORTS   4096  /* rules: channel ports of one interface */
#define STEER_MAX_QUEUES  256   /* receive queues of one interface */
#define STEER_MAX_FRAME   1792  /* bytes that fit into a frame of the AF_XDP sockets' memory */
#define STEER_PORTS       65536 /* UDP port numbers */
#define STEER_MAX_SOURCES 65536 /* prefixes of all allowlists of one interface */
#define STEER_MAX_LOCALS  4096  /* addresses of this machine */

/* IPv6 headers between the first one and UDP that are read through (RFC 8200 section 4). */
#define STEER_MAX_EXTENSIONS      4
#define STEER_MAX_EXTENSION_BYTES 256 /* all of them together */

/* IPv4 addresses are v4-mapped everywhere (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2). */
struct steer_address {
	__u8 address[16];
};

/* Where a datagram is sent to. */
struct steer_target {
	__u8 address[16]; /* ::ffff:0.0.0.0 = any IPv4 address of this machine, :: = any IPv6 one */
	__be16 port;      /* UDP destination port */
	__u16 reserved;   /* 0 */
};

/* What is done with it: it goes to the AF_XDP socket of its queue, if the slot's filter lets it. */
struct steer_rule {
	__u32 slot; /* index into filters, ceilings and port_counters, below STEER_MAX_PORTS */
};

/* The rules of one UDP port, so that most frames are found with one look. */
struct steer_port {
	__u16 any_v4; /* slot + 1 of the rule for any IPv4 address; 0: there is none */
	__u16 any_v6;
	__u16 exact; /* how many rules there are for single addresses: they are in `ports` */
	__u16 reserved;
};

/* Who may send and how much, by slot. It is changed in place. */
struct steer_filter {
	__u32 allowlist; /* entries of `sources` with this number; 0: anybody */
	__u32 reserved;
	struct ceiling ceiling;
};

/* A prefix that may send, of one allowlist; the key of a longest-prefix map. */
struct steer_source {
	__u32 prefix_bits; /* 32 for the allowlist, and those of the address */
	__u32 allowlist;
	__u8 address[16];
};

/* The state of a ceiling, by slot: it outlives changes of the filter. On a cache line of its own. */
struct steer_ceiling_state {
	__u64 state;
	__u64 reserved[7];
};

/* Every frame, by verdict. Per CPU; a reader sums over CPUs. */
struct steer_counter {
	__u64 packets;
	__u64 bytes; /* whole frames, from the Ethernet header on */
};

/* Frames that found a rule, by slot. Per CPU; each frame is in exactly one of the three. */
struct steer_port_counter {
	__u64 packets; /* let through, to a socket or to the kernel */
	__u64 bytes;   /* of those */
	__u64 strangers;
	__u64 over_rate;
};

/* Every frame ends in exactly one of these; the index into `verdicts`. */
enum steer_verdict {
	STEER_REDIRECTED,     /* to the AF_XDP socket of its queue */
	STEER_PASS_NO_SOCKET, /* a rule, but no socket on that queue: the kernel gets it */
	STEER_PASS_NO_RULE,   /* UDP to a port that is no channel's, or to another machine */
	STEER_PASS_NOT_UDP,  /* another protocol over IP, or headers that only the kernel follows */
	STEER_PASS_NOT_IP,   /* ARP, LLDP and the like */
	STEER_PASS_FRAGMENT, /* an IP fragment: the kernel reassembles it */
	STEER_PASS_MALFORMED, /* lengths that contradict each other or the frame */
	STEER_PASS_TOO_BIG, /* over STEER_MAX_FRAME or in several buffers: the kernel's socket gets it */
	STEER_DROP_STRANGER, /* the sender is not in the channel's allowlist */
	STEER_DROP_RATE,     /* over the channel's ceiling */
	STEER_VERDICTS,
};

#ifndef __BPF__
_Static_assert(sizeof(struct steer_target) == 20, "map key without padding");
_Static_assert(sizeof(struct steer_rule) == 4, "map value without padding");
_Static_assert(sizeof(struct steer_port) == 8, "map value without padding");
_Static_assert(sizeof(struct steer_filter) == 24, "map value without padding");
_Static_assert(STEER_MAX_PORTS < 0xffff, "slot + 1 fits into steer_port");
_Static_assert(sizeof(struct steer_source) == 24, "map key without padding");
_Static_assert(sizeof(struct steer_ceiling_state) == 64, "a cache line");
_Static_assert(sizeof(struct steer_counter) == 16, "map value without padding");
_Static_assert(sizeof(struct steer_port_counter) == 32, "map value without padding");
#endif

#endif
