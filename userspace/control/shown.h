/*
 * How values look in JSON. All return a new reference, the caller's, or NULL without memory. Thread: any.
 */
#ifndef CONTROL_SHOWN_H
#define CONTROL_SHOWN_H

#include "base/table.h"

#include <jansson.h>

/* Text that may hold anything, made fit and cut to 519 bytes; null when it is empty. */
json_t *shown_text(const char *text);

/* ISO 8601; null for 0. seconds: since 1970. */
json_t *shown_time(int64_t seconds);

/*
 * Add every counter of a table to object and return that. values: made from the same list; NULL: all are zero.
 * base: what is taken off totals, one a row; NULL: nothing. Owns: object is taken over, and freed when this fails;
 * NULL stays NULL.
 */
json_t *shown_counters(json_t *object, const struct counter_info *table, size_t count,
                       const void *values, const uint64_t *base);

#endif
