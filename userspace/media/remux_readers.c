/*
 * What each reader of a remuxer gets: which tags, which headers, which onMetaData, and what it is told of
 * the streams that it does not get.
 */
#include "remux_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The kind of onMetaData for a choice: see METADATA_KINDS. */
static size_t get_kind(const struct remuxer *remuxer, const struct remux_choice *choice)
{
	const int track = remux_plan_find_audio(&remuxer->plan, choice);

	return (size_t)(track + 1) * HEVC_FORMS + choice->hevc;
}

static struct flv_tag *make_kind(const struct remuxer *remuxer, size_t kind, int64_t timestamp_ms)
{
	const struct remux_slot *video = &remuxer->slots[SLOT_VIDEO];
	const size_t track = kind / HEVC_FORMS; /* 0: none */
	struct flv_metadata metadata = {0};
	struct flv_tag *tag;

	if (video->track)
		video->class->describe(video->track, &metadata);
	metadata.video_kbps = video->rate.told;
	if (track > 0) {
		const struct remux_slot *audio = &remuxer->slots[SLOT_AUDIO + track - 1];

		if (audio->track)
			audio->class->describe(audio->track, &metadata);
		metadata.audio_kbps = audio->rate.told;
	}
	if (metadata.video_codec == FLV_FOURCC_HEVC && kind % HEVC_FORMS == HEVC_LEGACY)
		metadata.video_codec = FLV_CODEC_HEVC_LEGACY;
	tag = flv_write_metadata(timestamp_ms, &metadata);
	if (tag)
		tag->variant = (uint8_t)(kind + 1);
	return tag;
}

/* Does what a slot has to tell concern readers of that kind? */
static bool concerns(const struct remuxer *remuxer, const struct remux_slot *slot, size_t kind)
{
	const size_t number = (size_t)(slot - remuxer->slots);

	return number == SLOT_VIDEO || kind / HEVC_FORMS == number - SLOT_AUDIO + 1;
}

void remuxer_make_metadata(struct remuxer *remuxer, int64_t timestamp_ms,
                           const struct remux_slot *news)
{
	bool wanted[METADATA_KINDS] = {false};

	for (size_t i = 0; i < remuxer->choice_count; i++)
		wanted[get_kind(remuxer, &remuxer->choices[i])] = true;
	for (size_t kind = 0; kind < METADATA_KINDS; kind++) {
		struct flv_tag *tag = NULL;

		if (wanted[kind]) {
			tag = make_kind(remuxer, kind, timestamp_ms);
			if (!tag)
				continue; /* without memory the one before stands */
		}
		flv_tag_unref(remuxer->metadata[kind]);
		remuxer->metadata[kind] = tag;
		if (tag && news && concerns(remuxer, news, kind))
			remuxer->emit(remuxer->context, flv_tag_ref(tag));
	}
	remuxer->metadata_ms = timestamp_ms;
}

bool remuxer_has_metadata(const struct remuxer *remuxer)
{
	for (size_t i = 0; i < METADATA_KINDS; i++) {
		if (remuxer->metadata[i])
			return true;
	}
	return false;
}

int remuxer_set_choices(struct remuxer *remuxer, const struct remux_choice *choices, size_t count)
{
	const bool known = remuxer_has_metadata(remuxer);
	struct remux_choice *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	if (count > 0)
		memcpy(copy, choices, count * sizeof(*copy));
	free(remuxer->choices);
	remuxer->choices = copy;
	remuxer->choice_count = count;
	remuxer_fill_slots(remuxer);
	remuxer_count_skipped(remuxer);
	if (known)
		remuxer_make_metadata(remuxer, remuxer->metadata_ms, NULL);
	return 0;
}

bool remuxer_wants(const struct remuxer *remuxer, const struct flv_tag *tag,
                   const struct remux_choice *choice)
{
	switch (tag->type) {
	case FLV_AUDIO:
		return tag->audio_track == remux_plan_find_audio(&remuxer->plan, choice);
	case FLV_VIDEO:
		return tag->variant == 0 || tag->variant == 1 + choice->hevc;
	case FLV_SCRIPT:
		if (tag->header)
			return tag->variant == 1 + get_kind(remuxer, choice);
		return tag->variant != CUE_OFF && tag->variant == choice->cues;
	}
	return false;
}

size_t remuxer_get_headers(const struct remuxer *remuxer, const struct remux_choice *choice,
                           struct flv_tag *headers[3])
{
	const struct remux_slot *video = &remuxer->slots[SLOT_VIDEO];
	const int track = remux_plan_find_audio(&remuxer->plan, choice);
	struct flv_tag *video_header = video->headers[0];
	size_t count = 0;

	if (!video_header || video_header->variant > 0)
		video_header = video->headers[choice->hevc];
	if (remuxer->metadata[get_kind(remuxer, choice)])
		headers[count++] = flv_tag_ref(remuxer->metadata[get_kind(remuxer, choice)]);
	if (video_header)
		headers[count++] = flv_tag_ref(video_header);
	if (track >= 0 && remuxer->slots[SLOT_AUDIO + track].headers[0])
		headers[count++] = flv_tag_ref(remuxer->slots[SLOT_AUDIO + track].headers[0]);
	return count;
}

size_t remuxer_get_cues(const struct remuxer *remuxer, const struct remux_choice *choice,
                        int64_t now_ms, struct flv_tag *cues[REMUX_MAX_CUES])
{
	if (!remuxer->cues || choice->cues == CUE_OFF)
		return 0;
	return cues_get_pending(remuxer->cues, choice->cues, now_ms, cues);
}

static bool is_skipped(const struct remuxer *remuxer, uint16_t pid)
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct remux_slot *slot = &remuxer->slots[i];

		if (slot->track && slot->doubtful && slot->pid == pid)
			return true;
	}
	return !remux_plan_has(&remuxer->plan, pid);
}

size_t remuxer_get_skipped(const struct remuxer *remuxer, struct psi_stream *streams, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < remuxer->program.stream_count; i++) {
		const struct psi_stream *stream = &remuxer->program.streams[i];

		if (!is_skipped(remuxer, stream->pid))
			continue;
		if (count < max)
			streams[count] = *stream;
		count++;
	}
	return count;
}
