#include "call.h"

#include "snapshot.h"

#include "base/clock.h"

int call_reply(json_t **out, json_t *value, struct api_error *error)
{
	if (!value)
		return api_error_no_memory(error);
	*out = value;
	return 0;
}

int call_enter(struct call *call, struct manager *m, const char *id, struct api_error *error)
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

int call_leave(struct call *call, int result)
{
	channel_entry_free(&call->next);
	pthread_mutex_unlock(&call->manager->lock);
	return result;
}

int call_copy(struct call *call)
{
	return channel_entry_copy(&call->next, &call->live->entry)
	               ? api_error_no_memory(call->error)
	               : 0;
}

int call_commit(struct call *call, enum live_intent intent)
{
	return registry_commit(&call->manager->registry, call->index, &call->next, intent,
	                       call->error);
}

int call_find_output(struct call *call, const char *id)
{
	const struct output_entry *entry = channel_entry_find(&call->live->entry, id);

	if (entry)
		return (int)(entry - call->live->entry.outputs);
	return api_error_set(call->error, 404, "not_found", NULL,
	                     "The channel has no output with this id");
}

int call_reply_channel(struct call *call, json_t **out)
{
	return call_reply(out, snapshot_channel(call->live, true, clock_now_ns()), call->error);
}
