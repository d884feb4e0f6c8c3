/*
 * An interface's own counters, as rtnetlink has them (struct rtnl_link_stats64).
 */
#ifndef INGEST_LINK_STATS_H
#define INGEST_LINK_STATS_H

#include <stdint.h>

struct link_stats {
	uint64_t rx_packets, rx_bytes;
	uint64_t rx_errors;  /* bad packets */
	uint64_t rx_dropped; /* not processed: no room, or nobody for it */
	uint64_t rx_missed;  /* the device had no room */
};

/*
 * Errors: -ENODEV without such an interface, other negative errno; *out is zero then. Waits for the kernel
 * alone. Thread: any.
 */
int link_stats_read(struct link_stats *out, unsigned int ifindex);

#endif
