/*
 * Fuzz target: AudioSpecificConfig, LOAS and LATM. The data are LOAS frames one after another; what is none
 * is passed over byte by byte.
 */
#include "media/latm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t frame[LATM_MAX_SYNC_BYTES];

static void check_config(const struct aac_config *config)
{
	if (config->object_type < 1 || config->object_type > 4 || config->sample_rate == 0 ||
	    config->output_rate == 0 ||
	    (config->frame_samples != 1024 && config->frame_samples != 960))
		abort();
}

static void take_element(struct latm *latm, const uint8_t *data, size_t size)
{
	struct bit_reader r;
	size_t bytes, sum = 0;

	if (latm_open(latm, data, size, &r) < 0)
		return;
	check_config(&latm->config);
	if (latm->frames < 1 || latm->frames > 64 || latm->config_bytes > LATM_MAX_CONFIG_BYTES)
		abort();
	for (unsigned int i = 0; i < latm->frames && latm_next(&r, frame, &bytes) == 0; i++)
		sum += bytes;
	if (sum > size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct latm latm = {0};
	struct aac_config config;

	for (int whole = 0; whole < 2; whole++) {
		struct bit_reader r = bit_reader(data, size);

		if (aac_config_parse(&r, whole, &config) == 0)
			check_config(&config);
	}
	take_element(&latm, data, size);
	while (size > 0) {
		size_t bytes;

		if (latm_parse_sync(data, size, &bytes) < 0 || bytes > size) {
			data++;
			size--;
			continue;
		}
		take_element(&latm, data + LATM_HEADER_BYTES, bytes - LATM_HEADER_BYTES);
		data += bytes;
		size -= bytes;
	}
	return 0;
}
