/*
 * The manager: finds the channel, makes the changed entry, has the registry commit it, replies. What concerns
 * single outputs is in manager_outputs.c.
 *
 * One mutex guards all of it. channels.json is written, and log lines are, with the mutex held: calls are
 * rare and made by operators, no media thread ever takes the mutex, and only so do memory and file stay
 * the same whatever fails. Nothing that waits for a peer happens under it.
 */
#include "manager.h"

#include "call.h"
#include "config.h"
#include "snapshot.h"
#include "switch.h"
#include "system.h"
#include "whole.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

int manager_create(struct manager **out, const struct manager_config *config)
{
	struct manager *m = calloc(1, sizeof(*m));
	int error;

	if (!m)
		return -ENOMEM;
	pthread_mutex_init(&m->lock, NULL);
	m->started_ns = clock_now_ns();
	error = registry_open(&m->registry, config->config_dir, config->ingest, config->senders);
	if (error) {
		manager_destroy(m);
		return error;
	}
	*out = m;
	return 0;
}

void manager_shut(struct manager *m)
{
	atomic_store(&m->registry.ending,
	             true); /* who holds the lock may be starting a thousand channels */
	pthread_mutex_lock(&m->lock);
	registry_close(&m->registry);
}

void manager_destroy(struct manager *m)
{
	if (!m)
		return;
	manager_shut(m);
	pthread_mutex_unlock(&m->lock);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static json_t *show(const struct live_channel *live, int64_t now_ns)
{
	return snapshot_channel(live, false, now_ns);
}

/* A list of what `shown` makes of every channel; NULL without memory. */
static json_t *list_channels(struct manager *m,
                             json_t *(*shown)(const struct live_channel *live, int64_t now_ns))
{
	json_t *list = json_array();
	int64_t now_ns = clock_now_ns();

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; list && i < m->registry.count; i++) {
		if (json_array_append_new(list, shown(m->registry.channels[i], now_ns))) {
			json_decref(list);
			list = NULL;
		}
	}
	pthread_mutex_unlock(&m->lock);
	return list;
}

int manager_list(struct manager *m, json_t **out)
{
	json_t *body = json_pack("{s:o}", "channels", list_channels(m, show));

	if (!body)
		return -1;
	*out = body;
	return 0;
}

int manager_measures(struct manager *m, json_t **out)
{
	json_t *list = list_channels(m, snapshot_measures);

	if (!list)
		return -1;
	*out = list;
	return 0;
}

int manager_health(struct manager *m, json_t **out)
{
	json_t *body;

	pthread_mutex_lock(&m->lock);
	body = snapshot_health(m->registry.channels, m->registry.count, &m->registry.env,
	                       m->started_ns, clock_now_ns());
	pthread_mutex_unlock(&m->lock);
	if (!body)
		return -1;
	*out = body;
	return 0;
}

int manager_system(struct manager *m, json_t **out)
{
	json_t *body = system_describe(m->registry.env.ingest); /* has a lock of its own */

	if (!body)
		return -1;
	*out = body;
	return 0;
}

int manager_get_config(struct manager *m, json_t **out)
{
	const struct channel_entry **entries;
	json_t *body;

	pthread_mutex_lock(&m->lock);
	entries = registry_entries(&m->registry);
	body = entries ? whole_to_json(entries, m->registry.count) : NULL;
	pthread_mutex_unlock(&m->lock);
	free(entries);
	if (!body)
		return -1;
	*out = body;
	return 0;
}

int manager_set_config(struct manager *m, const json_t *body, json_t **out, struct api_error *error)
{
	struct channel_entry *entries;
	size_t count;
	int failed;

	if (whole_from_json(&entries, &count, body, error))
		return -1;
	pthread_mutex_lock(&m->lock);
	failed = registry_replace(&m->registry, entries, count, error);
	pthread_mutex_unlock(&m->lock);
	whole_free(entries, count);
	if (failed)
		return -1;
	return manager_list(m, out) ? api_error_no_memory(error) : 0;
}

int manager_get(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	return call_leave(&call, call_reply_channel(&call, out));
}

int manager_add_channel(struct manager *m, const json_t *body, json_t **out,
                        struct api_error *error)
{
	struct channel_entry entry = {.created_at_s = clock_wall_s()};
	int failed;

	entry_new_id(entry.id);
	pthread_mutex_lock(&m->lock);
	failed = config_apply_channel(&entry, body, true, error) ||
	         registry_add(&m->registry, &entry, error) ||
	         call_reply(out,
	                    snapshot_channel(m->registry.channels[m->registry.count - 1], true,
	                                     clock_now_ns()),
	                    error);
	pthread_mutex_unlock(&m->lock);
	channel_entry_free(&entry);
	return failed ? -1 : 0;
}

int manager_update_channel(struct manager *m, const char *id, const json_t *body, json_t **out,
                           struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	if (call_copy(&call) || config_apply_channel(&call.next, body, false, error) ||
	    call_commit(&call, LIVE_KEEP))
		return call_leave(&call, -1);
	log_info("channel \"%s\": changed", call.live->entry.name);
	return call_leave(&call, call_reply_channel(&call, out));
}

int manager_delete_channel(struct manager *m, const char *id, struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	return call_leave(&call, registry_remove(&m->registry, call.index, error));
}

int manager_start_channel(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	if (!call.live->feed && registry_start(&m->registry, call.index, LIVE_START, error))
		return call_leave(&call, -1);
	return call_leave(&call, call_reply_channel(&call, out));
}

int manager_stop_channel(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	if (!call.live->feed && !call.live->entry.running) {
		call.live->last_error[0] = '\0';
		return call_leave(&call, call_reply_channel(&call, out));
	}
	if (call_copy(&call))
		return call_leave(&call, -1);
	call.next.running = false;
	if (call_commit(&call, LIVE_STOP))
		return call_leave(&call, -1);
	return call_leave(&call, call_reply_channel(&call, out));
}

int manager_switch_input(struct manager *m, const char *id, const json_t *body, json_t **out,
                         struct api_error *error)
{
	struct call call;

	if (call_enter(&call, m, id, error))
		return -1;
	if (switch_input(call.live, body, clock_now_ns(), error))
		return call_leave(&call, -1);
	return call_leave(&call, call_reply_channel(&call, out));
}
