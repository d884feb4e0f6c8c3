/*
 * flv_packets FILE.flv: what is in a recording, one line for each tag. Written from the Adobe Flash Video File Format
 * 10.1, annex E, Enhanced RTMP v2, ISO/IEC 14496-15 5.3.3 and 8.3.3 (avcC, hvcC); it shares no code with what it tests.
 *
 *	video CODEC DTS PTS KEY SIZE CRC   times in ms; h264, hevc (FourCC hvc1) or hevc-12 (codec id 12)
 *	audio CODEC TIME TIME 1 SIZE CRC   aac, ac-3, ec-3
 *	config h264|hevc|hevc-12 HEX       each parameter set of a video sequence header
 *	config aac|ac-3|ec-3 HEX           an AudioSpecificConfig; nothing of the others
 *	script TIME NAME                   data messages
 *	meta KEY VALUE                     each number, boolean and string of onMetaData
 *	error WHAT                         and the exit status is 1
 *
 * SIZE and CRC (CRC-32 as in zlib) of video are those of its NAL units with their lengths of 4 bytes, access unit
 * delimiters, parameter sets and filler left out: these a publisher may add or drop. Of audio: of the raw frame.
 * A file that ends amid a tag, as that of a server that was stopped, is no error.
 */
#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_HEADER  13
#define TAG_HEADER   11
#define MAX_BODY     0xffffffu
#define NAL_LENGTH   4
#define FOURCC(text) ((uint32_t)text[0] << 24 | (uint32_t)text[1] << 16 | text[2] << 8 | text[3])

enum { AUDIO = 8, VIDEO = 9, SCRIPT = 18 };

static bool failed;

static void fail(const char *what)
{
	printf("error %s\n", what);
	failed = true;
}

static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static void print_config(const char *codec, const uint8_t *data, size_t size)
{
	printf("config %s ", codec);
	for (size_t i = 0; i < size; i++)
		printf("%02x", data[i]);
	printf("\n");
}

/* count sets, each behind a length of 2 bytes. */
static void print_sets(struct byte_reader *r, const char *codec, unsigned int count)
{
	while (count-- && !r->overrun) {
		const size_t size = bytes_u16(r);
		const uint8_t *set = bytes_take(r, size);

		if (set)
			print_config(codec, set, size);
	}
}

/* avcC: the high profiles' last bytes are not looked at. */
static void list_avcc(struct byte_reader *r)
{
	const uint8_t version = bytes_u8(r);

	bytes_take(r, 3); /* profile, compatibility, level */
	if (version != 1 || (bytes_u8(r) & 3) != NAL_LENGTH - 1)
		fail("avcC of another version or length size");
	print_sets(r, "h264", bytes_u8(r) & 31);
	print_sets(r, "h264", bytes_u8(r));
	if (r->overrun)
		fail("avcC cut short");
}

static void list_hvcc(struct byte_reader *r, const char *codec)
{
	unsigned int arrays;

	if (bytes_u8(r) != 1)
		fail("hvcC of another version");
	bytes_take(r, 20); /* profile to average frame rate */
	if ((bytes_u8(r) & 3) != NAL_LENGTH - 1)
		fail("hvcC of another length size");
	arrays = bytes_u8(r);
	while (arrays-- && !r->overrun) {
		bytes_u8(r); /* the type, which is in the sets too */
		print_sets(r, codec, bytes_u16(r));
	}
	if (r->overrun || bytes_left(r))
		fail("hvcC of another size than it says");
}

/* Delimiters, parameter sets and filler. */
static bool is_incidental(bool hevc, uint8_t first)
{
	const unsigned int type = hevc ? first >> 1 & 63 : first & 31;

	return hevc ? (type >= 32 && type <= 35) || type == 38
	            : (type >= 7 && type <= 9) || type == 12;
}

static void list_frame(struct byte_reader *r, const char *codec, uint32_t dts, int32_t composition,
                       bool key)
{
	uint32_t crc = 0xffffffff;
	size_t size = 0;

	while (bytes_left(r) && !r->overrun) {
		const uint8_t *start = r->at;
		const size_t length = bytes_u32(r);
		const uint8_t *nal = bytes_take(r, length);

		if (!nal || !length)
			fail("a NAL unit longer than its frame, or empty");
		else if (!is_incidental(codec[1] == 'e', nal[0])) {
			crc = crc_add(crc, start, NAL_LENGTH + length);
			size += NAL_LENGTH + length;
		}
	}
	printf("video %s %u %d %d %zu %08x\n", codec, dts, (int32_t)dts + composition, key, size,
	       ~crc);
}

static int32_t signed24(uint32_t value)
{
	return (int32_t)(value << 8) >> 8;
}

/* Enhanced RTMP: packet types 0 sequence start, 1 frames with composition time, 2 sequence end, 3 without. */
static void list_enhanced_video(struct byte_reader *r, uint8_t first, uint32_t time)
{
	const unsigned int packet = first & 15;
	const bool key = (first >> 4 & 7) == 1;

	if (bytes_u32(r) != FOURCC("hvc1"))
		fail("video of an unknown FourCC");
	else if (packet == 0)
		list_hvcc(r, "hevc");
	else if (packet == 1 || packet == 3)
		list_frame(r, "hevc", time, packet == 1 ? signed24(bytes_u24(r)) : 0, key);
	else if (packet != 2)
		fail("video of an unknown packet type");
}

