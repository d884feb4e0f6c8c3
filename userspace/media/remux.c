/*
 * Remuxer: runs the tracks of the streams that somebody wants, and keeps their sequence headers.
 */
#include "remux.h"

#include "remux_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keep tag in *place, in exchange for what was there. */
static void keep(struct flv_tag **place, struct flv_tag *tag)
{
	flv_tag_unref(*place);
	*place = tag;
}

/* A track has finished a tag. */
static void take_tag(void *context, struct flv_tag *tag)
{
	struct remux_slot *slot = context;
	struct remuxer *remuxer = slot->remuxer;

	if (tag->type == FLV_AUDIO)
		tag->audio_track = (uint8_t)(slot - remuxer->slots - SLOT_AUDIO);
	if (tag->header) {
		size_t form = tag->variant > 0 ? tag->variant - 1u : 0;

		keep(&slot->headers[form], flv_tag_ref(tag));
		if (form == 0) /* once for all forms */
			remuxer_make_metadata(remuxer, tag->timestamp_ms, slot);
	} else if (tag->variant == 0 || slot->host.forms >> (tag->variant - 1) == 1) {
		remuxer_measure(remuxer, slot, tag); /* of several forms, the last */
	}
	remuxer->emit(remuxer->context, tag);
}

static void empty_slot(struct remux_slot *slot)
{
	if (slot->track)
		slot->class->destroy(slot->track);
	slot->track = NULL;
	for (size_t i = 0; i < HEVC_FORMS; i++)
		keep(&slot->headers[i], NULL);
	slot->rate = (struct remux_rate){0};
}

/* planned: NULL for nothing. */
static void fill_slot(struct remuxer *remuxer, size_t number, const struct plan_stream *planned)
{
	struct remux_slot *slot = &remuxer->slots[number];
	const struct track_class *class = planned ? planned->class : NULL;

	if (slot->track && slot->class == class && slot->pid == planned->pid)
		return;
	if (slot->track && slot->class->flush)
		slot->class->flush(slot->track);
	empty_slot(slot);
	slot->class = class;
	slot->track = class ? class->create(&slot->host) : NULL;
	slot->doubtful = class && planned->doubtful;
	slot->pid = slot->track ? planned->pid : DEMUX_NO_PID;
	demuxer_select(remuxer->demuxer, number, slot->pid);
}

static void emit_cue(void *context, struct flv_tag *tag)
{
	struct remuxer *remuxer = context;

	remuxer->emit(remuxer->context, tag);
}

static int64_t get_time_ms(void *context, int64_t pts)
{
	const struct remuxer *remuxer = context;
	int64_t time;

	return timeline_find(&remuxer->timeline, pts, &time) ? timeline_to_ms(time) : INT64_MIN;
}

static int64_t get_current_ms(void *context)
{
	const struct remuxer *remuxer = context;
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < SLOTS; i++) {
		const struct track_host *host = &remuxer->slots[i].host;

		if (remuxer->slots[i].track && host->stamped && host->last_ms > newest)
			newest = host->last_ms;
	}
	return newest;
}

/* flavours: bits of 1 << enum cue_flavour that somebody takes. */
static void fill_cues(struct remuxer *remuxer, unsigned int flavours)
{
	const struct cue_host host = {.context = remuxer,
	                              .emit = emit_cue,
	                              .time_ms = get_time_ms,
	                              .current_ms = get_current_ms};
	const bool has = flavours && remuxer->plan.has_cues;

	if (!has) {
		cues_destroy(remuxer->cues);
		remuxer->cues = NULL;
	} else if (!remuxer->cues && cues_create(&remuxer->cues, &host) < 0) {
		remuxer->cues = NULL; /* without memory there are no cue messages */
	}
	if (remuxer->cues)
		cues_set_flavours(remuxer->cues, flavours);
	/* Without memory for its sections neither. */
	demuxer_select_sections(remuxer->demuxer,
	                        remuxer->cues ? remuxer->plan.cue_pid : DEMUX_NO_PID);
}

void remuxer_fill_slots(struct remuxer *remuxer)
{
	const struct remux_plan *plan = &remuxer->plan;
	bool audio[REMUX_MAX_AUDIO] = {false};
	unsigned int forms = 0, flavours = 0;

	for (size_t i = 0; i < remuxer->choice_count; i++) {
		const struct remux_choice *choice = &remuxer->choices[i];
		const int index = remux_plan_find_audio(plan, choice);

		if (index >= 0)
			audio[index] = true;
		if (choice->cues != CUE_OFF)
			flavours |= 1u << choice->cues;
		forms |= 1u << choice->hevc;
	}
	remuxer->slots[SLOT_VIDEO].host.forms = forms;
	fill_slot(remuxer, SLOT_VIDEO, plan->video.class ? &plan->video : NULL);
	for (size_t i = 0; i < REMUX_MAX_AUDIO; i++)
		fill_slot(remuxer, SLOT_AUDIO + i, audio[i] ? &plan->audio[i] : NULL);
	fill_cues(remuxer, flavours);
}

void remuxer_count_skipped(struct remuxer *remuxer)
{
	remuxer->revision++;
	counter_set(&remuxer->counters.unsupported_streams, remuxer_get_skipped(remuxer, NULL, 0));
}

