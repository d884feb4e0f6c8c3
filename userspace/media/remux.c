/*
 * Remuxer: chooses the streams, owns their tracks and the headers a late joiner needs.
 *
 * Slot 0 is video, slot 1 audio. A stream type that RTMP learns to carry is a row of
 * track_classes; a kind of its own (cue messages) is a further slot.
 */
#include "remux.h"

#include "demux.h"
#include "track.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOT_VIDEO, SLOT_AUDIO, SLOTS };

_Static_assert(SLOTS <= DEMUX_SLOTS, "a slot of the demultiplexer each");

struct class_row {
	uint8_t stream_type;
	bool doubtful; /* the type stands for other codecs too: taken if nothing better is there */
	size_t slot;
	const struct track_class *class;
};

static const struct class_row track_classes[] = {
	{PSI_H264, false, SLOT_VIDEO, &track_h264},
	{PSI_AAC_ADTS, false, SLOT_AUDIO, &track_aac},
	{PSI_AAC_LATM, false, SLOT_AUDIO, &track_latm},
	{PSI_AC3, false, SLOT_AUDIO, &track_ac3},
	{PSI_EAC3, false, SLOT_AUDIO, &track_ac3},
	/* Broadcasters are met that send ADTS under the stream types of MPEG audio. */
	{PSI_MPEG2_AUDIO, true, SLOT_AUDIO, &track_aac},
	{PSI_MPEG1_AUDIO, true, SLOT_AUDIO, &track_aac},
};

#define TRACK_CLASSES (sizeof(track_classes) / sizeof(track_classes[0]))

struct slot {
	struct remuxer *remuxer;
	struct track_host host;
	const struct track_class *class; /* of track */
	struct track *track;             /* NULL: no such stream */
	bool doubtful;                   /* its class has not accepted the stream yet */
	uint16_t pid;
	struct flv_tag *header; /* sequence header emitted last, or NULL */
};

struct remuxer {
	remux_tag_fn emit;
	void *context;
	struct demuxer *demuxer;
	struct timeline timeline;
	struct slot slots[SLOTS];
	struct flv_tag *metadata;   /* onMetaData emitted last, or NULL */
	struct psi_program program; /* the one followed; no streams before it is known */
	struct remux_counters counters;
};

static void emit(struct remuxer *remuxer, struct flv_tag *tag)
{
	remuxer->emit(remuxer->context, tag);
}

/* Keep tag in *place, in exchange for what was there. */
static void keep(struct flv_tag **place, struct flv_tag *tag)
{
	flv_tag_unref(*place);
	*place = tag;
}

static void emit_metadata(struct remuxer *remuxer, int64_t timestamp_ms)
{
	struct flv_metadata metadata = {0};
	struct flv_tag *tag;

	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &remuxer->slots[i];

		if (slot->track)
			slot->class->describe(slot->track, &metadata);
	}
	tag = flv_write_metadata(timestamp_ms, &metadata);
	if (!tag)
		return; /* the one before stands */
	keep(&remuxer->metadata, flv_tag_ref(tag));
	emit(remuxer, tag);
}

/* A track has finished a tag. */
static void take_tag(void *context, struct flv_tag *tag)
{
	struct slot *slot = context;

	if (tag->header) {
		emit_metadata(slot->remuxer, tag->timestamp_ms);
		keep(&slot->header, flv_tag_ref(tag));
	}
	emit(slot->remuxer, tag);
}

/* What goes into a slot: nothing (row NULL), or a stream. */
struct choice {
	const struct class_row *row;
	uint16_t pid;
};

static void fill_slot(struct remuxer *remuxer, size_t number, const struct choice *choice)
{
	struct slot *slot = &remuxer->slots[number];
	const struct track_class *class = choice->row ? choice->row->class : NULL;

	if (slot->track && slot->class == class && slot->pid == choice->pid)
		return;
	if (slot->track)
		slot->class->destroy(slot->track);
	keep(&slot->header, NULL);
	slot->class = class;
	slot->track = class ? class->create(&slot->host) : NULL;
	slot->doubtful = class && choice->row->doubtful;
	slot->pid = slot->track ? choice->pid : DEMUX_NO_PID;
	demuxer_select(remuxer->demuxer, number, slot->pid);
}

