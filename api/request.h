/*
 * A request of HTTP from its arrival to its reply.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

struct _u_request;
struct _u_response;

#define REQUEST_MAX_BODY_BYTES (4 * 1024 * 1024) /* of a route that is ROUTE_LARGE */

/*
 * Answer one request, whatever it is. user_data: struct routes. The server must let through bodies of
 * one byte more than REQUEST_MAX_BODY_BYTES, so that what is too long can be told from what was cut.
 * Returns U_CALLBACK_COMPLETE. Thread: HTTP.
 */
int request_handle(const struct _u_request *request, struct _u_response *response, void *user_data);

#endif