static void take_program(void *context, const struct psi_program *program)
{
	struct remuxer *remuxer = context;

	if (program->number != remuxer->program.number) {
		cues_destroy(remuxer->cues); /* that program's events are not this one's */
		remuxer->cues = NULL;
	}
	remuxer->program = *program;
	remux_plan_make(&remuxer->plan, program);
	remuxer_fill_slots(remuxer);
	if (remuxer_has_metadata(remuxer)) /* audio tracks have other numbers now */
		remuxer_make_metadata(remuxer, remuxer->metadata_ms, NULL);
	remuxer_count_skipped(remuxer);
}

static void take_packet(void *context, size_t number, const struct pes_packet *packet)
{
	struct remuxer *remuxer = context;
	struct remux_slot *slot = &remuxer->slots[number];

	if (!slot->track || (slot->doubtful && !slot->class->accepts(packet)))
		return;
	if (slot->doubtful) {
		slot->doubtful = false;
		remuxer_count_skipped(remuxer);
	}
	slot->class->push(slot->track, packet);
}

static void take_section(void *context, const uint8_t *section, size_t size)
{
	struct remuxer *remuxer = context;

	if (remuxer->cues)
		cues_push(remuxer->cues, section, size);
}

static void take_fault(void *context, size_t number, enum pes_fault fault)
{
	struct remuxer *remuxer = context;
	struct remux_slot *slot = &remuxer->slots[number];
	struct remux_counters *counters = &remuxer->counters;

	switch (fault) {
	case PES_DISCONTINUITY:
		counter_add(&counters->discontinuities, 1);
		break;
	case PES_DAMAGED:
		counter_add(&counters->damaged_units, 1);
		break;
	case PES_MALFORMED:
		counter_add(&counters->malformed_units, 1);
		break;
	case PES_SCRAMBLED:
		counter_add(&counters->ignored_packets, 1);
		break;
	}
	if (slot->track)
		slot->class->lose(slot->track);
}

static void take_bad_packet(void *context)
{
	struct remuxer *remuxer = context;

	counter_add(&remuxer->counters.ignored_packets, 1);
}

static void init_slot(struct remux_slot *slot, struct remuxer *remuxer)
{
	slot->remuxer = remuxer;
	slot->pid = DEMUX_NO_PID;
	slot->host.context = slot;
	slot->host.emit = take_tag;
	slot->host.timeline = &remuxer->timeline;
	slot->host.counters = &remuxer->counters;
}

int remuxer_create(struct remuxer **out, remux_tag_fn emit_tag, void *context)
{
	static const struct remux_choice usual;
	struct remuxer *remuxer = calloc(1, sizeof(*remuxer));
	struct demux_handler handler = {
		.context = remuxer,
		.program = take_program,
		.packet = take_packet,
		.section = take_section,
		.fault = take_fault,
		.bad_packet = take_bad_packet,
	};
	int error;

	if (!remuxer)
		return -ENOMEM;
	remuxer->emit = emit_tag;
	remuxer->context = context;
	for (size_t i = 0; i < SLOTS; i++)
		init_slot(&remuxer->slots[i], remuxer);
	error = demuxer_create(&remuxer->demuxer, &handler);
	if (!error)
		error = remuxer_set_choices(remuxer, &usual, 1);
	if (error) {
		remuxer_destroy(remuxer);
		return error;
	}
	*out = remuxer;
	return 0;
}

void remuxer_destroy(struct remuxer *remuxer)
{
	if (!remuxer)
		return;
	demuxer_destroy(remuxer->demuxer);
	cues_destroy(remuxer->cues);
	for (size_t i = 0; i < SLOTS; i++)
		empty_slot(&remuxer->slots[i]);
	for (size_t i = 0; i < METADATA_KINDS; i++)
		flv_tag_unref(remuxer->metadata[i]);
	free(remuxer->choices);
	free(remuxer);
}

void remuxer_set_program(struct remuxer *remuxer, uint16_t number)
{
	remuxer->program_wanted = number;
	remuxer->revision++;
	demuxer_set_program(remuxer->demuxer, number);
}

void remuxer_push(struct remuxer *remuxer, const uint8_t *packets, size_t count)
{
	demuxer_push(remuxer->demuxer, packets, count);
}

void remuxer_flush(struct remuxer *remuxer)
{
	demuxer_flush(remuxer->demuxer);
	for (size_t i = 0; i < SLOTS; i++) {
		struct remux_slot *slot = &remuxer->slots[i];

		if (slot->track && slot->class->flush)
			slot->class->flush(slot->track);
	}
}

void remuxer_discontinuity(struct remuxer *remuxer)
{
	demuxer_reset(remuxer->demuxer);
	for (size_t i = 0; i < SLOTS; i++) {
		struct remux_slot *slot = &remuxer->slots[i];

		if (slot->track)
			slot->class->lose(slot->track);
	}
}

bool remuxer_has_video(const struct remuxer *remuxer)
{
	return remuxer->slots[SLOT_VIDEO].track;
}

const struct remux_counters *remuxer_counters(const struct remuxer *remuxer)
{
	return &remuxer->counters;
}