/* The first stream for each slot, or else the first doubtful one. */
static void choose(const struct psi_program *program, struct choice choices[SLOTS])
{
	for (size_t i = 0; i < program->stream_count; i++) {
		const struct psi_stream *stream = &program->streams[i];

		for (size_t j = 0; j < TRACK_CLASSES; j++) {
			const struct class_row *row = &track_classes[j];
			struct choice *choice = &choices[row->slot];

			if (row->stream_type == stream->type &&
			    (!choice->row || (choice->row->doubtful && !row->doubtful)))
				*choice = (struct choice){.row = row, .pid = stream->pid};
		}
	}
}

static bool is_skipped(const struct remuxer *remuxer, const struct psi_stream *stream)
{
	for (size_t i = 0; i < SLOTS; i++) {
		const struct slot *slot = &remuxer->slots[i];

		if (slot->track && !slot->doubtful && slot->pid == stream->pid)
			return false;
	}
	return true;
}

static void count_skipped(struct remuxer *remuxer)
{
	counter_set(&remuxer->counters.unsupported_streams, remuxer_get_skipped(remuxer, NULL, 0));
}

static void take_program(void *context, const struct psi_program *program)
{
	struct remuxer *remuxer = context;
	struct choice choices[SLOTS] = {{0}};

	remuxer->program = *program;
	choose(program, choices);
	for (size_t i = 0; i < SLOTS; i++)
		fill_slot(remuxer, i, &choices[i]);
	count_skipped(remuxer);
}

static void take_packet(void *context, size_t number, const struct pes_packet *packet)
{
	struct remuxer *remuxer = context;
	struct slot *slot = &remuxer->slots[number];

	if (!slot->track || (slot->doubtful && !slot->class->accepts(packet)))
		return;
	if (slot->doubtful) {
		slot->doubtful = false;
		count_skipped(remuxer);
	}
	slot->class->push(slot->track, packet);
}

static void take_fault(void *context, size_t number, enum pes_fault fault)
{
	struct remuxer *remuxer = context;
	struct slot *slot = &remuxer->slots[number];
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

int remuxer_create(struct remuxer **out, remux_tag_fn emit_tag, void *context)
{
	struct remuxer *remuxer = calloc(1, sizeof(*remuxer));
	struct demux_handler handler = {
		.context = remuxer,
		.program = take_program,
		.packet = take_packet,
		.fault = take_fault,
		.bad_packet = take_bad_packet,
	};
	int error;

	if (!remuxer)
		return -ENOMEM;
	remuxer->emit = emit_tag;
	remuxer->context = context;
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &remuxer->slots[i];

		slot->remuxer = remuxer;
		slot->pid = DEMUX_NO_PID;
		slot->host.context = slot;
		slot->host.emit = take_tag;
		slot->host.timeline = &remuxer->timeline;
		slot->host.counters = &remuxer->counters;
	}
	error = demuxer_create(&remuxer->demuxer, &handler);
	if (error) {
		free(remuxer);
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
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &remuxer->slots[i];

		if (slot->track)
			slot->class->destroy(slot->track);
		flv_tag_unref(slot->header);
	}
	flv_tag_unref(remuxer->metadata);
	free(remuxer);
}

void remuxer_push(struct remuxer *remuxer, const uint8_t *packets, size_t count)
{
	demuxer_push(remuxer->demuxer, packets, count);
}

void remuxer_flush(struct remuxer *remuxer)
{
	demuxer_flush(remuxer->demuxer);
}

void remuxer_discontinuity(struct remuxer *remuxer)
{
	demuxer_reset(remuxer->demuxer);
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &remuxer->slots[i];

		if (slot->track)
			slot->class->lose(slot->track);
	}
}

size_t remuxer_get_headers(const struct remuxer *remuxer, struct flv_tag *headers[3])
{
	struct flv_tag *known[] = {
		remuxer->metadata,
		remuxer->slots[SLOT_VIDEO].header,
		remuxer->slots[SLOT_AUDIO].header,
	};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i])
			headers[count++] = flv_tag_ref(known[i]);
	}
	return count;
}

size_t remuxer_get_skipped(const struct remuxer *remuxer, struct psi_stream *streams, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < remuxer->program.stream_count; i++) {
		const struct psi_stream *stream = &remuxer->program.streams[i];

		if (!is_skipped(remuxer, stream))
			continue;
		if (count < max)
			streams[count] = *stream;
		count++;
	}
	return count;
}

bool remuxer_has_video(const struct remuxer *remuxer)
{
	return remuxer->slots[SLOT_VIDEO].track;
}

const struct remux_counters *remuxer_counters(const struct remuxer *remuxer)
{
	return &remuxer->counters;
}
