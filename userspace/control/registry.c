/*
 * Channels and channels.json. Every change is prepared beside what runs, saved, and then applied, see
 * live.h.
 */
#include "registry.h"

#include "ports.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void env_init(struct live_env *env, struct ingest *ingest, struct senders *senders)
{
	size_t count = 0;
	struct tick_loop *const *sending = senders_loops(senders, &count);

	env->ingest = ingest;
	env->senders = senders;
	env->loops[0] = ingest_loop(ingest);
	for (size_t i = 0; i < count && i + 1 < LIVE_MAX_LOOPS; i++)
		env->loops[i + 1] = sending[i];
	env->loop_count = count + 1 < LIVE_MAX_LOOPS ? count + 1 : LIVE_MAX_LOOPS;
}

static int out_of_memory(struct api_error *error)
{
	return api_error_set(error, 500, "out_of_memory", NULL, "Not enough memory");
}

int registry_find(const struct registry *r, const char *id, struct api_error *error)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!strcmp(r->channels[i]->entry.id, id))
			return (int)i;
	}
	return api_error_set(error, 404, "not_found", NULL, "There is no channel with this id");
}

/* Write channels.json as it will be with channel `index` replaced by next, or left out if next is NULL. */
static int save(struct registry *r, size_t index, const struct channel_entry *next,
                struct api_error *error)
{
	const struct channel_entry **entries = calloc(r->count + 1, sizeof(*entries));
	char why[256];
	size_t n = 0;
	int failed;

	if (!entries)
		return out_of_memory(error);
	for (size_t i = 0; i < r->count; i++) {
		if (i != index)
			entries[n++] = &r->channels[i]->entry;
		else if (next)
			entries[n++] = next;
	}
	if (index == r->count && next)
		entries[n++] = next;
	failed = store_save(r->store, entries, n, why, sizeof(why));
	free(entries);
	if (!failed)
		return 0;
	log_error("%s; nothing was changed", why);
	return api_error_set(error, 500, "storage_failed", NULL, "%s", why);
}

int registry_add(struct registry *r, struct channel_entry *entry, struct api_error *error)
{
	struct live_channel *live;

	if (r->count == ENTRY_MAX_CHANNELS)
		return api_error_set(error, 409, "limit", NULL, "There are already %d channels",
		                     ENTRY_MAX_CHANNELS);
	if (ports_check(r->channels, r->count, r->count, NULL, entry, error))
		return -1;
	if (live_create(&live, entry))
		return out_of_memory(error);
	if (save(r, r->count, &live->entry, error)) {
		live_destroy(live, &r->env);
		return -1;
	}
	r->channels[r->count++] = live;
	log_info("channel \"%s\": created", live->entry.name);
	return 0;
}

int registry_commit(struct registry *r, size_t index, struct channel_entry *next,
                    enum live_intent intent, struct api_error *error)
{
	struct live_channel *live = r->channels[index];
	struct live_change change;

	if (ports_check(r->channels, r->count, index, &live->entry, next, error))
		return -1;
	if (live_prepare(&change, &r->env, live, next, intent, error))
		return -1;
	if (save(r, index, &change.next, error)) {
		live_abandon(&change, &r->env, live);
		return -1;
	}
	live_apply(live, &change, &r->env);
	return 0;
}

int registry_start(struct registry *r, size_t index, enum live_intent intent,
                   struct api_error *error)
{
	struct live_channel *live = r->channels[index];
	struct channel_entry next;
	struct live_change change;

	if (channel_entry_copy(&next, &live->entry))
		return out_of_memory(error);
	next.running = true;
	if (live_prepare(&change, &r->env, live, &next, intent, error)) {
		channel_entry_free(&next);
		snprintf(live->last_error, sizeof(live->last_error), "%s", error->message);
		log_error("channel \"%s\": cannot start: %s", live->entry.name, error->message);
		return -1;
	}
	if (!live->entry.running && save(r, index, &change.next, error)) {
		live_abandon(&change, &r->env, live);
		return -1;
	}
	live_apply(live, &change, &r->env);
	return 0;
}

int registry_remove(struct registry *r, size_t index, struct api_error *error)
{
	struct live_channel *live = r->channels[index];

	if (save(r, index, NULL, error))
		return -1;
	r->count--;
	memmove(&r->channels[index], &r->channels[index + 1],
	        (r->count - index) * sizeof(r->channels[0]));
	log_info("channel \"%s\": deleted", live->entry.name);
	live_destroy(live, &r->env);
	return 0;
}

/* Take the channels over from the store. */
static int load(struct registry *r)
{
	struct channel_entry *entries;
	char why[256];
	size_t count;
	int error = store_load(r->store, &entries, &count, why, sizeof(why));

	if (error) {
		log_error("%s", why);
		return error;
	}
	for (size_t i = 0; i < count; i++) {
		if (!error)
			error = live_create(&r->channels[i], &entries[i]);
		r->count += !error;
		channel_entry_free(&entries[i]);
	}
	free(entries);
	return error;
}

int registry_open(struct registry *r, const char *dir, struct ingest *ingest,
                  struct senders *senders)
{
	struct api_error reported; /* registry_start has logged and kept it */
	char why[256];
	int error = store_open(&r->store, dir, why, sizeof(why));

	if (error) {
		log_error("%s", why);
		return error;
	}
	env_init(&r->env, ingest, senders);
	error = load(r);
	for (size_t i = 0; i < r->count && !error; i++) {
		struct channel_entry *entry = &r->channels[i]->entry;

		entry->running |= entry->autostart;
		if (entry->running)
			(void)registry_start(r, i, LIVE_RESTORE, &reported);
	}
	return error;
}

void registry_close(struct registry *r)
{
	while (r->count)
		live_destroy(r->channels[--r->count], &r->env);
	store_close(r->store);
}
