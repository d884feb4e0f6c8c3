/*
 * AC-3 and E-AC-3 headers. Channels are counted as places, which are bits as in chanmap (annex
 * E.1.3.1.8): the dependent substreams of a unit name some places again that the independent one has.
 */
#include "ac3.h"

#include "bits.h"

#include <errno.h>

#define MAX_FRAMES 72 /* of a unit: 8 programs, each with 8 dependent substreams (E.2.3.1.2) */

#define SYNC_0          0x0b
#define SYNC_1          0x77
#define BLOCK_SAMPLES   256
#define MAX_BSID_AC3    10 /* 9 and 10 are of half and a quarter of the sample rate */
#define MAX_BSID        16
#define DEPENDENT       1 /* strmtyp */
#define RESERVED_STREAM 3
#define SIZE_CODES      38
#define LFE             0x8000u

static const unsigned int sample_rates[3] = {48000, 44100, 32000};

/* kbit/s by half of frmsizecod, table 4.13 */
static const uint16_t bit_rates[SIZE_CODES / 2] = {32,  40,  48,  56,  64,  80,  96,  112, 128, 160,
                                                   192, 224, 256, 320, 384, 448, 512, 576, 640};

/* Places by acmod: bit 0 left, 1 centre, 2 right, 3 and 4 surround, 7 one surround in the middle. */
static const uint16_t mode_places[8] = {0x05, 0x02, 0x05, 0x07, 0x85, 0x87, 0x1d, 0x1f};

/* Places that stand for a pair of channels. */
#define PAIR_PLACES 0x2e60u

static size_t get_ac3_bytes(unsigned int rate_code, unsigned int size_code)
{
	unsigned int rate = bit_rates[size_code / 2];

	switch (rate_code) {
	case 0:
		return (size_t)rate * 4;
	case 1: /* 44.1 kHz: not a whole number of words, the odd codes have one more */
		return ((size_t)rate * 320 / 147 + size_code % 2) * 2;
	default:
		return (size_t)rate * 6;
	}
}

static int parse_ac3(const uint8_t *data, struct ac3_header *header)
{
	unsigned int rate_code = data[4] >> 6, size_code = data[4] & 0x3f, bsid = data[5] >> 3;
	unsigned int lfe_bit = 3, mode = data[6] >> 5;

	if (rate_code == 3 || size_code >= SIZE_CODES)
		return -EINVAL;
	if ((mode & 1) && mode != 1) /* three in front: cmixlev */
		lfe_bit += 2;
	if (mode & 4) /* surmixlev */
		lfe_bit += 2;
	if (mode == 2) /* dsurmod */
		lfe_bit += 2;
	header->coding_mode = (uint8_t)mode;
	header->has_lfe = data[6] >> (7 - lfe_bit) & 1;
	header->sample_rate = sample_rates[rate_code] >> (bsid > 8 ? bsid - 8 : 0);
	header->samples = 6 * BLOCK_SAMPLES;
	header->frame_bytes = get_ac3_bytes(rate_code, size_code);
	return 0;
}

static int parse_eac3(const uint8_t *data, struct ac3_header *header)
{
	static const uint8_t blocks[4] = {1, 2, 3, 6};
	unsigned int stream_type = data[2] >> 6, rate_code = data[4] >> 6;
	unsigned int low_code = data[4] >> 4 & 3; /* fscod2, or numblkscod */

	header->frame_bytes = (((data[2] & 7u) << 8 | data[3]) + 1) * 2;
	if (stream_type == RESERVED_STREAM || (rate_code == 3 && low_code == 3) ||
	    header->frame_bytes < AC3_HEADER_BYTES)
		return -EINVAL;
	header->enhanced = true;
	header->dependent = stream_type == DEPENDENT;
	header->substream = data[2] >> 3 & 7;
	header->coding_mode = data[4] >> 1 & 7;
	header->has_lfe = data[4] & 1;
	header->sample_rate = rate_code == 3 ? sample_rates[low_code] / 2 : sample_rates[rate_code];
	header->samples = (rate_code == 3 ? 6u : blocks[low_code]) * BLOCK_SAMPLES;
	return 0;
}

int ac3_parse_header(const uint8_t *data, size_t size, struct ac3_header *header)
{
	unsigned int bsid;

	if ((size >= 1 && data[0] != SYNC_0) || (size >= 2 && data[1] != SYNC_1) ||
	    (size >= 6 && data[5] >> 3 > MAX_BSID))
		return -EINVAL;
	if (size < AC3_HEADER_BYTES)
		return -EAGAIN;
	*header = (struct ac3_header){0};
	bsid = data[5] >> 3; /* at the same place in both */
	return bsid <= MAX_BSID_AC3 ? parse_ac3(data, header) : parse_eac3(data, header);
}

/* The places of an E-AC-3 frame of a dependent substream: chanmap, if it has one. Annex E.1.2.2. */
static unsigned int read_places(const uint8_t *frame, const struct ac3_header *header)
{
	struct bit_reader r = bit_reader(frame, header->frame_bytes);
	unsigned int map = 0;

	bits_skip(&r, 5 * 8 + 5 + 5); /* up to dialnorm */
	if (bits_get(&r, 1))          /* compre */
		bits_skip(&r, 8);
	if (header->coding_mode == 0) { /* 1+1: the same for the second channel */
		bits_skip(&r, 5);
		if (bits_get(&r, 1))
			bits_skip(&r, 8);
	}
	if (header->dependent && bits_get(&r, 1))
		for (unsigned int i = 0; i < 16; i++)
			map |= bits_get(&r, 1) << i;
	return map;
}

static unsigned int get_places(const uint8_t *frame, const struct ac3_header *header)
{
	unsigned int map = header->dependent ? read_places(frame, header) : 0;

	return map ? map : mode_places[header->coding_mode] | (header->has_lfe ? LFE : 0u);
}

static unsigned int count_channels(unsigned int places)
{
	return (unsigned int)__builtin_popcount(places) +
	       (unsigned int)__builtin_popcount(places & PAIR_PLACES);
}

/* The frame goes with the one that began the unit. */
static bool belongs(const struct ac3_header *header)
{
	return header->dependent || header->substream > 0;
}

int ac3_parse_unit(const uint8_t *data, size_t size, bool ends, struct ac3_unit *out)
{
	struct ac3_header header;
	struct ac3_unit unit = {0};
	unsigned int places = 0, program = 0, frames = 0;
	int error = ac3_parse_header(data, size, &header);

	if (error)
		return error;
	if (belongs(&header))
		return -EINVAL;
	unit.sample_rate = header.sample_rate;
	unit.samples = header.samples;
	do {
		if (++frames > MAX_FRAMES || unit.bytes + header.frame_bytes > AC3_MAX_UNIT_BYTES)
			return -EINVAL;
		if (unit.bytes + header.frame_bytes > size)
			return -EAGAIN;
		if (!header.dependent)
			program = header.substream;
		if (program == 0)
			places |= get_places(data + unit.bytes, &header);
		unit.enhanced |= header.enhanced;
		unit.bytes += header.frame_bytes;
		error = ac3_parse_header(data + unit.bytes, size - unit.bytes, &header);
	} while (!error && belongs(&header));
	if (error == -EAGAIN && !(ends && unit.bytes == size))
		return -EAGAIN;
	unit.channels = count_channels(places);
	*out = unit;
	return 0;
}
