/*
 * The messages of the WebSocket, made from what the manager says. No threads, no sockets.
 */
#ifndef API_UPDATE_H
#define API_UPDATE_H

#include "hub.h"

#include <jansson.h>
#include <stdint.h>

/* What was published last; zero-initialise. */
struct published {
	json_t *channels; /* id to text, or NULL: nothing was published */
	char *health;     /* without what changes by itself */
	uint64_t event;   /* id of the newest event */
};

/* Forget it all: everything will be new. Thread: publisher (both). */
void published_clear(struct published *published);

/*
 * Compare the present with what was published, which it becomes, and make the messages; events that are new go
 * with the update, the newest ones with the snapshot. list: of
 * manager_list; health: of manager_health. *update and *snapshot must be NULL; *update stays so when
 * nothing changed, *snapshot when it is not wanted. Owns: messages have one reference, the caller's, also
 * after an error. Errors: -ENOMEM.
 */
int update_build(struct published *published, json_t *list, json_t *health, bool want_snapshot,
                 struct hub_message **update, struct hub_message **snapshot);

#endif
