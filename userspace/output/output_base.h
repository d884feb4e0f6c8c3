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

struct output {
	/* Stop, close and free, on the output's own thread; returns at once. Thread: manager. */
	void (*give_up)(struct output *output);
	char *channel_name;
	char *name;
	struct output_counters counters; /* written by the output's thread */
	struct backoff backoff;          /* the output's thread */
	bool was_connected;              /* the output's thread */
	bool flapping;                   /* the last connection was short; the output's thread */
	int64_t connected_ns;            /* when, monotonic; the output's thread */
	char logged[200];                /* last reason logged; the output's thread */
	pthread_mutex_t status_lock;     /* guards the two below */
	struct output_status status;
	int64_t retry_at_ns; /* monotonic, 0 when none is due */
};

/*
 * The kinds of output: start one. Owns, errors, thread: see output_create.
 */
int output_srt_create(struct output **out, const struct output_config *config, struct feed *feed);
int output_rtmp_create(struct output **out, const struct output_config *config, struct feed *feed);

/* Errors: -ENOMEM. Thread: manager. */
int output_init(struct output *output, const struct output_config *config, const char *channel_name,
                void (*give_up)(struct output *output));

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

#endif
