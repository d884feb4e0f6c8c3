/*
 * What the XDP program and user space share: the layout of its maps.
 *
 * Included by steer.bpf.c and by userspace/ingest/; nothing else may define these.
 */
#ifndef BPF_STEER_H
#define BPF_STEER_H

#include <linux/types.h>

#define STEER_MAX_PORTS  4096 /* rules: channel ports of one interface */
#define STEER_MAX_QUEUES 256  /* receive queues of one interface */
#define STEER_MAX_FRAME  1792 /* bytes that fit into a frame of the AF_XDP sockets' memory */

/* Where a datagram is sent to. IPv4 addresses are v4-mapped (::ffff:a.b.c.d, RFC 4291 2.5.5.2). */
struct steer_target {
	__u8 address[16]; /* ::ffff:0.0.0.0 = any IPv4 address, :: = any IPv6 address */
	__be16 port;      /* UDP destination port */
	__u16 reserved;   /* 0 */
};

/* What is done with it: it goes to the AF_XDP socket of its queue and is counted in this slot. */
struct steer_rule {
	__u32 slot; /* index into port_counters, below STEER_MAX_PORTS */
};

/* Per CPU; a reader sums over CPUs. */
struct steer_counter {
	__u64 packets;
	__u64 bytes; /* whole frames, from the Ethernet header on */
};

/* Every frame ends in exactly one of these; the index into `verdicts`. */
enum steer_verdict {
	STEER_REDIRECTED,     /* to the AF_XDP socket of its queue */
	STEER_PASS_NO_SOCKET, /* a rule, but no socket on that queue: the kernel gets it */
	STEER_PASS_NO_RULE,   /* UDP to a port that is no channel's */
	STEER_PASS_NOT_UDP,   /* another protocol over IP */
	STEER_PASS_NOT_IP,    /* ARP, LLDP and the like */
	STEER_PASS_FRAGMENT,  /* an IP fragment: the kernel reassembles it */
	STEER_PASS_MALFORMED, /* lengths that contradict each other or the frame */
	STEER_PASS_TOO_BIG,   /* longer than STEER_MAX_FRAME: the kernel's socket gets it */
	STEER_VERDICTS,
};

#ifndef __BPF__
_Static_assert(sizeof(struct steer_target) == 20, "map key without padding");
_Static_assert(sizeof(struct steer_rule) == 4, "map value without padding");
_Static_assert(sizeof(struct steer_counter) == 16, "map value without padding");
#endif

#endif
