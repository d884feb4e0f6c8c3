/*
 * Fuzz target: AC-3 and E-AC-3 headers and units, of any number of frames one after another. A unit is the
 * same with more data behind it.
 */
#include "media/ac3.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_unit(const struct ac3_unit *unit, size_t size)
{
	if (unit->bytes < AC3_HEADER_BYTES || unit->bytes > size ||
	    unit->bytes > AC3_MAX_UNIT_BYTES || unit->sample_rate == 0 || unit->samples == 0 ||
	    unit->samples % 256 != 0 || unit->channels == 0 || unit->channels > 24)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size > 0) {
		struct ac3_unit unit, again;

		if (ac3_parse_unit(data, size, true, &unit) < 0) {
			data++;
			size--;
			continue;
		}
		check_unit(&unit, size);
		if (ac3_parse_unit(data, unit.bytes, true, &again) < 0 ||
		    again.bytes != unit.bytes || again.channels != unit.channels)
			abort();
		data += unit.bytes;
		size -= unit.bytes;
	}
	return 0;
}
