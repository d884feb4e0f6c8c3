/*
 * One pass over the stream. Each PID gathers the first bytes of the PES packet it is in, with the place
 * of each byte, until the time stamps are complete.
 */
#include "loop_index.h"

#include "base/bytes.h"
#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PES_FIXED_BYTES 9  /* up to PES_header_data_length */
#define PES_STAMP_BYTES 19 /* up to the end of DTS */
#define CUE_TABLE_ID    0xfc
#define CUE_MIN_BYTES   20 /* header, splice_null, empty descriptor loop, CRC_32 */

struct pid_scan {
	bool seen; /* a packet of this PID */
	bool first_has_payload;
	uint8_t first_continuity, last_continuity;
	bool in_header; /* of a PES packet */
	uint8_t have;   /* bytes of it */
	uint8_t bytes[PES_STAMP_BYTES];
	uint32_t at[PES_STAMP_BYTES];
};

struct scan {
	struct loop_index *index;
	const uint8_t *data;
	struct pid_scan pids[LOOP_PIDS];
};

/* CRC_32 as of ISO/IEC 13818-1 annex A; 0 over a whole section that is intact. */
static uint32_t crc32_of(const uint8_t *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= (uint32_t)data[i] << 24;
		for (int bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7u : 0);
	}
	return crc;
}

