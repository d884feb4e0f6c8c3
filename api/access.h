/*
 * Who may use the API: a bearer token (RFC 6750) and the certificate of HTTPS, from files.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "base/access_files.h"

#include <stdbool.h>

/*
 * The first of the subprotocols that a browser offers on /ws (RFC 6455 section 1.9), and what the token begins with that
 * follows: a page can set no header there.
 */
#define ACCESS_PROTOCOL       "distributor"
#define ACCESS_PROTOCOL_TOKEN "token."

struct _u_request;

/*
 * access_files_load(), with what is wrong in the log.
 * Owns: *out is the caller's, freed by access_files_free; untouched on error. Errors: negative errno; the reason was logged.
 * Thread: main.
 */
int access_load(struct access *out, const struct access_files *files);

/* Whether a token is asked for. access NULL: no. Thread: any. */
bool access_is_restricted(const struct access *access);

/*
 * Whether a request has the token, or none is needed: in "Authorization: Bearer TOKEN" or, for is_websocket, behind
 * ACCESS_PROTOCOL_TOKEN among its subprotocols. How long it takes does not tell how much of a token was right.
 * access NULL: none is needed. Thread: any.
 */
bool access_admits(const struct access *access, const struct _u_request *request,
                   bool is_websocket);

#endif
