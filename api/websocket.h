/*
 * WS /ws: pushes channels and health to dashboards.
 *
 * On connect {"type":"snapshot","channels":[…],"health":{…}}; then, when something changed,
 * {"type":"update","channels":[changed or new],"removed":[ids],"health":{…}}: every second, and at once
 * after a change that came through this server. A client that cannot keep up gets a new snapshot instead of the
 * updates it missed; one that takes nothing for 2 s is closed. What clients send is read and ignored.
 */
#ifndef API_WEBSOCKET_H
#define API_WEBSOCKET_H

#include "control/error.h"

#define WEBSOCKET_MAX_CLIENTS 64

struct websocket_hub;
struct manager;
struct _u_request;
struct _u_response;

/*
 * Start the publisher thread, which sleeps while there are no clients.
 * Owns: *out is the caller's, freed by websocket_hub_destroy; manager is borrowed.
 * Errors: -ENOMEM, negative errno of pthread_create. Thread: main.
 */
int websocket_hub_create(struct websocket_hub **out, struct manager *manager);

/*
 * Close every client, stop the publisher and let no one in any more. Returns when they are gone, at most
 * after timeout_ms. Errors: -ETIMEDOUT: clients are left, the hub must not be freed. Thread: main.
 */
int websocket_hub_stop(struct websocket_hub *hub, int timeout_ms);

/* Free a stopped hub. NULL is fine. Thread: main, once ulfius has stopped. */
void websocket_hub_destroy(struct websocket_hub *hub);

/* Publish soon: something was changed. Thread: any. */
void websocket_hub_poke(struct websocket_hub *hub);

/*
 * Answer GET /ws: set up response for the upgrade. Errors: -1 with error filled: 400 when the request is
 * no WebSocket handshake, 503 when there are too many clients. Thread: HTTP.
 */
int websocket_accept(struct websocket_hub *hub, const struct _u_request *request,
                     struct _u_response *response, struct api_error *error);

#endif
