/*
 * The fields of a channel that can be set, but for its outputs: one table for REST bodies, channels.json and
 * what is shown. Any thread.
 */
#ifndef CONTROL_CHANNEL_FIELD_H
#define CONTROL_CHANNEL_FIELD_H

#include "entry.h"
#include "error.h"

/* Their names, "outputs" among them, and NULL at the end. */
extern const char *const channel_field_names[];

/* The defaults of a new channel. */
void channel_field_defaults(struct channel_entry *entry);

/*
 * Apply those that object has, then check them together. lenient, for the file: null counts as absent, and
 * members of members that nobody knows do not count. Errors: -1 with error filled; entry may be half changed.
 */
int channel_field_apply(struct channel_entry *entry, const json_t *object, bool lenient,
                        struct api_error *error);

/*
 * An object of all but the outputs. Owns: a new reference, or NULL without memory.
 */
json_t *channel_field_json(const struct channel_entry *entry);

#endif
