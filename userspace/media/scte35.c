/*
 * The section and its commands. A command is read by a reader of its own where its length is told, so that what a
 * later edition appends is passed over.
 */
#include "scte35.h"

#include "section.h"

#include <errno.h>

#define PTS_MASK       0x1ffffffffULL
#define HEADER_BYTES   3 /* up to section_length */
#define CRC_BYTES      4
#define MIN_BYTES      (HEADER_BYTES + 11 + 2 + CRC_BYTES)
#define UNKNOWN_LENGTH 0xfffu

static const struct {
	uint8_t command;
	const char *name;
} command_names[] = {
	{SCTE35_NULL, "splice_null"},
	{SCTE35_SCHEDULE, "splice_schedule"},
	{SCTE35_INSERT, "splice_insert"},
	{SCTE35_TIME_SIGNAL, "time_signal"},
	{SCTE35_BANDWIDTH_RESERVATION, "bandwidth_reservation"},
	{SCTE35_PRIVATE, "private_command"},
};

const char *scte35_command_name(uint8_t command)
{
	for (size_t i = 0; i < sizeof(command_names) / sizeof(command_names[0]); i++) {
		if (command_names[i].command == command)
			return command_names[i].name;
	}
	return "reserved";
}

uint64_t scte35_adjust(const struct scte35_section *section, uint64_t pts)
{
	return (pts + section->pts_adjustment) & PTS_MASK;
}

/* 33 bits, of which the highest is the lowest bit of `first`, the byte before. */
static uint64_t read_33(uint8_t first, struct byte_reader *r)
{
	return (uint64_t)(first & 1u) << 32 | bytes_u32(r);
}

static struct scte35_time read_time(struct byte_reader *r)
{
	const uint8_t first = bytes_u8(r);
	struct scte35_time time = {.specified = first & 0x80};

	if (time.specified)
		time.pts = read_33(first, r);
	return time;
}

static void read_duration(struct byte_reader *r, struct scte35_splice *splice)
{
	const uint8_t first = bytes_u8(r);

	splice->has_duration = true;
	splice->auto_return = first & 0x80;
	splice->duration = read_33(first, r);
}

static void read_avail(struct byte_reader *r, struct scte35_splice *splice)
{
	splice->unique_program_id = bytes_u16(r);
	splice->avail_num = bytes_u8(r);
	splice->avails_expected = bytes_u8(r);
}

static void read_component(struct byte_reader *r, const struct scte35_splice *splice,
                           bool scheduled, struct scte35_component *component)
{
	*component = (struct scte35_component){.tag = bytes_u8(r)};
	if (scheduled)
		component->utc = bytes_u32(r);
	else if (!splice->immediate)
		component->time = read_time(r);
}

/* Keep the components for scte35_next_component, and go on behind them. */
static void read_components(struct byte_reader *r, struct scte35_splice *splice, bool scheduled)
{
	struct scte35_component component;
	const uint8_t *start;

	splice->component_count = bytes_u8(r);
	start = r->at;
	for (unsigned int i = 0; i < splice->component_count && !r->overrun; i++)
		read_component(r, splice, scheduled, &component);
	splice->components = byte_reader(start, (size_t)(r->at - start));
}

bool scte35_next_component(struct byte_reader *components, const struct scte35_splice *splice,
                           bool scheduled, struct scte35_component *component)
{
	if (bytes_left(components) == 0)
		return false;
	read_component(components, splice, scheduled, component);
	return !components->overrun;
}

static void read_insert(struct byte_reader *r, struct scte35_splice *insert)
{
	uint8_t flags;
	bool has_duration;

	*insert = (struct scte35_splice){.event_id = bytes_u32(r)};
	insert->cancel = bytes_u8(r) & 0x80;
	if (insert->cancel)
		return;
	flags = bytes_u8(r);
	insert->out_of_network = flags & 0x80;
	insert->program = flags & 0x40;
	has_duration = flags & 0x20;
	insert->immediate = flags & 0x10;
	insert->id_compliance = flags & 0x08;
	if (!insert->program)
		read_components(r, insert, false);
	else if (!insert->immediate)
		insert->time = read_time(r);
	if (has_duration)
		read_duration(r, insert);
	read_avail(r, insert);
}

