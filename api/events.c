/*
 * Events to JSON.
 */
#include "events.h"

#include "base/event.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_LIMIT 100

/* ISO 8601 with milliseconds, UTC. */
static void format_time(char *out, size_t size, int64_t wall_ms)
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc;
	size_t n = 0;

	if (gmtime_r(&seconds, &utc))
		n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out + n, size - n, ".%03dZ", (int)(wall_ms % 1000));
}

/* Texts are cut to their size, and may hold what a peer sent: no broken UTF-8 must lose the object. */
static json_t *to_json(struct event *event)
{
	char when[40];

	format_time(when, sizeof(when), event->wall_ms);
	utf8_repair(event->subject);
	utf8_repair(event->text);
	return json_pack("{s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)event->id, "time", when,
	                 "type", event->type, "subject", event->subject, "text", event->text);
}

json_t *events_list(uint64_t after, size_t max)
{
	const size_t limit = max < EVENT_COUNT ? max : EVENT_COUNT;
	struct event *events = calloc(limit + 1, sizeof(*events));
	json_t *list = events ? json_array() : NULL;
	const size_t count = events ? event_list(after, events, limit) : 0;

	for (size_t i = 0; list && i < count; i++) {
		if (json_array_append_new(list, to_json(&events[i]))) {
			json_decref(list);
			list = NULL;
		}
	}
	free(events);
	return list;
}

uint64_t events_before_newest(size_t max)
{
	const uint64_t newest = event_newest();

	return newest > max ? newest - max : 0;
}

/* A number in the query; *to stays when there is none. */
static int query_number(uint64_t *to, const char *text, const char *name, uint64_t max,
                        struct api_error *error)
{
	const size_t digits = text ? strspn(text, "0123456789") : 0;

	if (!text)
		return 0;
	if (!digits || digits > 18 || text[digits] || strtoull(text, NULL, 10) > max)
		return api_error_set(error, 422, "invalid_value", name,
		                     "%s must be a number from 0 to %llu", name,
		                     (unsigned long long)max);
	*to = strtoull(text, NULL, 10);
	return 0;
}

int events_reply(json_t **out, const char *after, const char *limit, struct api_error *error)
{
	const uint64_t newest = event_newest();
	uint64_t behind = 0, max = DEFAULT_LIMIT;

	if (query_number(&behind, after, "after", INT64_MAX, error) ||
	    query_number(&max, limit, "limit", EVENT_COUNT, error))
		return -1;
	if (!after)
		behind = events_before_newest(max);
	*out = json_pack("{s:I, s:o}", "newest", (json_int_t)newest, "events",
	                 events_list(behind, max));
	return *out ? 0 : api_error_no_memory(error);
}
