/*
 * What every kind of output has: names, counters, status. Internal to output/.
 *
 * The status is the one thing in output/ that needs a lock: it holds text, is written a few times an
 * hour and read once a second (docs/adr/001).
 */
#ifndef OUTPUT_OUTPUT_BASE_H
#define OUTPUT_OUTPUT_BASE_H

#include "base/backoff.h"
#include "output.h"

#include <pthread.h>
#include <stdbool.h>

/* What a kind of output does. Thread: manager (all). */
struct output_ops {
	/* Stop, close and free, on the output's own thread; returns at once. */
	void (*give_up)(struct output *output);
	/* See output.h; NULL: it is no listener. */
	size_t (*get_readers)(struct output *output, struct output_reader *out, size_t max);
	int (*kick_reader)(struct output *output, uint32_t id);
};

struct output {
	const struct output_ops *ops;
	const void *own_counters;       /* the kind's, see output_own_table; NULL: none */
	struct output_history *history; /* with the first sample; guarded by status_lock */
	char *channel_name;
	char *name;
	struct output_counters counters; /* written by the output's thread */
	struct backoff backoff;          /* the output's thread */
	bool was_connected;              /* the output's thread */
	bool flapping;                   /* the last connection was short; the output's thread */
	int64_t connected_ns;            /* when, monotonic; the output's thread */
	char logged[200];                /* last reason logged; the output's thread */
	pthread_mutex_t status_lock;     /* guards status, retry_at_ns, history */
	struct output_status status;
	int64_t retry_at_ns; /* monotonic, 0 when none is due */
};

/*
 * The kinds of output: start one. Owns, errors, thread: see output_create.
 */
int output_srt_create(struct output **out, const struct output_config *config, struct feed *feed);
int output_rtmp_create(struct output **out, const struct output_config *config, struct feed *feed);
int output_srt_listener_create(struct output **out, const struct output_config *config,
                               struct feed *feed);
int output_udp_create(struct output **out, const struct output_config *config, struct feed *feed);

/* The counters of outputs that only RTMP has. */
#define RTMP_COUNTERS(X)                                                            \
	X(frames_dropped, COUNTER_TOTAL, "frames",                                  \
	  "Access units dropped because the peer was slow")                         \
	X(bytes_unacknowledged, COUNTER_GAUGE, "bytes",                             \
	  "Bytes sent, or about to be, that the server's TCP has not acknowledged") \
	X(rtt_ms, COUNTER_GAUGE_MILLI, "milliseconds", "Round-trip time to the server")

struct rtmp_counters {
	RTMP_COUNTERS(COUNTER_MEMBER)
};

/* And those that UDP and RTP have. */
#define UDP_COUNTERS(X)                                                                \
	X(datagrams_sent, COUNTER_TOTAL, "packets", "Datagrams sent, FEC not counted") \
	X(fec_sent, COUNTER_TOTAL, "packets", "FEC packets sent (SMPTE 2022-1)")       \
	X(send_errors, COUNTER_TOTAL, "packets", "Datagrams that the kernel refused to send")

struct udp_counters {
	UDP_COUNTERS(COUNTER_MEMBER)
};

/* Errors: -ENOMEM. Thread: manager. */
int output_init(struct output *output, const struct output_config *config, const char *channel_name,
                const struct output_ops *ops);

/* The counterpart of output_init. Thread: any, last to use it. */
void output_fini(struct output *output);

/* Report where the connection stands. Thread: the output's own (all three). */
void output_set_connecting(struct output *output);
void output_set_connected(struct output *output);

/*
 * The connection failed or broke: log why (once, while it stays the same), and return the milliseconds
 * to wait before the next try.
 */
uint32_t output_set_retrying(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Set the note of the status; "" takes it away. Thread: the output's own. */
void output_set_note(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add a second of the past; without memory there is none. Thread: the output's own. */
void output_add_sample(struct output *output, const struct output_sample *sample);

#endif
