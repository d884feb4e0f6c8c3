/*
 * Packets in. One thread on a fixed tick drains every AF_XDP socket and every kernel socket and hands
 * the datagrams to their channels.
 *
 * Kernel sockets are always open, also under XDP: they hold the port, join multicast groups, and
 * receive what XDP passes on (fragments that the kernel put together, other interfaces).
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "base/tick.h"
#include "relay/channel.h"

#include <netinet/in.h>
#include <stdbool.h>

enum ingest_mode { INGEST_AUTO, INGEST_XDP, INGEST_XDP_GENERIC, INGEST_UDP };

struct ingest;
struct ingest_binding;

struct ingest_config {
	enum ingest_mode mode;
	const char *interfaces; /* comma-separated, or NULL: kernel sockets only */
	uint32_t tick_us;       /* 100 to 10000, default 1000 */
};

/*
 * Attach and start the thread. With INGEST_AUTO it steps down native XDP -> generic XDP -> kernel
 * sockets and logs each step with its reason; with the others it fails instead.
 * Owns: *out is the caller's, freed by ingest_destroy. Errors: negative errno; the reason was logged.
 * Thread: main.
 */
int ingest_create(struct ingest **out, const struct ingest_config *config);

/* Stop the thread, detach XDP, close every socket. NULL is fine. Thread: main. */
void ingest_destroy(struct ingest *ingest);

/* The loop that owns the receiving side of channels, for retire(). Thread: any. */
struct tick_loop *ingest_loop(const struct ingest *ingest);

/*
 * Receive datagrams to address:port for a channel, as its media or FEC (input). address: IPv4 as v4-mapped IPv6; the unspecified
 * address (::ffff:0.0.0.0 or ::) means any of that family; a multicast group is joined on every
 * interface in use. port: host order, 1 to 65535.
 * Owns: *out is the caller's until ingest_unbind; channel must outlive it. Errors: -EADDRINUSE when
 * another program has the port, -EADDRNOTAVAIL when the address is not this machine's, other negative
 * errno; why (size bytes) gets a sentence for an operator. Thread: manager.
 */
int ingest_bind(struct ingest_binding **out, struct ingest *ingest, struct channel *channel,
                enum channel_input input, const struct in6_addr *address, uint16_t port, char *why,
                size_t size);

/*
 * Stop receiving. Returns at once; the binding is freed by the ingest loop, and the channel may be
 * used there until that loop has run its commands (see retire). NULL is fine. Thread: manager.
 */
void ingest_unbind(struct ingest_binding *binding);

/* How one interface is served, for /api/system. */
struct ingest_interface_info {
	char name[16];
	char mode[16];         /* "xdp", "xdp-generic" or "udp" */
	unsigned int queues;   /* AF_XDP sockets in use */
	char reason[400];      /* why not a better mode, or "" */
	uint64_t rx_dropped;   /* frames lost for want of fill-ring frames or too big for a frame */
	uint64_t rx_ring_full; /* frames lost because the socket's ring was full */
};

/*
 * Fill up to max entries; returns how many interfaces there are (0 with kernel sockets alone).
 * Thread: manager.
 */
size_t ingest_interfaces(const struct ingest *ingest, struct ingest_interface_info *infos,
                         size_t max);

#endif
