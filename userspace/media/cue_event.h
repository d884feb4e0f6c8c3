/*
 * What an SCTE-35 section asks for, in the terms of cue messages: to leave the network's feed, to come back, or not to
 * do what was announced.
 *
 * Out and in are splice_insert by its out_of_network_indicator, and time_signal by its segmentation descriptors
 * (table 23), as far as they mean time for advertising: break (0x22, 0x23), provider and distributor advertisement
 * (0x30 to 0x33), provider and distributor placement opportunity (0x34 to 0x37), provider and distributor ad block
 * (0x44 to 0x47). Overlays and promos do not leave the feed; programs, chapters, networks and the rest are notes on
 * it: these are CUE_NOTE.
 */
#ifndef MEDIA_CUE_EVENT_H
#define MEDIA_CUE_EVENT_H

#include "scte35.h"

#define CUE_SECTION_EVENTS 16 /* at most, of one section */

enum cue_kind { CUE_OUT, CUE_IN, CUE_CANCEL, CUE_NOTE };

struct cue_event {
	enum cue_kind kind;
	uint8_t command; /* SCTE35_INSERT or SCTE35_TIME_SIGNAL */
	uint32_t id;     /* splice_event_id, or segmentation_event_id */
	bool immediate;  /* as soon as possible: said so, or no time told */
	int64_t pts;     /* of the splice, 33 bits with pts_adjustment; unless immediate */
	bool has_duration;
	uint64_t duration; /* 90 kHz */
	uint16_t unique_program_id;
	uint8_t number,
		expected; /* avail_num and avails_expected, or segment_num and segments_expected */
	uint8_t segmentation_type; /* of a time_signal */
	bool has_upid;             /* one that is a number: of type 0x08 */
	uint64_t upid;
};

/*
 * The events of a section, in its order; of more than CUE_SECTION_EVENTS the first. Returns their number. None are made
 * of splice_schedule, whose times are of another clock (a splice_insert follows for each), of a splice_insert's own
 * segmentation descriptors (they say the same again), and of encrypted sections. Thread: any.
 */
size_t cue_events_read(const struct scte35_section *section,
                       struct cue_event events[CUE_SECTION_EVENTS]);

#endif
