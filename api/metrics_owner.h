/*
 * Whose values samples are: a channel, an output, a queue. Samples of a family stand together, so each family goes
 * through all of its owners, whose labels are made once.
 */
#ifndef API_METRICS_OWNER_H
#define API_METRICS_OWNER_H

#include "exposition.h"
#include "metric_name.h"

#include <jansson.h>
#include <stddef.h>

struct metrics_owner {
	char *labels;         /* owned */
	const json_t *object; /* borrowed */
};

/* Zero-initialise. */
struct metrics_owners {
	struct metrics_owner *list;
	size_t count, room;
	int error; /* 0 or -ENOMEM; the list is not whole then */
};

/* One label of an owner. */
struct metrics_label {
	const char *name, *value; /* value NULL: "" */
};

/* Add an owner with count labels. Owns: object is borrowed for as long as the list lives. Thread: one (all). */
void metrics_owners_add(struct metrics_owners *owners, const json_t *object,
                        const struct metrics_label *labels, size_t count);
void metrics_owners_free(struct metrics_owners *owners);

/*
 * Write a family from a member of each owner: a number, or true and false as 1 and 0; multiplied and divided. An owner
 * that has none has no sample.
 */
void metrics_write_member(struct exposition *out, const struct metrics_owners *owners,
                          const struct metric_name *name, const char *member,
                          enum exposition_type type, const char *help);

/* The same of what needs no conversion. */
void metrics_write_plain(struct exposition *out, const struct metrics_owners *owners,
                         const char *name, const char *member, enum exposition_type type,
                         const char *help);

/*
 * Write a family with a sample for each of count values that a member, a text, may have, in a label of that name:
 * 1 for the one it has, 0 for the others.
 */
void metrics_write_states(struct exposition *out, const struct metrics_owners *owners,
                          const char *name, const char *member, const char *const *values,
                          size_t count, const char *help);

#endif
