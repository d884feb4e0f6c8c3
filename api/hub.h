/*
 * The publisher of the WebSocket: one thread turns what the manager says into messages, clients take
 * them. No sockets here.
 *
 * Each published state has a number. A client holds the number of the state it knows: the update that
 * leads to the next one is of use to it, or else a snapshot of the newest.
 */
#ifndef API_HUB_H
#define API_HUB_H

#include "websocket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message, shared by all who send it. */
struct hub_message {
	char *text; /* JSON */
	size_t size;
	uint64_t state; /* what a client knows afterwards */
	unsigned int references;
};

/* A client as the hub knows it; its thread owns it. */
struct hub_client {
	int wake_fd;    /* eventfd, readable when there may be something to take */
	uint64_t state; /* what it knows, 0 = nothing yet */
};

/*
 * Let a client in and ask for its snapshot. Errors: -ENOSPC when the hub is full or stopping, -EMFILE and
 * other negative errno of eventfd. Thread: client (all of these).
 */
int hub_join(struct websocket_hub *hub, struct hub_client *client);
void hub_leave(struct websocket_hub *hub, struct hub_client *client);

/* The next message for the client, given back with hub_release; NULL when it has to wait. */
struct hub_message *hub_take(struct websocket_hub *hub, struct hub_client *client);
void hub_release(struct websocket_hub *hub, struct hub_message *message);

/* Thread: any. */
bool hub_is_stopping(struct websocket_hub *hub);
bool hub_is_full(struct websocket_hub *hub);

#endif