static void list_video(struct byte_reader *r, uint32_t time)
{
	const uint8_t first = bytes_u8(r);
	const unsigned int codec = first & 15;
	unsigned int packet;
	int32_t composition;

	if (first & 0x80) {
		list_enhanced_video(r, first, time);
		return;
	}
	packet = bytes_u8(r);
	composition = signed24(bytes_u24(r));
	if (codec != 7 && codec != 12)
		fail("video of an unknown codec id");
	else if (packet == 0 && codec == 7)
		list_avcc(r);
	else if (packet == 0)
		list_hvcc(r, "hevc-12");
	else if (packet == 1)
		list_frame(r, codec == 7 ? "h264" : "hevc-12", time, composition, first >> 4 == 1);
}

static void print_audio(struct byte_reader *r, const char *codec, uint32_t time)
{
	printf("audio %s %u %u 1 %zu %08x\n", codec, time, time, bytes_left(r),
	       ~crc_add(0xffffffff, r->at, bytes_left(r)));
}

/* Enhanced RTMP: packet types 0 sequence start, 1 frames, 2 sequence end, 4 channel order. */
static void list_enhanced_audio(struct byte_reader *r, unsigned int packet, uint32_t time)
{
	const uint32_t codec = bytes_u32(r);
	const char *name = codec == FOURCC("mp4a")   ? "aac"
	                   : codec == FOURCC("ac-3") ? "ac-3"
	                   : codec == FOURCC("ec-3") ? "ec-3"
	                                             : NULL;

	if (!name)
		fail("audio of an unknown FourCC");
	else if (packet == 1)
		print_audio(r, name, time);
	else if (packet == 0)
		print_config(name, r->at, bytes_left(r));
}

static void list_audio(struct byte_reader *r, uint32_t time)
{
	const uint8_t first = bytes_u8(r);

	if (first >> 4 == 9)
		list_enhanced_audio(r, first & 15, time);
	else if (first >> 4 != 10)
		fail("audio of an unknown format");
	else if (bytes_u8(r))
		print_audio(r, "aac", time);
	else
		print_config("aac", r->at, bytes_left(r));
}

/* ---- AMF0 ---- */

static void print_text(struct byte_reader *r)
{
	const size_t size = bytes_u16(r);
	const uint8_t *text = bytes_take(r, size);

	for (size_t i = 0; text && i < size; i++)
		putchar(text[i] > ' ' && text[i] < 127 ? text[i] : '_');
}

static double amf_number(struct byte_reader *r)
{
	const uint64_t bits = (uint64_t)bytes_u32(r) << 32 | bytes_u32(r);
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* False: a kind of value that is not read here. */
static bool print_value(struct byte_reader *r)
{
	const uint8_t kind = bytes_u8(r);

	if (kind == 0)
		printf("%.10g", amf_number(r));
	else if (kind == 1)
		printf("%u", bytes_u8(r));
	else if (kind == 2)
		print_text(r);
	return kind <= 2;
}

/* The pairs of an object or ECMA array; a key of no bytes ends it. */
static void list_pairs(struct byte_reader *r)
{
	bool known = true;

	while (known && bytes_left(r) > 3 && load_be16(r->at)) {
		printf("meta ");
		print_text(r);
		putchar(' ');
		known = print_value(r);
		putchar('\n');
	}
}

/* True, and behind it, when the string name comes next. */
static bool skip_name(struct byte_reader *r, const char *name)
{
	const size_t length = strlen(name);

	if (bytes_left(r) < 3 + length || r->at[0] != 2 || load_be16(r->at + 1) != length ||
	    memcmp(r->at + 3, name, length))
		return false;
	bytes_take(r, 3 + length);
	return true;
}

/* Some servers keep the publisher's "@setDataFrame". */
static void list_script(struct byte_reader *r, uint32_t time)
{
	uint8_t kind;

	skip_name(r, "@setDataFrame");
	if (skip_name(r, "onMetaData")) {
		printf("script %u onMetaData\n", time);
		kind = bytes_u8(r);
		if (kind == 8)
			bytes_u32(r); /* how many pairs */
		if (kind == 3 || kind == 8)
			list_pairs(r);
		return;
	}
	printf("script %u ", time);
	if (!print_value(r))
		fail("a data message without a name");
	putchar('\n');
}

static void list_tag(unsigned int type, uint32_t time, const uint8_t *body, size_t size)
{
	struct byte_reader r = byte_reader(body, size);

	if (type == SCRIPT)
		list_script(&r, time);
	else if (type == VIDEO && size)
		list_video(&r, time);
	else if (type == AUDIO && size)
		list_audio(&r, time);
	else if (type != VIDEO && type != AUDIO)
		fail("a tag of an unknown type");
	if (r.overrun)
		fail("a tag cut short");
}

static void list_file(FILE *file, uint8_t *body)
{
	uint8_t header[TAG_HEADER], trailer[4];
	size_t size;

	if (fread(body, 1, FILE_HEADER, file) != FILE_HEADER || memcmp(body, "FLV", 3)) {
		fail("no FLV file");
		return;
	}
	while (fread(header, 1, TAG_HEADER, file) == TAG_HEADER) {
		size = load_be24(header + 1);
		if (fread(body, 1, size, file) != size || fread(trailer, 1, 4, file) != 4)
			return;
		if (load_be32(trailer) != TAG_HEADER + size) {
			fail("a tag whose size behind is another");
			return;
		}
		list_tag(header[0] & 31, load_be24(header + 4) | (uint32_t)header[7] << 24, body,
		         size);
	}
}

int main(int argc, char **argv)
{
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	uint8_t *body = malloc(MAX_BODY);

	if (!file || !body) {
		fprintf(stderr, "usage: flv_packets FILE.flv\n");
		return 2;
	}
	list_file(file, body);
	free(body);
	fclose(file);
	return failed;
}
