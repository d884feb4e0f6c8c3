/*
 * Bindings: which channel gets the datagrams to which address and port.
 *
 * The table belongs to the ingest thread; a binding is made by the manager's thread and handed over
 * by a command.
 */
#ifndef INGEST_BINDING_H
#define INGEST_BINDING_H

#include "base/clock.h"
#include "base/tick.h"
#include "ingest.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct ingest_binding {
	struct command add, remove; /* two, because the first may still be queued */
	struct ingest *ingest;
	struct ingest_target target;
	int socket;                      /* the kernel socket, -1 while there is none */
	struct ingest_binding *next;     /* with the same port */
	struct ingest_binding *next_all; /* of the whole table */
};

#define BINDING_TURNS   10
#define BINDING_TURN_NS NS_PER_MS

struct binding_table {
	struct ingest_binding **by_port; /* 65536 lists; untouched pages cost nothing */
	struct ingest_binding *all[BINDING_TURNS];
	unsigned int filled, turn; /* list that got the last binding; list whose turn is next */
	int64_t turn_ns;           /* when that is */
};

/* Errors: -ENOMEM. Thread: main. */
int binding_table_create(struct binding_table *table);

/* The bindings themselves are not freed. Thread: main, after the ingest thread has ended. */
void binding_table_destroy(struct binding_table *table);

/* Thread: ingest (all three). */
void binding_table_add(struct binding_table *table, struct ingest_binding *binding);
void binding_table_remove(struct binding_table *table, struct ingest_binding *binding);

/*
 * The binding for a datagram to address:port: the exact address before the unspecified one of its
 * family. NULL when there is none.
 */
struct ingest_binding *binding_table_find(const struct binding_table *table,
                                          const struct in6_addr *address, uint16_t port);

/*
 * What is to be done for every binding now and then is done for one list at a time, BINDING_TURN_NS apart, so
 * that a round over all takes ten milliseconds: looking at hundreds of channels every millisecond costs more
 * than their packets. True when the turn of *list, an index of `all`, has come: call it until it is false.
 */
bool binding_table_turn(struct binding_table *table, unsigned int *list, int64_t now_ns);

/* ::ffff:0.0.0.0 or ::. Thread: any. */
bool address_is_any(const struct in6_addr *address);

/* IPv4 or IPv6 multicast. Thread: any. */
bool address_is_multicast(const struct in6_addr *address);

#endif