static void read_event(struct byte_reader *r, struct scte35_splice *event)
{
	uint8_t flags;

	*event = (struct scte35_splice){.event_id = bytes_u32(r)};
	flags = bytes_u8(r);
	event->cancel = flags & 0x80;
	event->id_compliance = flags & 0x40;
	if (event->cancel)
		return;
	flags = bytes_u8(r);
	event->out_of_network = flags & 0x80;
	event->program = flags & 0x40;
	if (event->program)
		event->utc = bytes_u32(r);
	else
		read_components(r, event, true);
	if (flags & 0x20)
		read_duration(r, event);
	read_avail(r, event);
}

bool scte35_next_event(struct byte_reader *events, struct scte35_splice *event)
{
	if (bytes_left(events) == 0)
		return false;
	read_event(events, event);
	return !events->overrun;
}

static void read_schedule(struct byte_reader *r, struct scte35_section *section)
{
	struct scte35_splice event;
	const uint8_t *start;

	section->event_count = bytes_u8(r);
	start = r->at;
	for (unsigned int i = 0; i < section->event_count && !r->overrun; i++)
		read_event(r, &event);
	section->events = byte_reader(start, (size_t)(r->at - start));
}

/* Only where the command's length is told. */
static void read_private(struct byte_reader *r, struct scte35_section *section)
{
	section->private_identifier = bytes_u32(r);
	section->private_data = byte_reader(r->at, bytes_left(r));
	r->at = r->end;
}

/* Returns false for a command whose own bytes do not tell where it ends. */
static bool read_command(struct byte_reader *r, struct scte35_section *section)
{
	switch (section->command) {
	case SCTE35_NULL:
	case SCTE35_BANDWIDTH_RESERVATION:
		return true;
	case SCTE35_SCHEDULE:
		read_schedule(r, section);
		return true;
	case SCTE35_INSERT:
		read_insert(r, &section->insert);
		return true;
	case SCTE35_TIME_SIGNAL:
		section->time = read_time(r);
		return true;
	case SCTE35_PRIVATE:
		read_private(r, section);
		return false;
	default:
		return false;
	}
}

/* Both are cut at their length. Returns false when something does not fit. */
static bool read_body(struct byte_reader *r, struct scte35_section *section, size_t command_size)
{
	struct byte_reader command, loop;
	struct scte35_descriptor descriptor;
	const uint8_t *data;
	size_t size;

	if (command_size == UNKNOWN_LENGTH) { /* of old: the command itself tells */
		if (!read_command(r, section))
			return false;
	} else {
		data = bytes_take(r, command_size);
		if (!data)
			return false;
		command = byte_reader(data, command_size);
		read_command(&command, section);
		if (command.overrun)
			return false;
	}
	size = bytes_u16(r);
	data = bytes_take(r, size);
	if (!data)
		return false;
	section->descriptors = loop = byte_reader(data, size);
	while (scte35_next_descriptor(&loop, &descriptor))
		;
	return bytes_left(&loop) == 0;
}

int scte35_parse(struct scte35_section *section, const uint8_t *data, size_t size)
{
	struct byte_reader r;
	size_t length;
	uint32_t sizes;
	uint8_t flags;

	if (size < MIN_BYTES || data[0] != SCTE35_TABLE_ID)
		return -EINVAL;
	length = HEADER_BYTES + (load_be16(data + 1) & 0xfffu);
	if (length < MIN_BYTES || length > size || length > SCTE35_MAX_BYTES)
		return -EINVAL;
	if (section_crc(data, length) != 0)
		return -EBADMSG;
	*section = (struct scte35_section){.sap_type = data[1] >> 4 & 3};
	r = byte_reader(data + HEADER_BYTES, length - HEADER_BYTES - CRC_BYTES);
	if (bytes_u8(&r) != 0) /* protocol_version */
		return -EINVAL;
	flags = bytes_u8(&r);
	section->encrypted = flags & 0x80;
	section->encryption_algorithm = flags >> 1 & 0x3f;
	section->pts_adjustment = read_33(flags, &r);
	section->cw_index = bytes_u8(&r);
	sizes = bytes_u24(&r);
	section->tier = (uint16_t)(sizes >> 12);
	if (section->encrypted) /* from splice_command_type on */
		return 0;
	section->command = bytes_u8(&r);
	return read_body(&r, section, sizes & 0xfffu) ? 0 : -EINVAL;
}
