/*
 * The HTTP service: REST, WebSocket and the dashboard's files. The only user of ulfius.
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdint.h>

struct access;
struct api_server;
struct manager;

struct api_config {
	const char *listen;        /* "ADDR:PORT", IPv6 in brackets; port 0: any that is free */
	const char *dashboard_dir; /* the dashboard's files; NULL: none */
	struct manager *manager;   /* borrowed */
	struct access *access;     /* taken over on success and emptied; NULL: anybody, no HTTPS */
};

/*
 * Listen and serve. A dashboard directory that cannot be opened is logged, and the API served without it.
 * Owns: *out is the caller's, freed by api_server_destroy. Errors: -EINVAL for a malformed address,
 * -EADDRINUSE and other negative errno; the reason was logged. Thread: main.
 */
int api_server_create(struct api_server **out, const struct api_config *config);

/* The port in use, host order. Thread: any. */
uint16_t api_server_port(const struct api_server *server);

/*
 * Close every connection and stop; returns within 3 s. NULL is fine. Errors: -EBUSY when a request still runs by then: what
 * it may use has to stay. Thread: main.
 */
int api_server_destroy(struct api_server *server);

#endif
