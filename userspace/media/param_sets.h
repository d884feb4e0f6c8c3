/*
 * The parameter sets of a video stream as they came, for a decoder configuration record: one after the other
 * in one block of memory. A set replaces the one of the same kind and id.
 */
#ifndef MEDIA_PARAM_SETS_H
#define MEDIA_PARAM_SETS_H

#include "nal.h"

#define PARAM_SETS_MAX_BYTES 16384 /* of all sets together */

/* Embedded by its user, zero-initialised. Thread: one at a time. */
struct param_sets {
	uint8_t data[PARAM_SETS_MAX_BYTES]; /* records: kind, id, size of 2 bytes, NAL unit */
	size_t size;
	bool changed; /* since whoever reads it cleared it */
};

/*
 * Store a set, at most max of its kind, copied; nothing changes when it is the one held already. Returns whether
 * another one was replaced: 1 or 0. Errors: -ENOSPC when there is no room; the sets held stay as they were.
 */
int param_sets_put(struct param_sets *sets, uint8_t kind, uint8_t id, const struct nal_unit *nal,
                   unsigned int max);

/* Forget all sets of a kind. */
void param_sets_remove(struct param_sets *sets, uint8_t kind);

unsigned int param_sets_count(const struct param_sets *sets, uint8_t kind);

/* Append the sets of one kind to out, each behind its size of 2 bytes; returns the end. */
uint8_t *param_sets_write(const struct param_sets *sets, uint8_t kind, uint8_t *out);

#endif
