/*
 * Finding what changed is comparing the text of each channel with the text that was published last.
 */
#include "update.h"

#include "events.h"
#include "text.h"

#include "base/event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_EVENTS 50

void published_clear(struct published *p)
{
	json_decref(p->channels);
	free(p->health);
	*p = (struct published){0};
}

static struct hub_message *message_create(json_t *json)
{
	struct hub_message *message = calloc(1, sizeof(*message));

	if (message && json)
		message->text = text_of(json);
	if (!message || !message->text) {
		free(message);
		return NULL;
	}
	message->size = strlen(message->text);
	message->references = 1;
	return message;
}

/* The text of health without its clock, to see whether anything else changed. */
static char *health_text(const json_t *health)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)health);
	char *text;

	json_object_del(copy, "uptime_s");
	text = text_of(copy);
	json_decref(copy);
	return text;
}

/*
 * Compare channels with what was published, which becomes the present. Fills changed (array of channels)
 * and removed (array of ids). Errors: -ENOMEM.
 */
static int compare(struct published *p, const json_t *channels, json_t *changed, json_t *removed)
{
	json_t *texts = json_object(), *channel, *before;
	const char *id, *old;
	char *text;
	int error = 0;
	size_t i;

	json_array_foreach(channels, i, channel)
	{
		id = json_string_value(json_object_get(channel, "id"));
		text = text_of(channel);
		old = json_string_value(json_object_get(p->channels, id));
		if (!text || json_object_set_new(texts, id, json_string(text)) ||
		    ((!old || strcmp(old, text) != 0) && json_array_append(changed, channel)))
			error = -ENOMEM;
		free(text);
	}
	json_object_foreach(p->channels, id, before)
	{
		if (!json_object_get(texts, id) && json_array_append_new(removed, json_string(id)))
			error = -ENOMEM;
	}
	json_decref(p->channels);
	p->channels = texts;
	return error;
}

static struct hub_message *make_update(json_t *changed, json_t *removed, json_t *health,
                                       json_t *events)
{
	json_t *json = json_pack("{s:s, s:O, s:O, s:O}", "type", "update", "channels", changed,
	                         "removed", removed, "health", health);
	struct hub_message *message = NULL;

	if (!json_array_size(events) || !json_object_set(json, "events", events))
		message = message_create(json);
	json_decref(json);
	return message;
}

static struct hub_message *make_snapshot(json_t *channels, json_t *health)
{
	json_t *json = json_pack(
		"{s:s, s:O, s:O, s:o}", "type", "snapshot", "channels", channels, "health", health,
		"events", events_list(events_before_newest(SNAPSHOT_EVENTS), SNAPSHOT_EVENTS));
	struct hub_message *message = message_create(json);

	json_decref(json);
	return message;
}

/* The events since the last publication; none for the first one, whose clients get a snapshot. */
static json_t *new_events(struct published *p)
{
	json_t *events = p->health ? events_list(p->event, EVENT_COUNT) : json_array();
	const size_t count = json_array_size(events);

	if (!p->health)
		p->event = event_newest();
	else if (count)
		p->event = (uint64_t)json_integer_value(
			json_object_get(json_array_get(events, count - 1), "id"));
	return events;
}

int update_build(struct published *p, json_t *list, json_t *health, bool want_snapshot,
                 struct hub_message **update, struct hub_message **snapshot)
{
	json_t *channels = json_object_get(list, "channels");
	json_t *changed = json_array(), *removed = json_array(), *events = new_events(p);
	char *health_now = health_text(health);
	bool is_new = !p->health || !health_now || strcmp(p->health, health_now) != 0;
	int error = -ENOMEM;

	if (changed && removed && events && health_now)
		error = compare(p, channels, changed, removed);
	free(p->health);
	p->health = health_now;
	is_new |= json_array_size(changed) || json_array_size(removed) || json_array_size(events);
	if (!error && is_new) {
		*update = make_update(changed, removed, health, events);
		error = *update ? 0 : -ENOMEM;
	}
	if (!error && want_snapshot) {
		*snapshot = make_snapshot(channels, health);
		error = *snapshot ? 0 : -ENOMEM;
	}
	json_decref(changed);
	json_decref(removed);
	json_decref(events);
	return error;
}
