/*
 * ts2flv [--program N] [--audio N|LANGUAGE] [--hevc enhanced|legacy] IN.ts OUT.flv: a transport stream file
 * through the remuxer into an FLV file, for comparison with other programs' remuxing. Every tag that the choice
 * wants is written; time starts HEAD_ROOM_MS before the first. Prints the counters, and what is not carried, on
 * standard output.
 */
#include "base/bytes.h"
#include "media/flv_write.h"
#include "media/remux.h"
#include "media/ts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_ROOM_MS     1000 /* the stream that comes second may begin earlier */
#define TAG_HEADER_BYTES 11
#define READ_PACKETS     7

struct writer {
	FILE *file;
	bool started, failed;
	int64_t base_ms;
	const struct remuxer *remuxer;
	struct remux_choice choice;
	uint16_t program;
};

static void write_bytes(struct writer *w, const uint8_t *data, size_t size)
{
	if (fwrite(data, 1, size, w->file) != size)
		w->failed = true;
}

static void write_tag(void *context, struct flv_tag *tag)
{
	struct writer *w = context;
	uint8_t header[TAG_HEADER_BYTES] = {(uint8_t)tag->type}, trailer[4];
	size_t skip = tag->type == FLV_SCRIPT ? FLV_SET_DATA_FRAME_BYTES : 0;
	uint32_t size = (uint32_t)(tag->size - skip), time;

	if (!remuxer_wants(w->remuxer, tag, &w->choice)) {
		flv_tag_unref(tag);
		return;
	}
	if (!w->started)
		w->base_ms = tag->timestamp_ms - HEAD_ROOM_MS;
	w->started = true;
	time = tag->timestamp_ms > w->base_ms ? (uint32_t)(tag->timestamp_ms - w->base_ms) : 0;
	store_be24(header + 1, size);
	store_be24(header + 4, time & 0xffffff);
	header[7] = (uint8_t)(time >> 24);
	store_be32(trailer, TAG_HEADER_BYTES + size);
	write_bytes(w, header, sizeof(header));
	write_bytes(w, tag->body + skip, size);
	write_bytes(w, trailer, sizeof(trailer));
	flv_tag_unref(tag);
}

static void print_counters(const struct remuxer *remuxer, const struct remux_choice *choice)
{
	char text[200];
	static const struct counter_info table[] = {REMUX_COUNTERS(COUNTER_ROW)};
	struct psi_stream skipped[PSI_MAX_STREAMS];
	size_t count = remuxer_get_skipped(remuxer, skipped, PSI_MAX_STREAMS);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		printf("%s %llu\n", table[i].name,
		       (unsigned long long)counter_at(remuxer_counters(remuxer), i));
	for (size_t i = 0; i < count; i++)
		printf("skipped PID %u: %s (0x%02x)\n", skipped[i].pid,
		       psi_get_type_name(skipped[i].type), skipped[i].type);
	remuxer_describe(remuxer, choice, text, sizeof(text));
	if (text[0])
		printf("note: %s\n", text);
}

static int convert(FILE *in, struct writer *w)
{
	static const uint8_t file_header[] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0};
	uint8_t packets[READ_PACKETS * TS_PACKET_BYTES];
	struct remuxer *remuxer;
	size_t count;

	if (remuxer_create(&remuxer, write_tag, w) < 0)
		return 1;
	w->remuxer = remuxer;
	remuxer_set_program(remuxer, w->program);
	if (remuxer_set_choices(remuxer, &w->choice, 1) < 0) {
		remuxer_destroy(remuxer);
		return 1;
	}
	write_bytes(w, file_header, sizeof(file_header));
	while ((count = fread(packets, TS_PACKET_BYTES, READ_PACKETS, in)) > 0)
		remuxer_push(remuxer, packets, count);
	remuxer_flush(remuxer);
	print_counters(remuxer, &w->choice);
	remuxer_destroy(remuxer);
	return w->failed || ferror(in) ? 1 : 0;
}

/* Returns false for an option that there is not. */
static bool parse_option(struct writer *w, const char *name, const char *value)
{
	struct remux_choice *choice = &w->choice;

	if (strcmp(name, "--program") == 0)
		w->program = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "--hevc") == 0)
		choice->hevc = strcmp(value, "legacy") == 0 ? HEVC_LEGACY : HEVC_ENHANCED;
	else if (strcmp(name, "--audio") == 0 && value[0] >= '0' && value[0] <= '9')
		choice->audio_index = (uint8_t)strtoul(value, NULL, 10);
	else if (strcmp(name, "--audio") == 0)
		snprintf(choice->audio_language, sizeof(choice->audio_language), "%s", value);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct writer writer = {0};
	FILE *in;
	int status = 1;

	while (argc > 3 && parse_option(&writer, argv[1], argv[2])) {
		argc -= 2;
		argv += 2;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: ts2flv [--program N] [--audio N|LANGUAGE] "
		                "[--hevc enhanced|legacy] IN.ts OUT.flv\n");
		return 2;
	}
	in = fopen(argv[1], "rb");
	if (!in) {
		perror(argv[1]);
		return 1;
	}
	writer.file = fopen(argv[2], "wb");
	if (writer.file) {
		status = convert(in, &writer);
		if (fclose(writer.file))
			status = 1;
	}
	if (status)
		perror(argv[2]);
	fclose(in);
	return status;
}
