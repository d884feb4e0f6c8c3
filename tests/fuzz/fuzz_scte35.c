/*
 * Fuzz target: SCTE-35 sections, and the cue messages made of them. The input is a row of sections: two bytes of size,
 * one of what the clock does, body. table_id, section_length and CRC are made right, so that what is inside them is what
 * gets tested; an odd clock byte leaves them as they are.
 */
#include "base/bytes.h"
#include "media/cue_message.h"
#include "media/cues.h"
#include "media/scte35.h"
#include "media/section.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ALL_FLAVOURS \
	(1u << CUE_ONCUEPOINT_SCTE35 | 1u << CUE_ONCUEPOINT | 1u << CUE_ONADCUE | 1u << CUE_YOUTUBE)

struct clock {
	int64_t now_ms;
	int64_t last_ms; /* of a message */
};

static void take_tag(void *context, struct flv_tag *tag)
{
	struct clock *clock = context;
	struct flv_tag *own = cue_message_rebase(tag, 1000);

	if (tag->timestamp_ms < clock->last_ms || tag->type != FLV_SCRIPT || tag->header ||
	    tag->variant == CUE_OFF || tag->variant >= CUE_FLAVOURS)
		abort();
	clock->last_ms = tag->timestamp_ms;
	flv_tag_unref(own);
	flv_tag_unref(tag);
}

static int64_t get_time(void *context, int64_t pts)
{
	const struct clock *clock = context;

	if (pts < 0 || pts >= 1LL << 33)
		abort();
	return clock->now_ms == INT64_MIN ? INT64_MIN : pts / 90;
}

static int64_t get_current(void *context)
{
	return ((const struct clock *)context)->now_ms;
}

static unsigned int sum; /* so that nothing read is left out */

static void walk_splice(const struct scte35_splice *splice, bool scheduled)
{
	struct byte_reader components = splice->components;
	struct scte35_component component;

	while (scte35_next_component(&components, splice, scheduled, &component))
		sum += component.tag + component.utc + (unsigned int)component.time.pts;
}

static void walk_descriptor(const struct scte35_descriptor *descriptor)
{
	struct scte35_segmentation segmentation;
	struct scte35_clock time;
	struct scte35_dtmf dtmf;
	uint64_t offset;
	uint32_t avail;
	uint8_t tag;

	for (size_t i = 0; i < descriptor->size; i++)
		sum += descriptor->data[i];
	if (scte35_get_segmentation(descriptor, &segmentation)) {
		while (scte35_next_offset(&segmentation.components, &tag, &offset))
			sum += tag + (unsigned int)offset;
		for (size_t i = 0; i < segmentation.upid_size; i++)
			sum += segmentation.upid[i];
	}
	if (scte35_get_dtmf(descriptor, &dtmf)) {
		for (size_t i = 0; i < dtmf.count; i++)
			sum += (unsigned int)dtmf.tones[i];
	}
	if (scte35_get_avail(descriptor, &avail))
		sum += avail;
	if (scte35_get_time(descriptor, &time))
		sum += time.tai_ns;
}

static void walk(const uint8_t *data, size_t size)
{
	struct scte35_section section;
	struct scte35_descriptor descriptor;
	struct scte35_splice event;

	if (scte35_parse(&section, data, size))
		return;
	walk_splice(&section.insert, false);
	while (scte35_next_event(&section.events, &event))
		walk_splice(&event, true);
	for (size_t i = 0; i < bytes_left(&section.private_data); i++)
		sum += section.private_data.at[i];
	while (scte35_next_descriptor(&section.descriptors, &descriptor))
		walk_descriptor(&descriptor);
}

static void join(struct cues *cues, const struct clock *clock)
{
	struct flv_tag *tags[CUES_MAX_PENDING];

	for (unsigned int flavour = CUE_OFF; flavour < CUE_FLAVOURS; flavour++) {
		size_t count = cues_get_pending(cues, flavour, clock->last_ms, tags);

		while (count > 0)
			flv_tag_unref(tags[--count]);
	}
}

/* What comes next, as a block of memory of its very size. Returns false at the end. */
static bool push_next(struct cues *cues, struct clock *clock, struct byte_reader *r)
{
	size_t size = bytes_u16(r) & 0xfff;
	const uint8_t control = bytes_u8(r);
	const uint8_t *body;
	uint8_t *section;

	if (size > bytes_left(r))
		size = bytes_left(r);
	body = bytes_take(r, size);
	section = body && size > 0 ? malloc(size) : NULL;
	if (!section)
		return false;
	memcpy(section, body, size);
	if (!(control & 1) && size >= 7) {
		section[0] = SCTE35_TABLE_ID;
		store_be16(section + 1, (uint16_t)((section[1] & 0xf0u) << 8 | (size - 3)));
		store_be32(section + size - 4, section_crc(section, size - 4));
	}
	if (control & 2)
		clock->now_ms = clock->now_ms == INT64_MIN ? 0 : clock->now_ms + control * 100;
	walk(section, size);
	cues_push(cues, section, size);
	free(section);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clock clock = {.now_ms = INT64_MIN, .last_ms = 0};
	const struct cue_host host = {&clock, take_tag, get_time, get_current};
	struct byte_reader r = byte_reader(data, size);
	struct cues *cues;

	if (cues_create(&cues, &host) < 0)
		return 0;
	cues_set_flavours(cues, ALL_FLAVOURS);
	while (push_next(cues, &clock, &r))
		join(cues, &clock);
	cues_destroy(cues);
	return 0;
}
