/*
 * The last ten minutes of an output, a sample a second. Made with the first sample.
 */
#ifndef OUTPUT_HISTORY_H
#define OUTPUT_HISTORY_H

#include "output.h"

struct output_history;

/* Add a sample, instead of the oldest when full. Without memory there is no history. Freed by free(). */
void history_add(struct output_history **history, const struct output_sample *sample);

/* See output_get_history; NULL is fine. */
size_t history_get(const struct output_history *history, struct output_sample *out, size_t max);

#endif
