/*
 * The one route table: which handler answers which method and path.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "control/manager.h"

#include <jansson.h>
#include <stddef.h>

struct access;
struct static_files;
struct websocket_hub;
struct _u_request;
struct _u_response;

#define ROUTE_ID_BYTES 64
#define ROUTE_MAX_IDS  3

/* What requests are answered from. */
struct routes {
	struct manager *manager;
	const struct access *access; /* borrowed; NULL: anybody may use all of it */
	struct static_files *files;  /* NULL: no dashboard */
	struct websocket_hub *hub;
};

/* One request on its way. */
struct call {
	const struct routes *routes;
	const struct _u_request *request;
	struct _u_response *response;
	/* what the stars of the route's path stood for, "" when too long */
	char ids[ROUTE_MAX_IDS][ROUTE_ID_BYTES];
	json_t *body;  /* of routes that take one; the call's */
	json_t *reply; /* set by the handler; the call's */
	struct api_error error;
};

/*
 * Answer a call. Returns the status to reply with, -1 with call->error filled, or 0 when the response is complete.
 * Thread: HTTP.
 */
typedef int (*route_fn)(struct call *call);

enum route_flags {
	ROUTE_BODY = 1,      /* takes a JSON object */
	ROUTE_OPEN = 2,      /* to anybody, without the token */
	ROUTE_WEBSOCKET = 4, /* browsers cannot give the token in a header */
	ROUTE_LARGE = 8,     /* takes more than others: REQUEST_MAX_BODY_BYTES */
};

struct route {
	const char *method, *path; /* a star stands for one part of the path */
	unsigned int flags;
	route_fn handle;
};

/* All routes, and how many these are. Thread: any. */
const struct route *routes_get(size_t *count);

#endif
