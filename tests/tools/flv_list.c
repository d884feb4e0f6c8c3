/*
 * flv_list IN.flv [VIDEO]: a line for each tag of an FLV file, for comparison with other programs; into VIDEO,
 * if given, the byte stream of its video, with the parameter sets of every sequence header. Knows HEVC with a
 * FourCC and with the codec id 12, which many programs do not.
 *
 *	video DTS PTS key|inter avc|hvc1|hevc12 SIZE	milliseconds; bytes of the NAL units, lengths included
 *	video-header avc|hvc1|hevc12 HEX
 *	audio PTS SIZE	bytes of the body
 *	audio-header HEX
 *	script SIZE
 */
#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_HEADER_BYTES 11

enum { AUDIO = 8, VIDEO = 9, SCRIPT = 18 };

static void print_hex(struct byte_reader r)
{
	while (bytes_left(&r) > 0)
		printf("%02x", bytes_u8(&r));
	putchar('\n');
}

/* A NAL unit behind a length of `prefix` bytes, into the byte stream. */
static void copy_nal(struct byte_reader *r, size_t prefix, FILE *video)
{
	static const uint8_t start[] = {0, 0, 0, 1};
	const size_t size = prefix == 2 ? bytes_u16(r) : bytes_u32(r);
	const uint8_t *nal = bytes_take(r, size);

	if (nal && video) {
		fwrite(start, 1, sizeof(start), video);
		fwrite(nal, 1, size, video);
	}
}

static void copy_avcc(struct byte_reader r, FILE *video)
{
	unsigned int sets;

	bytes_take(&r, 5);
	sets = bytes_u8(&r) & 0x1f;
	while (sets-- && !r.overrun)
		copy_nal(&r, 2, video);
	sets = bytes_u8(&r);
	while (sets-- && !r.overrun)
		copy_nal(&r, 2, video);
}

static void copy_hvcc(struct byte_reader r, FILE *video)
{
	unsigned int arrays, sets;

	bytes_take(&r, 22);
	arrays = bytes_u8(&r);
	while (arrays-- && !r.overrun) {
		bytes_u8(&r);
		sets = bytes_u16(&r);
		while (sets-- && !r.overrun)
			copy_nal(&r, 2, video);
	}
}

static void list_video(struct byte_reader r, int64_t dts, FILE *video)
{
	const uint8_t first = bytes_u8(&r);
	const bool extended = first & 0x80;
	uint8_t packet = first & 0x0f;
	const char *codec = packet == 7 ? "avc" : "hevc12";
	int32_t composition = 0;

	if (extended) {
		const uint8_t *fourcc = bytes_take(&r, 4);

		codec = fourcc && !memcmp(fourcc, "hvc1", 4) ? "hvc1" : "unknown";
	} else {
		packet = bytes_u8(&r);
	}
	if (!extended || packet == 1)
		composition = (int32_t)(bytes_u24(&r) << 8) >> 8;
	if (packet == 0) {
		printf("video-header %s ", codec);
		print_hex(r);
		if (codec[0] == 'a')
			copy_avcc(r, video);
		else
			copy_hvcc(r, video);
		return;
	}
	printf("video %" PRId64 " %" PRId64 " %s %s %zu\n", dts, dts + composition,
	       (first >> 4 & 7) == 1 ? "key" : "inter", codec, bytes_left(&r));
	while (bytes_left(&r) > 0 && !r.overrun)
		copy_nal(&r, 4, video);
}

static void list_audio(struct byte_reader r, int64_t pts)
{
	const uint8_t first = bytes_u8(&r), packet = bytes_u8(&r);

	if (first >> 4 == 10 && packet == 0) {
		printf("audio-header ");
		print_hex(r);
	} else {
		printf("audio %" PRId64 " %zu\n", pts, bytes_left(&r));
	}
}

/* Returns false at the end of the file, or where it is cut short. */
static bool list_tag(FILE *in, FILE *video)
{
	uint8_t header[TAG_HEADER_BYTES], trailer[4], *body;
	struct byte_reader r;
	int64_t time;
	bool whole;

	if (fread(header, 1, sizeof(header), in) != sizeof(header))
		return false;
	time = (int64_t)((uint32_t)header[7] << 24 | load_be24(header + 4));
	body = malloc(load_be24(header + 1) + 1u);
	if (!body)
		return false;
	r = byte_reader(body, load_be24(header + 1));
	whole = fread(body, 1, bytes_left(&r), in) == bytes_left(&r) &&
	        fread(trailer, 1, sizeof(trailer), in) == sizeof(trailer);
	if (whole && header[0] == VIDEO)
		list_video(r, time, video);
	else if (whole && header[0] == AUDIO)
		list_audio(r, time);
	else if (whole)
		printf("script %zu\n", bytes_left(&r));
	free(body);
	return whole;
}

int main(int argc, char **argv)
{
	uint8_t head[13];
	FILE *in, *video = NULL;
	int status = 0;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: flv_list IN.flv [VIDEO]\n");
		return 2;
	}
	in = fopen(argv[1], "rb");
	if (!in || fread(head, 1, sizeof(head), in) != sizeof(head)) {
		perror(argv[1]);
		return 1;
	}
	if (argc == 3) {
		video = fopen(argv[2], "wb");
		if (!video) {
			perror(argv[2]);
			fclose(in);
			return 1;
		}
	}
	while (list_tag(in, video))
		;
	if (video && fclose(video))
		status = 1;
	fclose(in);
	return status;
}
