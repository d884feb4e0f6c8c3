#include "history.h"

#include <stdlib.h>

struct output_history {
	size_t count; /* samples ever added */
	struct output_sample samples[OUTPUT_HISTORY];
};

void history_add(struct output_history **history, const struct output_sample *sample)
{
	if (!*history)
		*history = calloc(1, sizeof(**history));
	if (*history)
		(*history)->samples[(*history)->count++ % OUTPUT_HISTORY] = *sample;
}

size_t history_get(const struct output_history *history, struct output_sample *out, size_t max)
{
	size_t kept = !history ? 0 : history->count;

	if (kept > OUTPUT_HISTORY)
		kept = OUTPUT_HISTORY;
	if (kept > max)
		kept = max;
	for (size_t i = 0; i < kept; i++)
		out[i] = history->samples[(history->count - kept + i) % OUTPUT_HISTORY];
	return kept;
}
