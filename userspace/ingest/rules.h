/*
 * The rules of one interface's XDP program: which datagrams are steered, from whom and how many, and what
 * became of them. Addresses are IPv6, IPv4 as v4-mapped; ports are in host order.
 */
#ifndef INGEST_RULES_H
#define INGEST_RULES_H

#include "ingest.h"

struct rules;

/* Descriptors of the program's maps; borrowed. */
struct rules_maps {
	int ports, port_index, filters, port_counters, sources, ceilings, locals;
};

/* Frames that found a rule and went no further. */
struct rules_drops {
	uint64_t strangers, over_rate;
};

/*
 * The maps must be fresh. The addresses that this machine has now are filled in.
 * Owns: *out is the caller's, freed by rules_destroy. Errors: negative errno. Thread: main, watch.
 */
int rules_create(struct rules **out, const struct rules_maps *maps);

/* The maps stay as they are. NULL is fine. Thread: main, watch. */
void rules_destroy(struct rules *rules);

/*
 * Steer datagrams to address:port (unspecified: any of this machine's addresses of the family). filter NULL:
 * anybody may send. Errors: -EEXIST, -ENOSPC beyond STEER_MAX_PORTS rules or STEER_MAX_SOURCES prefixes,
 * other negative errno; nothing has changed then. Thread: manager.
 */
int rules_add(struct rules *rules, const struct in6_addr *address, uint16_t port,
              const struct ingest_filter *filter);

/*
 * Replace the filter of a rule. No datagram that both filters admit is lost; the ceiling goes on from where
 * it was unless max_pps changes. Errors: -ENOENT, else as rules_add; the old filter stays in force then.
 * Thread: manager.
 */
int rules_set_filter(struct rules *rules, const struct in6_addr *address, uint16_t port,
                     const struct ingest_filter *filter);

/* Pass them to the kernel again. Nothing happens when there is no such rule. Thread: manager. */
void rules_remove(struct rules *rules, const struct in6_addr *address, uint16_t port);

/* What was dropped since the rule was added; zero when there is none. Thread: manager. */
struct rules_drops rules_drops(const struct rules *rules, const struct in6_addr *address,
                               uint16_t port);

/*
 * Say which addresses this machine has: rules for any address apply to datagrams to these alone. Call it
 * whenever they change. Those that stay are in force throughout. Errors: -ENOSPC beyond STEER_MAX_LOCALS (the
 * kernel gets what is for the rest), other negative errno. Thread: any, one at a time.
 */
int rules_set_locals(struct rules *rules, const struct in6_addr *addresses, size_t count);

/* rules_set_locals with the addresses that the machine has now. Errors: as that. Thread: any, one at a time. */
int rules_refresh_locals(struct rules *rules);

#endif
