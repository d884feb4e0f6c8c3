/*
 * The manager: finds the channel, makes the changed entry, has the registry commit it, replies.
 *
 * One mutex guards all of it. channels.json is written, and log lines are, with the mutex held: calls are
 * rare and made by operators, no media thread ever takes the mutex, and only so do memory and file stay
 * the same whatever fails. Nothing that waits for a peer happens under it.
 */
#include "manager.h"

#include "config.h"
#include "registry.h"
#include "snapshot.h"
#include "switch.h"
#include "system.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct manager {
	pthread_mutex_t lock; /* guards registry, all it points to, and channels.json */
	struct registry registry;
	int64_t started_ns;
};

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

void manager_destroy(struct manager *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	registry_close(&m->registry);
	pthread_mutex_unlock(&m->lock);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static int out_of_memory(struct api_error *error)
{
	return api_error_set(error, 500, "out_of_memory", NULL, "Not enough memory");
}

static int reply(json_t **out, json_t *value, struct api_error *error)
{
	if (!value)
		return out_of_memory(error);
	*out = value;
	return 0;
}

int manager_list(struct manager *m, json_t **out)
{
	json_t *list = json_array(), *body;
	int64_t now_ns = clock_now_ns();

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; list && i < m->registry.count; i++) {
		if (json_array_append_new(list,
		                          snapshot_channel(m->registry.channels[i], now_ns))) {
			json_decref(list);
			list = NULL;
		}
	}
	pthread_mutex_unlock(&m->lock);
	body = json_pack("{s:o}", "channels", list);
	if (!body)
		return -1;
	*out = body;
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

/* What one call works on; filled by enter(). */
struct call {
	struct manager *manager;
	struct live_channel *live;
	size_t index;
	struct channel_entry next; /* a copy of the entry, to be changed and committed */
	struct api_error *error;
};

/* Take the lock and find the channel. On error the lock is free again. */
static int enter(struct call *call, struct manager *m, const char *id, struct api_error *error)
{
	int index;

	pthread_mutex_lock(&m->lock);
	index = registry_find(&m->registry, id, error);
	if (index < 0) {
		pthread_mutex_unlock(&m->lock);
		return -1;
	}
	*call = (struct call){.manager = m,
	                      .live = m->registry.channels[index],
	                      .index = (size_t)index,
	                      .error = error};
	return 0;
}

/* Free the copy, leave the lock and pass result on. */
static int leave(struct call *call, int result)
{
	channel_entry_free(&call->next);
	pthread_mutex_unlock(&call->manager->lock);
	return result;
}

/* Copy the entry, to be changed. */
static int copy(struct call *call)
{
	return channel_entry_copy(&call->next, &call->live->entry) ? out_of_memory(call->error) : 0;
}

static int commit(struct call *call, enum live_intent intent)
{
	return registry_commit(&call->manager->registry, call->index, &call->next, intent,
	                       call->error);
}

static int reply_channel(struct call *call, json_t **out)
{
	return reply(out, snapshot_channel(call->live, clock_now_ns()), call->error);
}

static int reply_output(struct call *call, size_t index, json_t **out)
{
	return reply(out, snapshot_output(call->live, index), call->error);
}

/* The index of an output. Errors: -1 with 404. */
static int find_output(struct call *call, const char *id)
{
	const struct output_entry *entry = channel_entry_find(&call->live->entry, id);

	if (entry)
		return (int)(entry - call->live->entry.outputs);
	return api_error_set(call->error, 404, "not_found", NULL,
	                     "The channel has no output with this id");
}

int manager_get(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	return leave(&call, reply_channel(&call, out));
}

int manager_add_channel(struct manager *m, const json_t *body, json_t **out,
                        struct api_error *error)
{
	struct channel_entry entry = {.created_at_s = clock_wall_s()};
	int failed;

	entry_new_id(entry.id);
	pthread_mutex_lock(&m->lock);
	failed =
		config_apply_channel(&entry, body, true, error) ||
		registry_add(&m->registry, &entry, error) ||
		reply(out,
	              snapshot_channel(m->registry.channels[m->registry.count - 1], clock_now_ns()),
	              error);
	pthread_mutex_unlock(&m->lock);
	channel_entry_free(&entry);
	return failed ? -1 : 0;
}

int manager_update_channel(struct manager *m, const char *id, const json_t *body, json_t **out,
                           struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	if (copy(&call) || config_apply_channel(&call.next, body, false, error) ||
	    commit(&call, LIVE_KEEP))
		return leave(&call, -1);
	log_info("channel \"%s\": changed", call.live->entry.name);
	return leave(&call, reply_channel(&call, out));
}

int manager_delete_channel(struct manager *m, const char *id, struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	return leave(&call, registry_remove(&m->registry, call.index, error));
}

int manager_start_channel(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	if (!call.live->feed && registry_start(&m->registry, call.index, LIVE_START, error))
		return leave(&call, -1);
	return leave(&call, reply_channel(&call, out));
}

int manager_stop_channel(struct manager *m, const char *id, json_t **out, struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	if (!call.live->feed && !call.live->entry.running) {
		call.live->last_error[0] = '\0';
		return leave(&call, reply_channel(&call, out));
	}
	if (copy(&call))
		return leave(&call, -1);
	call.next.running = false;
	if (commit(&call, LIVE_STOP))
		return leave(&call, -1);
	return leave(&call, reply_channel(&call, out));
}

int manager_switch_input(struct manager *m, const char *id, const json_t *body, json_t **out,
                         struct api_error *error)
{
	struct call call;

	if (enter(&call, m, id, error))
		return -1;
	if (switch_input(call.live, body, clock_now_ns(), error))
		return leave(&call, -1);
	return leave(&call, reply_channel(&call, out));
}

/* Commit one output of the copy. What is wrong is said of the body that the call got: url, not outputs[1].url. */
static int commit_output(struct call *call)
{
	struct api_error *error = call->error;
	const char *member;

	if (!commit(call, LIVE_KEEP))
		return 0;
	member = strncmp(error->field, "outputs[", 8) ? NULL : strchr(error->field, '.');
	if (member)
		memmove(error->field, member + 1, strlen(member + 1) + 1);
	return -1;
}

/* Make room for one more output in the copy and return it. */
static struct output_entry *grow(struct call *call)
{
	struct channel_entry *next = &call->next;
	struct output_entry *outputs;

	if (next->output_count == ENTRY_MAX_OUTPUTS) {
		api_error_set(call->error, 409, "limit", NULL, "A channel has at most %d outputs",
		              ENTRY_MAX_OUTPUTS);
		return NULL;
	}
	outputs = reallocarray(next->outputs, next->output_count + 1, sizeof(*outputs));
	if (!outputs) {
		out_of_memory(call->error);
		return NULL;
	}
	next->outputs = outputs;
	outputs[next->output_count] = (struct output_entry){0};
	return &outputs[next->output_count++];
}

int manager_add_output(struct manager *m, const char *id, const json_t *body, json_t **out,
                       struct api_error *error)
{
	struct output_entry *entry;
	struct call call;
	size_t index;

	if (enter(&call, m, id, error))
		return -1;
	if (copy(&call) || !(entry = grow(&call)) ||
	    config_apply_output(entry, body, true, "", error) || commit_output(&call))
		return leave(&call, -1);
	index = call.live->entry.output_count - 1;
	log_info("channel \"%s\": output \"%s\": created", call.live->entry.name,
	         call.live->entry.outputs[index].name);
	return leave(&call, reply_output(&call, index, out));
}

int manager_update_output(struct manager *m, const char *id, const char *output_id,
                          const json_t *body, json_t **out, struct api_error *error)
{
	struct call call;
	int index;

	if (enter(&call, m, id, error))
		return -1;
	index = find_output(&call, output_id);
	if (index < 0 || copy(&call) ||
	    config_apply_output(&call.next.outputs[index], body, false, "", error) ||
	    commit_output(&call))
		return leave(&call, -1);
	log_info("channel \"%s\": output \"%s\": changed", call.live->entry.name,
	         call.live->entry.outputs[index].name);
	return leave(&call, reply_output(&call, (size_t)index, out));
}

int manager_delete_output(struct manager *m, const char *id, const char *output_id,
                          struct api_error *error)
{
	struct call call;
	int index, failed;
	char *name;

	if (enter(&call, m, id, error))
		return -1;
	index = find_output(&call, output_id);
	if (index < 0 || copy(&call))
		return leave(&call, -1);
	name = call.next.outputs[index].name; /* for the log, once it is gone */
	call.next.outputs[index].name = NULL;
	output_entry_free(&call.next.outputs[index]);
	call.next.output_count--;
	memmove(&call.next.outputs[index], &call.next.outputs[index + 1],
	        (call.next.output_count - (size_t)index) * sizeof(call.next.outputs[0]));
	failed = commit(&call, LIVE_KEEP);
	if (!failed)
		log_info("channel \"%s\": output \"%s\": deleted", call.live->entry.name, name);
	free(name);
	return leave(&call, failed);
}
