/*
 * The sockets by which datagrams leave.
 *
 * One unconnected UDP socket per address family; a datagram goes to all destinations with as few
 * sendmmsg() calls as can be. A destination that refuses is counted and tried again with the next
 * datagram; ICMP errors are read from the sockets' error queues, which tell the destination they are
 * about. Thread: one at a time.
 */
#ifndef MEDIA_SOURCE_RTP_SENDER_H
#define MEDIA_SOURCE_RTP_SENDER_H

#include "destination.h"

#include <stddef.h>
#include <stdint.h>

struct rtp_sender_config {
	struct destination *destinations;  /* borrowed; its counters are kept up to date */
	size_t destination_count;          /* 1 to DESTINATION_MAX */
	const struct destination *sources; /* local addresses, at most one per family; borrowed */
	size_t source_count;
	const char *interface; /* for multicast; NULL: by the routing table */
	int ttl;               /* for multicast, 1 to 255 */
};

struct rtp_sender;

/*
 * Open the sockets. Owns: *out is the caller's, freed by rtp_sender_destroy, untouched on error. why: on
 * error, what failed, without a full stop. Errors: negative errno of the socket call that failed;
 * -EINVAL for a source of a family that no destination has.
 */
int rtp_sender_create(struct rtp_sender **out, const struct rtp_sender_config *config, char *why,
                      size_t why_size);

/* Close the sockets. NULL is fine. */
void rtp_sender_destroy(struct rtp_sender *sender);

/*
 * Send one datagram of size bytes to every destination. Blocks while a send buffer is full. Errors are
 * counted per destination.
 */
void rtp_sender_send(struct rtp_sender *sender, const uint8_t *data, size_t size);

/* Count the ICMP errors that have come back since the last datagram. */
void rtp_sender_collect_errors(struct rtp_sender *sender);

#endif
