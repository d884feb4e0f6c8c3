/*
 * JSON to text, as it is sent: compact, and fractions without the noise of their binary form (12.345, not
 * 12.345000000000001).
 */
#ifndef API_TEXT_H
#define API_TEXT_H

#include <jansson.h>

/* Owns: the text is the caller's, freed by free(). NULL without memory, and for NULL. Thread: any. */
static inline char *text_of(const json_t *json)
{
	return json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
}

#endif
