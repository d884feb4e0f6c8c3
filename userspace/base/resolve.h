/*
 * Host names to addresses without holding up the caller: getaddrinfo may block for many seconds, so
 * each request has a thread of its own for as long as it takes. Numeric addresses need none.
 */
#ifndef BASE_RESOLVE_H
#define BASE_RESOLVE_H

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define RESOLVE_MAX 8

struct resolve_result {
	size_t count; /* at least 1 */
	struct {
		struct sockaddr_storage address; /* port filled in */
		socklen_t length;
	} list[RESOLVE_MAX];
};

struct resolve;

/*
 * Begin to resolve host (name or numeric, at most 255 bytes) with port. socktype: SOCK_DGRAM or
 * SOCK_STREAM. Owns: *out is the caller's, given up by resolve_drop. Errors: -ENOMEM, -EAGAIN (no
 * thread). Thread: any.
 */
int resolve_start(struct resolve **out, const char *host, uint16_t port, int socktype);

/*
 * Look whether it is done: 0 and *result when it succeeded, -EAGAIN while it runs, -ENOENT when the name
 * has no address; resolve_error then says why. Thread: the one that started it (all three).
 */
int resolve_poll(const struct resolve *resolve, struct resolve_result *result);
const char *resolve_error(const struct resolve *resolve);

/* Done with it, finished or not. NULL is fine. */
void resolve_drop(struct resolve *resolve);

#endif
