/*
 * Strict numbers: no white space, no sign where none belongs, nothing behind.
 */
#include "number.h"

#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIN_BITRATE 1e3
#define MAX_BITRATE 1e10

int number_parse(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	return errno || *end || *value > max ? -EINVAL : 0;
}

int number_parse_positive(const char *text, uint64_t max, uint64_t *value)
{
	int err = number_parse(text, max, value);

	return !err && *value == 0 ? -EINVAL : err;
}

int number_parse_real(const char *text, double min, double max, double *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	*value = strtod(text, &end);
	return *end || !(*value >= min && *value <= max) ? -EINVAL : 0;
}

int number_parse_bitrate(const char *text, uint64_t *bps)
{
	double value, unit = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtod(text, &end);
	if (*end == 'k' || *end == 'M')
		unit = *end++ == 'k' ? 1e3 : 1e6;
	value *= unit;
	if (*end || !(value >= MIN_BITRATE && value <= MAX_BITRATE))
		return -EINVAL;
	*bps = (uint64_t)value;
	return 0;
}

int number_parse_ticks(const char *text, int64_t *ticks)
{
	int negative = *text == '-';
	uint64_t value;
	int err = number_parse(text + negative, TS_WRAP_90K, &value);

	if (!err)
		*ticks = negative ? -(int64_t)value : (int64_t)value;
	return err;
}
