/*
 * flv_tags FILE.flv: the tags of an FLV file, one a line, for comparison with what ffprobe tells of the
 * source, whatever codecs ffprobe knows in FLV:
 *
 *	audio|video frame MILLISECONDS BYTES ADLER32 CODEC
 *	audio|video header MILLISECONDS BYTES HEX CODEC
 *
 * BYTES, ADLER32 and HEX are of what is behind the codec's prefix. CODEC is the number of the codec or its
 * FourCC. Script tags are left out.
 */
#include "base/bytes.h"
#include "media/flv.h"

#include <stdio.h>
#include <string.h>

#define FILE_HEADER_BYTES 13 /* with the size of the tag before the first */
#define TAG_HEADER_BYTES  11
#define TRAILER_BYTES     4

struct body {
	bool header;
	char codec[8];
	const uint8_t *data;
	size_t size;
};

/* Modulo 65521, RFC 1950 section 8.2. */
static uint32_t adler32(const uint8_t *data, size_t size)
{
	uint32_t a = 1, b = 0;

	for (size_t i = 0; i < size; i++) {
		a = (a + data[i]) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static bool parse_body(uint8_t type, const uint8_t *data, size_t size, struct body *body)
{
	bool video = type == FLV_VIDEO, extended;
	unsigned int number, packet_type;
	size_t prefix;

	if (size < 2)
		return false;
	number = video ? data[0] & 0x0f : data[0] >> 4;
	extended = video ? data[0] & 0x80 : number == 9;
	packet_type = extended ? data[0] & 0x0f : data[1];
	if (extended) /* FourCC, and the composition time of video frames that have one */
		prefix = video && packet_type == 1 ? 8 : 5;
	else
		prefix = video ? 5 : 2;
	if (size < prefix)
		return false;
	*body = (struct body){
		.header = packet_type == 0, .data = data + prefix, .size = size - prefix};
	if (extended)
		memcpy(body->codec, data + 1, 4);
	else
		snprintf(body->codec, sizeof(body->codec), "%u", number);
	return true;
}

static void print_tag(const char *kind, uint32_t time, const struct body *body)
{
	printf("%s %s %u %zu ", kind, body->header ? "header" : "frame", time, body->size);
	if (!body->header)
		printf("%08x", adler32(body->data, body->size));
	for (size_t i = 0; body->header && i < body->size; i++)
		printf("%02x", body->data[i]);
	printf(" %s\n", body->codec);
}

static int print_tags(FILE *file)
{
	static uint8_t data[FLV_MAX_BODY_BYTES + TRAILER_BYTES];
	uint8_t header[TAG_HEADER_BYTES];
	struct body body;

	if (fread(data, 1, FILE_HEADER_BYTES, file) != FILE_HEADER_BYTES ||
	    memcmp(data, "FLV\1", 4) != 0)
		return 1;
	while (fread(header, 1, sizeof(header), file) == sizeof(header)) {
		size_t size = load_be24(header + 1);

		if (fread(data, 1, size + TRAILER_BYTES, file) != size + TRAILER_BYTES)
			return 1;
		if ((header[0] == FLV_AUDIO || header[0] == FLV_VIDEO) &&
		    parse_body(header[0], data, size, &body))
			print_tag(header[0] == FLV_AUDIO ? "audio" : "video",
			          (uint32_t)header[7] << 24 | load_be24(header + 4), &body);
	}
	return feof(file) ? 0 : 1;
}

int main(int argc, char **argv)
{
	FILE *file;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: flv_tags FILE.flv\n");
		return 2;
	}
	file = fopen(argv[1], "rb");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	status = print_tags(file);
	fclose(file);
	if (status)
		fprintf(stderr, "%s: not FLV, or cut off\n", argv[1]);
	return status;
}
