/*
 * The receiving side of a running channel: what of each configured input is bound, media and FEC. The only
 * user of ingest_bind and its relatives. Under the manager's lock.
 */
#ifndef CONTROL_INPUTS_H
#define CONTROL_INPUTS_H

#include "entry.h"
#include "error.h"

#include "ingest/ingest.h"

/* Zero-initialise. */
struct live_input {
	struct ingest_binding *bindings[CHANNEL_INPUTS]; /* NULL where nothing is received */
	struct ingest_counters gone;                     /* what bindings given up had counted */
};

/*
 * Receive the media of input `index` of entry for channel. Owns: *out is the caller's.
 * Errors: -1 with error filled: 409 port_in_use, 422 for an address or interface that this machine has not, 500.
 * Thread: manager (all).
 */
int inputs_bind(struct ingest_binding **out, struct ingest *ingest, struct channel *channel,
                const struct channel_entry *entry, size_t index, struct api_error *error);

/*
 * Receive FEC beside the media of an input where that is not done yet. A port that cannot be had costs the
 * recovery, not the channel: why, for a person, is then in `missing`, unless something is there already.
 */
void inputs_bind_fec(struct live_input *input, struct ingest *ingest, struct channel *channel,
                     const struct channel_entry *entry, size_t index, char *missing, size_t size);

void inputs_unbind_fec(struct live_input *input);

/* Everything of an input; fine when there is nothing. */
void inputs_unbind(struct live_input *input);

/*
 * Enforce the sources and max_pps of entry on what is bound of input `index`. Errors: -1 with error filled; what
 * is in force then is a mixture.
 */
int inputs_set_filter(const struct live_input *input, const struct channel_entry *entry,
                      size_t index, struct api_error *error);

/* Add to sum what did not get to the channel since it was started. */
void inputs_count(const struct live_input *input, struct ingest_counters *sum);

#endif
