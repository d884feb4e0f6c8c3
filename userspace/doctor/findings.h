/*
 * What a check of the host has found: one sentence, and where something can be done the command that does it.
 */
#ifndef DOCTOR_FINDINGS_H
#define DOCTOR_FINDINGS_H

#include <stddef.h>

enum finding_status {
	FINDING_OK,
	FINDING_UNKNOWN, /* this user, or this namespace, cannot see it */
	FINDING_WARNING, /* works, but less well than it could */
	FINDING_PROBLEM, /* does not start, or not as it was asked for */
	FINDING_STATUSES,
};

#define FINDING_FIX_BYTES 1600

struct finding {
	enum finding_status status;
	const char *subject; /* the interface, or "" for the host */
	const char *check;   /* "mtu" */
	char sentence[500];
	char fix[FINDING_FIX_BYTES]; /* a command for a shell, or "" */
};

typedef void (*finding_fn)(void *context, const struct finding *finding);

struct findings {
	finding_fn take;
	void *context;
	const char *subject; /* of those that are added next */
	unsigned int counts[FINDING_STATUSES];
};

/*
 * Add one: the check's name, the command that mends it or NULL, the sentence. Thread: the one of the findings.
 */
void findings_add(struct findings *findings, enum finding_status status, const char *check,
                  const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "ok", "unknown", "warning" or "problem". Thread: any. */
const char *finding_status_name(enum finding_status status);

/* The command that makes a setting of the kernel's, now and after every start of the host. Thread: any. */
void finding_set_kernel(char *out, size_t size, const char *name, long long value);

#endif
