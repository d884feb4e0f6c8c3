/*
 * Channels and channels.json. Every change is prepared beside what runs, saved, and then applied, see
 * live.h.
 */
#include "registry.h"

#include "config.h"
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

int registry_find(const struct registry *r, const char *id, struct api_error *error)
{
	for (size_t i = 0; i < r->count; i++) {
		if (!strcmp(r->channels[i]->entry.id, id))
			return (int)i;
	}
	return api_error_set(error, 404, "not_found", NULL, "There is no channel with this id");
}

const struct channel_entry **registry_entries(const struct registry *r)
{
	const struct channel_entry **entries = calloc(r->count + 1, sizeof(*entries));

	for (size_t i = 0; entries && i < r->count; i++)
		entries[i] = &r->channels[i]->entry;
	return entries;
}

static int write_file(struct registry *r, const struct channel_entry *const *entries, size_t count,
                      struct api_error *error)
{
	char why[256];

	if (!store_save(r->store, entries, count, why, sizeof(why)))
		return 0;
	log_error("%s; nothing was changed", why);
	return api_error_set(error, 500, "storage_failed", NULL, "%s", why);
}

/*
 * Write channels.json as it will be with channel `index` replaced by next, or left out if next is NULL; an index after
 * the last adds next.
 */
static int save(struct registry *r, size_t index, const struct channel_entry *next,
                struct api_error *error)
{
	const struct channel_entry **entries = registry_entries(r);
	size_t count = r->count;
	int failed;

	if (!entries)
		return api_error_no_memory(error);
	if (index == count)
		count++;
	if (next)
		entries[index] = next;
	else
		memmove(&entries[index], &entries[index + 1],
		        (--count - index) * sizeof(entries[0]));
	failed = write_file(r, entries, count, error);
	free(entries);
	return failed;
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
		return api_error_no_memory(error);
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
		return api_error_no_memory(error);
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

/* The channel that is exactly as the entry says, or NULL. */
static struct live_channel *find_same(const struct registry *r, const struct channel_entry *entry)
{
	struct api_error none;
	const int index = registry_find(r, entry->id, &none);
	json_t *have, *want;
	bool same;

	if (index < 0)
		return NULL;
	have = config_to_stored(&r->channels[index]->entry);
	want = config_to_stored(entry);
	same = have && want && json_equal(have, want);
	json_decref(have);
	json_decref(want);
	return same ? r->channels[index] : NULL;
}

static bool has(const struct registry *r, const struct live_channel *live)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->channels[i] == live)
			return true;
	return false;
}

/* The channels as they are to be, into next: those that stay as they are, and new ones beside them. */
static int prepare_all(const struct registry *r, struct registry *next,
                       struct channel_entry *entries, size_t count, struct api_error *error)
{
	struct api_error fault;

	for (size_t i = 0; i < count; i++) {
		struct live_channel *live = find_same(r, &entries[i]);

		if (!live && live_create(&live, &entries[i]))
			return api_error_no_memory(error);
		next->channels[next->count++] = live;
		if (!ports_check(next->channels, i, i, NULL, &live->entry, &fault))
			continue;
		return api_error_set(error, fault.status, fault.code, NULL, "channel \"%.60s\": %s",
		                     live->entry.name, fault.message);
	}
	return 0;
}

/* Forget the channels of `from` that `other` does not have. */
static void drop_others(struct registry *from, const struct registry *other)
{
	for (size_t i = 0; i < from->count; i++)
		if (!has(other, from->channels[i]))
			live_destroy(from->channels[i], &other->env);
}

static void start_wanted(struct registry *r)
{
	struct api_error reported; /* registry_start has logged and kept it */

	for (size_t i = 0; i < r->count && !atomic_load(&r->ending); i++)
		if (r->channels[i]->entry.running && !r->channels[i]->feed)
			(void)registry_start(r, i, LIVE_RESTORE, &reported);
}

static int save_all(struct registry *r, const struct registry *next, struct api_error *error)
{
	const struct channel_entry **list = registry_entries(next);
	int failed = list ? write_file(r, list, next->count, error) : api_error_no_memory(error);

	free(list);
	return failed;
}

int registry_replace(struct registry *r, struct channel_entry *entries, size_t count,
                     struct api_error *error)
{
	struct registry *next = calloc(1, sizeof(*next));

	if (!next)
		return api_error_no_memory(error);
	next->env = r->env;
	if (prepare_all(r, next, entries, count, error) || save_all(r, next, error)) {
		drop_others(next, r);
		free(next);
		return -1;
	}
	drop_others(r, next);
	memcpy(r->channels, next->channels, sizeof(r->channels));
	r->count = next->count;
	free(next);
	log_info("configuration replaced: %zu channels", r->count);
	start_wanted(r);
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
	char why[256];
	int error = store_open(&r->store, dir, why, sizeof(why));

	if (error) {
		log_error("%s", why);
		return error;
	}
	env_init(&r->env, ingest, senders);
	error = load(r);
	if (error)
		return error;
	for (size_t i = 0; i < r->count; i++)
		r->channels[i]->entry.running |= r->channels[i]->entry.autostart;
	start_wanted(r);
	return 0;
}

void registry_close(struct registry *r)
{
	while (r->count)
		live_destroy(r->channels[--r->count], &r->env);
	store_close(r->store);
}
