/*
 * From SCTE-35 to events.
 */
#include "cue_event.h"

/* segmentation_upid_type, table 22: 8 bytes, a number. */
enum { UPID_TI = 0x08 };

/* segmentation_type_id of what starts; the type after it ends it. */
static const uint8_t out_types[] = {0x22, 0x30, 0x32, 0x34, 0x36, 0x44, 0x46};

static enum cue_kind get_kind(uint8_t segmentation_type)
{
	for (size_t i = 0; i < sizeof(out_types); i++) {
		if (segmentation_type == out_types[i])
			return CUE_OUT;
		if (segmentation_type == out_types[i] + 1)
			return CUE_IN;
	}
	return CUE_NOTE;
}

static void set_time(struct cue_event *event, const struct scte35_section *section,
                     const struct scte35_time *time)
{
	event->immediate = !time->specified;
	if (time->specified)
		event->pts = (int64_t)scte35_adjust(section, time->pts);
}

/* The time of a splice of single components is that of the first which has one. */
static struct scte35_time get_insert_time(const struct scte35_splice *insert)
{
	struct byte_reader components = insert->components;
	struct scte35_component component;

	if (insert->program || insert->immediate)
		return insert->time;
	while (scte35_next_component(&components, insert, false, &component)) {
		if (component.time.specified)
			return component.time;
	}
	return (struct scte35_time){0};
}

static void read_insert(const struct scte35_section *section, struct cue_event *event)
{
	const struct scte35_splice *insert = &section->insert;
	const struct scte35_time time = get_insert_time(insert);

	*event = (struct cue_event){.command = SCTE35_INSERT, .id = insert->event_id};
	if (insert->cancel) {
		event->kind = CUE_CANCEL;
		event->immediate = true;
		return;
	}
	event->kind = insert->out_of_network ? CUE_OUT : CUE_IN;
	set_time(event, section, &time);
	event->has_duration = insert->has_duration;
	event->duration = insert->duration;
	event->unique_program_id = insert->unique_program_id;
	event->number = insert->avail_num;
	event->expected = insert->avails_expected;
}

static void read_upid(const struct scte35_segmentation *segmentation, struct cue_event *event)
{
	if (segmentation->upid_type != UPID_TI || segmentation->upid_size != sizeof(event->upid))
		return;
	event->has_upid = true;
	event->upid =
		(uint64_t)load_be32(segmentation->upid) << 32 | load_be32(segmentation->upid + 4);
}

static void read_segmentation(const struct scte35_section *section,
                              const struct scte35_segmentation *segmentation,
                              struct cue_event *event)
{
	*event = (struct cue_event){.command = SCTE35_TIME_SIGNAL, .id = segmentation->event_id};
	if (segmentation->cancel) {
		event->kind = CUE_CANCEL;
		event->immediate = true;
		return;
	}
	event->kind = get_kind(segmentation->type);
	set_time(event, section, &section->time);
	event->has_duration = segmentation->has_duration;
	event->duration = segmentation->duration;
	event->number = segmentation->segment_num;
	event->expected = segmentation->segments_expected;
	event->segmentation_type = segmentation->type;
	read_upid(segmentation, event);
}

size_t cue_events_read(const struct scte35_section *section,
                       struct cue_event events[CUE_SECTION_EVENTS])
{
	struct byte_reader loop = section->descriptors;
	struct scte35_descriptor descriptor;
	struct scte35_segmentation segmentation;
	size_t count = 0;

	if (section->encrypted)
		return 0;
	if (section->command == SCTE35_INSERT) {
		read_insert(section, &events[count++]);
		return count;
	}
	if (section->command != SCTE35_TIME_SIGNAL)
		return 0;
	while (count < CUE_SECTION_EVENTS && scte35_next_descriptor(&loop, &descriptor)) {
		if (scte35_get_segmentation(&descriptor, &segmentation))
			read_segmentation(section, &segmentation, &events[count++]);
	}
	return count;
}
