/*
 * The ring of events, of which a process has one, as it has one log.
 */
#include "event.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards events and newest */
static struct event events[EVENT_COUNT];                 /* event `id` is at id % EVENT_COUNT */
static uint64_t newest;

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void event_add(enum log_level level, const char *type, const char *subject, const char *format, ...)
{
	struct event event = {.wall_ms = wall_ms()};
	va_list args;

	snprintf(event.type, sizeof(event.type), "%s", type);
	snprintf(event.subject, sizeof(event.subject), "%s", subject);
	va_start(args, format);
	vsnprintf(event.text, sizeof(event.text), format, args);
	va_end(args);
	log_write(level, "%s", event.text);
	pthread_mutex_lock(&lock);
	event.id = ++newest;
	events[event.id % EVENT_COUNT] = event;
	pthread_mutex_unlock(&lock);
}

size_t event_list(uint64_t after, struct event *out, size_t max)
{
	size_t count = 0;
	uint64_t id;

	pthread_mutex_lock(&lock);
	id = newest > EVENT_COUNT ? newest - EVENT_COUNT : 0; /* the last one that is gone */
	if (after > id)
		id = after;
	while (count < max && id < newest)
		out[count++] = events[++id % EVENT_COUNT];
	pthread_mutex_unlock(&lock);
	return count;
}

uint64_t event_newest(void)
{
	uint64_t id;

	pthread_mutex_lock(&lock);
	id = newest;
	pthread_mutex_unlock(&lock);
	return id;
}
