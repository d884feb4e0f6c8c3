/*
 * The channels in memory and their file, changed together or not at all. No lock of its own: the manager
 * calls it under its lock. All functions: thread manager.
 */
#ifndef CONTROL_REGISTRY_H
#define CONTROL_REGISTRY_H

#include "live.h"
#include "store.h"

#include <stdatomic.h>

struct registry {
	struct live_channel *channels[ENTRY_MAX_CHANNELS]; /* in the order of their creation */
	size_t count;
	struct live_env env;
	struct store *store;
	atomic_bool ending; /* start nothing more; to be set by any thread, without the lock */
};

/*
 * Open the store, load the channels and start those that were running or have autostart.
 * Owns: what registry holds is freed by registry_close, also after an error. registry must be zero.
 * Errors: negative errno; the reason was logged.
 */
int registry_open(struct registry *registry, const char *dir, struct ingest *ingest,
                  struct senders *senders);

/* Stop every channel, leaving the file as it is, and free. An unopened registry is fine. */
void registry_close(struct registry *registry);

/* The index of a channel. Errors: -1 with 404. */
int registry_find(const struct registry *registry, const char *id, struct api_error *error);

/*
 * Add a stopped channel at the end. Owns: entry is taken over on success and emptied.
 * Errors: -1 with 409 (limit, overlap) or 500.
 */
int registry_add(struct registry *registry, struct channel_entry *entry, struct api_error *error);

/*
 * Make channel index what next says. Owns: next is taken over on success and emptied.
 * Errors: -1 with 409, 422 or 500; nothing has changed then.
 */
int registry_commit(struct registry *registry, size_t index, struct channel_entry *next,
                    enum live_intent intent, struct api_error *error);

/*
 * Start a channel that does not run: with LIVE_RESTORE also when only one of its two inputs can be received.
 * Errors: as registry_commit, and the channel's last_error is set.
 */
int registry_start(struct registry *registry, size_t index, enum live_intent intent,
                   struct api_error *error);

/*
 * All entries, in order. Owns: an array of count and one more, the caller's, freed by free; the entries are borrowed.
 * Errors: NULL without memory.
 */
const struct channel_entry **registry_entries(const struct registry *registry);

/*
 * Make these entries all there is. Channels that are the same in every field go on untouched; the others are stopped
 * and forgotten, and those of the entries that are to run start, whatever autostart says. Owns: entries that become
 * channels are emptied; the rest is the caller's. Errors: -1 with 409 or 500; nothing has changed then.
 */
int registry_replace(struct registry *registry, struct channel_entry *entries, size_t count,
                     struct api_error *error);

/* Stop and forget a channel. Errors: -1 with 500; nothing has changed then. */
int registry_remove(struct registry *registry, size_t index, struct api_error *error);

#endif
