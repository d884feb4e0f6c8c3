/*
 * Fuzz target: ADTS headers, and the program config elements behind them.
 */
#include "media/aac_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t config[AAC_MAX_PROGRAM_BYTES];
	struct aac_header header;
	struct aac_config parsed;
	struct bit_reader r;
	unsigned int channels;
	size_t bytes;

	aac_is_adts(data, size);
	if (aac_parse_header(data, size, &header) < 0)
		return 0;
	if (header.frame_bytes <= header.header_bytes || header.frame_bytes > AAC_MAX_FRAME_BYTES ||
	    header.sample_rate == 0 || aac_get_channels(&header) > 8)
		abort();
	aac_write_config(&header, config);
	header.channel_config = 0;
	bytes = aac_config_write_program(&header, data + AAC_MIN_HEADER_BYTES,
	                                 size - AAC_MIN_HEADER_BYTES, config, &channels);
	if (bytes == 0)
		return 0;
	/* what was written is read the same */
	r = bit_reader(config, bytes);
	if (bytes > sizeof(config) || aac_config_parse(&r, true, &parsed) < 0 ||
	    parsed.channels != channels || parsed.sample_rate != header.sample_rate)
		abort();
	return 0;
}
