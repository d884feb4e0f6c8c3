/*
 * channels.json: {"<uuid>": {"config": {…}, "desired", "created_at"}, …}.
 *
 * A save replaces the file whole: temporary file in the same directory, fsync, rename, fsync of the
 * directory. A file that cannot be used is never overwritten: it is set aside as
 * channels.json.broken-<UTC time>.
 */
#ifndef CONTROL_STORE_H
#define CONTROL_STORE_H

#include "entry.h"

struct store;

/*
 * Use the directory, which is made (mode 0700, its parent must exist) when it is missing.
 * Owns: *out is the caller's, freed by store_close; untouched on error. Errors: negative errno; why
 * (size bytes) gets a sentence. Thread: any.
 */
int store_open(struct store **out, const char *dir, char *why, size_t size);

/* NULL is fine. Thread: any. */
void store_close(struct store *store);

/*
 * Read every channel, ordered by creation. No file means no channels. A file that cannot be used is set
 * aside, which is logged, and means no channels too. Owns: *entries, an array of *count, is the
 * caller's, each freed by channel_entry_free and the array by free; both untouched on error.
 * Errors: negative errno when a broken file could not be set aside; why gets a sentence.
 * Thread: any, one at a time.
 */
int store_load(struct store *store, struct channel_entry **entries, size_t *count, char *why,
               size_t size);

/*
 * Replace the file by these channels, mode 0600. On error the old file is as it was.
 * Errors: negative errno (-ENOSPC, -EROFS, …); why gets a sentence. Thread: any, one at a time.
 */
int store_save(struct store *store, const struct channel_entry *const *entries, size_t count,
               char *why, size_t size);

#endif