static int add_patch(struct loop_index *index, const struct patch *patch)
{
	if (index->patch_count == index->patch_room) {
		size_t room = index->patch_room ? 2 * index->patch_room : 1024;
		struct patch *more = realloc(index->patches, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		index->patches = more;
		index->patch_room = room;
	}
	index->patches[index->patch_count++] = *patch;
	return 0;
}

static int add_timestamp(struct scan *scan, uint16_t pid, size_t offset)
{
	const struct pid_scan *p = &scan->pids[pid];
	struct patch patch = {.kind = PATCH_TIMESTAMP, .pid = pid};

	patch.packet = p->at[offset] / TS_PACKET_BYTES;
	memcpy(patch.at, p->at + offset, sizeof(patch.at));
	patch.value = ts_get_timestamp(p->bytes + offset);
	return add_patch(scan->index, &patch);
}

/* Take note of a decoding time. */
static void add_time(struct pid_times *times, int64_t time)
{
	if (times->count++ == 0)
		times->first = times->last = time;
	else
		times->last = ts_unwrap(time, times->last, TS_WRAP_90K);
}

/* The bytes of a PES header that hold its time stamps, as far as have tells; 0: no PES header. */
static size_t header_bytes(const uint8_t *bytes, size_t have)
{
	static const uint8_t without_header[] = {0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff};
	size_t stamps;

	if (have < PES_FIXED_BYTES)
		return PES_FIXED_BYTES;
	if (load_be24(bytes) != 1 || bytes[6] >> 6 != 2 ||
	    memchr(without_header, bytes[3], sizeof(without_header)))
		return 0;
	stamps = bytes[7] >> 6 == 3 ? 10 : bytes[7] >> 6 == 2 ? 5 : 0;
	return stamps && bytes[8] >= stamps ? PES_FIXED_BYTES + stamps : 0;
}

/* Take the PES header that is complete. */
static int finish_header(struct scan *scan, uint16_t pid, size_t size)
{
	const struct pid_scan *p = &scan->pids[pid];
	int64_t pts = ts_get_timestamp(p->bytes + PES_FIXED_BYTES);
	int err = add_timestamp(scan, pid, PES_FIXED_BYTES);

	if (scan->index->first_pts < 0)
		scan->index->first_pts = pts;
	if (size < PES_STAMP_BYTES) {
		add_time(&scan->index->times[pid], pts);
		return err;
	}
	add_time(&scan->index->times[pid], ts_get_timestamp(p->bytes + PES_FIXED_BYTES + 5));
	return err ? err : add_timestamp(scan, pid, PES_FIXED_BYTES + 5);
}

/* Take the payload of one packet as part of a PES packet. */
static int scan_pes(struct scan *scan, uint32_t packet, const uint8_t *payload, size_t size)
{
	const uint8_t *start = scan->data + (size_t)packet * TS_PACKET_BYTES;
	uint16_t pid = ts_get_pid(start);
	struct pid_scan *p = &scan->pids[pid];
	size_t want;

	if (ts_starts_unit(start)) {
		p->in_header = true;
		p->have = 0;
	}
	for (size_t i = 0; p->in_header; i++) {
		want = header_bytes(p->bytes, p->have);
		if (want == 0 || p->have == want) {
			p->in_header = false;
			return want ? finish_header(scan, pid, want) : 0;
		}
		if (i == size)
			break;
		p->bytes[p->have] = payload[i];
		p->at[p->have++] = (uint32_t)(payload + i - scan->data);
	}
	return 0;
}

/* Find splice_info_sections in a packet in which a section starts; any PID, told by their CRC_32. */
static int scan_cues(struct scan *scan, uint32_t packet, const uint8_t *payload, size_t size)
{
	const uint8_t *start = scan->data + (size_t)packet * TS_PACKET_BYTES;
	size_t offset = 1u + payload[0], length;
	struct patch patch = {.kind = PATCH_CUE, .pid = ts_get_pid(start), .packet = packet};

	while (offset + 3 <= size && payload[offset] == CUE_TABLE_ID) {
		const uint8_t *section = payload + offset;

		length = 3 + (load_be16(section + 1) & 0xfffu);
		if (section[1] & 0x80 || length < CUE_MIN_BYTES)
			return 0;
		if (offset + length > size) {
			scan->index->split_cues += section[1] >> 6 == 0 && length <= 1024;
			return 0;
		}
		if (crc32_of(section, length) != 0)
			return 0;
		patch.at[0] = (uint32_t)(section - scan->data);
		patch.value = (int64_t)(section[4] & 1) << 32 | load_be32(section + 5);
		if (add_patch(scan->index, &patch))
			return -ENOMEM;
		offset += length;
	}
	return 0;
}

static void scan_continuity(struct pid_scan *p, const uint8_t *packet)
{
	if (!p->seen) {
		p->seen = true;
		p->first_has_payload = ts_has_payload(packet);
		p->first_continuity = ts_get_continuity(packet);
	}
	p->last_continuity = ts_get_continuity(packet);
}

static int scan_packet(struct scan *scan, uint32_t number)
{
	const uint8_t *packet = scan->data + (size_t)number * TS_PACKET_BYTES;
	uint16_t pid = ts_get_pid(packet);
	const uint8_t *payload;
	size_t size;
	int err = 0;

	if (ts_has_error(packet) || pid == TS_PID_NULL)
		return 0;
	scan_continuity(&scan->pids[pid], packet);
	if (ts_has_pcr(packet)) {
		struct patch patch = {.kind = PATCH_PCR, .pid = pid, .packet = number};

		patch.at[0] = number * TS_PACKET_BYTES;
		patch.value = ts_get_pcr(packet);
		err = add_patch(scan->index, &patch);
	}
	payload = ts_get_payload(packet, &size);
	if (err || !payload || ts_is_scrambled(packet))
		return err;
	if (ts_starts_unit(packet))
		err = scan_cues(scan, number, payload, size);
	return err ? err : scan_pes(scan, number, payload, size);
}

static int by_packet(const void *a, const void *b)
{
	uint32_t x = ((const struct patch *)a)->packet, y = ((const struct patch *)b)->packet;

	return (x > y) - (x < y);
}

static void finish(struct scan *scan)
{
	for (size_t pid = 0; pid < LOOP_PIDS; pid++) {
		const struct pid_scan *p = &scan->pids[pid];
		int step = p->last_continuity + p->first_has_payload - p->first_continuity;

		if (p->seen)
			scan->index->continuity_step[pid] = (uint8_t)(step & 15);
	}
	if (scan->index->patch_count > 0)
		qsort(scan->index->patches, scan->index->patch_count, sizeof(struct patch),
		      by_packet);
}

int loop_index_create(struct loop_index **out, const uint8_t *data, uint32_t packets)
{
	struct loop_index *index = calloc(1, sizeof(*index));
	struct scan *scan = calloc(1, sizeof(*scan));
	int err = index && scan ? 0 : -ENOMEM;

	if (!err) {
		index->first_pts = -1;
		scan->index = index;
		scan->data = data;
	}
	for (uint32_t i = 0; !err && i < packets; i++)
		err = scan_packet(scan, i);
	if (!err) {
		finish(scan);
		*out = index;
	} else {
		loop_index_destroy(index);
	}
	free(scan);
	return err;
}

void loop_index_destroy(struct loop_index *index)
{
	if (!index)
		return;
	free(index->patches);
	free(index);
}

int64_t loop_index_span(const struct loop_index *index, int64_t min, int64_t max)
{
	int64_t best = 0;

	for (size_t pid = 0; pid < LOOP_PIDS; pid++) {
		const struct pid_times *times = &index->times[pid];
		int64_t span = times->last - times->first;

		if (times->count < 10)
			continue;
		span += span / (times->count - 1);
		if (span >= min && span <= max && span > best)
			best = span;
	}
	return best;
}

static void apply_timestamp(const struct patch *patch, uint8_t *data, int64_t value)
{
	uint8_t bytes[5];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = data[patch->at[i]];
	ts_set_timestamp(bytes, value);
	for (size_t i = 0; i < sizeof(bytes); i++)
		data[patch->at[i]] = bytes[i];
}

static void apply_cue(uint8_t *section, int64_t value)
{
	size_t body = (load_be16(section + 1) & 0xfffu) - 1u; /* all but CRC_32 */

	section[4] = (uint8_t)((section[4] & 0xfeu) | (unsigned int)(value >> 32 & 1));
	store_be32(section + 5, (uint32_t)value);
	store_be32(section + body, crc32_of(section, body));
}

void loop_index_apply(const struct patch *patch, uint8_t *data, int64_t shift)
{
	int64_t stamp = (patch->value + shift / 300) % TS_WRAP_90K;

	switch (patch->kind) {
	case PATCH_PCR:
		ts_set_pcr(data + patch->at[0], (patch->value + shift) % TS_WRAP_27M);
		break;
	case PATCH_TIMESTAMP:
		apply_timestamp(patch, data, stamp);
		break;
	case PATCH_CUE:
		apply_cue(data + patch->at[0], stamp);
		break;
	}
}
