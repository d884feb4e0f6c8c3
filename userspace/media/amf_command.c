/*
 * One pass over the values of the message; those of no interest are stepped over, with a bound to their nesting.
 * AMF0 sections in brackets.
 */
#include "amf_command.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

enum marker {
	MARKER_NUMBER = 0,
	MARKER_BOOLEAN = 1,
	MARKER_STRING = 2,
	MARKER_OBJECT = 3,
	MARKER_NULL = 5,
	MARKER_UNDEFINED = 6,
	MARKER_REFERENCE = 7,
	MARKER_ECMA_ARRAY = 8,
	MARKER_OBJECT_END = 9,
	MARKER_STRICT_ARRAY = 10,
	MARKER_DATE = 11,
	MARKER_LONG_STRING = 12,
	MARKER_UNSUPPORTED = 13,
	MARKER_XML = 15,
	MARKER_TYPED_OBJECT = 16,
};

struct text {
	const uint8_t *data;
	size_t size;
};

static void skip_value(struct byte_reader *r, struct amf_command *out, unsigned int depth);

/* A string without its marker (1.3.1). */
static struct text take_text(struct byte_reader *r)
{
	const size_t size = bytes_u16(r);

	return (struct text){bytes_take(r, size), size};
}

static void copy_text(char *out, size_t capacity, struct text text)
{
	const size_t size = text.size < capacity ? text.size : capacity - 1;

	if (!text.data)
		return;
	for (size_t i = 0; i < size; i++)
		out[i] = text.data[i] < ' ' || text.data[i] == 0x7f ? ' ' : (char)text.data[i];
	out[size] = '\0';
}

/* The next property's name, or false at the end of the object (2.5, 2.11). */
static bool next_property(struct byte_reader *r, struct text *name)
{
	*name = take_text(r);
	if (!r->overrun && !name->size && bytes_left(r) && r->at[0] == MARKER_OBJECT_END) {
		bytes_take(r, 1);
		return false;
	}
	return !r->overrun;
}

static void skip_properties(struct byte_reader *r, struct amf_command *out, unsigned int depth)
{
	struct text name;

	while (next_property(r, &name))
		skip_value(r, out, depth);
}

static void skip_items(struct byte_reader *r, struct amf_command *out, unsigned int depth)
{
	for (uint32_t left = bytes_u32(r); left && !r->overrun; left--)
		skip_value(r, out, depth);
}

/* What has values in it. */
static void skip_compound(struct byte_reader *r, struct amf_command *out, uint8_t marker,
                          unsigned int depth)
{
	if (depth == AMF_COMMAND_DEPTH) {
		r->overrun = true;
		return;
	}
	if (marker == MARKER_STRICT_ARRAY) {
		skip_items(r, out, depth + 1);
		return;
	}
	if (marker == MARKER_ECMA_ARRAY)
		bytes_u32(r); /* a count that is only a hint (2.10) */
	else if (marker == MARKER_TYPED_OBJECT)
		take_text(r);
	skip_properties(r, out, depth + 1);
}

static void skip_value(struct byte_reader *r, struct amf_command *out, unsigned int depth)
{
	const uint8_t marker = bytes_u8(r);

	out->exotic |= marker == MARKER_REFERENCE || marker == MARKER_TYPED_OBJECT;
	switch (r->overrun ? MARKER_NULL : marker) {
	case MARKER_NUMBER:
		bytes_take(r, 8);
		break;
	case MARKER_BOOLEAN:
		bytes_take(r, 1);
		break;
	case MARKER_STRING:
		take_text(r);
		break;
	case MARKER_OBJECT:
	case MARKER_ECMA_ARRAY:
	case MARKER_STRICT_ARRAY:
	case MARKER_TYPED_OBJECT:
		skip_compound(r, out, marker, depth);
		break;
	case MARKER_NULL:
	case MARKER_UNDEFINED:
	case MARKER_UNSUPPORTED:
		break;
	case MARKER_REFERENCE:
		bytes_take(r, 2);
		break;
	case MARKER_DATE:
		bytes_take(r, 10);
		break;
	case MARKER_LONG_STRING:
	case MARKER_XML:
		bytes_take(r, bytes_u32(r));
		break;
	default:
		r->overrun = true;
	}
}

static bool is_named(struct text name, const char *wanted)
{
	return name.size == strlen(wanted) && !memcmp(name.data, wanted, name.size);
}

/* Keep the texts of an information object; the first one that has them counts. */
static void read_information(struct byte_reader *r, struct amf_command *out)
{
	struct text name;

	while (next_property(r, &name)) {
		if (!bytes_left(r) || r->at[0] != MARKER_STRING) {
			skip_value(r, out, 1);
			continue;
		}
		bytes_take(r, 1);
		if (is_named(name, "level") && !out->level[0])
			copy_text(out->level, sizeof(out->level), take_text(r));
		else if (is_named(name, "code") && !out->code[0])
			copy_text(out->code, sizeof(out->code), take_text(r));
		else if (is_named(name, "description") && !out->description[0])
			copy_text(out->description, sizeof(out->description), take_text(r));
		else
			take_text(r);
	}
}

static double take_number(struct byte_reader *r)
{
	const uint64_t high = bytes_u32(r);
	const uint64_t bits = high << 32 | bytes_u32(r);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

int amf_command_read(struct amf_command *out, const uint8_t *body, size_t size)
{
	struct byte_reader r = byte_reader(body, size);
	struct amf_command command = {0};

	if (bytes_u8(&r) != MARKER_STRING)
		return -EBADMSG;
	copy_text(command.name, sizeof(command.name), take_text(&r));
	if (bytes_u8(&r) != MARKER_NUMBER)
		return -EBADMSG;
	command.transaction = take_number(&r);
	while (!r.overrun && bytes_left(&r)) {
		if (r.at[0] == MARKER_OBJECT) {
			bytes_take(&r, 1);
			read_information(&r, &command);
		} else {
			skip_value(&r, &command, 0);
		}
	}
	if (r.overrun)
		return -EBADMSG;
	*out = command;
	return 0;
}
