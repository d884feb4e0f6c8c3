/*
 * AudioSpecificConfig with GASpecificConfig (section 4.4.1) and program_config_element (4.4.1.1).
 */
#include "aac_config.h"

#include <errno.h>

#define MIN_RATE      7350  /* Hz, the table's ends */
#define MAX_CORE_RATE 96000 /* SBR doubles it */

enum {
	OBJECT_LTP = 4, /* the last of those that have frames of plain AAC */
	OBJECT_SBR = 5,
	OBJECT_PS = 29,
	OBJECT_ESCAPE = 31,
	RATE_ESCAPE = 15,
	SYNC_SBR = 0x2b7,
	SYNC_PS = 0x548,
	ELEMENT_PROGRAM = 5, /* ID_PCE */
};

static uint8_t read_object_type(struct bit_reader *r)
{
	uint32_t type = bits_get(r, 5);

	return (uint8_t)(type == OBJECT_ESCAPE ? 32 + bits_get(r, 6) : type);
}

/* Hz, or 0 when it is none. */
static unsigned int read_rate(struct bit_reader *r)
{
	uint32_t index = bits_get(r, 4);

	return index == RATE_ESCAPE ? bits_get(r, 24) : aac_get_rate(index);
}

/* Table 1.19, channels of a channelConfiguration. */
static unsigned int get_channels(uint32_t configuration)
{
	static const uint8_t channels[16] = {0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0};

	return channels[configuration & 15];
}

/* Channels of `count` single or paired channel elements. */
static unsigned int read_elements(struct bit_reader *r, uint32_t count)
{
	unsigned int channels = 0;

	for (; count > 0; count--)
		channels += bits_get(r, 5) & 0x10 ? 2 : 1; /* is_cpe, tag */
	return channels;
}

/* Pass over a program_config_element up to where it is aligned; returns its channels. */
static unsigned int read_program(struct bit_reader *r)
{
	uint32_t main_elements, lfes, data, coupled;
	unsigned int channels;

	bits_get(r, 4 + 2 + 4); /* tag, object type, sampling frequency */
	main_elements = bits_get(r, 4);
	main_elements += bits_get(r, 4);
	main_elements += bits_get(r, 4);
	lfes = bits_get(r, 2);
	data = bits_get(r, 3);
	coupled = bits_get(r, 4);
	if (bits_get(r, 1)) /* mono mixdown */
		bits_get(r, 4);
	if (bits_get(r, 1)) /* stereo mixdown */
		bits_get(r, 4);
	if (bits_get(r, 1)) /* matrix mixdown */
		bits_get(r, 3);
	channels = read_elements(r, main_elements) + lfes;
	bits_skip(r, (size_t)lfes * 4 + (size_t)data * 4 + (size_t)coupled * 5);
	return channels;
}

static void read_ga(struct bit_reader *r, size_t start, uint32_t channel_configuration,
                    struct aac_config *config)
{
	bool extended;

	config->frame_samples = bits_get(r, 1) ? 960 : AAC_FRAME_SAMPLES;
	if (bits_get(r, 1)) /* dependsOnCoreCoder */
		bits_get(r, 14);
	extended = bits_get(r, 1);
	config->channels = get_channels(channel_configuration);
	if (channel_configuration == 0) {
		config->channels = read_program(r);
		bits_skip(r, (8 - (r->at - start) % 8) % 8);
		bits_skip(r, (size_t)bits_get(r, 8) * 8); /* comment */
	}
	if (extended)
		bits_get(r, 1); /* extensionFlag3 */
}

/* What may follow an AudioSpecificConfig that says nothing of SBR. It is optional: no errors. */
static void read_extension(struct bit_reader *r, struct aac_config *config)
{
	unsigned int rate;

	if (bits_left(r) < 16 || bits_get(r, 11) != SYNC_SBR || read_object_type(r) != OBJECT_SBR ||
	    !bits_get(r, 1))
		return;
	rate = read_rate(r);
	if (r->overrun || rate == 0)
		return;
	config->sbr = true;
	config->output_rate = rate;
	if (bits_left(r) >= 12 && bits_get(r, 11) == SYNC_PS)
		config->ps = bits_get(r, 1);
}

int aac_config_parse(struct bit_reader *r, bool whole, struct aac_config *out)
{
	struct aac_config config = {0};
	size_t start = r->at;
	uint32_t channel_configuration;

	config.object_type = read_object_type(r);
	config.sample_rate = config.output_rate = read_rate(r);
	channel_configuration = bits_get(r, 4);
	if (config.object_type == OBJECT_SBR || config.object_type == OBJECT_PS) {
		config.sbr = true;
		config.ps = config.object_type == OBJECT_PS;
		config.output_rate = read_rate(r);
		config.object_type = read_object_type(r);
	}
	/* An escape may tell any rate; a frame of one that is none would last for minutes. */
	if (r->overrun || config.sample_rate < MIN_RATE || config.sample_rate > MAX_CORE_RATE ||
	    config.output_rate < MIN_RATE || config.output_rate > 2 * MAX_CORE_RATE)
		return -EINVAL;
	if (config.object_type == 0 || config.object_type > OBJECT_LTP)
		return -ENOTSUP;
	read_ga(r, start, channel_configuration, &config);
	if (r->overrun)
		return -EINVAL;
	if (whole && !config.sbr)
		read_extension(r, &config);
	if (whole) { /* fill bits, or an extension that is not known */
		r->overrun = false;
		r->at = r->end;
	}
	if (config.ps && config.channels == 1)
		config.channels = 2;
	*out = config;
	return 0;
}

size_t aac_config_write_program(const struct aac_header *header, const uint8_t *payload,
                                size_t size, uint8_t config[AAC_MAX_PROGRAM_BYTES],
                                unsigned int *channels)
{
	struct bit_reader r = bit_reader(payload, size), program;
	size_t bits, end;

	if (bits_get(&r, 3) != ELEMENT_PROGRAM)
		return 0;
	program = r;
	*channels = read_program(&r);
	if (r.overrun)
		return 0;
	/* What is in front of it are whole bytes here, not in the frame: it is aligned anew. */
	aac_write_config(header, config);
	bits = r.at - program.at;
	bits_copy(&program, bits, config + AAC_CONFIG_BYTES);
	end = AAC_CONFIG_BYTES + (bits + 7) / 8;
	config[end] = 0; /* no comment */
	return end + 1;
}
