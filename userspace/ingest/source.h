/*
 * A source of datagrams: the back ends behind the one ingest loop (AF_XDP, kernel sockets).
 */
#ifndef INGEST_SOURCE_H
#define INGEST_SOURCE_H

#include "binding.h"
#include "report.h"

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

	/* The machine's addresses have changed. NULL where that does not matter. Thread: watch. */
	void (*refresh_locals)(struct packet_source *source);

	/*
	 * Leave what comes from now on to the kernel; what is here already is still to be drained. NULL for the
	 * kernel's sockets. Thread: watch.
	 */
	void (*stop)(struct packet_source *source);

	/* Whether frames still come to it. NULL for the kernel's sockets. Thread: watch. */
	bool (*is_attached)(const struct packet_source *source);

	/* Let go of what the source keeps for it. Thread: ingest. */
	void (*release)(struct packet_source *source, struct ingest_binding *binding);

	/* Hand every waiting datagram to its channel, within a budget. Thread: ingest. */
	void (*drain)(struct packet_source *source, const struct binding_table *table,
	              int64_t now_ns);

	/*
	 * Fill in queues, locked memory and verdicts; NULL for a source of no interface.
	 * Thread: manager.
	 */
	void (*report)(struct packet_source *source, struct ingest_report *report);

	/* Thread: main, watch; the ingest thread uses it no more. */
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

struct steered_config {
	const char *interface;
	bool generic;    /* the kernel's generic mode instead of the driver's */
	bool zero_copy;  /* where the driver can; not in generic mode */
	uint32_t queues; /* receive queues before XDP is attached; those that it adds are found */
	uint32_t frames; /* of each queue's memory, a power of two */
	uint32_t frame_bytes;     /* 2048 or 4096 */
	uint64_t elsewhere_bytes; /* locked by sockets of other interfaces, for error texts */
};

/*
 * XDP on one interface: program attached, one AF_XDP socket per receive queue; all of them or none.
 * Owns: *out is the caller's. Errors: negative errno, why gets the reason. When zero-copy was asked for and
 * frames are copied, that is no error, and why says why; else why is empty on success. Thread: main, watch.
 */
int steered_source_create(struct packet_source **out, const struct steered_config *config,
                          struct refusal *why);

#endif
