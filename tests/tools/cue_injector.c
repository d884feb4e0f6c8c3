/*
 * cue_injector IN.ts OUT.ts <CUES: give a transport stream a PID with SCTE-35 sections.
 *
 * A line of CUES: AT_MS SPLICE_MS BASE64. The section goes in front of the first video access unit whose DTS is AT_MS after
 * that of the first one; lines are in that order. Its pts_adjustment is set so that its pts_time means SPLICE_MS after the
 * first video PTS; with "-" it stays as it is, wrong CRC included. The PID is CUE_PID, of stream_type 0x86; the program
 * gets the registration descriptor "CUEI" (SCTE 35, section 8).
 *
 * For a stream with one program whose PMT fits a packet, as ffmpeg makes it.
 */
#include "base/bytes.h"
#include "media/psi.h"
#include "media/scte35.h"
#include "media/section.h"
#include "media/ts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUE_PID        0x1f0
#define CRC_BYTES      4
#define SECTION_MAX    1024
#define LINE_MAX_BYTES 2048
#define MIN_PES_BYTES  19 /* header with PTS and DTS */
#define TICKS_PER_MS   90

struct cue {
	bool pending;
	int64_t at_ms;
	bool moved; /* splice_ms holds */
	int64_t splice_ms;
	uint8_t section[SECTION_MAX];
	size_t size;
};

struct injector {
	FILE *out;
	uint16_t pmt_pid, video_pid; /* 0: not known yet */
	bool started;
	int64_t first_dts, first_pts;
	uint8_t continuity;
	struct cue next;
	bool failed;
};

static size_t decode_base64(const char *text, uint8_t *data, size_t room)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t size = 0;

	for (; size < room; text++) {
		const char *digit = *text ? strchr(digits, *text) : NULL;

		if (!digit)
			break;
		bits = bits << 6 | (uint32_t)(digit - digits);
		count += 6;
		if (count >= 8) {
			count -= 8;
			data[size++] = (uint8_t)(bits >> count);
		}
	}
	return size;
}

static void read_cue(struct injector *injector)
{
	struct cue *cue = &injector->next;
	char line[LINE_MAX_BYTES], splice[32], text[LINE_MAX_BYTES];
	long long at;

	cue->pending = false;
	if (!fgets(line, sizeof(line), stdin))
		return;
	if (sscanf(line, "%lld %31s %2047s", &at, splice, text) != 3) {
		fprintf(stderr, "cue_injector: not a cue: %s", line);
		injector->failed = true;
		return;
	}
	cue->pending = true;
	cue->at_ms = at;
	cue->moved = strcmp(splice, "-") != 0;
	cue->splice_ms = atoll(splice);
	cue->size = decode_base64(text, cue->section, sizeof(cue->section));
}

/* The time that the section tells, without adjustment. */
static uint64_t get_pts(const struct scte35_section *section)
{
	return section->command == SCTE35_INSERT ? section->insert.time.pts : section->time.pts;
}

static void move_cue(struct injector *injector, struct cue *cue)
{
	struct scte35_section section;
	uint64_t adjustment;

	if (scte35_parse(&section, cue->section, cue->size)) {
		fprintf(stderr, "cue_injector: not an SCTE-35 section\n");
		injector->failed = true;
		return;
	}
	adjustment =
		(uint64_t)(injector->first_pts + cue->splice_ms * TICKS_PER_MS) - get_pts(&section);
	cue->section[4] = (uint8_t)((cue->section[4] & 0xfe) | (adjustment >> 32 & 1));
	store_be32(cue->section + 5, (uint32_t)adjustment);
	store_be32(cue->section + cue->size - CRC_BYTES,
	           section_crc(cue->section, cue->size - CRC_BYTES));
}

static void write_packet(struct injector *injector, const uint8_t *packet)
{
	if (fwrite(packet, TS_PACKET_BYTES, 1, injector->out) != 1)
		injector->failed = true;
}

static void write_cue(struct injector *injector)
{
	struct cue *cue = &injector->next;
	uint8_t unit[1 + SECTION_MAX] = {0}; /* pointer_field 0 */

	if (cue->moved)
		move_cue(injector, cue);
	memcpy(unit + 1, cue->section, cue->size);
	for (size_t at = 0; at < 1 + cue->size; at += TS_PACKET_BYTES - 4) {
		uint8_t packet[TS_PACKET_BYTES];
		size_t n = 1 + cue->size - at;

		if (n > TS_PACKET_BYTES - 4)
			n = TS_PACKET_BYTES - 4;
		memset(packet, 0xff, sizeof(packet)); /* stuffing behind a section */
		packet[0] = TS_SYNC_BYTE;
		packet[1] = (uint8_t)((at == 0 ? 0x40 : 0) | CUE_PID >> 8);
		packet[2] = CUE_PID & 0xff;
		packet[3] = (uint8_t)(0x10 | (injector->continuity++ & 0x0f));
		memcpy(packet + 4, unit + at, n);
		write_packet(injector, packet);
	}
}

