/*
 * The manager's calls on single outputs. An output may be given up only under the manager's lock, so whoever holds
 * that may ask one that it has found.
 */
#include "manager.h"

#include "call.h"
#include "config.h"
#include "snapshot_output.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Enter and find an output. Errors: -1 with 404, and the lock is free again. */
static int enter_output(struct call *call, struct manager *m, const char *id, const char *output_id,
                        struct api_error *error)
{
	int index;

	if (call_enter(call, m, id, error))
		return -1;
	index = call_find_output(call, output_id);
	return index < 0 ? call_leave(call, -1) : index;
}

static int reply_output(struct call *call, int index, json_t **out)
{
	return call_reply(out, snapshot_output(call->live, (size_t)index, true), call->error);
}

/* Commit one output of the copy. What is wrong is said of the body that the call got: url, not outputs[1].url. */
static int commit_output(struct call *call)
{
	struct api_error *error = call->error;
	const char *member;

	if (!call_commit(call, LIVE_KEEP))
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
		api_error_no_memory(call->error);
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

	if (call_enter(&call, m, id, error))
		return -1;
	if (call_copy(&call) || !(entry = grow(&call)) ||
	    config_apply_output(entry, body, true, "", error) || commit_output(&call))
		return call_leave(&call, -1);
	index = call.live->entry.output_count - 1;
	log_info("channel \"%s\": output \"%s\": created", call.live->entry.name,
	         call.live->entry.outputs[index].name);
	return call_leave(&call, reply_output(&call, (int)index, out));
}

int manager_update_output(struct manager *m, const char *id, const char *output_id,
                          const json_t *body, json_t **out, struct api_error *error)
{
	struct call call;
	int index;

	index = enter_output(&call, m, id, output_id, error);
	if (index < 0)
		return -1;
	if (call_copy(&call) ||
	    config_apply_output(&call.next.outputs[index], body, false, "", error) ||
	    commit_output(&call))
		return call_leave(&call, -1);
	log_info("channel \"%s\": output \"%s\": changed", call.live->entry.name,
	         call.live->entry.outputs[index].name);
	return call_leave(&call, reply_output(&call, index, out));
}

int manager_delete_output(struct manager *m, const char *id, const char *output_id,
                          struct api_error *error)
{
	struct call call;
	int index, failed;
	char *name;

	index = enter_output(&call, m, id, output_id, error);
	if (index < 0)
		return -1;
	if (call_copy(&call))
		return call_leave(&call, -1);
	name = call.next.outputs[index].name; /* for the log, once it is gone */
	call.next.outputs[index].name = NULL;
	output_entry_free(&call.next.outputs[index]);
	call.next.output_count--;
	memmove(&call.next.outputs[index], &call.next.outputs[index + 1],
	        (call.next.output_count - (size_t)index) * sizeof(call.next.outputs[0]));
	failed = call_commit(&call, LIVE_KEEP);
	if (!failed)
		log_info("channel \"%s\": output \"%s\": deleted", call.live->entry.name, name);
	free(name);
	return call_leave(&call, failed);
}

int manager_get_output(struct manager *m, const char *id, const char *output_id, json_t **out,
                       struct api_error *error)
{
	struct call call;
	int index = enter_output(&call, m, id, output_id, error);

	return index < 0 ? -1 : call_leave(&call, reply_output(&call, index, out));
}

int manager_get_history(struct manager *m, const char *id, const char *output_id, json_t **out,
                        struct api_error *error)
{
	struct output_sample samples[OUTPUT_HISTORY];
	struct output *output;
	struct call call;
	size_t count = 0;
	int index = enter_output(&call, m, id, output_id, error);

	if (index < 0)
		return -1;
	output = call.live->outputs[index].output;
	if (output)
		count = output_get_history(output, samples, OUTPUT_HISTORY);
	call_leave(&call, 0); /* the rest takes longer, and needs nothing of it */
	return call_reply(out, snapshot_history(samples, count, clock_wall_s()), error);
}

int manager_reset_output(struct manager *m, const char *id, const char *output_id, json_t **out,
                         struct api_error *error)
{
	const struct output_entry *entry;
	struct call call;
	int index = enter_output(&call, m, id, output_id, error);

	if (index < 0)
		return -1;
	entry = &call.live->entry.outputs[index];
	if (live_output_reset(&call.live->outputs[index], entry, clock_wall_s()))
		return call_leave(&call, api_error_no_memory(error));
	if (call.live->outputs[index].output)
		log_info("channel \"%s\": output \"%s\": counters reset", call.live->entry.name,
		         entry->name);
	return call_leave(&call, reply_output(&call, index, out));
}

int manager_kick_reader(struct manager *m, const char *id, const char *output_id, uint32_t reader,
                        struct api_error *error)
{
	struct output *output;
	struct call call;
	int index = enter_output(&call, m, id, output_id, error);

	if (index < 0)
		return -1;
	output = call.live->outputs[index].output;
	if (!output || output_kick_reader(output, reader))
		return call_leave(&call, api_error_set(error, 404, "not_found", NULL,
		                                       "The output has no reader with this id"));
	log_info("channel \"%s\": output \"%s\": reader %u disconnected as asked",
	         call.live->entry.name, call.live->entry.outputs[index].name, (unsigned int)reader);
	return call_leave(&call, 0);
}
