/*
 * channels.json: {"<uuid>": {"config": {…}, "desired", "created_at"}, …}.
 *
 * A save replaces the file whole: temporary file in the same directory, fsync, rename, fsync of the
 * directory.
 *
 * What cannot be used is never lost. A file that is no JSON object is set aside whole, by a rename to
 * channels.json.broken-<UTC time>. A file of which only some channels cannot be used stays in place, so
 * that a crash loses nothing, and is kept under such a name (the time being that of its last change) as
 * a hard link, or as a copy where links are not possible; the next save replaces it by the channels that
 * were read. The same file is kept once, however often the program starts with it.
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
 * Read every channel that can be used, at most ENTRY_MAX_CHANNELS, ordered by creation; each one left out
 * is logged, the file being kept before. No file means no channels. A file that is no JSON object is set
 * aside, which is logged, and means no channels too. Owns: *entries, an array of *count, is the
 * caller's, each freed by channel_entry_free and the array by free; both untouched on error.
 * Errors: negative errno when a file could not be set aside or kept, and then it is as it was; why gets
 * a sentence.
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
