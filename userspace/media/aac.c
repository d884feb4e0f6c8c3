/*
 * ADTS headers and AudioSpecificConfig.
 */
#include "aac.h"

#include <errno.h>

static const unsigned int sample_rates[] = {
	96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
};

#define SAMPLE_RATES (sizeof(sample_rates) / sizeof(sample_rates[0]))

unsigned int aac_get_rate(unsigned int index)
{
	return index < SAMPLE_RATES ? sample_rates[index] : 0;
}

int aac_parse_header(const uint8_t *data, size_t size, struct aac_header *header)
{
	/* syncword and layer 00; ID (MPEG-4 or MPEG-2) may be either */
	if ((size >= 1 && data[0] != 0xff) || (size >= 2 && (data[1] & 0xf6) != 0xf0))
		return -EINVAL;
	if (size < AAC_MIN_HEADER_BYTES)
		return -EAGAIN;
	header->header_bytes = data[1] & 1 ? 7 : 9;
	header->object_type = (uint8_t)((data[2] >> 6) + 1);
	header->sample_rate_index = data[2] >> 2 & 0x0f;
	header->channel_config = (uint8_t)((data[2] & 1u) << 2 | data[3] >> 6);
	header->frame_bytes = (data[3] & 3u) << 11 | (unsigned int)data[4] << 3 | data[5] >> 5;
	header->raw_blocks = (uint8_t)((data[6] & 3u) + 1);
	header->sample_rate = aac_get_rate(header->sample_rate_index);
	return header->sample_rate && header->frame_bytes > header->header_bytes ? 0 : -EINVAL;
}

bool aac_is_adts(const uint8_t *data, size_t size)
{
	struct aac_header header;

	for (unsigned int frames = 0; frames < 2; frames++) {
		if (frames > 0 && size == 0)
			return true;
		if (aac_parse_header(data, size, &header) < 0 || header.frame_bytes > size)
			return false;
		data += header.frame_bytes;
		size -= header.frame_bytes;
	}
	return true;
}

unsigned int aac_get_channels(const struct aac_header *header)
{
	return header->channel_config == 7 ? 8 : header->channel_config;
}

void aac_write_config(const struct aac_header *header, uint8_t config[AAC_CONFIG_BYTES])
{
	/* object type 5 bits, rate 4, channels 4; frame length, core coder and extension flags 0 */
	unsigned int bits = (unsigned int)header->object_type << 11 |
	                    (unsigned int)header->sample_rate_index << 7 |
	                    (unsigned int)header->channel_config << 3;

	config[0] = (uint8_t)(bits >> 8);
	config[1] = (uint8_t)bits;
}
