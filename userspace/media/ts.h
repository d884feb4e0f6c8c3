/*
 * The MPEG-2 transport stream packet: 188 bytes, ISO/IEC 13818-1 section 2.4.3.
 *
 * Accessors for a packet of exactly TS_PACKET_BYTES. They check nothing but what they say; a caller
 * checks ts_has_sync first. Any thread.
 */
#ifndef MEDIA_TS_H
#define MEDIA_TS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_PACKET_BYTES 188
#define TS_SYNC_BYTE    0x47
#define TS_PID_PAT      0x0000
#define TS_PID_NULL     0x1fff
#define TS_CLOCK_HZ     90000       /* PTS and DTS */
#define TS_PCR_HZ       27000000    /* PCR */
#define TS_WRAP_90K     (1LL << 33) /* PTS, DTS and PCR base wrap here */
#define TS_WRAP_27M     (TS_WRAP_90K * 300)

static inline bool ts_has_sync(const uint8_t *packet)
{
	return packet[0] == TS_SYNC_BYTE;
}

/* transport_error_indicator */
static inline bool ts_has_error(const uint8_t *packet)
{
	return packet[1] & 0x80;
}

/* payload_unit_start_indicator */
static inline bool ts_starts_unit(const uint8_t *packet)
{
	return packet[1] & 0x40;
}

static inline uint16_t ts_get_pid(const uint8_t *packet)
{
	return (uint16_t)((packet[1] & 0x1fu) << 8 | packet[2]);
}

/* transport_scrambling_control is not 00 */
static inline bool ts_is_scrambled(const uint8_t *packet)
{
	return packet[3] & 0xc0;
}

static inline bool ts_has_adaptation(const uint8_t *packet)
{
	return packet[3] & 0x20;
}

static inline bool ts_has_payload(const uint8_t *packet)
{
	return packet[3] & 0x10;
}

static inline uint8_t ts_get_continuity(const uint8_t *packet)
{
	return packet[3] & 0x0f;
}

static inline void ts_set_continuity(uint8_t *packet, uint8_t counter)
{
	packet[3] = (uint8_t)((packet[3] & 0xf0u) | (counter & 0x0fu));
}

/*
 * The payload of a packet, borrowed, and its size in bytes: NULL and 0 when there is none, or when the
 * adaptation field is longer than the packet.
 */
static inline const uint8_t *ts_get_payload(const uint8_t *packet, size_t *size)
{
	size_t offset = 4;

	*size = 0;
	if (ts_has_adaptation(packet))
		offset += 1u + packet[4];
	if (!ts_has_payload(packet) || offset >= TS_PACKET_BYTES)
		return NULL;
	*size = TS_PACKET_BYTES - offset;
	return packet + offset;
}

/*
 * The adaptation field has stuffing bytes: it is longer than its fields need, or of nothing but its length. Sections
 * 2.4.3.4 and 2.4.3.5.
 */
static inline bool ts_has_stuffing(const uint8_t *packet)
{
	const unsigned int length = packet[4], flags = packet[5];
	unsigned int needed = 1; /* of the bytes behind the length */

	if (!ts_has_adaptation(packet) || length > TS_PACKET_BYTES - 5)
		return false;
	if (!length)
		return true;
	needed += (flags & 0x10 ? 6 : 0) + (flags & 0x08 ? 6 : 0) + (flags & 0x04 ? 1 : 0);
	for (unsigned int field = 0x02; field;
	     field >>= 1) /* private data, then the extension: each tells its length */
		if (flags & field && needed < length)
			needed += 1u + packet[5 + needed];
	return length > needed;
}

/* discontinuity_indicator of the adaptation field. */
static inline bool ts_has_discontinuity(const uint8_t *packet)
{
	return ts_has_adaptation(packet) && packet[4] > 0 && packet[5] & 0x80;
}

/* The packet carries a whole PCR. */
static inline bool ts_has_pcr(const uint8_t *packet)
{
	return ts_has_adaptation(packet) && packet[4] >= 7 && packet[4] <= 183 && packet[5] & 0x10;
}

/* The PCR in 27 MHz units, 0 to TS_WRAP_27M - 1; only after ts_has_pcr. Section 2.4.3.5. */
static inline int64_t ts_get_pcr(const uint8_t *packet)
{
	const uint8_t *p = packet + 6;
	int64_t base = (int64_t)p[0] << 25 | (int64_t)p[1] << 17 | (int64_t)p[2] << 9 |
	               (int64_t)p[3] << 1 | p[4] >> 7;

	return base * 300 + ((p[4] & 1) << 8 | p[5]);
}

/* Replace the PCR, in 27 MHz units below TS_WRAP_27M; only after ts_has_pcr. */
static inline void ts_set_pcr(uint8_t *packet, int64_t pcr)
{
	uint8_t *p = packet + 6;
	int64_t base = pcr / 300;
	unsigned int extension = (unsigned int)(pcr % 300);

	p[0] = (uint8_t)(base >> 25);
	p[1] = (uint8_t)(base >> 17);
	p[2] = (uint8_t)(base >> 9);
	p[3] = (uint8_t)(base >> 1);
	p[4] = (uint8_t)((unsigned int)(base & 1) << 7 | 0x7eu | extension >> 8);
	p[5] = (uint8_t)extension;
}

/*
 * A 33-bit time stamp (PTS, DTS) as laid out in a PES header, section 2.4.3.7: five bytes, marker bits
 * left out of account. 90 kHz units.
 */
static inline int64_t ts_get_timestamp(const uint8_t *p)
{
	return (int64_t)(p[0] >> 1 & 7) << 30 | (int64_t)p[1] << 22 | (int64_t)(p[2] >> 1) << 15 |
	       (int64_t)p[3] << 7 | p[4] >> 1;
}

/* Write a 33-bit time stamp over the five bytes at p, keeping the prefix and setting the markers. */
static inline void ts_set_timestamp(uint8_t *p, int64_t timestamp)
{
	p[0] = (uint8_t)((p[0] & 0xf0u) | (unsigned int)(timestamp >> 30 & 7) << 1 | 1u);
	p[1] = (uint8_t)(timestamp >> 22);
	p[2] = (uint8_t)((unsigned int)(timestamp >> 15 & 0x7f) << 1 | 1u);
	p[3] = (uint8_t)(timestamp >> 7);
	p[4] = (uint8_t)((unsigned int)(timestamp & 0x7f) << 1 | 1u);
}

/*
 * The continuous time, in the same units, that lies nearest to `reference` and equals `value` modulo
 * `wrap`: how PTS, DTS and PCR are unwrapped.
 */
static inline int64_t ts_unwrap(int64_t value, int64_t reference, int64_t wrap)
{
	int64_t delta = (value - reference) % wrap;

	if (delta >= wrap / 2)
		delta -= wrap;
	else if (delta < -wrap / 2)
		delta += wrap;
	return reference + delta;
}

#endif
