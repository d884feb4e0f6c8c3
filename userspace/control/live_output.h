/*
 * One output of a channel as it runs, and from where its totals are counted.
 *
 * The counters of a running output only grow. A reset keeps what they were at that moment, to be taken off whenever
 * they are shown; an output that is started anew begins at 0 without one.
 */
#ifndef CONTROL_LIVE_OUTPUT_H
#define CONTROL_LIVE_OUTPUT_H

#include "entry.h"

#include "output/output.h"

struct live_output {
	struct output *output; /* NULL while it does not run */
	char why[160];         /* why an enabled output of a running channel has none, or "" */
	uint64_t *
		base; /* owned; all counters at the last reset, the common ones first; NULL: no reset */
	int64_t reset_at_s; /* when that was, seconds since 1970; 0: no reset */
};

/*
 * Start to deliver. On failure `why` says why, and the log does. channel: its name, for the log. live must be empty.
 * Thread: manager (all).
 */
void live_output_start(struct live_output *live, const struct output_entry *entry,
                       const char *channel, struct feed *feed);

/* Stop it if it runs, and make live empty. */
void live_output_stop(struct live_output *live, const struct output_entry *entry,
                      const char *channel);

/* Count totals from now on. Does nothing when it does not run: it begins at 0. Errors: -ENOMEM. */
int live_output_reset(struct live_output *live, const struct output_entry *entry, int64_t now_s);

/* The counters that outputs of this entry's kind have of their own; NULL and 0 when it is not known. */
const struct counter_info *live_output_own_table(const struct output_entry *entry, size_t *count);

#endif
