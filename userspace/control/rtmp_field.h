/*
 * The members that outputs of rtmp:// and rtmps:// have besides: the stream key and the options. One place for REST
 * bodies, channels.json and what is shown. Any thread.
 */
#ifndef CONTROL_RTMP_FIELD_H
#define CONTROL_RTMP_FIELD_H

#include "entry.h"
#include "error.h"

/* Their names, for lists of names: what both schemes have, and what rtmps:// has besides. */
#define RTMP_FIELD_NAMES  "stream_key", "audio", "hevc", "cues", "backlog_ms"
#define RTMPS_FIELD_NAMES RTMP_FIELD_NAMES, "tls_verify", "tls_ca"

enum rtmp_secrets { RTMP_SECRETS_MASKED, RTMP_SECRETS_PLAIN };

/*
 * Apply those that object has to entry, whose URL is the new one already, and check URL and key together. before: the
 * URL until now, NULL for a new output; a stored key goes to the peer that it was given for and to no other. An output
 * of another scheme must have none of them, and gets the defaults. prefix: of field names in errors.
 * Errors: -1 with error filled (field.h); entry may be half changed.
 */
int rtmp_field_apply(struct output_entry *entry, const struct output_url *before,
                     const json_t *object, const char *prefix, struct api_error *error);

/*
 * Add them to object if entry has them: the TLS options are of rtmps:// alone. Returns object. Owns: object is taken
 * over, and freed when this fails; NULL stays NULL.
 */
json_t *rtmp_field_add(json_t *object, const struct output_entry *entry, enum rtmp_secrets secrets);

#endif
