/*
 * PES assembly. The buffer holds the PES packet from its start code on; the header is read once,
 * when the packet is complete, except for the length, which tells when that is.
 *
 * Broadcast multiplexers are met that let the length of large video packets wrap at 65536, or have
 * it short by a byte. A stream in which that is seen once is from then on treated as one of
 * unknown lengths: a packet ends where the next one starts.
 */
#include "pes.h"

#include "base/bytes.h"
#include "ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PES_LENGTH_END      6 /* start code, stream_id, PES_packet_length */
#define PES_HEADER_BYTES    9
#define PES_TIMESTAMP_BYTES 5
#define FULL_PAYLOAD_BYTES \
	(TS_PACKET_BYTES - 4 - 8) /* beside a header, and an adaptation field with a PCR */
#define FIRST_BUFFER_BYTES (64u << 10)

struct pes_assembler {
	struct pes_handler handler;
	uint8_t *data;
	size_t size, capacity;
	bool collecting;     /* a PES packet has started and nothing of it is missing */
	bool lengths_lie;    /* PES_packet_length is not to be relied on in this stream */
	bool has_continuity; /* `last` holds a packet */
	uint8_t last[TS_PACKET_BYTES];
};

/* What to do with a TS packet by its continuity counter. */
enum continuity {
	CONTINUITY_NEXT,
	CONTINUITY_DUPLICATE,
	CONTINUITY_ANNOUNCED, /* a jump that discontinuity_indicator tells of */
	CONTINUITY_BROKEN,
};

int pes_create(struct pes_assembler **out, const struct pes_handler *handler)
{
	struct pes_assembler *pes = calloc(1, sizeof(*pes));

	if (!pes)
		return -ENOMEM;
	pes->handler = *handler;
	*out = pes;
	return 0;
}

void pes_destroy(struct pes_assembler *pes)
{
	if (!pes)
		return;
	free(pes->data);
	free(pes);
}

static void fault(struct pes_assembler *pes, enum pes_fault what)
{
	pes->handler.fault(pes->handler.context, what);
}

/* Drop the packet being collected, if there is one. */
static void drop(struct pes_assembler *pes, enum pes_fault why)
{
	if (pes->collecting)
		fault(pes, why);
	pes->collecting = false;
	pes->size = 0;
}

/*
 * Whole size of the PES packet in the buffer, 0 when it is not told, not to be believed, or its
 * header is not there yet.
 */
static size_t told_bytes(const struct pes_assembler *pes)
{
	bool known = pes->size >= PES_LENGTH_END && !pes->lengths_lie;
	size_t length = known ? load_be16(pes->data + 4) : 0;

	return length ? PES_LENGTH_END + length : 0;
}

/* False for program map, padding, private 2 … whose PES packets are all payload. Table 2-22. */
static bool has_optional_header(uint8_t stream_id)
{
	switch (stream_id) {
	case 0xbc:
	case 0xbe:
	case 0xbf:
	case 0xf0:
	case 0xf1:
	case 0xf2:
	case 0xf8:
	case 0xff:
		return false;
	default:
		return true;
	}
}

/* Read the header of the PES packet in the buffer. Returns false when it is malformed. */
static bool parse_header(const struct pes_assembler *pes, size_t size, struct pes_packet *packet)
{
	const uint8_t *p = pes->data;
	unsigned int flags;
	size_t header_end;

	if (size < PES_HEADER_BYTES || load_be24(p) != 1 || !has_optional_header(p[3]) ||
	    (p[6] & 0xf0) != 0x80) /* marker bits 10, PES_scrambling_control 00 */
		return false;
	header_end = PES_HEADER_BYTES + (size_t)p[8];
	if (header_end > size)
		return false;
	*packet = (struct pes_packet){
		.data = p + header_end,
		.size = size - header_end,
		.stream_id = p[3],
	};
	flags = p[7] >> 6;
	if (flags >= 2 && p[8] >= PES_TIMESTAMP_BYTES) {
		packet->has_pts = true;
		packet->pts = ts_get_timestamp(p + PES_HEADER_BYTES);
		packet->dts = packet->pts;
	}
	if (flags == 3 && p[8] >= 2 * PES_TIMESTAMP_BYTES)
		packet->dts = ts_get_timestamp(p + PES_HEADER_BYTES + PES_TIMESTAMP_BYTES);
	return true;
}

