/*
 * Fuzz target: ADTS headers.
 */
#include "media/aac.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t config[AAC_CONFIG_BYTES];
	struct aac_header header;

	aac_is_adts(data, size);
	if (aac_parse_header(data, size, &header) < 0)
		return 0;
	if (header.frame_bytes <= header.header_bytes || header.frame_bytes > AAC_MAX_FRAME_BYTES ||
	    header.sample_rate == 0 || aac_get_channels(&header) > 8)
		abort();
	aac_write_config(&header, config);
	return 0;
}
