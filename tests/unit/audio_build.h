/*
 * Audio frames made for tests, bit by bit: LOAS with LATM, AC-3 and E-AC-3.
 */
#ifndef TESTS_AUDIO_BUILD_H
#define TESTS_AUDIO_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bit_build {
	uint8_t data[8192];
	size_t bits;
};

static inline void bit_build_add(struct bit_build *b, unsigned int count, uint32_t value)
{
	while (count--) {
		uint8_t mask = (uint8_t)(0x80u >> b->bits % 8);

		if (value >> count & 1)
			b->data[b->bits / 8] |= mask;
		else
			b->data[b->bits / 8] &= (uint8_t)~mask;
		b->bits++;
	}
}

static inline void bit_build_bytes(struct bit_build *b, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bit_build_add(b, 8, data[i]);
}

/* Fill up the last byte; returns the number of bytes. */
static inline size_t bit_build_end(struct bit_build *b)
{
	while (b->bits % 8)
		bit_build_add(b, 1, 0);
	return b->bits / 8;
}

/* An AudioMuxElement being made. */
struct latm_build {
	bool same; /* useSameStreamMux: none of what comes up to payload */
	bool version_1;
	uint32_t config; /* AudioSpecificConfig … */
	unsigned int config_bits;
	unsigned int frames; /* sub-frames; 0: one */
	bool other;          /* 300 bits of other data */
	size_t payload;      /* bytes of a sub-frame, which are its number, counted from 0x40 */
};

static inline void latm_build_config(struct bit_build *b, const struct latm_build *latm)
{
	bit_build_add(b, 1, latm->version_1);
	if (latm->version_1) {
		bit_build_add(b, 1, 0);
		bit_build_add(b, 2 + 8, 0xff); /* taraBufferFullness */
	}
	bit_build_add(b, 1, 1);
	bit_build_add(b, 6, latm->frames ? latm->frames - 1 : 0);
	bit_build_add(b, 4 + 3, 0);
	if (latm->version_1)
		bit_build_add(b, 2 + 8, latm->config_bits);
	bit_build_add(b, latm->config_bits, latm->config);
	bit_build_add(b, 3, 0);
	bit_build_add(b, 8, 0xff);
	bit_build_add(b, 1, latm->other);
	if (latm->other && latm->version_1) {
		bit_build_add(b, 2, 1);
		bit_build_add(b, 16, 300);
	} else if (latm->other) {
		bit_build_add(b, 1 + 8, 0x100 | 300 >> 8);
		bit_build_add(b, 1 + 8, 300 & 0xff);
	}
	bit_build_add(b, 1, 1); /* a CRC */
	bit_build_add(b, 8, 0x5a);
}

/* Write an AudioMuxElement to b, which is zeroed. */
static inline size_t latm_build_element(struct bit_build *b, const struct latm_build *latm)
{
	bit_build_add(b, 1, latm->same);
	if (!latm->same)
		latm_build_config(b, latm);
	for (unsigned int i = 0; i < (latm->frames ? latm->frames : 1); i++) {
		size_t left = latm->payload;

		for (; left >= 255; left -= 255)
			bit_build_add(b, 8, 255);
		bit_build_add(b, 8, (uint32_t)left);
		for (left = latm->payload; left > 0; left--)
			bit_build_add(b, 8, 0x40 + i);
	}
	for (unsigned int i = 0; latm->other && i < 300; i++)
		bit_build_add(b, 1, 1);
	return bit_build_end(b);
}

/* Write a LOAS frame to out; returns its size. */
static inline size_t latm_build_sync(uint8_t *out, const struct latm_build *latm)
{
	struct bit_build b = {0};
	size_t size = latm_build_element(&b, latm);

	out[0] = 0x56;
	out[1] = (uint8_t)(0xe0 | size >> 8);
	out[2] = (uint8_t)size;
	memcpy(out + 3, b.data, size);
	return 3 + size;
}

/* Write an AC-3 frame of bsid 8, filled with 0x11; size is what the codes stand for. */
static inline size_t ac3_build_frame(uint8_t *out, unsigned int rate_code, unsigned int size_code,
                                     unsigned int mode_bits, size_t size)
{
	memset(out, 0x11, size);
	out[0] = 0x0b;
	out[1] = 0x77;
	out[4] = (uint8_t)(rate_code << 6 | size_code);
	out[5] = 8 << 3;
	out[6] = (uint8_t)mode_bits; /* acmod and what depends on it, lfeon */
	return size;
}

struct eac3_build {
	unsigned int type, substream; /* strmtyp: 0 independent, 1 dependent */
	unsigned int rate_code, blocks_code;
	unsigned int mode;
	bool lfe;
	uint32_t channel_map; /* 0: none; its first bit is the highest of 16 */
	size_t size;          /* bytes, even */
};

static inline size_t eac3_build_frame(uint8_t *out, const struct eac3_build *frame)
{
	struct bit_build b = {0};

	bit_build_add(&b, 16, 0x0b77);
	bit_build_add(&b, 2, frame->type);
	bit_build_add(&b, 3, frame->substream);
	bit_build_add(&b, 11, (uint32_t)(frame->size / 2 - 1));
	bit_build_add(&b, 2, frame->rate_code);
	bit_build_add(&b, 2, frame->blocks_code);
	bit_build_add(&b, 3, frame->mode);
	bit_build_add(&b, 1, frame->lfe);
	bit_build_add(&b, 5, 16);
	bit_build_add(&b, 5, 27);
	bit_build_add(&b, 1, 1); /* compr */
	bit_build_add(&b, 8, 0x33);
	if (frame->type == 1) {
		bit_build_add(&b, 1, frame->channel_map != 0);
		if (frame->channel_map)
			bit_build_add(&b, 16, frame->channel_map);
	}
	memset(out, 0x22, frame->size);
	memcpy(out, b.data, bit_build_end(&b));
	return frame->size;
}

#endif
