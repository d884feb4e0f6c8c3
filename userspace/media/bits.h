/*
 * Bits of wire data, highest first, as MPEG-4 and AC-3 audio have them. (For NAL units see rbsp.h.)
 *
 * Like byte_reader, a reader never moves past its end: what does not fit reads as 0 and sets
 * `overrun`. Any thread, one at a time.
 */
#ifndef MEDIA_BITS_H
#define MEDIA_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bit_reader {
	const uint8_t *data;
	size_t at, end; /* in bits from data */
	bool overrun;   /* a read did not fit; every value since then is 0 */
};

/* A reader over size bytes at data, which it borrows. */
static inline struct bit_reader bit_reader(const uint8_t *data, size_t size)
{
	return (struct bit_reader){.data = data, .end = size * 8};
}

static inline size_t bits_left(const struct bit_reader *r)
{
	return r->end - r->at;
}

/* Pass over n bits. Returns false (and sets overrun) when fewer are left. */
static inline bool bits_skip(struct bit_reader *r, size_t n)
{
	if (r->overrun || bits_left(r) < n) {
		r->overrun = true;
		return false;
	}
	r->at += n;
	return true;
}

/* The next n bits, 0 to 32. */
static inline uint32_t bits_get(struct bit_reader *r, unsigned int n)
{
	size_t at = r->at;
	uint32_t value = 0;

	if (!bits_skip(r, n))
		return 0;
	for (; at < r->at; at++)
		value = value << 1 | (r->data[at / 8] >> (7 - at % 8) & 1u);
	return value;
}

/*
 * Copy the next n bits into whole bytes at out, the last one filled up with zero bits. Returns false
 * (and sets overrun) when fewer are left.
 */
static inline bool bits_copy(struct bit_reader *r, size_t n, uint8_t *out)
{
	const uint8_t *p = r->data + r->at / 8;
	unsigned int shift = r->at % 8;

	if (!bits_skip(r, n))
		return false;
	if (shift == 0) {
		memcpy(out, p, n / 8);
		out += n / 8;
		p += n / 8;
	} else {
		for (size_t i = 0; i < n / 8; i++, p++)
			*out++ = (uint8_t)(p[0] << shift | p[1] >> (8 - shift));
	}
	if (n % 8) {
		unsigned int left = (unsigned int)(n % 8), value = (unsigned int)p[0] << shift;

		if (left > 8 - shift)
			value |= (unsigned int)p[1] >> (8 - shift);
		*out = (uint8_t)(value & (0xff00u >> left));
	}
	return true;
}

#endif
