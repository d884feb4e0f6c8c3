/*
 * LATM.
 */
#include "latm.h"

#include <errno.h>

#define SYNC_WORD 0x2b7 /* 11 bits */

int latm_parse_sync(const uint8_t *data, size_t size, size_t *bytes)
{
	if ((size >= 1 && data[0] != SYNC_WORD >> 3) ||
	    (size >= 2 && data[1] >> 5 != (SYNC_WORD & 7)))
		return -EINVAL;
	if (size < LATM_HEADER_BYTES)
		return -EAGAIN;
	*bytes = LATM_HEADER_BYTES + ((data[1] & 0x1fu) << 8 | data[2]);
	return *bytes > LATM_HEADER_BYTES ? 0 : -EINVAL;
}

/* LatmGetValue: a number of 1 to 4 bytes. */
static uint32_t read_value(struct bit_reader *r)
{
	unsigned int bytes = bits_get(r, 2) + 1;

	return bits_get(r, bytes * 8);
}

/* otherDataLenBits of audioMuxVersion 0, by pieces of 8 bits. */
static size_t read_other_length(struct bit_reader *r)
{
	size_t length = 0;
	bool more;

	do {
		more = bits_get(r, 1);
		length = length << 8 | bits_get(r, 8);
	} while (more && !r->overrun && length < SIZE_MAX >> 8);
	return length;
}

/* Read the AudioSpecificConfig that is next and copy its bits. */
static int read_config(struct latm *latm, struct bit_reader *r, bool has_length)
{
	uint32_t length = has_length ? read_value(r) : 0;
	struct bit_reader inner = *r, copy = *r;
	int error;

	if (r->overrun || length > bits_left(r))
		return -EINVAL;
	if (has_length)
		inner.end = inner.at + length;
	error = aac_config_parse(&inner, has_length, &latm->config);
	if (error)
		return error;
	bits_skip(r, inner.at - r->at);
	length = (uint32_t)(r->at - copy.at);
	latm->config_bytes = (length + 7) / 8;
	if (latm->config_bytes > LATM_MAX_CONFIG_BYTES)
		return -ENOTSUP;
	return bits_copy(&copy, length, latm->config_data) ? 0 : -EINVAL;
}

/* StreamMuxConfig. Section 1.7.3.1, table 1.42. */
static int read_mux_config(struct latm *latm, struct bit_reader *r)
{
	bool version_1 = bits_get(r, 1);
	int error;

	if (version_1 && bits_get(r, 1)) /* audioMuxVersionA: reserved */
		return -ENOTSUP;
	if (version_1)
		read_value(r); /* taraBufferFullness */
	if (!bits_get(r, 1))   /* allStreamsSameTimeFraming */
		return r->overrun ? -EINVAL : -ENOTSUP;
	latm->frames = bits_get(r, 6) + 1;
	if (bits_get(r, 4 + 3)) /* numProgram, numLayer: one of each */
		return -ENOTSUP;
	error = read_config(latm, r, version_1);
	if (error)
		return error;
	if (bits_get(r, 3)) /* frameLengthType */
		return -ENOTSUP;
	bits_get(r, 8); /* latmBufferFullness */
	latm->other_bits = 0;
	if (bits_get(r, 1))
		latm->other_bits = version_1 ? read_value(r) : read_other_length(r);
	if (bits_get(r, 1)) /* crcCheckPresent */
		bits_get(r, 8);
	return r->overrun ? -EINVAL : 0;
}

int latm_open(struct latm *latm, const uint8_t *data, size_t size, struct bit_reader *r)
{
	int error;

	*r = bit_reader(data, size);
	if (!bits_get(r, 1)) { /* useSameStreamMux */
		error = read_mux_config(latm, r);
		latm->has_config = !error;
		if (error)
			return error;
	}
	if (!latm->has_config)
		return -ENOENT;
	/* The frames end where other data begins. */
	if (r->overrun || latm->other_bits > bits_left(r))
		return -EINVAL;
	r->end -= latm->other_bits;
	return 0;
}

int latm_next(struct bit_reader *r, uint8_t *frame, size_t *size)
{
	size_t bytes = 0;
	uint32_t more;

	do { /* PayloadLengthInfo */
		more = bits_get(r, 8);
		bytes += more;
	} while (more == 255);
	if (!bits_copy(r, bytes * 8, frame))
		return -EINVAL;
	*size = bytes;
	return 0;
}
