/*
 * The plan of a program's streams.
 */
#include "remux_plan.h"

#include "track.h"

#include <string.h>

struct class_row {
	uint8_t stream_type;
	bool doubtful;
	const struct track_class *class;
};

static const struct class_row track_classes[] = {
	{PSI_H264, false, &track_h264},
	{PSI_HEVC, false, &track_hevc},
	{PSI_AAC_ADTS, false, &track_aac},
	{PSI_AAC_LATM, false, &track_latm},
	{PSI_AC3, false, &track_ac3},
	{PSI_EAC3, false, &track_ac3},
	/* Broadcasters are met that send ADTS under the stream types of MPEG audio. */
	{PSI_MPEG2_AUDIO, true, &track_aac},
	{PSI_MPEG1_AUDIO, true, &track_aac},
};

static const struct class_row *find_row(uint8_t stream_type)
{
	for (size_t i = 0; i < sizeof(track_classes) / sizeof(track_classes[0]); i++) {
		if (track_classes[i].stream_type == stream_type)
			return &track_classes[i];
	}
	return NULL;
}

static void fill(struct plan_stream *planned, const struct psi_stream *stream,
                 const struct class_row *row)
{
	planned->class = row->class;
	planned->doubtful = row->doubtful;
	planned->pid = stream->pid;
	memcpy(planned->language, stream->language, sizeof(planned->language));
}

static void add_video(struct remux_plan *plan, const struct psi_stream *stream,
                      const struct class_row *row)
{
	if (!plan->video.class || (plan->video.doubtful && !row->doubtful))
		fill(&plan->video, stream, row);
}

static void add_audio(struct remux_plan *plan, const struct psi_stream *stream,
                      const struct class_row *row)
{
	const bool doubts = plan->audio_count > 0 && plan->audio[0].doubtful;

	if (plan->audio_count > 0 && row->doubtful != doubts) {
		if (row->doubtful)
			return;
		plan->audio_count = 0; /* there is something better now */
	}
	if (plan->audio_count < REMUX_MAX_AUDIO)
		fill(&plan->audio[plan->audio_count++], stream, row);
}

void remux_plan_make(struct remux_plan *plan, const struct psi_program *program)
{
	memset(plan, 0, sizeof(*plan));
	for (size_t i = 0; i < program->stream_count; i++) {
		const struct psi_stream *stream = &program->streams[i];
		const struct class_row *row = find_row(stream->type);

		if (stream->type == PSI_SCTE35 && !plan->has_cues) {
			plan->has_cues = true;
			plan->cue_pid = stream->pid;
		} else if (row && row->class->type == FLV_VIDEO) {
			add_video(plan, stream, row);
		} else if (row) {
			add_audio(plan, stream, row);
		}
	}
}

enum remux_plan_reason remux_plan_why_not(uint8_t stream_type)
{
	const struct class_row *row = find_row(stream_type);

	if (!row || row->doubtful) /* there is a better one, or it is not what it might have been */
		return REMUX_PLAN_CODEC;
	return row->class->type == FLV_VIDEO ? REMUX_PLAN_SECOND_VIDEO : REMUX_PLAN_MANY_AUDIO;
}

int remux_plan_find_audio(const struct remux_plan *plan, const struct remux_choice *choice)
{
	size_t before = 0;

	for (size_t i = 0; i < plan->audio_count; i++) {
		if (choice->audio_language[0] &&
		    strcmp(choice->audio_language, plan->audio[i].language) != 0)
			continue;
		if (before++ == choice->audio_index)
			return (int)i;
	}
	return -1;
}

bool remux_plan_has(const struct remux_plan *plan, uint16_t pid)
{
	if (plan->video.class && plan->video.pid == pid)
		return true;
	for (size_t i = 0; i < plan->audio_count; i++) {
		if (plan->audio[i].pid == pid)
			return true;
	}
	return plan->has_cues && plan->cue_pid == pid;
}
