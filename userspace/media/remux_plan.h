/*
 * Which streams of a program RTMP carries, and by which track: one video stream, up to REMUX_MAX_AUDIO
 * audio streams, and the cue messages of one SCTE-35 PID.
 *
 * A stream type that RTMP learns to carry is a row of the table in remux_plan.c.
 */
#ifndef MEDIA_REMUX_PLAN_H
#define MEDIA_REMUX_PLAN_H

#include "psi.h"
#include "remux_choice.h"

#define REMUX_MAX_AUDIO 8

struct track_class;

struct plan_stream {
	const struct track_class *class; /* NULL: no stream */
	bool doubtful; /* the stream type stands for other codecs too: see track_class.accepts */
	uint16_t pid;
	char language[PSI_LANGUAGE_BYTES];
};

struct remux_plan {
	struct plan_stream video;
	struct plan_stream audio[REMUX_MAX_AUDIO]; /* in the order of the PMT */
	size_t audio_count;
	bool has_cues;
	uint16_t cue_pid; /* of SCTE-35 sections; if has_cues */
};

/*
 * Plan the streams of program: its first video stream that can be carried, and all such audio streams. A
 * doubtful audio stream is taken only if no other can be. Thread: any.
 */
void remux_plan_make(struct remux_plan *plan, const struct psi_program *program);

/* Why a plan has no use for a video or audio stream. */
enum remux_plan_reason {
	REMUX_PLAN_CODEC,        /* RTMP cannot carry it */
	REMUX_PLAN_SECOND_VIDEO, /* it has another video stream */
	REMUX_PLAN_MANY_AUDIO,   /* it has REMUX_MAX_AUDIO others */
	REMUX_PLAN_REASONS
};

/* The reason of a stream of that type that a plan has not. Thread: any. */
enum remux_plan_reason remux_plan_why_not(uint8_t stream_type);

/* The index in plan->audio of the stream that choice asks for, or -1. Thread: any. */
int remux_plan_find_audio(const struct remux_plan *plan, const struct remux_choice *choice);

/* The plan has a use for the stream of pid. Thread: any. */
bool remux_plan_has(const struct remux_plan *plan, uint16_t pid);

#endif
