/*
 * The smallest HTTP and WebSocket client that can misbehave: bytes out, parsed answers in.
 */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct http_reply {
	int status; /* 0: the server closed without an answer */
	char head[4096];
	char *body; /* owned, NUL-terminated */
	size_t size;
	json_t *json; /* owned, or NULL when the body is none */
};

/* A connection to 127.0.0.1:port; reads time out after 30 s. */
int http_connect(uint16_t port);

/* Read one answer. is_head: it has no body, whatever its head says. */
void http_read(int fd, struct http_reply *reply, int is_head);

/* One request on a connection of its own. head: more lines, each ending in \r\n, or "". body may be NULL. */
void http_call(uint16_t port, struct http_reply *reply, const char *method, const char *path,
               const char *head, const void *body, size_t size);

void http_free(struct http_reply *reply);

/* The value of a header in reply->head, borrowed until the next call, or NULL. */
const char *http_header(const struct http_reply *reply, const char *name);

/* Shake hands on /ws; returns the descriptor, or the negative HTTP status. */
int websocket_connect(uint16_t port);

/* Send one masked frame. */
void websocket_send(int fd, uint8_t opcode, const void *data, size_t size);

/*
 * Read one frame; returns its opcode, or -1 at the end of the connection or after timeout_ms. *data is
 * the caller's, NUL-terminated.
 */
int websocket_read(int fd, char **data, size_t *size, int timeout_ms);

#endif
