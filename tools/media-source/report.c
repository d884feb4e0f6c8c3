/*
 * The numbers are declared once, in the order in which they are printed, for both forms.
 */
#include "report.h"

#include <errno.h>
#include <inttypes.h>

struct line {
	FILE *file;
	bool json;
	bool started;
};

/* Begin the next member. */
static void put_key(struct line *line, const char *key)
{
	if (line->json)
		fprintf(line->file, "%s\"%s\": ", line->started ? ", " : "{", key);
	else
		fprintf(line->file, "%s%s=", line->started ? " " : "", key);
	line->started = true;
}

static void put_count(struct line *line, const char *key, uint64_t value)
{
	put_key(line, key);
	fprintf(line->file, "%" PRIu64, value);
}

static void put_real(struct line *line, const char *key, double value)
{
	put_key(line, key);
	fprintf(line->file, "%.3f", value);
}

static void put_bool(struct line *line, const char *key, bool value)
{
	put_key(line, key);
	fputs(value ? "true" : "false", line->file);
}

static uint64_t sum_errors(const struct destination_list *list)
{
	uint64_t errors = 0;

	for (size_t i = 0; i < list->count; i++)
		errors += list->items[i].errors;
	return errors;
}

static void put_destinations(struct line *line, const struct destination_list *list)
{
	char text[DESTINATION_TEXT_BYTES];
	bool any = false;

	if (line->json)
		put_key(line, "by_destination");
	for (size_t i = 0; i < list->count; i++) {
		const struct destination *to = &list->items[i];

		destination_format(to, text);
		if (line->json)
			fprintf(line->file,
			        "%s{\"address\": \"%s\", \"sent\": %" PRIu64
			        ", \"errors\": %" PRIu64 "}",
			        any ? ", " : "[", text, to->sent, to->errors);
		else if (to->errors > 0)
			fprintf(line->file, "%s%s=%" PRIu64, any ? "," : " errors_at=", text,
			        to->errors);
		any |= line->json || to->errors > 0;
	}
	if (line->json)
		fputs(any ? "]" : "[]", line->file);
}

int report_print(FILE *file, const struct report *report, bool json)
{
	const struct impair_counts *counts = &report->counts;
	struct line line = {.file = file, .json = json};

	put_bool(&line, "final", report->final);
	put_count(&line, "plays", report->plays);
	put_count(&line, "datagrams", counts->submitted);
	put_count(&line, "dropped", counts->dropped);
	put_count(&line, "duplicated", counts->duplicated);
	put_count(&line, "reordered", counts->reordered);
	put_count(&line, "sent", counts->emitted);
	put_count(&line, "ts_packets", report->ts_packets);
	put_count(&line, "bytes", report->bytes);
	if (!report->plain_udp && counts->submitted > 0) {
		put_count(&line, "first_sequence", report->first_sequence);
		put_count(&line, "last_sequence", report->last_sequence);
	}
	if (!report->plain_udp)
		put_count(&line, "ssrc", report->ssrc);
	put_real(&line, "elapsed_s", report->elapsed_s);
	put_real(&line, "late_max_ms", report->late_max_ms);
	put_count(&line, "pauses", report->pauses);
	put_count(&line, "destinations", report->destinations->count);
	put_count(&line, "errors", sum_errors(report->destinations));
	put_destinations(&line, report->destinations);
	fputs(json ? "}\n" : "\n", file);
	return fflush(file) || ferror(file) ? -EIO : 0;
}
