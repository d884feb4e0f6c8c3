/*
 * What a driver refuses, known before XDP is attached: the kernel's error is a bare number and the reason
 * is in dmesg alone, so the driver's own checks are repeated here and answered with the command that
 * satisfies them. Drivers: the kernel's sources up to 6.18; ena also as amzn/amzn-drivers has it.
 */
#ifndef INGEST_PREFLIGHT_H
#define INGEST_PREFLIGHT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFLIGHT_MAX_FINDINGS 8

/* What is asked of an interface and the machine; 0 and "" where there was no answer. */
struct preflight_facts {
	char interface[IF_NAMESIZE];
	char driver[32];
	char version[32];      /* the driver's own; the kernel's release for one of the kernel */
	unsigned int kernel;   /* 6.1 is 6001 */
	uint32_t mtu;          /* bytes */
	uint32_t speed_mbps;   /* of the link */
	uint32_t queues;       /* receive queues, read before XDP is attached */
	uint32_t combined;     /* channels in use … */
	uint32_t max_combined; /* … and at most */
	uint32_t rx_ring;      /* descriptors of a receive ring … */
	uint32_t max_rx_ring;  /* … and at most */
	uint32_t cpus;         /* that the machine may have */
	bool rx_vlan;          /* the device takes VLAN tags out of the frames */
	bool lro;              /* large receive offload is on */
	bool gro_hw;           /* the device joins packets by itself … */
	bool gro_hw_fixed;     /* … and cannot be told otherwise */
	bool frags;            /* our program takes a frame in several buffers */
	bool zero_copy;        /* is asked for */
};

enum preflight_severity {
	PREFLIGHT_NOTE,    /* works, but less well than it could */
	PREFLIGHT_REFUSED, /* the driver refuses native XDP */
};

/* What a finding is about. */
enum preflight_subject {
	PREFLIGHT_MTU,
	PREFLIGHT_CHANNELS,
	PREFLIGHT_OFFLOADS,
	PREFLIGHT_RINGS,
	PREFLIGHT_ZERO_COPY,
};

struct preflight_finding {
	enum preflight_severity severity;
	char sentence[200];
	char command[160]; /* that mends it, or "" */
	enum preflight_subject subject;
};

/*
 * What the driver will say to native XDP. Writes at most PREFLIGHT_MAX_FINDINGS to findings, refusals
 * first; returns how many. A driver that is not known gets no findings. Thread: any.
 */
size_t preflight_check(const struct preflight_facts *facts, struct preflight_finding *findings);

/* What a driver can do. */
struct preflight_ability {
	uint32_t max_mtu; /* with native XDP, bytes; 0: any, for frames may be in several buffers */
	bool zero_copy;
};

/* What the facts' driver can do. False, and out untouched, when it is not in the table. Thread: any. */
bool preflight_describe(const struct preflight_facts *facts, struct preflight_ability *out);

/*
 * Bytes of a frame of the AF_XDP sockets' memory that the driver wants: 4096 for zero-copy of ena, else
 * 2048. Thread: any.
 */
uint32_t preflight_frame_bytes(const struct preflight_facts *facts);

#endif
