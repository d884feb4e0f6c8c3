/*
 * Finding what changed is comparing the text of each channel with the text that was published last.
 */
#include "update.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
		message->text = json_dumps(json, JSON_COMPACT);
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
	text = json_dumps(copy, JSON_COMPACT);
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
		text = json_dumps(channel, JSON_COMPACT);
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

int update_build(struct published *p, json_t *list, json_t *health, bool want_snapshot,
                 struct hub_message **update, struct hub_message **snapshot)
{
	json_t *channels = json_object_get(list, "channels");
	json_t *changed = json_array(), *removed = json_array(), *message;
	char *health_now = health_text(health);
	bool is_new = !p->health || !health_now || strcmp(p->health, health_now) != 0;
	int error =
		changed && removed && health_now ? compare(p, channels, changed, removed) : -ENOMEM;

	free(p->health);
	p->health = health_now;
	if (!error && (is_new || json_array_size(changed) || json_array_size(removed))) {
		message = json_pack("{s:s, s:O, s:O, s:O}", "type", "update", "channels", changed,
		                    "removed", removed, "health", health);
		*update = message_create(message);
		error = *update ? 0 : -ENOMEM;
		json_decref(message);
	}
	if (!error && want_snapshot) {
		message = json_pack("{s:s, s:O, s:O}", "type", "snapshot", "channels", channels,
		                    "health", health);
		*snapshot = message_create(message);
		error = *snapshot ? 0 : -ENOMEM;
		json_decref(message);
	}
	json_decref(changed);
	json_decref(removed);
	return error;
}
