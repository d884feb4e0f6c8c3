/*
 * One call on one channel: under the manager's lock, find it, copy its entry, commit the changed copy, reply.
 * Internal to the manager.
 */
#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include "manager.h"
#include "registry.h"

#include <pthread.h>

struct manager {
	pthread_mutex_t lock; /* guards registry, all it points to, and channels.json */
	struct registry registry;
	int64_t started_ns;
};

/* What one call works on; filled by call_enter. */
struct call {
	struct manager *manager;
	struct live_channel *live;
	size_t index;
	struct channel_entry next; /* a copy of the entry, to be changed and committed */
	struct api_error *error;
};

/* Take the lock and find the channel. Errors: -1 with 404, and the lock is free again. */
int call_enter(struct call *call, struct manager *m, const char *id, struct api_error *error);

/* Free the copy, leave the lock and pass result on. */
int call_leave(struct call *call, int result);

/* Copy the entry, to be changed. Errors: -1 with 500. */
int call_copy(struct call *call);

/* Carry the changed copy out. Errors: see registry_commit. */
int call_commit(struct call *call, enum live_intent intent);

/* The index of an output. Errors: -1 with 404. */
int call_find_output(struct call *call, const char *id);

/* *out becomes value, which is taken over. Errors: -1 with 500 when there is none. */
int call_reply(json_t **out, json_t *value, struct api_error *error);
int call_reply_channel(struct call *call, json_t **out);

#endif