/* The section that a packet begins with, and the room there is for it; NULL: none. */
static uint8_t *find_section(uint8_t *packet, size_t *room)
{
	size_t size;
	const uint8_t *payload = ts_get_payload(packet, &size);

	if (!payload || !ts_starts_unit(packet) || payload[0] + 4u > size)
		return NULL;
	*room = size - 1u - payload[0];
	return packet + (payload - packet) + 1 + payload[0];
}

static void look_at_pat(struct injector *injector, uint8_t *packet)
{
	size_t room;
	const uint8_t *section = find_section(packet, &room);

	if (section && room >= 12)
		injector->pmt_pid = load_be16(section + 10) & 0x1fff;
}

/* Add the registration to the program's descriptors, and the stream at the end. */
static void extend_pmt(struct injector *injector, uint8_t *packet)
{
	static const uint8_t registration[] = {0x05, 4, 'C', 'U', 'E', 'I'};
	static const uint8_t stream[] = {PSI_SCTE35, 0xe0 | CUE_PID >> 8, CUE_PID & 0xff, 0xf0, 0};
	size_t room, size, descriptors;
	uint8_t *section = find_section(packet, &room);

	if (!section || room < 12)
		return;
	size = 3 + (load_be16(section + 1) & 0xfffu) - CRC_BYTES;
	if (size + sizeof(registration) + sizeof(stream) + CRC_BYTES > room) {
		injector->failed = true;
		return;
	}
	descriptors = load_be16(section + 10) & 0xfffu;
	for (size_t at = 12 + descriptors; at + 5 <= size;
	     at += 5 + (load_be16(section + at + 3) & 0xfffu)) {
		if (section[at] == PSI_H264)
			injector->video_pid = load_be16(section + at + 1) & 0x1fff;
	}
	memmove(section + 12 + sizeof(registration), section + 12, size - 12);
	memcpy(section + 12, registration, sizeof(registration));
	store_be16(section + 10, (uint16_t)(0xf000 | (descriptors + sizeof(registration))));
	size += sizeof(registration);
	memcpy(section + size, stream, sizeof(stream));
	size += sizeof(stream);
	store_be16(section + 1, (uint16_t)(0xb000 | (size + CRC_BYTES - 3)));
	store_be32(section + size, section_crc(section, size));
}

static void look_at_video(struct injector *injector, const uint8_t *packet)
{
	size_t size;
	const uint8_t *pes = ts_get_payload(packet, &size);
	int64_t pts, dts;

	if (!pes || !ts_starts_unit(packet) || size < MIN_PES_BYTES || !(pes[7] & 0x80))
		return;
	pts = ts_get_timestamp(pes + 9);
	dts = pes[7] & 0x40 ? ts_get_timestamp(pes + 14) : pts;
	if (!injector->started) {
		injector->started = true;
		injector->first_dts = dts;
		injector->first_pts = pts;
	}
	dts = ts_unwrap(dts, injector->first_dts, TS_WRAP_90K) - injector->first_dts;
	while (injector->next.pending && dts >= injector->next.at_ms * TICKS_PER_MS) {
		write_cue(injector);
		read_cue(injector);
	}
}

static int inject(struct injector *injector, FILE *in)
{
	uint8_t packet[TS_PACKET_BYTES];

	read_cue(injector);
	while (!injector->failed && fread(packet, sizeof(packet), 1, in) == 1) {
		const uint16_t pid = ts_get_pid(packet);

		if (pid == TS_PID_PAT)
			look_at_pat(injector, packet);
		else if (injector->pmt_pid && pid == injector->pmt_pid)
			extend_pmt(injector, packet);
		else if (injector->video_pid && pid == injector->video_pid)
			look_at_video(injector, packet);
		write_packet(injector, packet);
	}
	if (injector->next.pending) {
		fprintf(stderr, "cue_injector: the stream ends before its cues\n");
		return 1;
	}
	return injector->failed || ferror(in) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct injector injector;
	FILE *in;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: cue_injector IN.ts OUT.ts <CUES\n");
		return 2;
	}
	in = fopen(argv[1], "rb");
	if (!in) {
		perror(argv[1]);
		return 1;
	}
	injector.out = fopen(argv[2], "wb");
	if (!injector.out) {
		perror(argv[2]);
		fclose(in);
		return 1;
	}
	status = inject(&injector, in);
	if (fclose(injector.out))
		status = 1;
	fclose(in);
	return status;
}
