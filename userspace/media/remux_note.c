/*
 * What a reader does not get of a program, in words.
 */
#include "remux_state.h"

#include <stdio.h>
#include <string.h>

struct text {
	char *at;
	size_t left;
};

static void add(struct text *text, const char *part)
{
	const int size = snprintf(text->at, text->left, "%s", part);
	const size_t written = size < 0 ? 0 : (size_t)size;

	if (written >= text->left) { /* cut: no more room but for the 0 */
		text->at += text->left - 1;
		text->left = 1;
		return;
	}
	text->at += written;
	text->left -= written;
}

/* Video and audio are what a viewer would miss; data streams go without saying. */
static bool is_worth_saying(uint8_t type)
{
	switch (type) {
	case PSI_PRIVATE_SECTIONS:
	case PSI_PRIVATE_PES:
	case PSI_METADATA_PES:
	case PSI_SCTE35:
		return false;
	default:
		return true;
	}
}

static void add_type(struct text *text, const struct psi_stream *stream)
{
	char other[32];
	const char *name = psi_get_type_name(stream->type);

	if (strcmp(name, "unknown") == 0) {
		snprintf(other, sizeof(other), "stream type 0x%02x", stream->type);
		name = other;
	}
	add(text, name);
}

static bool is_told(const struct psi_stream *streams, size_t count, uint8_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (streams[i].type == type)
			return true;
	}
	return false;
}

/* The types that are left out for a reason, each once. begun: text has something already. Returns how many. */
static size_t add_types(struct text *text, const struct psi_stream *streams, size_t count,
                        enum remux_plan_reason reason, bool begun)
{
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		const uint8_t type = streams[i].type;

		if (remux_plan_why_not(type) != reason || !is_worth_saying(type) ||
		    is_told(streams, i, type))
			continue;
		add(text, told ? ", " : begun ? "; " : "");
		add_type(text, &streams[i]);
		told++;
	}
	return told;
}

/* Returns whether anything was said. */
static bool add_skipped(struct text *text, const struct remuxer *remuxer)
{
	struct psi_stream skipped[PSI_MAX_STREAMS];
	const size_t count = remuxer_get_skipped(remuxer, skipped, PSI_MAX_STREAMS);
	bool begun = false;
	char limit[64];

	snprintf(limit, sizeof(limit), " not sent: only the first %d audio tracks can be",
	         REMUX_MAX_AUDIO);
	for (int reason = 0; reason < REMUX_PLAN_REASONS; reason++) {
		const size_t told = add_types(text, skipped, count, reason, begun);

		if (!told)
			continue;
		if (reason == REMUX_PLAN_SECOND_VIDEO)
			add(text, " not sent: only the first video stream is");
		else if (reason == REMUX_PLAN_MANY_AUDIO)
			add(text, limit);
		else
			add(text, told > 1 ? " not sent: RTMP cannot carry them"
			                   : " not sent: RTMP cannot carry it");
		begun = true;
	}
	return begun;
}

static void add_missing_audio(struct text *text, const struct remux_choice *choice)
{
	char part[64];

	if (choice->audio_language[0])
		snprintf(part, sizeof(part), "no audio track %s:%u that RTMP can carry",
		         choice->audio_language, choice->audio_index);
	else
		snprintf(part, sizeof(part), "no audio track %u that RTMP can carry",
		         choice->audio_index);
	add(text, part);
}

/* The reader asks for a certain track; no audio at all in a video-only channel is no news. */
static bool misses_audio(const struct remuxer *remuxer, const struct remux_choice *choice)
{
	return remux_plan_find_audio(&remuxer->plan, choice) < 0 &&
	       (choice->audio_index > 0 || choice->audio_language[0]);
}

void remuxer_describe(const struct remuxer *remuxer, const struct remux_choice *choice, char *text,
                      size_t size)
{
	struct text out = {.at = text, .left = size};
	char part[64];
	bool begun;

	text[0] = 0;
	if (remuxer->program.number == 0) {
		if (remuxer->program_wanted) {
			snprintf(part, sizeof(part), "program %u is not in the stream",
			         remuxer->program_wanted);
			add(&out, part);
		}
		return;
	}
	begun = add_skipped(&out, remuxer);
	if (misses_audio(remuxer, choice)) {
		add(&out, begun ? "; " : "");
		add_missing_audio(&out, choice);
	}
}

unsigned int remuxer_revision(const struct remuxer *remuxer)
{
	return remuxer->revision;
}
