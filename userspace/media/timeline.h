/*
 * One clock for all streams of a program: 33-bit time stamps in, continuous milliseconds out.
 *
 * The clock runs in epochs. Within one, output is the unwrapped time stamp plus the epoch's
 * offset, so audio and video keep their distance; the first epoch's offset is 0. A stream whose
 * time stamps jump (the source restarted) begins a new epoch, whose offset lets it go on where it
 * was; the other streams join that epoch when their own jump comes. The epoch before stays known,
 * for a stream that jumps back.
 */
#ifndef MEDIA_TIMELINE_H
#define MEDIA_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* What counts as a jump, in 90 kHz units: a step back is one early, for DTS never steps back. */
#define TIMELINE_MAX_FORWARD  (10 * 90000LL)
#define TIMELINE_MAX_BACKWARD (90000LL / 2)

struct timeline_epoch {
	bool used;
	int64_t last;   /* unwrapped time stamp mapped last, of any stream */
	int64_t offset; /* output minus unwrapped time stamp */
};

/* Embedded by its user, zero-initialised; shared by the streams. */
struct timeline {
	struct timeline_epoch now, before;
	uint32_t epoch; /* number of `now`; `before` is one less */
};

/* A stream's place on it. Embedded, zero-initialised. */
struct timeline_cursor {
	bool started;
	uint32_t epoch;
	int64_t last;   /* unwrapped time stamp mapped last, in that epoch */
	int64_t output; /* what it was mapped to */
};

/*
 * Map a DTS (33 bits, 90 kHz) to the continuous clock, 90 kHz. step: how far the stream moves from
 * one unit to the next, used where it goes on after a jump. *jumped tells that a new epoch has
 * begun. Thread: one at a time for a timeline and its cursors.
 */
int64_t timeline_map(struct timeline *timeline, struct timeline_cursor *cursor, int64_t dts,
                     int64_t step, bool *jumped);

/*
 * Where a time of the program (33 bits, 90 kHz), up to hours away, is on the continuous clock of the newest
 * epoch. Returns false before the first unit was mapped. Thread: as map.
 */
bool timeline_find(const struct timeline *timeline, int64_t time, int64_t *output);

/* Move a started cursor by step, 90 kHz, for a unit without a time stamp. Thread: as map. */
void timeline_advance(struct timeline_cursor *cursor, int64_t step);

/*
 * The distance from DTS to PTS of one unit, both 33 bits; 0 when it is not credible (more than
 * TIMELINE_MAX_FORWARD either way). Thread: any.
 */
int64_t timeline_distance(int64_t pts, int64_t dts);

/* Continuous 90 kHz to milliseconds: rounded, halves up, below 0 too. Thread: any. */
int64_t timeline_to_ms(int64_t time);

#endif
