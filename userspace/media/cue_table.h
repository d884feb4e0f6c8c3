/*
 * The events that are known: so that a cue which its source repeats (SCTE 35 asks for that) is told once, and a reader
 * that joins late hears of what is still to come. Bounded: the one not heard of for the longest makes room.
 */
#ifndef MEDIA_CUE_TABLE_H
#define MEDIA_CUE_TABLE_H

#include "cue_event.h"

#define CUE_TABLE_ENTRIES 64
#define CUE_NO_TIME       INT64_MIN

/* How long after it was heard last an event without a time of its own is still the same one. */
#define CUE_SAME_MS 10000

struct cue_entry {
	bool used;
	struct cue_event event;
	int64_t time_ms; /* of the splice on the FLV clock; CUE_NO_TIME while that clock is not known */
	int64_t heard_ms; /* by the FLV clock, last; CUE_NO_TIME likewise */
	uint64_t heard;   /* a number that grows */
	bool told;        /* stands for its splice in the flavours that tell a splice once */
	bool leads;       /* stands for its section in the flavour that passes it on */
	uint8_t *section; /* the entry's, with `leads` */
	size_t size;
};

/* Embedded by its user, zero-initialised; end with cue_table_clear. */
struct cue_table {
	struct cue_entry entries[CUE_TABLE_ENTRIES];
	uint64_t heard;
};

/*
 * An event was heard at now_ms, its splice is at time_ms (either may be CUE_NO_TIME). Returns its entry when it is new or
 * says something new (another time or length, after a cancellation), NULL when it is a repetition. What contradicts it
 * is forgotten: the event that it cancels, or the cancellation. Thread: one at a time.
 */
struct cue_entry *cue_table_hear(struct cue_table *table, const struct cue_event *event,
                                 int64_t time_ms, int64_t now_ms);

/* Another event of that kind at that place (to the millisecond) stands for it. Thread: as hear. */
bool cue_table_is_told(const struct cue_table *table, enum cue_kind kind, int64_t time_ms);

/* Keep a copy of the section with the entry, for the readers to come; without memory they get none. Thread: as hear. */
void cue_table_keep(struct cue_entry *entry, const uint8_t *section, size_t size);

/* Forget everything. Thread: as hear. */
void cue_table_clear(struct cue_table *table);

#endif
