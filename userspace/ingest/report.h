/*
 * How the interfaces are served, in full, for GET /api/system: plain data, filled by the ingest thread's
 * owner and turned into JSON by control/system.c.
 */
#ifndef INGEST_REPORT_H
#define INGEST_REPORT_H

#include "bpf/steer.h"
#include "link_stats.h"
#include "preflight.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_MAX_STEPS 4

/* Why something is not possible, and what would make it so. */
struct refusal {
	char reason[200]; /* a sentence */
	char fix[200];    /* a command or a measure, or "" */
};

/* A better mode that is not in force. */
struct report_step {
	const char *mode; /* "xdp", "xdp-generic", "zero-copy" */
	struct refusal refusal;
};

/* The AF_XDP socket of one receive queue. */
struct report_queue {
	bool zero_copy;
	uint32_t frames; /* its memory holds so many */
	uint64_t frames_received;
	uint64_t rx_dropped;         /* lost: no frame in the fill ring, or too big for one */
	uint64_t rx_ring_full;       /* lost: the receive ring was full */
	uint64_t rx_fill_ring_empty; /* of rx_dropped: the fill ring was empty */
};

struct ingest_report {
	char name[IF_NAMESIZE];
	bool present, up;
	const char *mode; /* "xdp", "xdp-generic" or "udp" */
	char reason[450]; /* why not a better one, or "" */
	struct preflight_facts facts;
	struct preflight_finding findings[PREFLIGHT_MAX_FINDINGS];
	size_t finding_count;
	struct report_step steps[REPORT_MAX_STEPS];
	size_t step_count;
	struct link_stats link; /* the interface's own counters */
	struct report_queue queues[STEER_MAX_QUEUES];
	uint64_t rx_dropped, rx_ring_full; /* of all queues, and of sockets that are gone */
	uint32_t queue_count;              /* AF_XDP sockets; 0 with kernel sockets */
	uint64_t umem_bytes;               /* locked memory of all queues */
	uint64_t verdicts[STEER_VERDICTS]; /* packets, by enum steer_verdict */
};

#endif
