/*
 * The one route table: which handler answers which method and path, and what is said when none does.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

struct access;
struct manager;
struct static_files;
struct websocket_hub;
struct _u_request;
struct _u_response;

#define ROUTES_MAX_BODY_BYTES (1024 * 1024) /* of a request */

struct routes {
	struct manager *manager;
	const struct access *access; /* borrowed; NULL: anybody may use all of it */
	struct static_files *files;  /* NULL: no dashboard */
	struct websocket_hub *hub;
};

/*
 * Answer one request, whatever it is. user_data: struct routes. The server must let through bodies of
 * one byte more than ROUTES_MAX_BODY_BYTES, so that what is too long can be told from what was cut.
 * Returns U_CALLBACK_COMPLETE. Thread: HTTP.
 */
int routes_handle(const struct _u_request *request, struct _u_response *response, void *user_data);

#endif
