/*
 * Cue messages: the SCTE-35 sections of a channel in, AMF data tags out, one for each flavour that may be
 * wanted.
 *
 * A message is sent at once, as the section comes, so that the receiver has the whole pre-roll of its source. Its time
 * stamp is that of the newest frame; within the cue messages it never goes back. Where the splice is, the message tells
 * to the millisecond on the same clock: by how far it is ahead (pre_roll_time, pre_roll_time_sec), or by its presentation
 * time (time). See docs/adr/009-cue-messages.md.
 *
 * Repetitions of an event are not told again. Of several events in one section or at one place that mean the same splice,
 * one is told; onAdCue passes on each section with news as a whole.
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

#define CUES_MAX_PENDING 8

struct cues;

/*
 * Owns: *out is the caller's, freed by cues_destroy; untouched on error. host is copied. Errors: -ENOMEM.
 * Thread: any.
 */
int cues_create(struct cues **out, const struct cue_host *host);

/*
 * Which flavours are made from now on: bits of 1 << enum cue_flavour. None at first; events are remembered all the
 * same. Thread: as push.
 */
void cues_set_flavours(struct cues *cues, unsigned int flavours);

/* Take a whole section, CRC included, hostile and borrowed. Thread: one at a time. */
void cues_push(struct cues *cues, const uint8_t *section, size_t size);

/*
 * The messages of a flavour for a reader that begins at now_ms: those of the splices that are still to come. Writes up to
 * CUES_MAX_PENDING tags with that time stamp, a reference each (the caller's), and returns their
 * number. Thread: as push.
 */
size_t cues_get_pending(struct cues *cues, enum cue_flavour flavour, int64_t now_ms,
                        struct flv_tag *tags[CUES_MAX_PENDING]);

/* NULL is fine. Not from within host's functions. Thread: the one that pushes. */
void cues_destroy(struct cues *cues);

#endif
