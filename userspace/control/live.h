/*
 * A channel as configured and, while it runs, its run-time half: feed, ingest binding, outputs.
 *
 * A change has three steps, so that a refused one leaves no trace: live_prepare acquires whatever can
 * fail (memory, the port) beside what runs; then the manager writes channels.json; then live_apply, which
 * cannot fail, or live_abandon. All under the manager's lock, and all return at once.
 */
#ifndef CONTROL_LIVE_H
#define CONTROL_LIVE_H

#include "entry.h"
#include "error.h"
#include "inputs.h"
#include "live_output.h"

#include "base/tick.h"
#include "output/output.h"
#include "output/sender.h"

#define LIVE_MAX_LOOPS 17 /* ingest and at most 16 senders */

/* What channels run on, borrowed from main. */
struct live_env {
	struct ingest *ingest;
	struct senders *senders;
	struct tick_loop *loops[LIVE_MAX_LOOPS]; /* ingest, then senders: as they are destroyed */
	size_t loop_count;
};

struct live_channel {
	struct channel_entry entry;
	struct live_output *outputs; /* one per entry.outputs, in the same order */
	struct feed *feed;           /* NULL while the channel does not run */
	struct live_input inputs[ENTRY_INPUTS];
	char last_error[256]; /* why it, one of its inputs or its FEC could not start, or "" */
};

/* LIVE_RESTORE: start, and be content with one input of two. */
enum live_intent { LIVE_KEEP, LIVE_START, LIVE_RESTORE, LIVE_STOP };

/* A change on its way, between prepare and apply or abandon. */
struct live_change {
	struct channel_entry next;
	enum live_intent intent;
	struct feed *feed;                          /* of a channel that starts */
	struct ingest_binding *media[ENTRY_INPUTS]; /* of inputs that start or move */
	bool filtered[ENTRY_INPUTS];                /* what may be sent to it was changed */
	char warning[256];                          /* why one of two inputs was left out, or "" */
	struct live_output *outputs;                /* one per next.outputs, empty */
};

/*
 * Owns: *out is the caller's, freed by live_destroy; entry is taken over on success and emptied.
 * Errors: -ENOMEM. Thread: manager.
 */
int live_create(struct live_channel **out, struct channel_entry *entry);

/* Stop if it runs, and free. NULL is fine. Thread: manager. */
void live_destroy(struct live_channel *live, const struct live_env *env);

/*
 * Acquire what it takes to make next out of live. With LIVE_KEEP a running channel goes on, and one
 * that should run but could not is tried again when an input changes.
 * Owns: next is taken over on success and emptied. Errors: -1 with error filled: 409 port_in_use,
 * 422 when an address or interface is not this machine's, 500. Thread: manager.
 */
int live_prepare(struct live_change *change, const struct live_env *env,
                 const struct live_channel *live, struct channel_entry *next,
                 enum live_intent intent, struct api_error *error);

/* Give back what live_prepare acquired, and undo what it changed. Thread: manager. */
void live_abandon(struct live_change *change, const struct live_env *env,
                  const struct live_channel *live);

/*
 * Carry out. Outputs whose URL and options stay and that stay enabled are not touched. An output that cannot be
 * made is in state error and does not fail the change. Thread: manager.
 */
void live_apply(struct live_channel *live, struct live_change *change, const struct live_env *env);

/* Where an output stands, by its index in the entry, also when it does not run. Thread: manager. */
void live_get_output_status(const struct live_channel *live, size_t index,
                            struct output_status *status);

#endif
