/*
 * FLV tag bodies of video: one byte of frame type and codec id, or of frame type and packet type before a
 * FourCC; then, except in a sequence header of the enhanced form, the composition time.
 */
#include "flv_video.h"

#include "base/bytes.h"

#include <string.h>

enum {
	FRAME_KEY = 0x10,
	FRAME_INTER = 0x20,
	EXTENDED = 0x80, /* the lower four bits are a packet type, a FourCC follows */

	PACKET_HEADER = 0, /* in either form */
	PACKET_FRAME = 1,  /* with a composition time */

	NAL_LENGTH_BYTES = 4,
	MAX_PREFIX_BYTES = 8,
};

/* A composition time as SI24. */
static uint32_t to_si24(int64_t composition_ms)
{
	if (composition_ms > 0x7fffff)
		composition_ms = 0x7fffff;
	if (composition_ms < -0x800000)
		composition_ms = -0x800000;
	return (uint32_t)composition_ms & 0xffffff;
}

/* Write what precedes the data; returns its size. */
static size_t write_prefix(uint8_t prefix[MAX_PREFIX_BYTES], enum flv_video_form form, bool key,
                           uint8_t packet_type, int64_t composition_ms)
{
	const uint8_t frame = key ? FRAME_KEY : FRAME_INTER;
	uint8_t *p = prefix;

	if (form == FLV_HEVC_ENHANCED) {
		*p++ = EXTENDED | frame | packet_type;
		store_be32(p, FLV_FOURCC_HEVC);
		p += 4;
		if (packet_type == PACKET_HEADER)
			return (size_t)(p - prefix);
	} else {
		*p++ = frame | (form == FLV_AVC ? FLV_CODEC_AVC : FLV_CODEC_HEVC_LEGACY);
		*p++ = packet_type;
	}
	store_be24(p, to_si24(composition_ms));
	return (size_t)(p + 3 - prefix);
}

struct flv_tag *flv_write_video_header(enum flv_video_form form, int64_t timestamp_ms,
                                       const uint8_t *config, size_t size)
{
	uint8_t prefix[MAX_PREFIX_BYTES];
	const size_t prefix_size = write_prefix(prefix, form, true, PACKET_HEADER, 0);
	struct flv_tag *tag = flv_tag_create(FLV_VIDEO, timestamp_ms, prefix_size + size);

	if (!tag)
		return NULL;
	tag->header = true;
	memcpy(tag->body, prefix, prefix_size);
	memcpy(tag->body + prefix_size, config, size);
	return tag;
}

struct flv_tag *flv_write_video_frame(enum flv_video_form form, int64_t dts_ms,
                                      int64_t composition_ms, bool key, const struct nal_unit *nals,
                                      size_t count)
{
	uint8_t prefix[MAX_PREFIX_BYTES];
	const size_t prefix_size = write_prefix(prefix, form, key, PACKET_FRAME, composition_ms);
	size_t size = prefix_size;
	struct flv_tag *tag;
	uint8_t *p;

	for (size_t i = 0; i < count; i++) {
		if (nals[i].size > FLV_MAX_BODY_BYTES)
			return NULL;
		size += NAL_LENGTH_BYTES + nals[i].size;
		if (size > FLV_MAX_BODY_BYTES)
			return NULL;
	}
	tag = flv_tag_create(FLV_VIDEO, dts_ms, size);
	if (!tag)
		return NULL;
	tag->key = key;
	memcpy(tag->body, prefix, prefix_size);
	p = tag->body + prefix_size;
	for (size_t i = 0; i < count; i++) {
		store_be32(p, (uint32_t)nals[i].size);
		memcpy(p + NAL_LENGTH_BYTES, nals[i].data, nals[i].size);
		p += NAL_LENGTH_BYTES + nals[i].size;
	}
	return tag;
}
