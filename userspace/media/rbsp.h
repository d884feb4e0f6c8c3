/*
 * Bits of a raw byte sequence payload: what is inside a NAL unit of H.264 (section 7.4.1.1) and
 * HEVC. Emulation prevention bytes (00 00 03) are passed over while reading.
 *
 * Like byte_reader, a reader never moves past its end: what does not fit reads as 0 and sets
 * `overrun`.
 */
#ifndef MEDIA_RBSP_H
#define MEDIA_RBSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rbsp_reader {
	const uint8_t *at, *end;
	unsigned int zeros; /* zero bytes in a row before the current one */
	unsigned int bit;   /* next bit of the current byte: 0 is the highest, 8 means go on */
	uint8_t byte;
	bool overrun;
};

/* A reader over size bytes at data (after the NAL unit header), which it borrows. */
static inline struct rbsp_reader rbsp_reader(const uint8_t *data, size_t size)
{
	return (struct rbsp_reader){.at = data, .end = data + size, .bit = 8};
}

static inline unsigned int rbsp_bit(struct rbsp_reader *r)
{
	if (r->bit == 8) {
		if (r->at < r->end && r->zeros >= 2 && *r->at == 3) {
			r->at++;
			r->zeros = 0;
		}
		if (r->overrun || r->at >= r->end) {
			r->overrun = true;
			return 0;
		}
		r->byte = *r->at++;
		r->zeros = r->byte ? 0 : r->zeros + 1;
		r->bit = 0;
	}
	return r->byte >> (7 - r->bit++) & 1u;
}

/* n bits, 0 to 32, highest first. */
static inline uint32_t rbsp_bits(struct rbsp_reader *r, unsigned int n)
{
	uint32_t value = 0;

	while (n--)
		value = value << 1 | rbsp_bit(r);
	return value;
}

/* ue(v): unsigned exp-Golomb code, section 9.1. A code above 32 bits is an overrun. */
static inline uint32_t rbsp_ue(struct rbsp_reader *r)
{
	unsigned int zeros = 0;

	while (!rbsp_bit(r)) {
		if (r->overrun || ++zeros > 31) {
			r->overrun = true;
			return 0;
		}
	}
	return (uint32_t)((1ull << zeros) - 1) + rbsp_bits(r, zeros);
}

/* se(v): signed exp-Golomb code, section 9.1.1. */
static inline int32_t rbsp_se(struct rbsp_reader *r)
{
	uint32_t code = rbsp_ue(r);
	int32_t magnitude = (int32_t)(code / 2 + code % 2);

	return code % 2 ? magnitude : -magnitude;
}

#endif
