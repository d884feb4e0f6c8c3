/*
 * FLV tag bodies of video, and onMetaData. A video body opens with one byte of frame type and codec and
 * one of packet type; codecs that FLV did not know would open with the extended header of Enhanced
 * RTMP instead.
 */
#include "flv_write.h"

#include "amf.h"
#include "base/bytes.h"

#include <string.h>

#define ENCODER_NAME "MediaLive Distributor"

enum {
	CODEC_AVC = 7,

	VIDEO_KEY = 0x10 | CODEC_AVC,
	VIDEO_INTER = 0x20 | CODEC_AVC,

	PACKET_HEADER = 0,
	PACKET_FRAME = 1,

	AVC_PREFIX_BYTES = 5, /* type, packet type, composition time */
	NAL_LENGTH_BYTES = 4,

	METADATA_MAX_BYTES = 512,
};

static void write_pair(struct amf_writer *w, const char *key, double value)
{
	amf_write_key(w, key);
	amf_write_number(w, value);
}

static void write_video_pairs(struct amf_writer *w, const struct flv_metadata *m)
{
	write_pair(w, "width", m->width);
	write_pair(w, "height", m->height);
	if (m->frame_rate > 0)
		write_pair(w, "framerate", m->frame_rate);
	write_pair(w, "videocodecid", CODEC_AVC);
}

static void write_audio_pairs(struct amf_writer *w, const struct flv_metadata *m)
{
	write_pair(w, "audiosamplerate", m->sample_rate);
	write_pair(w, "audiosamplesize", 16);
	amf_write_key(w, "stereo");
	amf_write_boolean(w, m->channels >= 2);
	write_pair(w, "audiocodecid", m->audio_codec);
}

struct flv_tag *flv_write_metadata(int64_t timestamp_ms, const struct flv_metadata *metadata)
{
	uint32_t pairs = 1;
	uint8_t body[METADATA_MAX_BYTES];
	struct amf_writer w = amf_writer(body, sizeof(body));
	struct flv_tag *tag;

	if (metadata->has_video)
		pairs += metadata->frame_rate > 0 ? 4 : 3;
	if (metadata->has_audio)
		pairs += 4;

	amf_write_string(&w, "@setDataFrame");
	amf_write_string(&w, "onMetaData");
	amf_begin_array(&w, pairs);
	if (metadata->has_video)
		write_video_pairs(&w, metadata);
	if (metadata->has_audio)
		write_audio_pairs(&w, metadata);
	amf_write_key(&w, "encoder");
	amf_write_string(&w, ENCODER_NAME);
	amf_end(&w);
	if (w.overrun)
		return NULL;

	tag = flv_tag_create(FLV_SCRIPT, timestamp_ms, amf_size(&w));
	if (!tag)
		return NULL;
	tag->header = true;
	memcpy(tag->body, body, tag->size);
	return tag;
}

struct flv_tag *flv_write_avc_header(int64_t timestamp_ms, const uint8_t *avcc, size_t size)
{
	struct flv_tag *tag = flv_tag_create(FLV_VIDEO, timestamp_ms, AVC_PREFIX_BYTES + size);

	if (!tag)
		return NULL;
	tag->header = true;
	tag->body[0] = VIDEO_KEY;
	tag->body[1] = PACKET_HEADER;
	store_be24(tag->body + 2, 0);
	memcpy(tag->body + AVC_PREFIX_BYTES, avcc, size);
	return tag;
}

/* A composition time as SI24. */
static uint32_t to_si24(int64_t composition_ms)
{
	if (composition_ms > 0x7fffff)
		composition_ms = 0x7fffff;
	if (composition_ms < -0x800000)
		composition_ms = -0x800000;
	return (uint32_t)composition_ms & 0xffffff;
}

struct flv_tag *flv_write_avc_frame(int64_t dts_ms, int64_t composition_ms, bool key,
                                    const struct h264_nal *nals, size_t count)
{
	size_t size = AVC_PREFIX_BYTES;
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
	tag->body[0] = key ? VIDEO_KEY : VIDEO_INTER;
	tag->body[1] = PACKET_FRAME;
	store_be24(tag->body + 2, to_si24(composition_ms));
	p = tag->body + AVC_PREFIX_BYTES;
	for (size_t i = 0; i < count; i++) {
		store_be32(p, (uint32_t)nals[i].size);
		memcpy(p + NAL_LENGTH_BYTES, nals[i].data, nals[i].size);
		p += NAL_LENGTH_BYTES + nals[i].size;
	}
	return tag;
}
