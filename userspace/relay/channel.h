/*
 * A channel at run time: what the ingest thread fills and the outputs read.
 *
 * It knows the RTP stream (RFC 3550) and the TS ring; it knows nothing of addresses, sockets or
 * configuration. Counters have the ingest thread as their one writer.
 */
#ifndef RELAY_CHANNEL_H
#define RELAY_CHANNEL_H

#include "base/table.h"
#include "media/rtp_counters.h"
#include "ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_COUNTERS(X)                                                                      \
	X(datagrams_received, COUNTER_TOTAL, "packets", "Datagrams received for the channel")    \
	X(bytes_received, COUNTER_TOTAL, "bytes", "TS bytes written to the ring")                \
	X(bitrate_bps, COUNTER_GAUGE, "bits_per_second", "TS bit rate over the last second")     \
	X(rejected_truncated, COUNTER_TOTAL, "packets", "Datagrams shorter than their headers")  \
	X(rejected_version, COUNTER_TOTAL, "packets", "Datagrams neither RTP version 2 nor TS")  \
	X(rejected_padding, COUNTER_TOTAL, "packets", "RTP padding longer than the payload")     \
	X(rejected_size, COUNTER_TOTAL, "packets", "Payloads that are no multiple of 188 bytes") \
	X(rejected_sync, COUNTER_TOTAL, "packets", "Payloads without TS sync bytes")

struct channel_counters {
	CHANNEL_COUNTERS(COUNTER_MEMBER)
};

#define CHANNEL_COUNTER_COUNT (0 CHANNEL_COUNTERS(COUNTER_ONE))
extern const struct counter_info channel_counter_table[];

struct channel;

/* What a datagram is, by the port that it came to (SMPTE 2022-1: FEC on port + 2 and port + 4). */
enum channel_input { CHANNEL_MEDIA, CHANNEL_FEC_COLUMN, CHANNEL_FEC_ROW, CHANNEL_INPUTS };

struct channel_config {
	const char *name; /* for log lines; copied */
	unsigned int
		reorder_ms;    /* how long a gap waits for packets that were overtaken; 0 to 1000 */
	bool fec;              /* recover packets by FEC when it comes */
	uint32_t ring_packets; /* TS packets, a power of two; 0 = RING_DEFAULT_PACKETS */
};

/*
 * Owns: *out is the caller's, freed by channel_destroy. Errors: -EINVAL, -ENOMEM. Thread: any.
 */
int channel_create(struct channel **out, const struct channel_config *config);

/* NULL is fine. Thread: any, when no other thread uses it any more. */
void channel_destroy(struct channel *channel);

/*
 * Take one datagram: RTP (RFC 3550, payload type ignored) or bare TS over UDP, or FEC for it (SMPTE 2022-1).
 * What is neither is counted by reason. path: 0 the channel's input, 1 its backup. now_ns: monotonic time of arrival. Thread: ingest.
 */
void channel_receive(struct channel *channel, unsigned int path, enum channel_input input,
                     const uint8_t *datagram, size_t size, int64_t now_ns);

/* A datagram of media will come soon: bring near what it will be written to. Thread: ingest. */
void channel_prefetch(const struct channel *channel);

#define CHANNEL_NO_SIGNAL_NS 2000000000LL /* without TS for longer, a channel has no signal */

/*
 * Every few milliseconds: gives up gaps whose time is over, takes over settings, and ten times a second brings
 * gauges up to date and tells the log when the stream comes, goes, or has lost packets. Thread: ingest.
 */
void channel_tick(struct channel *channel, int64_t now_ns);

/*
 * Change how long a gap waits (0 to 1000 ms) and whether FEC is used; takes effect with the next tick.
 * Thread: manager.
 */
void channel_set_recovery(struct channel *channel, unsigned int reorder_ms, bool fec);

/* The ring, borrowed, valid while the channel is. Thread: any. */
const struct ring *channel_ring(const struct channel *channel);

/* The name, borrowed, valid while the channel is. Thread: any. */
const char *channel_name(const struct channel *channel);

/* Borrowed, valid while the channel is. Thread: any (both). */
const struct channel_counters *channel_counters(const struct channel *channel);
const struct rtp_counters *channel_rtp_counters(const struct channel *channel);

/* Monotonic time of the last TS payload, 0 when there was none yet. Thread: any. */
int64_t channel_last_ns(const struct channel *channel);

#endif
