/*
 * Packets in. One thread on a fixed tick drains every AF_XDP socket and every kernel socket and hands
 * the datagrams to their channels.
 *
 * Kernel sockets are always open, also under XDP: they hold the port, join multicast groups, and
 * receive what XDP passes on (fragments that the kernel put together, other interfaces).
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "base/prefix.h"
#include "base/table.h"
#include "base/tick.h"
#include "mode.h"
#include "relay/channel.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define INGEST_MIN_FRAMES 1024
#define INGEST_MAX_FRAMES 65536

#define INGEST_SOCKET_BYTES (4 << 20) /* receive queue of a kernel socket, where it is allowed */

struct ingest;
struct ingest_binding;

struct ingest_config {
	enum ingest_mode mode;
	const char *interfaces; /* comma-separated, or NULL: kernel sockets only */
	uint32_t tick_us;       /* 100 to 10000, default 2000 */
	bool zero_copy;         /* AF_XDP without copying, where a driver can */
	uint32_t frames;        /* of a queue's fill ring: a power of two, 1024 to 65536; 0: 8192 */
	/* Called once XDP is attached and before a thread is started, or NULL. Not 0 ends the start. */
	int (*attached)(void *context);
	void *context;
};

/*
 * Attach and start the threads. With INGEST_AUTO it steps down native XDP -> generic XDP -> kernel
 * sockets and logs each step with its reason; with the others it fails instead. An interface that is not
 * there is served when it appears, one that goes is served again when it returns.
 * Owns: *out is the caller's, freed by ingest_destroy. Errors: negative errno; the reason was logged.
 * Thread: main.
 */
int ingest_create(struct ingest **out, const struct ingest_config *config);

/* Stop the thread, detach XDP, close every socket. NULL is fine. Thread: main. */
void ingest_destroy(struct ingest *ingest);

/* The loop that owns the receiving side of channels, for retire(). Thread: any. */
struct tick_loop *ingest_loop(const struct ingest *ingest);

/* Which datagrams, and what they are to the channel. */
struct ingest_target {
	struct channel *channel;  /* must outlive the binding */
	unsigned int path;        /* 0: the channel's input, 1: its backup */
	enum channel_input input; /* media, or FEC for it */
	struct in6_addr address; /* IPv4 as v4-mapped; unspecified = any local one of that family */
	uint16_t port;           /* host order, 1 to 65535 */
	char interface[IF_NAMESIZE]; /* only what this one receives; "": whichever */
};

/* Who may send, and how much. */
struct ingest_filter {
	const struct prefix *sources; /* borrowed for the call */
	size_t source_count;          /* 0: anybody may send */
	uint32_t max_pps;             /* datagrams a second, 0: no ceiling */
};

/*
 * Receive datagrams for a channel. A multicast group is joined on every interface in use, or on the
 * target's; from its sources alone when all of them are single hosts (RFC 4607). Both sources and ceiling
 * are enforced in XDP and again on the kernel socket.
 * Owns: *out is the caller's until ingest_unbind. filter NULL: anybody. Errors: -EADDRINUSE when
 * another program has the port, -EADDRNOTAVAIL when the address is not this machine's, -ENODEV without such
 * an interface, -ENOSPC when the tables of the XDP program are full, other negative errno; why (size bytes)
 * gets a sentence for an operator. Thread: manager.
 */
int ingest_bind(struct ingest_binding **out, struct ingest *ingest,
                const struct ingest_target *target, const struct ingest_filter *filter, char *why,
                size_t size);

/*
 * Replace the filter of a binding; no datagram that both filters admit is lost on the way. On error the
 * old one stays in force. Errors: as ingest_bind. Thread: manager.
 */
int ingest_set_filter(struct ingest_binding *binding, const struct ingest_filter *filter, char *why,
                      size_t size);

/* What did not get to the channel. */
#define INGEST_COUNTERS(X)                                                                \
	X(dropped_stranger, COUNTER_TOTAL, "packets",                                     \
	  "Datagrams dropped: sender is not in sources")                                  \
	X(dropped_rate, COUNTER_TOTAL, "packets", "Datagrams dropped: more than max_pps") \
	X(dropped_socket, COUNTER_TOTAL, "packets", "Datagrams lost: kernel socket's queue full")

struct ingest_counters {
	INGEST_COUNTERS(COUNTER_MEMBER)
};

#define INGEST_COUNTER_COUNT (0 INGEST_COUNTERS(COUNTER_ONE))
extern const struct counter_info ingest_counter_table[];

/* Add what a binding has counted since it was made to sum. NULL is fine. Thread: manager. */
void ingest_count(const struct ingest_binding *binding, struct ingest_counters *sum);

/*
 * Stop receiving. Returns at once; the binding is freed by the ingest loop, and the channel may be
 * used there until that loop has run its commands (see retire). NULL is fine. Thread: manager.
 */
void ingest_unbind(struct ingest_binding *binding);

/* How one interface is served, in short. */
struct ingest_interface_info {
	char name[16];
	char mode[16];         /* "xdp", "xdp-generic" or "udp" */
	unsigned int queues;   /* AF_XDP sockets in use */
	char reason[450];      /* why not a better mode, or "" */
	uint64_t rx_dropped;   /* frames lost for want of fill-ring frames or too big for a frame */
	uint64_t rx_ring_full; /* frames lost because the socket's ring was full */
};

/*
 * Fill up to max entries; returns how many interfaces there are (0 with kernel sockets alone).
 * Thread: manager.
 */
size_t ingest_interfaces(const struct ingest *ingest, struct ingest_interface_info *infos,
                         size_t max);

struct ingest_report; /* report.h */

/*
 * How interface `index` is served, in full. Errors: -ENOENT beyond the last one. Thread: manager.
 */
int ingest_report_interface(const struct ingest *ingest, size_t index,
                            struct ingest_report *report);

/* What was asked for when it was created; borrowed. Thread: any. */
const struct ingest_config *ingest_get_config(const struct ingest *ingest);

#endif
