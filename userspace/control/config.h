/*
 * JSON to entries and back, with every check that needs no other channel: the bodies of REST calls and
 * the values of channels.json (design section 6).
 */
#ifndef CONTROL_CONFIG_H
#define CONTROL_CONFIG_H

#include "entry.h"
#include "error.h"

/*
 * Apply a REST body to entry. is_new: name and rtp_port are required and what is absent gets its
 * default; otherwise entry holds the present values, and what is absent stays. Work on a copy: on
 * error entry may be half changed, and is still the caller's to free. A secret given as *** stands for
 * the stored one. Errors: -1 with error filled. Thread: any.
 */
int config_apply_channel(struct channel_entry *entry, const json_t *body, bool is_new,
                         struct api_error *error);

/*
 * The same for one output. prefix: put before field names in errors, e.g. "outputs[1].", or "". A new
 * entry must be empty and gets an id. Thread: any.
 */
int config_apply_output(struct output_entry *entry, const json_t *body, bool is_new,
                        const char *prefix, struct api_error *error);

/*
 * The value of one channel in channels.json, with its secrets:
 * {"config": {"name", "rtp_ip", "rtp_port", "autostart", "outputs"}, "desired", "created_at"}.
 * Owns: a new reference, or NULL without memory. Thread: any.
 */
json_t *config_to_stored(const struct channel_entry *entry);

/*
 * The reverse, lenient towards older and newer programs: desired, autostart, created_at and the id,
 * name and enabled of outputs have defaults, unknown fields of config and outputs are kept in `extra`,
 * and a URL that this program does not support is kept as it is. Owns: *out is the caller's, freed by
 * channel_entry_free; untouched on error. Errors: -EINVAL, -ENOMEM; why (size bytes) says what is
 * wrong. Thread: any.
 */
int config_from_stored(struct channel_entry *out, const char *id, const json_t *value, char *why,
                       size_t size);

/* "2026-01-31T23:59:59Z" (ISO 8601), CONFIG_TIME_BYTES bytes. Thread: any. */
#define CONFIG_TIME_BYTES 24
void config_format_time(char *out, int64_t seconds);

#endif
