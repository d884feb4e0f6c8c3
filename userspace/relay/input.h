/*
 * One input of a channel as it is received, on the air or not: its RTP stream, what it counts, and what is said
 * about it in log and events. Part of channel.c.
 */
#ifndef RELAY_INPUT_H
#define RELAY_INPUT_H

#include "base/rate.h"
#include "base/table.h"
#include "media/rtp_stream.h"
#include "pcr_clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Datagrams refused, in the order of enum rtp_fault and enum rtp_ts_fault. */
#define REJECTED_COUNTERS(X)                                                                     \
	X(rejected_truncated, COUNTER_TOTAL, "packets", "Datagrams shorter than their headers")  \
	X(rejected_version, COUNTER_TOTAL, "packets", "Datagrams neither RTP version 2 nor TS")  \
	X(rejected_padding, COUNTER_TOTAL, "packets", "RTP padding longer than the payload")     \
	X(rejected_size, COUNTER_TOTAL, "packets", "Payloads that are no multiple of 188 bytes") \
	X(rejected_sync, COUNTER_TOTAL, "packets", "Payloads without TS sync bytes")

#define INPUT_COUNTERS(X)                                                                       \
	X(datagrams_received, COUNTER_TOTAL, "packets", "Datagrams received on the input")      \
	X(bytes_received, COUNTER_TOTAL, "bytes", "Bytes of these datagrams, RTP headers too")  \
	X(bitrate_bps, COUNTER_GAUGE, "bits_per_second", "Their bit rate over the last second") \
	REJECTED_COUNTERS(X)

struct input_counters {
	INPUT_COUNTERS(COUNTER_MEMBER)
};

#define INPUT_COUNTER_COUNT (0 INPUT_COUNTERS(COUNTER_ONE))
extern const struct counter_info input_counter_table[];

#define CHANNEL_NO_SIGNAL_NS 2000000000LL /* without TS for longer, there is no signal */

struct channel;

/* Zero-initialise, then input_init. */
struct input {
	struct channel *channel; /* and */
	unsigned int path;       /* which of its inputs this is, for what the stream emits */
	rtp_emit_fn emit;
	struct rtp_stream *stream;
	struct input_counters counters;
	_Atomic int64_t media_ns; /* when TS last came that is of use; 0: never */
	struct pcr_clock clock; /* of what the stream emits; from here on not for every datagram */
	struct rate rate;
	char label[180];       /* what lines in log and events begin with */
	bool receiving;        /* as reported last */
	int64_t report_due_ns; /* of what was lost; 0: at the next loss */
	uint64_t reported_lost, reported_restarts;
};

/* What a datagram brought. */
enum input_news {
	INPUT_NOTHING, /* no TS, none that is believed, or none that is new */
	INPUT_NULLS,   /* nothing but null packets */
	INPUT_TS,
};

/* Owns: freed by input_clear, also after an error. emit gets the input. Errors: -ENOMEM. Thread: any. */
int input_init(struct input *input, struct channel *channel, unsigned int path, rtp_emit_fn emit);
void input_clear(struct input *input);

/*
 * Take a datagram into the stream, which is the input's or, when both inputs are merged, the primary's.
 * looks: find out whether there is more than null packets in it. Errors: the negative of an rtp_fault or
 * rtp_ts_fault; it was counted. Thread: ingest (all below).
 */
int input_receive(struct input *input, struct rtp_stream *stream, bool looks,
                  const uint8_t *datagram, size_t size, int64_t now_ns, enum input_news *news);

/* Count a fault of input_receive; rejected: the first of REJECTED_COUNTERS. None is fine. */
void input_count_fault(counter_t *rejected, int fault);

/* Forget the source, for one that has nothing to do with it. */
void input_reset(struct input *input);

/* Tell about losses, at most one line in 10 s, and bring gauges up to date. */
void input_report(struct input *input, int64_t now_ns);

/*
 * Make the event "input_lost" or "input_back" (type: "input") of subject when what was receiving no longer
 * is, or the reverse. what: who, as texts begin. *receiving: as told last. last_ns: when TS last came, 0: never.
 */
void input_report_signal(bool *receiving, const char *type, const char *subject, const char *what,
                         int64_t last_ns, int64_t now_ns);

#endif
