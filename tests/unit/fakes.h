/*
 * Stand-ins for what the manager drives: ingest, senders, channels, feeds, outputs. They do nothing but
 * keep a journal of the calls and count what is alive.
 */
#ifndef TESTS_FAKES_H
#define TESTS_FAKES_H

#include "ingest/ingest.h"
#include "output/output.h"
#include "output/sender.h"

#include <stdint.h>

/* What the fakes shall do, and what happened. */
struct fakes {
	int bind_error;             /* ingest_bind returns it … */
	uint16_t bind_error_port;   /* … for this port, or for every port when 0 */
	int filter_error;           /* ingest_set_filter returns it … */
	uint16_t filter_error_port; /* … for this port */
	int channel_error, feed_error, output_error;
	int64_t last_ns;                    /* what channel_last_ns says */
	int64_t input_last_ns[2];           /* what channel_input_last_ns says */
	struct output_status status;        /* what output_get_status says */
	struct output_url output_url;       /* what the last output_create was given … */
	struct rtmp_options output_options; /* … and these */
	struct output_reader readers[4];    /* what output_get_readers says */
	size_t reader_count;
	struct output_sample samples[4]; /* what output_get_history says */
	size_t sample_count;
	int channels, feeds, bindings, outputs; /* alive */
	char journal[16384];                    /* "bind 0.0.0.0:5000; output srt://a:1; …" */
};

extern struct fakes fakes;

/* Start over: nothing alive, an empty journal, no errors. */
void fakes_reset(void);

/* The journal since the last call of this function, borrowed until the next one. */
const char *fakes_journal(void);

/* Add to every counter of the output that was made last; a gauge in thousandths grows by as many. */
void fakes_grow(uint64_t by);

struct ingest *fakes_ingest(void);
struct senders *fakes_senders(void);

#endif