static void deliver(struct pes_assembler *pes, size_t size)
{
	struct pes_packet packet;

	if (!parse_header(pes, size, &packet)) {
		drop(pes, PES_MALFORMED);
		return;
	}
	pes->collecting = false;
	pes->size = 0;
	pes->handler.packet(pes->handler.context, &packet);
}

/* The packet being collected ends here, without having reached a told length. */
static void end_packet(struct pes_assembler *pes)
{
	if (!pes->collecting)
		return;
	if (told_bytes(pes))
		drop(pes, PES_DAMAGED);
	else
		deliver(pes, pes->size);
}

/* Room for n more bytes. */
static bool grow(struct pes_assembler *pes, size_t n)
{
	size_t capacity = pes->capacity ? pes->capacity : FIRST_BUFFER_BYTES;
	uint8_t *data;

	if (pes->size + n > PES_MAX_BYTES)
		return false;
	while (capacity < pes->size + n)
		capacity *= 2;
	if (capacity == pes->capacity)
		return true;
	data = realloc(pes->data, capacity);
	if (!data)
		return false;
	pes->data = data;
	pes->capacity = capacity;
	return true;
}

static void append(struct pes_assembler *pes, const uint8_t *payload, size_t size)
{
	size_t told;

	if (!grow(pes, size)) {
		drop(pes, PES_MALFORMED);
		return;
	}
	memcpy(pes->data + pes->size, payload, size);
	pes->size += size;
	told = told_bytes(pes);
	/* A PES packet ends with its last TS packet: bytes beyond the end belie the length. */
	if (told && pes->size > told)
		pes->lengths_lie = true;
	else if (told && pes->size == told)
		deliver(pes, told);
}

/*
 * Compare with the packet before. A packet may be sent twice; then it is the same but for its PCR,
 * section 2.4.3.3.
 */
static enum continuity check_continuity(const struct pes_assembler *pes, const uint8_t *packet,
                                        const uint8_t *payload, size_t size)
{
	uint8_t before = ts_get_continuity(pes->last);
	size_t last_size;
	const uint8_t *last;

	if (!pes->has_continuity || ts_get_continuity(packet) == ((before + 1) & 0x0f))
		return CONTINUITY_NEXT;
	last = ts_get_payload(pes->last, &last_size);
	if (ts_get_continuity(packet) == before && last && size == last_size &&
	    ts_starts_unit(packet) == ts_starts_unit(pes->last) && !memcmp(payload, last, size))
		return CONTINUITY_DUPLICATE;
	return ts_has_discontinuity(packet) ? CONTINUITY_ANNOUNCED : CONTINUITY_BROKEN;
}

void pes_push(struct pes_assembler *pes, const uint8_t *packet)
{
	size_t size;
	const uint8_t *payload = ts_get_payload(packet, &size);
	enum continuity continuity;

	if (!payload) { /* the counter does not move without one, but a jump may be announced */
		if (ts_has_discontinuity(packet))
			pes_reset(pes);
		return;
	}
	continuity = check_continuity(pes, packet, payload, size);
	if (continuity == CONTINUITY_DUPLICATE)
		return;
	memcpy(pes->last, packet, TS_PACKET_BYTES);
	pes->has_continuity = true;
	if (continuity == CONTINUITY_BROKEN)
		fault(pes, PES_DISCONTINUITY);
	/* At an announced jump the packet before ends well if a new one starts: a splice. */
	if (continuity == CONTINUITY_BROKEN ||
	    (continuity == CONTINUITY_ANNOUNCED && !ts_starts_unit(packet)))
		drop(pes, PES_DAMAGED);
	if (ts_is_scrambled(packet)) {
		fault(pes, PES_SCRAMBLED);
		drop(pes, PES_DAMAGED);
		return;
	}
	if (ts_starts_unit(packet)) {
		end_packet(pes);
		pes->collecting = true;
	}
	if (pes->collecting)
		append(pes, payload, size);
}

/*
 * The last TS packet of a PES packet is filled up with stuffing, as the next one starts in a TS packet of its own: one
 * without any is from the middle, unless the payload fits by chance.
 */
void pes_flush(struct pes_assembler *pes)
{
	if (pes->collecting && !told_bytes(pes) && ts_has_stuffing(pes->last))
		end_packet(pes);
}

void pes_reset(struct pes_assembler *pes)
{
	drop(pes, PES_DAMAGED);
	pes->has_continuity = false;
}
