/*
 * FLV audio tag bodies.
 */
#include "flv_audio.h"

#include "base/bytes.h"

#include <string.h>

enum {
	/* AAC; the rate, size and channel bits are fixed, decoders read the AudioSpecificConfig */
	AUDIO_AAC = FLV_AUDIO_AAC << 4 | 0x0f,
	AUDIO_EXTENDED = 9 << 4, /* the packet type is in the lower bits, a FourCC follows */

	PACKET_HEADER = 0, /* SequenceStart */
	PACKET_FRAME = 1,  /* CodedFrames */

	AAC_PREFIX_BYTES = 2,
	EXTENDED_PREFIX_BYTES = 5,
};

static struct flv_tag *write(int64_t timestamp_ms, enum flv_audio_codec codec, uint8_t packet_type,
                             const uint8_t *data, size_t size)
{
	size_t prefix = codec == FLV_AUDIO_AAC ? AAC_PREFIX_BYTES : EXTENDED_PREFIX_BYTES;
	struct flv_tag *tag = flv_tag_create(FLV_AUDIO, timestamp_ms, prefix + size);

	if (!tag)
		return NULL;
	if (codec == FLV_AUDIO_AAC) {
		tag->body[0] = AUDIO_AAC;
		tag->body[1] = packet_type;
	} else {
		tag->body[0] = AUDIO_EXTENDED | packet_type;
		store_be32(tag->body + 1, codec);
	}
	if (size > 0)
		memcpy(tag->body + prefix, data, size);
	return tag;
}

struct flv_tag *flv_write_audio_header(int64_t timestamp_ms, enum flv_audio_codec codec,
                                       const uint8_t *config, size_t size)
{
	struct flv_tag *tag = write(timestamp_ms, codec, PACKET_HEADER, config, size);

	if (tag)
		tag->header = true;
	return tag;
}

struct flv_tag *flv_write_audio_frame(int64_t pts_ms, enum flv_audio_codec codec,
                                      const uint8_t *frame, size_t size)
{
	return write(pts_ms, codec, PACKET_FRAME, frame, size);
}
