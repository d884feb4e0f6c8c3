/*
 * Events: what happened, in the order it happened, for operators and programs that ask later (GET
 * /api/events). The last EVENT_COUNT are kept; each is also a line in the log. For what happens a few
 * times a minute at most, never per packet.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "log.h"

#include <stddef.h>
#include <stdint.h>

#define EVENT_COUNT 1024 /* kept */

struct event {
	uint64_t id;      /* from 1, without gaps */
	int64_t wall_ms;  /* since 1970 */
	char type[32];    /* snake_case, e.g. "input_switched" */
	char subject[40]; /* the channel's id or the interface's name, or "" */
	char text[256];   /* a sentence */
};

/*
 * Keep an event and write its text to the log at that level. type and subject are cut to their size.
 * Thread: any; the lock is held for the copying alone.
 */
void event_add(enum log_level level, const char *type, const char *subject, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Copy events with an id over `after`, oldest first, at most max; returns how many. When more than
 * EVENT_COUNT have happened since, the oldest are gone. Thread: any.
 */
size_t event_list(uint64_t after, struct event *out, size_t max);

/* The id of the newest event, 0 before the first. Thread: any. */
uint64_t event_newest(void);

#endif
