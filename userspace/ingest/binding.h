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

/* One per interface that a group is joined on; as many as ingest serves, and one for "whichever". */
#define BINDING_MAX_JOINS 17

struct admission;

struct ingest_binding {
	struct command add, remove; /* two, because the first may still be queued */
	struct ingest *ingest;
	struct ingest_target target;
	struct ingest_filter filter; /* in force, with sources of its own; the manager's */

	int socket;                  /* the kernel socket, -1 while there is none */
	struct admission *admission; /* of that socket; the ingest thread's, like the next two */
	uint64_t ceiling_state;
	int64_t arrival_ns;
	struct ingest_counters past;            /* of sources that are gone; under ingest's lock */
	struct ingest_counters dropped;         /* by the kernel socket's checks */
	unsigned int joined[BINDING_MAX_JOINS]; /* interface indices; the manager's */
	struct ingest_binding *next_socket;     /* of the kernel source; the manager's */

	struct ingest_binding *next;                     /* with the same port */
	struct ingest_binding *next_all;                 /* of the whole table */
	struct ingest_binding *next_bound, **bound_link; /* list of who binds; see ingest_base.h */
};

/*
 * A binding without commands, owner and socket. Owns: *out is the caller's, freed by binding_destroy; the
 * filter (NULL: anybody) is copied. Errors: -ENOMEM. Thread: any.
 */
int binding_create(struct ingest_binding **out, const struct ingest_target *target,
                   const struct ingest_filter *filter);

/* The sources have let go of it. Thread: any. */
void binding_destroy(struct ingest_binding *binding);

/*
 * A filter with prefixes of its own, freed by filter_clear; NULL is one that admits anybody. Errors:
 * -ENOMEM; out is untouched then. Thread: any (both).
 */
int filter_copy(struct ingest_filter *out, const struct ingest_filter *filter);
void filter_clear(struct ingest_filter *filter);

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
 * The binding for a datagram that came by an interface to address:port: the exact address before the
 * unspecified one of its family; of the same address, a binding to that interface before one to none. NULL
 * when there is none.
 */
struct ingest_binding *binding_table_find(const struct binding_table *table, const char *interface,
                                          const struct in6_addr *address, uint16_t port);

/* A datagram to the port is going to be looked up. */
static inline void binding_table_prefetch(const struct binding_table *table, uint16_t port)
{
	__builtin_prefetch(&table->by_port[port]);
}

/*
 * What is to be done for every binding now and then is done for one list at a time, BINDING_TURN_NS apart, so
 * that a round over all takes ten milliseconds: looking at hundreds of channels every tick costs more
 * than their packets. True when the turn of *list, an index of `all`, has come: call it until it is false.
 */
bool binding_table_turn(struct binding_table *table, unsigned int *list, int64_t now_ns);

#endif
