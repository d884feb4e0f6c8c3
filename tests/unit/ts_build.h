/*
 * Transport stream packets made for tests: TS packets, PES packets, PAT and PMT in memory.
 */
#ifndef TESTS_TS_BUILD_H
#define TESTS_TS_BUILD_H

#include "base/bytes.h"
#include "media/section.h"
#include "media/ts.h"

#include <string.h>

#define TS_BUILD_MAX_PACKETS 4096

/* A stream being built; static, it is large. */
struct ts_build {
	uint8_t packets[TS_BUILD_MAX_PACKETS * TS_PACKET_BYTES];
	size_t count;
	uint8_t continuity[8192]; /* next counter of each PID */
};

/* Forget the packets, not the counters. */
static inline void ts_build_clear(struct ts_build *b)
{
	b->count = 0;
}

static inline uint8_t *ts_build_packet(struct ts_build *b, size_t index)
{
	return b->packets + index * TS_PACKET_BYTES;
}

/* Add one packet with up to 184 bytes of payload, stuffed by its adaptation field. */
static inline void ts_build_add(struct ts_build *b, uint16_t pid, bool start,
                                const uint8_t *payload, size_t size)
{
	uint8_t *p = ts_build_packet(b, b->count++);
	size_t stuffing = TS_PACKET_BYTES - 4 - size;

	memset(p, 0xff, TS_PACKET_BYTES);
	p[0] = TS_SYNC_BYTE;
	p[1] = (uint8_t)((start ? 0x40 : 0) | pid >> 8);
	p[2] = (uint8_t)pid;
	p[3] = (uint8_t)(0x10 | (b->continuity[pid]++ & 0x0f));
	if (stuffing > 0) {
		p[3] |= 0x20;
		p[4] = (uint8_t)(stuffing - 1);
		if (stuffing > 1)
			p[5] = 0;
	}
	memcpy(p + TS_PACKET_BYTES - size, payload, size);
}

/* Add data as one unit over as many packets as it takes. */
static inline void ts_build_unit(struct ts_build *b, uint16_t pid, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t n = size - at < 184 ? size - at : 184;

		ts_build_add(b, pid, at == 0, data + at, n);
		at += n;
	}
}

/* No time stamp. */
#define TS_BUILD_NONE INT64_MIN

/*
 * Add a PES packet. pts or dts may be TS_BUILD_NONE; bounded tells its length, which is cut to 16
 * bits as some multiplexers do.
 */
static inline void ts_build_pes(struct ts_build *b, uint16_t pid, int64_t pts, int64_t dts,
                                bool bounded, const uint8_t *data, size_t size)
{
	static uint8_t pes[512 * 1024];
	size_t header = 9;

	memset(pes, 0, 32);
	pes[2] = 1;
	pes[3] = 0xe0;
	pes[6] = 0x80;
	if (pts != TS_BUILD_NONE) {
		pes[7] = 0x80;
		pes[header] = 0x20;
		ts_set_timestamp(pes + header, pts & (TS_WRAP_90K - 1));
		header += 5;
	}
	if (dts != TS_BUILD_NONE) {
		pes[7] |= 0x40;
		pes[header] = 0x10;
		ts_set_timestamp(pes + header, dts & (TS_WRAP_90K - 1));
		header += 5;
	}
	pes[8] = (uint8_t)(header - 9);
	if (bounded)
		store_be16(pes + 4, (uint16_t)(header - 6 + size));
	memcpy(pes + header, data, size);
	ts_build_unit(b, pid, pes, header + size);
}

/* Add a section whose header up to section_length and CRC are filled in here. */
static inline void ts_build_section(struct ts_build *b, uint16_t pid, uint8_t table_id,
                                    const uint8_t *body, size_t size)
{
	uint8_t data[1 + 3 + 1021 + 4] = {0}; /* pointer_field 0 */
	uint8_t *section = data + 1;
	size_t at = 1;

	section[0] = table_id;
	store_be16(section + 1, (uint16_t)(0xb000 | (size + 4)));
	memcpy(section + 3, body, size);
	store_be32(section + 3 + size, section_crc(section, 3 + size));
	size += 1 + 3 + 4;
	ts_build_add(b, pid, true, data, size < 184 ? size : 184);
	for (at = 184; at < size; at += 184)
		ts_build_add(b, pid, false, data + at, size - at < 184 ? size - at : 184);
}

struct ts_build_program {
	uint16_t number, pid;
};

static inline void ts_build_pat(struct ts_build *b, uint8_t version,
                                const struct ts_build_program *programs, size_t count)
{
	uint8_t body[256] = {0, 1, (uint8_t)(0xc1 | version << 1), 0, 0};
	size_t size = 5;

	for (size_t i = 0; i < count; i++, size += 4) {
		store_be16(body + size, programs[i].number);
		store_be16(body + size + 2, 0xe000 | programs[i].pid);
	}
	ts_build_section(b, TS_PID_PAT, 0x00, body, size);
}

struct ts_build_stream {
	uint8_t type;
	uint16_t pid;
};

static inline void ts_build_pmt(struct ts_build *b, uint16_t pid, uint16_t number, uint8_t version,
                                const struct ts_build_stream *streams, size_t count)
{
	uint8_t body[9 + 5 * 201];
	size_t size = 9;

	store_be16(body, number);
	body[2] = (uint8_t)(0xc1 | version << 1);
	body[3] = body[4] = 0;
	store_be16(body + 5, 0xe000 | (count ? streams[0].pid : 0x1fff));
	store_be16(body + 7, 0xf000);
	for (size_t i = 0; i < count; i++, size += 5) {
		body[size] = streams[i].type;
		store_be16(body + size + 1, 0xe000 | streams[i].pid);
		store_be16(body + size + 3, 0xf000);
	}
	ts_build_section(b, pid, 0x02, body, size);
}

#endif
