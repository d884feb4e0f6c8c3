/*
 * One destination of one channel, whatever its protocol. The manager's only door to SRT and RTMP.
 */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

#include "base/table.h"
#include "relay/channel.h"
#include "rtmp_options.h"
#include "url.h"

#include <stdint.h>

enum output_state {
	OUTPUT_STOPPED,
	OUTPUT_CONNECTING,
	OUTPUT_CONNECTED,
	OUTPUT_RETRYING,
	OUTPUT_ERROR,
};

/* "stopped", "connecting", "connected", "retrying", "error". Thread: any. */
const char *output_state_name(enum output_state state);

/* What every kind has; the rest is the kind's own. */
#define OUTPUT_COUNTERS(X)                                                                        \
	X(bytes_sent, COUNTER_TOTAL, "bytes", "Payload bytes handed to the peer")                 \
	X(bitrate_bps, COUNTER_GAUGE, "bits_per_second", "Payload bit rate over the last second") \
	X(packets_lost, COUNTER_TOTAL, "ts_packets",                                              \
	  "TS packets missed because the output was late")                                        \
	X(reconnects, COUNTER_TOTAL, "events", "Connections made after the first")

struct output_counters {
	OUTPUT_COUNTERS(COUNTER_MEMBER)
};

#define OUTPUT_COUNTER_COUNT (0 OUTPUT_COUNTERS(COUNTER_ONE))
extern const struct counter_info output_counter_table[];

struct output;
struct feed;    /* a running channel as outputs see it, see feed.h */
struct senders; /* the sender threads, see sender.h */

struct output_config {
	const char *name; /* for log lines; copied */
	struct output_url url;
	struct rtmp_options rtmp; /* of rtmp:// and rtmps:// */
};

struct output_status {
	enum output_state state;
	char last_error[200];   /* "" when there is none */
	int64_t retry_in_ms;    /* until the next try, 0 when none is due */
	int64_t connected_at_s; /* seconds since 1970, 0 when not connected */
	char note[200]; /* what does not go out although all is well ("not carried: …"), or "" */
};

/*
 * Start delivering. The output reconnects by itself, with back-off, until it is destroyed.
 * Owns: *out is the caller's, given up by output_destroy. The feed must outlive it as retire() does.
 * Errors: -ENOMEM, -EAGAIN (no thread). Thread: manager.
 */
int output_create(struct output **out, const struct output_config *config, struct feed *feed);

/*
 * Stop delivering and give the output up. Returns at once: its own thread closes the connection and
 * frees it. NULL is fine. Thread: manager.
 */
void output_destroy(struct output *output);

/*
 * Wait until every output given up so far is gone, at most timeout_ms. Errors: -ETIMEDOUT. Thread: main,
 * before senders_destroy.
 */
int output_wait_all(int timeout_ms);

/*
 * Give the memory of outputs that are gone back to the system: their buffers lay between what is still in use, where
 * the allocator would keep it. Call it every few seconds. Thread: main.
 */
void output_trim(void);

/* A snapshot of where the output stands. Thread: manager. */
void output_get_status(struct output *output, struct output_status *status);

/* Borrowed, valid until output_destroy. Thread: manager. */
const struct output_counters *output_counters(const struct output *output);

/* The counters that outputs of a scheme have besides: their table, and how many. Thread: any. */
const struct counter_info *output_own_table(enum output_scheme scheme, size_t *count);

/* Their values, made with COUNTER_MEMBER; NULL: there are none. Borrowed as above. Thread: manager. */
const void *output_own_counters(const struct output *output);

/* One who reads from a listener. */
struct output_reader {
	uint32_t id;            /* of this output; never used again */
	char address[64];       /* "192.0.2.1:40000", "[2001:db8::1]:40000" */
	char stream_id[513];    /* as given, or "" */
	int64_t connected_at_s; /* seconds since 1970 */
	uint64_t bytes_sent, packets_lost, pktRetrans, pktSndLoss, byteSndDrop; /* since then */
	uint64_t rtt_us, msSndBuf;                                              /* now */
};

/* Who reads, at most max of them; 0 for what is no listener. Returns how many. Thread: manager. */
size_t output_get_readers(struct output *output, struct output_reader *out, size_t max);

/* Disconnect a reader; it may come again. Errors: -ENOENT. Thread: manager. */
int output_kick_reader(struct output *output, uint32_t id);

/* A second of an output's past. */
struct output_sample {
	int64_t at_s;            /* seconds since 1970 */
	uint32_t rtt_us;         /* of several readers the worst */
	uint32_t send_buffer_ms; /* of several readers the worst */
	uint32_t retransmitted;  /* packets, in this second */
	uint32_t lost;           /* packets that the peer reported missing, in this second */
	uint32_t bitrate_kbps;
};

#define OUTPUT_HISTORY 600 /* samples */

/* The last samples, oldest first, at most max of them. Returns how many. Thread: manager. */
size_t output_get_history(struct output *output, struct output_sample *out, size_t max);

#endif
