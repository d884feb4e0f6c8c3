/*
 * Who may use the API: a bearer token (RFC 6750) and the certificate of HTTPS, from files.
 */
#ifndef API_ACCESS_H
#define API_ACCESS_H

#include <stdbool.h>

#define ACCESS_MIN_TOKEN 16 /* characters */
#define ACCESS_MAX_TOKEN 256

/*
 * The first of the subprotocols that a browser offers on /ws (RFC 6455 section 1.9), and what the token begins with that
 * follows: a page can set no header there.
 */
#define ACCESS_PROTOCOL       "distributor"
#define ACCESS_PROTOCOL_TOKEN "token."

struct _u_request;

/* Paths; NULL: none. */
struct access_files {
	const char *token;
	const char *tls_cert, *tls_key; /* PEM, both or none */
};

/* Zero-initialised: anybody, and no HTTPS. */
struct access {
	char *token;      /* owned; NULL: anybody may use it */
	char *cert, *key; /* owned, PEM; NULL: HTTP */
};

/*
 * Read the files. A token is the text of its file without white space at its end: ACCESS_MIN_TOKEN to ACCESS_MAX_TOKEN
 * letters, digits and "-._~". What others may read but should not is a warning in the log. Whether certificate and
 * key are any, the server finds out.
 * Owns: *out is the caller's, freed by access_free; untouched on error. Errors: negative errno; the reason was logged.
 * Thread: main.
 */
int access_load(struct access *out, const struct access_files *files);

/* Free, after writing over them. Thread: main. */
void access_free(struct access *access);

/*
 * Whether a request has the token, or none is needed: in "Authorization: Bearer TOKEN" or, for is_websocket, behind
 * ACCESS_PROTOCOL_TOKEN among its subprotocols. How long it takes does not tell how much of a token was right.
 * access NULL: none is needed. Thread: any.
 */
bool access_admits(const struct access *access, const struct _u_request *request,
                   bool is_websocket);

#endif
