/*
 * An RTP stream of MPEG-TS and its SMPTE 2022-1 FEC, made for tests straight from the standard: every
 * packet is a function of its index, so what comes out can be compared with what went in.
 */
#ifndef TESTS_FEC_BUILD_H
#define TESTS_FEC_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BUILD_MAX (12 + 7 * 188)

/* One source: packet i has sequence number first + i. */
struct build_source {
	uint32_t ssrc;
	uint16_t first;
	uint32_t clock;  /* time stamp of packet 0 */
	bool varied;     /* 1 to 7 TS packets, now and then a marker, CSRC, extension, padding */
	uint32_t serial; /* tells the contents of sources apart */
};

static inline uint32_t build_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline void build_be(uint8_t *p, uint32_t value, int bytes)
{
	while (bytes-- > 0)
		*p++ = (uint8_t)(value >> (8 * bytes));
}

static inline uint8_t *build_ts(uint8_t *p, const struct build_source *source, uint32_t index,
                                int count)
{
	uint32_t state = (index + 1) * 2654435761u ^ (source->serial * 40503u + 7u);

	for (int t = 0; t < count; t++) {
		for (int i = 0; i < 188; i += 4)
			build_be(p + i, build_random(&state), 4);
		p[0] = 0x47;
		build_be(p + 4, index, 4);
		build_be(p + 8, source->serial, 4);
		p += 188;
	}
	return p;
}

/* Packet `index` of a source. Returns its size; *payload, when not NULL, is the offset of the TS. */
static inline size_t build_media(uint8_t *out, const struct build_source *source, uint32_t index,
                                 size_t *payload)
{
	uint8_t *p = out + 12;
	int count = 7;

	memset(out, 0, 12);
	out[0] = 0x80;
	out[1] = 33;
	build_be(out + 2, source->first + index, 2);
	build_be(out + 4, source->clock + index * 189, 4);
	build_be(out + 8, source->ssrc, 4);
	if (source->varied) {
		count = 1 + (int)(index * 7919u % 7u);
		if (index % 11 == 3)
			out[1] |= 0x80;
		if (index % 13 == 5 && count < 7) {
			out[0] |= 1;
			build_be(p, 0xc0ffee00u + index, 4);
			p += 4;
		}
		if (index % 17 == 2 && count < 7) {
			out[0] |= 0x10;
			build_be(p, 0xbede0001u, 4);
			build_be(p + 4, index, 4);
			p += 8;
		}
	}
	if (payload)
		*payload = (size_t)(p - out);
	p = build_ts(p, source, index, count);
	if (source->varied && index % 19 == 4 && count < 7) {
		out[0] |= 0x20;
		memset(p, 0, 4);
		p[3] = 4;
		p += 4;
	}
	return (size_t)(p - out);
}

/*
 * The FEC packet for packets first, first + step, ... (count of them): column FEC when row is false.
 * Returns its size.
 */
static inline size_t build_fec(uint8_t *out, const struct build_source *source, bool row,
                               uint32_t first, unsigned int step, unsigned int count)
{
	uint8_t media[BUILD_MAX], *body = out + 28;
	uint32_t timestamp = 0, length = 0;
	uint8_t flags = 0, type = 0;
	size_t longest = 0;

	memset(out, 0, 28 + BUILD_MAX);
	for (unsigned int k = 0; k < count; k++) {
		const size_t size = build_media(media, source, first + k * step, NULL);

		flags ^= media[0] & 0x3f;
		type ^= media[1];
		timestamp ^= (uint32_t)media[4] << 24 | (uint32_t)media[5] << 16 |
		             (uint32_t)media[6] << 8 | media[7];
		length ^= (uint32_t)(size - 12);
		for (size_t i = 12; i < size; i++)
			body[i - 12] ^= media[i];
		if (size - 12 > longest)
			longest = size - 12;
	}
	out[0] = 0x80 | flags;
	out[1] = (type & 0x80) | 96;
	build_be(out + 2, first * 3 + row, 2);
	build_be(out + 4, 0x12345678, 4);
	build_be(out + 12, source->first + first, 2);
	build_be(out + 14, length, 2);
	out[16] = 0x80 | (type & 0x7f);
	build_be(out + 20, timestamp, 4);
	out[24] = row ? 0x40 : 0;
	out[25] = (uint8_t)(row ? 1 : step);
	out[26] = (uint8_t)count;
	return 28 + longest;
}

#endif
