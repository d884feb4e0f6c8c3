/*
 * The whole configuration, {"<uuid>": {"config": {…}, "desired", "created_at"}, …}: what is in channels.json, and what
 * is backed up and restored.
 */
#ifndef CONTROL_WHOLE_H
#define CONTROL_WHOLE_H

#include "entry.h"
#include "error.h"

/* Entries, with their secrets. Owns: a new reference, or NULL without memory. Thread: any. */
json_t *whole_to_json(const struct channel_entry *const *entries, size_t count);

/*
 * The reverse, in the order of creation; one channel that cannot be used or has *** for a secret, or more than
 * ENTRY_MAX_CHANNELS, refuse the whole. Owns: *entries, an array of *count, is the caller's, freed by whole_free; both untouched on error.
 * Errors: -1 with error filled: 409 (limit), 422, 500. Thread: any.
 */
int whole_from_json(struct channel_entry **entries, size_t *count, const json_t *root,
                    struct api_error *error);

/* Free the entries and their array. NULL is fine. Thread: any. */
void whole_free(struct channel_entry *entries, size_t count);

/*
 * Insert into n entries that are sorted by creation, behind those as old. There is room for one more. Owns: *entry is
 * moved. Thread: any.
 */
void whole_insert(struct channel_entry *entries, size_t n, const struct channel_entry *entry);

#endif
