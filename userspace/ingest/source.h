/*
 * A source of datagrams: the back ends behind the one ingest loop (AF_XDP, kernel sockets).
 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "binding.h"

struct packet_source;

struct source_ops {
	/*
	 * Begin to receive for a binding, with its filter. A binding of another interface is left alone (here
	 * and in all of these). Errors: negative errno; why gets a sentence. Thread: manager.
	 */
	int (*add)(struct packet_source *source, struct ingest_binding *binding, char *why,
	           size_t size);

	/*
	 * Replace its filter; binding->filter is still the old one. Errors: as add; the old one stays in force
	 * then. Thread: manager.
	 */
	int (*set_filter)(struct packet_source *source, struct ingest_binding *binding,
	                  const struct ingest_filter *filter, char *why, size_t size);

	/* Stop new datagrams for it; what is queued already may still come. Thread: manager. */
	void (*remove)(struct packet_source *source, struct ingest_binding *binding);

	/* Add what the source has dropped of its datagrams to sum. Thread: manager. */
	void (*count)(struct packet_source *source, const struct ingest_binding *binding,
	              struct ingest_counters *sum);

	/*
	 * The interface came back: join groups on it once more, and bind the sockets of those bindings that are
	 * its own. NULL for a source that has nothing of the kind. Thread: manager.
	 */
	void (*rejoin)(struct packet_source *source, const char *interface);

	/* Let go of what the source keeps for it. Thread: ingest. */
	void (*release)(struct packet_source *source, struct ingest_binding *binding);

	/* Hand every waiting datagram to its channel, within a budget. Thread: ingest. */
	void (*drain)(struct packet_source *source, const struct binding_table *table,
	              int64_t now_ns);

	/* Fill in mode, queues and losses; NULL for a source of no interface. Thread: manager. */
	void (*info)(struct packet_source *source, struct ingest_interface_info *info);

	/* Thread: main, after the ingest thread has ended. */
	void (*destroy)(struct packet_source *source);
};

struct packet_source {
	const struct source_ops *ops;
};

/*
 * Kernel sockets, one per binding, drained with recvmmsg. interfaces: comma-separated, where multicast
 * groups are joined, or NULL for the routing table's choice; borrowed.
 * Owns: *out is the caller's. Errors: negative errno. Thread: main.
 */
int kernel_source_create(struct packet_source **out, const char *interfaces);

/*
 * XDP on one interface: program attached, one AF_XDP socket per receive queue. generic: the kernel's
 * generic mode instead of the driver's.
 * Owns: *out is the caller's. Errors: negative errno; why (size bytes) gets a sentence. Thread: main.
 */
int steered_source_create(struct packet_source **out, const char *interface, bool generic,
                          char *why, size_t size);

#endif
