/*
 * Events to JSON, for GET /api/events and the WebSocket.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "control/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * [{"id", "time", "type", "subject", "text"}, …]: the oldest events with an id over `after`, at most max.
 * Owns: a new reference, or NULL without memory. Thread: any.
 */
json_t *events_list(uint64_t after, size_t max);

/*
 * The body of GET /api/events. after, limit: from the query, NULL where it does not say. Owns: *out is the caller's.
 * Errors: -1 with 422 or 500. Thread: any.
 */
int events_reply(json_t **out, const char *after, const char *limit, struct api_error *error);

/* The id behind which there are at most max events. Thread: any. */
uint64_t events_before_newest(size_t max);

#endif
