/*
 * onMetaData, and FLV tag bodies of audio, which open with one byte of codec and one of packet type. Those of
 * video are made in flv_video.c.
 */
#include "flv_write.h"

#include "amf.h"
#include "base/bytes.h"

#include <string.h>

#define ENCODER_NAME "MediaLive Distributor"

enum {
	CODEC_AVC = FLV_CODEC_AVC,
	CODEC_AAC = 10,

	/* AAC; the rate, size and channel bits are fixed, decoders read the AudioSpecificConfig */
	AUDIO_AAC = CODEC_AAC << 4 | 0x0f,

	PACKET_HEADER = 0,
	PACKET_FRAME = 1,

	AAC_PREFIX_BYTES = 2,

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
	if (m->video_kbps > 0)
		write_pair(w, "videodatarate", m->video_kbps);
	write_pair(w, "videocodecid", m->video_codec ? m->video_codec : CODEC_AVC);
}

static void write_audio_pairs(struct amf_writer *w, const struct flv_metadata *m)
{
	write_pair(w, "audiosamplerate", m->sample_rate);
	write_pair(w, "audiosamplesize", 16);
	amf_write_key(w, "stereo");
	amf_write_boolean(w, m->channels >= 2);
	if (m->audio_kbps > 0)
		write_pair(w, "audiodatarate", m->audio_kbps);
	write_pair(w, "audiocodecid", m->audio_codec ? m->audio_codec : CODEC_AAC);
}

struct flv_tag *flv_write_metadata(int64_t timestamp_ms, const struct flv_metadata *metadata)
{
	uint32_t pairs = 1;
	uint8_t body[METADATA_MAX_BYTES];
	struct amf_writer w = amf_writer(body, sizeof(body));
	struct flv_tag *tag;

	if (metadata->has_video)
		pairs += 3u + (metadata->frame_rate > 0) + (metadata->video_kbps > 0);
	if (metadata->has_audio)
		pairs += 4u + (metadata->audio_kbps > 0);

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

static struct flv_tag *write_aac(int64_t timestamp_ms, uint8_t packet_type, const uint8_t *data,
                                 size_t size)
{
	struct flv_tag *tag = flv_tag_create(FLV_AUDIO, timestamp_ms, AAC_PREFIX_BYTES + size);

	if (!tag)
		return NULL;
	tag->body[0] = AUDIO_AAC;
	tag->body[1] = packet_type;
	memcpy(tag->body + AAC_PREFIX_BYTES, data, size);
	return tag;
}

struct flv_tag *flv_write_aac_header(int64_t timestamp_ms, const uint8_t *config, size_t size)
{
	struct flv_tag *tag = write_aac(timestamp_ms, PACKET_HEADER, config, size);

	if (tag)
		tag->header = true;
	return tag;
}

struct flv_tag *flv_write_aac_frame(int64_t pts_ms, const uint8_t *frame, size_t size)
{
	return write_aac(pts_ms, PACKET_FRAME, frame, size);
}
