/*
 * Descriptors of an SCTE-35 section. The loop's frame is strict, a descriptor's content is its own matter: one that is
 * malformed does not take the section with it.
 */
#include "scte35.h"

#define IDENTIFIER_BYTES 4

bool scte35_next_descriptor(struct byte_reader *loop, struct scte35_descriptor *descriptor)
{
	const uint8_t *at = loop->at;
	size_t size;

	if (bytes_left(loop) < 2 || bytes_left(loop) < 2u + at[1] || at[1] < IDENTIFIER_BYTES)
		return false;
	size = at[1];
	loop->at += 2 + size;
	*descriptor = (struct scte35_descriptor){
		.tag = at[0],
		.identifier = load_be32(at + 2),
		.data = at + 2 + IDENTIFIER_BYTES,
		.size = size - IDENTIFIER_BYTES,
	};
	return true;
}

static bool is(const struct scte35_descriptor *descriptor, enum scte35_tag tag)
{
	return descriptor->identifier == SCTE35_CUEI && descriptor->tag == tag;
}

static void read_restrictions(uint8_t flags, struct scte35_segmentation *s)
{
	s->restricted = !(flags & 0x20);
	if (!s->restricted)
		return;
	s->web_allowed = flags & 0x10;
	s->no_regional_blackout = flags & 0x08;
	s->archive_allowed = flags & 0x04;
	s->device_restrictions = flags & 0x03;
}

static void read_offset(struct byte_reader *r, uint8_t *tag, uint64_t *pts_offset)
{
	uint8_t high;

	*tag = bytes_u8(r);
	high = bytes_u8(r);
	*pts_offset = (uint64_t)(high & 1u) << 32 | bytes_u32(r);
}

bool scte35_next_offset(struct byte_reader *components, uint8_t *tag, uint64_t *pts_offset)
{
	if (bytes_left(components) == 0)
		return false;
	read_offset(components, tag, pts_offset);
	return !components->overrun;
}

static void read_components(struct byte_reader *r, struct scte35_segmentation *s)
{
	const uint8_t *start;
	uint64_t offset;
	uint8_t tag;

	s->component_count = bytes_u8(r);
	start = r->at;
	for (unsigned int i = 0; i < s->component_count && !r->overrun; i++)
		read_offset(r, &tag, &offset);
	s->components = byte_reader(start, (size_t)(r->at - start));
}

bool scte35_get_segmentation(const struct scte35_descriptor *descriptor,
                             struct scte35_segmentation *segmentation)
{
	struct scte35_segmentation *s = segmentation;
	struct byte_reader r = byte_reader(descriptor->data, descriptor->size);
	uint8_t flags;

	if (!is(descriptor, SCTE35_SEGMENTATION))
		return false;
	*s = (struct scte35_segmentation){.event_id = bytes_u32(&r)};
	flags = bytes_u8(&r);
	s->cancel = flags & 0x80;
	s->id_compliance = flags & 0x40;
	if (s->cancel)
		return !r.overrun;
	flags = bytes_u8(&r);
	s->program = flags & 0x80;
	read_restrictions(flags, s);
	if (!s->program)
		read_components(&r, s);
	s->has_duration = flags & 0x40;
	if (s->has_duration) {
		s->duration = (uint64_t)bytes_u8(&r) << 32;
		s->duration |= bytes_u32(&r);
	}
	s->upid_type = bytes_u8(&r);
	s->upid_size = bytes_u8(&r);
	s->upid = bytes_take(&r, s->upid_size);
	s->type = bytes_u8(&r);
	s->segment_num = bytes_u8(&r);
	s->segments_expected = bytes_u8(&r);
	/* Which types have them grows with every edition; older streams leave them out. */
	s->has_sub_segments = bytes_left(&r) >= 2;
	if (s->has_sub_segments) {
		s->sub_segment_num = bytes_u8(&r);
		s->sub_segments_expected = bytes_u8(&r);
	}
	return !r.overrun;
}

bool scte35_get_avail(const struct scte35_descriptor *descriptor, uint32_t *provider_avail_id)
{
	struct byte_reader r = byte_reader(descriptor->data, descriptor->size);

	if (!is(descriptor, SCTE35_AVAIL))
		return false;
	*provider_avail_id = bytes_u32(&r);
	return !r.overrun;
}

bool scte35_get_dtmf(const struct scte35_descriptor *descriptor, struct scte35_dtmf *dtmf)
{
	struct byte_reader r = byte_reader(descriptor->data, descriptor->size);

	if (!is(descriptor, SCTE35_DTMF))
		return false;
	dtmf->preroll_ms = bytes_u8(&r) * 100u;
	dtmf->count = bytes_u8(&r) >> 5;
	dtmf->tones = (const char *)bytes_take(&r, dtmf->count);
	return !r.overrun;
}

bool scte35_get_time(const struct scte35_descriptor *descriptor, struct scte35_clock *clock)
{
	struct byte_reader r = byte_reader(descriptor->data, descriptor->size);

	if (!is(descriptor, SCTE35_TIME))
		return false;
	clock->tai_seconds = (uint64_t)bytes_u16(&r) << 32;
	clock->tai_seconds |= bytes_u32(&r);
	clock->tai_ns = bytes_u32(&r);
	clock->utc_offset = bytes_u16(&r);
	return !r.overrun;
}
