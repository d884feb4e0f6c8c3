/*
 * A channel at run time: what the ingest thread fills and the outputs read.
 *
 * It has one input or two: the primary, path 0, and the backup, path 1. Two are either one RTP stream on two
 * ways, merged packet by packet (SMPTE 2022-7), or two sources of which one is on the air (failover.h).
 *
 * It knows the RTP stream (RFC 3550) and the TS ring; it knows nothing of addresses, sockets or
 * configuration. Counters have the ingest thread as their one writer.
 */
#ifndef RELAY_CHANNEL_H
#define RELAY_CHANNEL_H

#include "base/table.h"
#include "input.h"
#include "media/rtp_counters.h"
#include "ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_COUNTERS(X)                                                                     \
	X(datagrams_received, COUNTER_TOTAL, "packets", "Datagrams received for the channel")   \
	X(bytes_received, COUNTER_TOTAL, "bytes", "TS bytes written to the ring")               \
	X(bitrate_bps, COUNTER_GAUGE, "bits_per_second", "TS bit rate over the last second")    \
	X(input_switches, COUNTER_TOTAL, "events", "Changes of the input that is on the air")   \
	X(packets_inserted, COUNTER_TOTAL, "packets", "TS packets that announce such a change") \
	REJECTED_COUNTERS(X)

struct channel_counters {
	CHANNEL_COUNTERS(COUNTER_MEMBER)
};

#define CHANNEL_COUNTER_COUNT (0 CHANNEL_COUNTERS(COUNTER_ONE))
extern const struct counter_info channel_counter_table[];

struct channel;

#define CHANNEL_PATHS 2

/* What a datagram is, by the port that it came to (SMPTE 2022-1: FEC on port + 2 and port + 4). */
enum channel_input { CHANNEL_MEDIA, CHANNEL_FEC_COLUMN, CHANNEL_FEC_ROW, CHANNEL_INPUTS };

/* What can be changed while the channel runs. Eight bytes, to be handed over in one atomic store. */
struct channel_settings {
	uint64_t
		reorder_ms : 10; /* how long a gap waits for packets that were overtaken; 0 to 1000 */
	uint64_t fec : 1;        /* recover packets by FEC when it comes */
	uint64_t backup : 1;     /* there are two inputs; without it the rest does not matter */
	uint64_t merge : 1;     /* they are one stream (SMPTE 2022-7), else sources by themselves */
	uint64_t merge_ms : 10; /* how much later one path may be than the other; 1 to 1000 */
	uint64_t
		timeout_ms : 16; /* without useful TS, after which the other one is taken; 50 to 60000 */
	uint64_t returns : 1;    /* to the primary, once it has been good for stable_ms */
	uint64_t stable_ms : 22; /* 0 to 3600000 */
	uint64_t unused : 2;
};

_Static_assert(sizeof(struct channel_settings) == 8, "atomic without a lock");

struct channel_config {
	const char *name; /* for log lines; copied */
	const char *id;   /* for events, at most 39 bytes, NULL: none; copied */
	struct channel_settings settings;
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
 * What is neither is counted by reason. path: 0 the channel's input, 1 its backup, ignored while there is
 * none. now_ns: monotonic time of arrival. Thread: ingest.
 */
void channel_receive(struct channel *channel, unsigned int path, enum channel_input input,
                     const uint8_t *datagram, size_t size, int64_t now_ns);

/*
 * A datagram will be taken soon: have the channel's memory brought near, when that is here, that of its stream and
 * the state of its ring, and then where in the ring it will be written. Thread: ingest (all three).
 */
void channel_prefetch(const struct channel *channel);
void channel_prefetch_stream(const struct channel *channel);
void channel_prefetch_ring(const struct channel *channel);

/*
 * Every ten milliseconds or so: gives up gaps whose time is over, takes over settings, changes the input, and ten
 * times a second brings gauges up to date and tells log and events when a stream comes, goes, or has lost
 * packets. A second call with the same time does nothing. Thread: ingest.
 */
void channel_tick(struct channel *channel, int64_t now_ns);

/* Change the settings; they take effect with the next tick. Thread: manager. */
void channel_configure(struct channel *channel, const struct channel_settings *settings);

/*
 * Put an input on the air with the next tick, by hand; the backup then stays until it fails. Without effect
 * when there is one input or both are merged. Thread: manager.
 */
void channel_select(struct channel *channel, unsigned int path);

/* The input that is on the air, or will be with the next tick; 0 when they are merged. Thread: any. */
unsigned int channel_active(const struct channel *channel);

/* The ring, borrowed, valid while the channel is. Thread: any. */
const struct ring *channel_ring(const struct channel *channel);

/* The name, borrowed, valid while the channel is. Thread: any. */
const char *channel_name(const struct channel *channel);

/* Borrowed, valid while the channel is. Thread: any. */
const struct channel_counters *channel_counters(const struct channel *channel);
const struct input_counters *channel_input_counters(const struct channel *channel,
                                                    unsigned int path);

/* The RTP counters of an input; those of both while they are merged are path 0's. As above. */
const struct rtp_counters *channel_input_rtp_counters(const struct channel *channel,
                                                      unsigned int path);

/* The RTP counters of the channel: totals of both inputs, gauges of the active one. Thread: any. */
void channel_rtp_counters(const struct channel *channel, struct rtp_counters *out);

/* Monotonic time of the last TS payload on the air, 0 when there was none yet. Thread: any. */
int64_t channel_last_ns(const struct channel *channel);

/*
 * Monotonic time when an input last brought TS, 0 when it has not yet. With two inputs null packets do not
 * count. Thread: any.
 */
int64_t channel_input_last_ns(const struct channel *channel, unsigned int path);

#endif
