/*
 * The receive side of one RTP stream of MPEG-TS: datagrams in, payloads out in order.
 *
 *	media, path 0 ─► rtp_source ─┐
 *	                             ├─► rtp_window ─► emit
 *	media, path 1 ─► rtp_source ─┘    ▲      │
 *	FEC, column and row ──────────► fec ◄────┘ packet_store
 *
 * A packet in order passes at once, without a copy while no FEC is in use. Only a gap waits:
 *
 *  - reorder_ms for packets that were overtaken; with 0 a gap is given up at once;
 *  - with FEC, until the stream has gone on by fec_matrix_span packets (2·L·D and a margin), at most
 *    twice the time that takes at the present rate and RTP_FEC_HOLD_MS. FEC is in use from the
 *    second valid FEC packet on until it has stopped coming; packets before that are not covered;
 *  - with two paths alive (SMPTE 2022-7), merge_ms, or until both have passed the gap by more than
 *    reorder_ms holds.
 *
 * Restarts follow RFC 3550 section A.1 as told in rtp_source.h and are not loss. After RTP_STREAM_SILENCE_MS
 * the first packet is believed; else two are needed, and while the other path goes on with the present
 * source, the new one waits until that path leaves it too: then both can be merged from the start.
 *
 * No sockets, no threads, no clock: now_ns is monotonic and never goes back. One thread at a time;
 * counters may be read by any.
 */
#ifndef MEDIA_RTP_STREAM_H
#define MEDIA_RTP_STREAM_H

#include "fec_matrix.h"
#include "rtp_counters.h"
#include "rtp_ts.h"
#include "rtp_window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_STREAM_REORDER_MS     50          /* default */
#define RTP_STREAM_MAX_REORDER_MS 1000        /* of reorder_ms and merge_ms */
#define RTP_STREAM_SILENCE_MS     1000        /* without packets: whatever comes next is believed */
#define RTP_STREAM_MEMORY         (16u << 20) /* default: 8192 packets of 1316 bytes and more */

struct rtp_stream_options {
	unsigned int reorder_ms; /* 0 to RTP_STREAM_MAX_REORDER_MS; more counts as that */
	unsigned int merge_ms;   /* the same, for the second path */
	bool fec;                /* use FEC when it comes */
};

struct rtp_stream_config {
	struct rtp_stream_options options;
	size_t max_bytes; /* limit for copies of packets, 0 = RTP_STREAM_MEMORY */
	rtp_emit_fn emit; /* must not call back into the stream */
	void *context;
};

struct rtp_stream;

/* Owns: *out is the caller's, freed by rtp_stream_destroy. Errors: -EINVAL, -ENOMEM. Thread: any. */
int rtp_stream_create(struct rtp_stream **out, const struct rtp_stream_config *config);

/* What still waits is dropped. NULL is fine. Thread: any, when no other uses it any more. */
void rtp_stream_destroy(struct rtp_stream *stream);

/* Change the options of a running stream. Thread: ingest. */
void rtp_stream_configure(struct rtp_stream *stream, const struct rtp_stream_options *options,
                          int64_t now_ns);

/*
 * Take one media datagram of path 0 or 1, borrowed for the call; may emit any number of payloads. Returns 0, or
 * 1 when it is of a source or place that nothing has confirmed so far.
 * Errors: the negative of an rtp_fault or rtp_ts_fault, counted as rtp_malformed. Thread: ingest.
 * RFC 3550, RFC 2250, SMPTE 2022-7.
 */
int rtp_stream_push(struct rtp_stream *stream, int path, const uint8_t *datagram, size_t size,
                    int64_t now_ns);

/* A packet will be taken soon: have the memory brought near that it will touch. Thread: ingest. */
void rtp_stream_prefetch(const struct rtp_stream *stream);

/*
 * Take one datagram of the FEC port of kind, borrowed for the call; may emit payloads. Bad ones are
 * counted by reason. FEC of both paths may be mixed. Thread: ingest. SMPTE 2022-1.
 */
void rtp_stream_push_fec(struct rtp_stream *stream, enum fec_kind kind, const uint8_t *datagram,
                         size_t size, int64_t now_ns);

/*
 * Give up gaps whose time is over, also when no packet comes any more. Call it often, every 1 to 10 ms;
 * it costs little when nothing waits. Thread: ingest.
 */
void rtp_stream_tick(struct rtp_stream *stream, int64_t now_ns);

/*
 * Pass on what waits and forget the source: the next packet is the first of a new one, not counted as a
 * restart. For a switch to another input. Thread: ingest.
 */
void rtp_stream_reset(struct rtp_stream *stream);

/* Whether its options are those of two paths. Thread: ingest. */
bool rtp_stream_merges(const struct rtp_stream *stream);

/* The FEC matrix in use. Thread: ingest; others read the gauges fec_columns and fec_rows. */
struct fec_matrix rtp_stream_matrix(const struct rtp_stream *stream);

/* Borrowed, valid while the stream is. Thread: any. */
const struct rtp_counters *rtp_stream_counters(const struct rtp_stream *stream);

#endif
