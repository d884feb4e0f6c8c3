/*
 * Cue messages: the SCTE-35 sections of a channel in, AMF data tags out, one for each flavour that may be
 * wanted.
 */
#ifndef MEDIA_CUES_H
#define MEDIA_CUES_H

#include "flv.h"
#include "remux_choice.h"

/* What the remuxer does for them. */
struct cue_host {
	void *context;
	/* Takes over one reference to tag, whose variant is the flavour (enum cue_flavour). */
	void (*emit)(void *context, struct flv_tag *tag);
	/*
	 * The milliseconds of the FLV clock for a time of the stream's own, 33 bits of 90 kHz with
	 * pts_adjustment added; INT64_MIN while nothing was remuxed yet.
	 */
	int64_t (*time_ms)(void *context, int64_t pts33);
	/* The time stamp of the newest frame; INT64_MIN before the first. */
	int64_t (*current_ms)(void *context);
};

struct cues;

/*
 * Owns: *out is the caller's, freed by cues_destroy; untouched on error. host is copied. Errors: -ENOMEM.
 * Thread: any.
 */
int cues_create(struct cues **out, const struct cue_host *host);

/* Take a whole section, CRC included, hostile and borrowed. Thread: one at a time. */
void cues_push(struct cues *cues, const uint8_t *section, size_t size);

/* NULL is fine. Not from within host's functions. Thread: the one that pushes. */
void cues_destroy(struct cues *cues);

#endif
