/*
 * Cuts a channel's ring into datagrams of 7 TS packets (or fewer, as configured), each behind an RTP header of our own
 * when wanted, and as many at once as the kernel takes with one call.
 *
 * What is left over when a datagram does not become full waits for more; when nothing came for 20 ms it leaves as a
 * shorter one. One thread at a time.
 */
#ifndef OUTPUT_CUTTER_H
#define OUTPUT_CUTTER_H

#include "datagram_socket.h"
#include "media/rtp_packetiser.h"
#include "relay/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Datagrams that leave together: one behind the other, all full but the last. */
struct batch {
	size_t count;
	size_t last_packets; /* of TS, in the last one */
	uint8_t bytes[DATAGRAMS_MAX_BYTES];
};

/* Set with cutter_init; its fields are private. */
struct cutter {
	const struct ring *ring;
	struct rtp_packetiser rtp;
	size_t header_bytes; /* before the TS packets */
	size_t full_packets; /* of TS, in a full datagram */
	uint64_t position;   /* in the ring */
	uint64_t newest;     /* ring head when it last moved */
	int64_t newest_ns;
};

/* ring: borrowed. pkt_size: bytes of TS in a datagram, 188 to 1316. rtp: copied; NULL: bare TS. */
void cutter_init(struct cutter *cutter, const struct ring *ring, uint32_t pkt_size,
                 const struct rtp_packetiser *rtp);

/* Go on at the newest packet. RTP numbers and time stamps go on as well. */
void cutter_start(struct cutter *cutter, int64_t now_ns);

/*
 * Fill the batch with what is due now, perhaps with nothing. Returns how many TS packets were lost because the ring has
 * lapped this reader. The same datagrams come again until cutter_done.
 */
uint64_t cutter_cut(struct cutter *cutter, struct batch *batch, int64_t now_ns);

/* The batch's first `count` datagrams are done with; the others will be cut again. */
void cutter_done(struct cutter *cutter, const struct batch *batch, size_t count);

/* Bytes of a full datagram, and TS packets and bytes of the batch's datagram `index`. */
size_t cutter_full_bytes(const struct cutter *cutter);
size_t cutter_packets(const struct cutter *cutter, const struct batch *batch, size_t index);
size_t cutter_bytes(const struct cutter *cutter, const struct batch *batch, size_t index);

#endif
