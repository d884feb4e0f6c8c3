/*
 * Resolving names. The request is shared by its owner and its thread; whoever lets go last frees it, so
 * the owner never waits for a slow name server.
 */
#include "resolve.h"

#include "thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct resolve {
	atomic_uint references;
	atomic_bool done;
	char host[256];
	char service[8];
	int socktype;
	int error; /* of getaddrinfo */
	struct resolve_result result;
};

static void lookup(struct resolve *r, int flags)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = r->socktype, .ai_flags = flags};
	struct addrinfo *list = NULL;

	r->result.count = 0;
	r->error = getaddrinfo(r->host, r->service, &hints, &list);
	if (r->error)
		return;
	for (struct addrinfo *a = list; a && r->result.count < RESOLVE_MAX; a = a->ai_next) {
		memcpy(&r->result.list[r->result.count].address, a->ai_addr, a->ai_addrlen);
		r->result.list[r->result.count++].length = a->ai_addrlen;
	}
	freeaddrinfo(list);
	if (!r->result.count)
		r->error = EAI_NONAME;
}

static void *resolve_main(void *argument)
{
	struct resolve *r = argument;

	lookup(r, AI_ADDRCONFIG);
	atomic_store_explicit(&r->done, true, memory_order_release);
	resolve_drop(r);
	return NULL;
}

int resolve_start(struct resolve **out, const char *host, uint16_t port, int socktype)
{
	struct resolve *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	atomic_store(&r->references, 1);
	r->socktype = socktype;
	snprintf(r->host, sizeof(r->host), "%s", host);
	snprintf(r->service, sizeof(r->service), "%u", port);
	lookup(r, AI_NUMERICHOST | AI_NUMERICSERV);
	if (!r->error) {
		atomic_store(&r->done, true);
	} else {
		atomic_store(&r->references, 2);
		if (thread_start_detached(resolve_main, r)) {
			free(r);
			return -EAGAIN;
		}
	}
	*out = r;
	return 0;
}

int resolve_poll(const struct resolve *r, struct resolve_result *result)
{
	if (!atomic_load_explicit(&r->done, memory_order_acquire))
		return -EAGAIN;
	if (r->error)
		return -ENOENT;
	*result = r->result;
	return 0;
}

const char *resolve_error(const struct resolve *r)
{
	return gai_strerror(r->error);
}

void resolve_drop(struct resolve *r)
{
	if (r && atomic_fetch_sub(&r->references, 1) == 1)
		free(r);
}
