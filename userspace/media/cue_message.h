/*
 * Cue messages: AMF0 data messages of RTMP, not wrapped in @setDataFrame, in the flavours of enum cue_flavour. What is
 * known of each, and what is not, is in docs/adr/009-cue-messages.md.
 */
#ifndef MEDIA_CUE_MESSAGE_H
#define MEDIA_CUE_MESSAGE_H

#include "cue_event.h"
#include "flv.h"
#include "remux_choice.h"

/* An event and its place. */
struct cue_place {
	int64_t sent_ms; /* the message's time stamp on the FLV clock */
	int64_t time_ms; /* presentation time of the splice, likewise; may be before sent_ms */
};

/*
 * A message of one reference, the caller's, with variant set to flavour; section, of size bytes (at most
 * SCTE35_MAX_BYTES), goes whole into onAdCue. NULL when the flavour has no word for the event, or without memory.
 * Thread: any.
 */
struct flv_tag *cue_message_create(enum cue_flavour flavour, const struct cue_event *event,
                                   const struct cue_place *place, const uint8_t *section,
                                   size_t size);

/*
 * The message for a connection whose time stamps begin at base_ms of the FLV clock: the presentation time that it tells
 * (onAdCue, onCuePoint) counts from there too. For any tag: the same one where nothing changes. Returns a reference, the
 * caller's; NULL without memory. Thread: any.
 */
struct flv_tag *cue_message_rebase(struct flv_tag *tag, int64_t base_ms);

#endif
