/*
 * Tracks: one elementary stream each on its way from PES packets to FLV tags. A codec is a
 * track_class; remux.c has the table that maps stream types to them.
 *
 * Everything here runs on the thread that pushes into the remuxer.
 */
#ifndef MEDIA_TRACK_H
#define MEDIA_TRACK_H

#include "flv_write.h"
#include "pes.h"
#include "remux.h"
#include "timeline.h"

/*
 * What a track works with. It is the remuxer's and outlives the track: a stream that is replaced by
 * another of its kind is continued by it in time.
 */
struct track_host {
	void *context;
	/* Takes over one reference to tag. */
	void (*emit)(void *context, struct flv_tag *tag);
	struct timeline *timeline;
	struct timeline_cursor cursor;
	bool stamped;    /* last_ms holds */
	int64_t last_ms; /* time stamp given out last */
	struct remux_counters *counters;
	unsigned int forms; /* of HEVC that somebody takes: bits of 1 << enum hevc_form */
};

struct track; /* a class's own; the first member of its struct */

struct track_class {
	enum flv_type type;
	/* The packet, the first of a stream that may or may not be the class's, is of it. */
	bool (*accepts)(const struct pes_packet *packet);
	/* NULL without memory. host is borrowed until destroy. */
	struct track *(*create)(struct track_host *host);
	/* NULL is fine. */
	void (*destroy)(struct track *track);
	/* Take a PES packet, borrowed. */
	void (*push)(struct track *track, const struct pes_packet *packet);
	/* Bytes are missing before the next packet. */
	void (*lose)(struct track *track);
	/* The stream ends: emit what only the next packet would complete. NULL: nothing ever waits. */
	void (*flush)(struct track *track);
	/* Add what the track knows of its stream. */
	void (*describe)(const struct track *track, struct flv_metadata *metadata);
};

extern const struct track_class track_h264, track_hevc, track_aac;

/*
 * The place on the continuous clock, 90 kHz, of a packet: by its DTS, or `step` after the one
 * before when it has none. Returns false when it has none and is the first.
 */
bool track_place(struct track_host *host, const struct pes_packet *packet, int64_t step,
                 int64_t *time);

/* The milliseconds of a tag at `time`: later than those of the tag before in any case. */
int64_t track_stamp(struct track_host *host, int64_t time);

#endif
