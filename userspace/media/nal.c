/*
 * NAL units.
 */
#include "nal.h"

#include "rbsp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define START_CODE_BYTES   3
#define FIRST_BUFFER_BYTES (64u << 10)

/* The first start code 00 00 01 in [p, end), or end. */
static const uint8_t *find_start_code(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= START_CODE_BYTES) {
		if (p[2] > 1)
			p += 3;
		else if (p[2] == 0)
			p += 1;
		else if (p[0] == 0 && p[1] == 0)
			return p;
		else
			p += 3;
	}
	return end;
}

/* Leave out trailing_zero_8bits, and the zero_byte of a start code of four bytes. */
static size_t trim_zeros(const uint8_t *data, size_t size)
{
	while (size > 0 && data[size - 1] == 0)
		size--;
	return size;
}

bool nal_next(struct byte_reader *stream, struct nal_unit *nal)
{
	const uint8_t *start = find_start_code(stream->at, stream->end);

	while (start < stream->end) {
		const uint8_t *data = start + START_CODE_BYTES;
		const uint8_t *next = find_start_code(data, stream->end);
		const size_t size = trim_zeros(data, (size_t)(next - data));

		if (size > 0) {
			nal->data = data;
			nal->size = size;
			stream->at = next;
			return true;
		}
		start = next;
	}
	stream->at = stream->end;
	return false;
}

bool nal_is_start(const uint8_t *data, size_t size)
{
	size_t zeros = 0;

	while (zeros < size && data[zeros] == 0)
		zeros++;
	return zeros >= 2 && zeros < size && data[zeros] == 1;
}

/* A payload type or size: a run of 255s and a last byte. */
static size_t read_sei_number(struct rbsp_reader *r)
{
	size_t value = 0;
	uint32_t byte;

	do {
		byte = rbsp_bits(r, 8);
		value += byte;
	} while (byte == 255);
	return value;
}

bool nal_has_sei(const uint8_t *data, size_t size, size_t type)
{
	struct rbsp_reader r = rbsp_reader(data, size);

	/* A message takes two bytes at least; the last byte is rbsp_trailing_bits. */
	while (r.end - r.at > 2) {
		size_t message = read_sei_number(&r);
		size_t bytes = read_sei_number(&r);

		if (r.overrun)
			return false;
		if (message == type)
			return true;
		while (bytes-- && !r.overrun)
			rbsp_bits(&r, 8);
	}
	return false;
}

int nal_stream_add(struct nal_stream *stream, const uint8_t *data, size_t size)
{
	size_t capacity = stream->capacity ? stream->capacity : FIRST_BUFFER_BYTES;
	uint8_t *grown;

	if (size > NAL_STREAM_MAX_BYTES - stream->size)
		return -ENOSPC;
	while (capacity < stream->size + size)
		capacity *= 2;
	if (capacity > stream->capacity) {
		grown = realloc(stream->data, capacity);
		if (!grown)
			return -ENOMEM;
		stream->data = grown;
		stream->capacity = capacity;
	}
	memcpy(stream->data + stream->size, data, size);
	stream->size += size;
	return 0;
}

/* End the open NAL unit before `end`. Returns false when it is empty. */
static bool end_open(struct nal_stream *stream, size_t end, struct nal_place *place)
{
	stream->open = false;
	place->at = stream->open_at;
	place->size = trim_zeros(stream->data + place->at, end - place->at);
	return place->size > 0;
}

bool nal_stream_next(struct nal_stream *stream, struct nal_place *place)
{
	const uint8_t *end = stream->data + stream->size;

	while (stream->size >= stream->searched + START_CODE_BYTES) {
		const uint8_t *found = find_start_code(stream->data + stream->searched, end);
		const size_t at = (size_t)(found - stream->data);
		bool ended;

		if (found == end) { /* the last two bytes may be the beginning of one */
			stream->searched = stream->size - (START_CODE_BYTES - 1);
			return false;
		}
		ended = stream->open && end_open(stream, at, place);
		stream->searched = at + START_CODE_BYTES;
		stream->open = true;
		stream->open_at = stream->searched;
		if (ended)
			return true;
	}
	return false;
}

bool nal_stream_close(struct nal_stream *stream, struct nal_place *place)
{
	const bool whole = stream->open && end_open(stream, stream->size, place);

	stream->open = false;
	stream->searched = stream->size;
	return whole;
}

void nal_stream_drop(struct nal_stream *stream, size_t at)
{
	if (at == 0)
		return;
	memmove(stream->data, stream->data + at, stream->size - at);
	stream->size -= at;
	stream->searched = stream->searched > at ? stream->searched - at : 0;
	stream->open_at = stream->open ? stream->open_at - at : 0;
}

void nal_stream_reset(struct nal_stream *stream)
{
	stream->size = 0;
	stream->open = false;
	stream->open_at = 0;
	stream->searched = 0;
}

void nal_stream_fini(struct nal_stream *stream)
{
	free(stream->data);
}
