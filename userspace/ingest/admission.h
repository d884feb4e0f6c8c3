/*
 * What a binding's kernel socket admits, as bpf/steer.bpf.c does for its AF_XDP sockets: senders first, so that
 * strangers do not use up the ceiling. The ceiling goes by the time at which a datagram came, not when it is read: a
 * thread that was held up finds a queue full of good ones.
 */
#ifndef INGEST_ADMISSION_H
#define INGEST_ADMISSION_H

#include "base/tick.h"
#include "bpf/ceiling.h"

#include <stdbool.h>
#include <sys/socket.h>

struct ingest_binding;
struct ingest_filter;

struct admission {
	struct command replace; /* for the ingest thread: puts it in the place of the one before */
	struct ingest_binding *binding;
	struct prefix_set *sources; /* NULL: anybody */
	struct ceiling ceiling;
};

/*
 * For a binding, and not yet its own. Owns: *out is the caller's until it is the binding's, by assignment before the
 * ingest thread has it, by posting `replace` later. Errors: -ENOMEM. Thread: any.
 */
int admission_create(struct admission **out, struct ingest_binding *binding,
                     const struct ingest_filter *filter);

/* NULL does nothing. Thread: ingest if it is a binding's own, else any. */
void admission_destroy(struct admission *admission);

/*
 * Whether a datagram is given on; the binding counts it when not. The header has what there is to look at: the sender's
 * address with an allowlist, SCM_TIMESTAMPNS with a ceiling, else it is as if it had come now. Thread: ingest.
 */
bool admission_admits(struct ingest_binding *binding, struct msghdr *header);

#endif
