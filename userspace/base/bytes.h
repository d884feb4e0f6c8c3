/*
 * Bounded access to wire data, big-endian (network byte order).
 *
 * A reader never moves past its end: a read that does not fit yields 0 and sets `overrun`, which the
 * parser checks once after the last field instead of after every one. Any thread, one at a time.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_reader {
	const uint8_t *at;
	const uint8_t *end;
	bool overrun; /* a read did not fit; every value since then is 0 */
};

/* A reader over size bytes at data, which it borrows. */
static inline struct byte_reader byte_reader(const uint8_t *data, size_t size)
{
	return (struct byte_reader){.at = data, .end = data + size};
}

static inline size_t bytes_left(const struct byte_reader *r)
{
	return (size_t)(r->end - r->at);
}

/* The next n bytes, borrowed, or NULL (and overrun) when fewer are left. */
static inline const uint8_t *bytes_take(struct byte_reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->overrun || bytes_left(r) < n) {
		r->overrun = true;
		return NULL;
	}
	r->at += n;
	return at;
}

static inline uint8_t bytes_u8(struct byte_reader *r)
{
	const uint8_t *p = bytes_take(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)((unsigned int)p[0] << 8 | p[1]);
}

static inline uint32_t load_be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | load_be24(p + 1);
}

static inline uint16_t bytes_u16(struct byte_reader *r)
{
	const uint8_t *p = bytes_take(r, 2);

	return p ? load_be16(p) : 0;
}

static inline uint32_t bytes_u24(struct byte_reader *r)
{
	const uint8_t *p = bytes_take(r, 3);

	return p ? load_be24(p) : 0;
}

static inline uint32_t bytes_u32(struct byte_reader *r)
{
	const uint8_t *p = bytes_take(r, 4);

	return p ? load_be32(p) : 0;
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void store_be24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)v;
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	store_be24(p + 1, v);
}

#endif
