/*
 * WebSocket frames: a header writer, and a reader that keeps one header and one control payload,
 * whatever a client announces or sends.
 */
#include "frame.h"

#include <stdbool.h>

#define FIN        0x80
#define RESERVED   0x70
#define OPCODE     0x0f
#define MASKED     0x80
#define LENGTH     0x7f
#define MASK_BYTES 4

size_t frame_header(uint8_t *out, uint8_t opcode, uint64_t size)
{
	size_t width = size < 126 ? 0 : size < 65536 ? 2 : 8;

	out[0] = (uint8_t)(FIN | opcode);
	out[1] = (uint8_t)(width == 8 ? 127 : width == 2 ? 126 : size);
	for (size_t i = 0; i < width; i++)
		out[2 + i] = (uint8_t)(size >> (8 * (width - 1 - i)));
	return 2 + width;
}

/* Length of the header as far as it is known: 2 bytes, then all of it. */
static size_t header_size(const struct frame_reader *r)
{
	uint8_t length = r->header[1] & LENGTH;

	if (r->header_bytes < 2)
		return 2;
	return 2u + (length == 127 ? 8u : length == 126 ? 2u : 0u) + MASK_BYTES;
}

static bool is_control(const struct frame_reader *r)
{
	return r->header[0] & 0x8;
}

/* Check the complete header and learn the payload's size. Returns 0 or a status code. */
static int check_header(struct frame_reader *r)
{
	uint8_t opcode = r->header[0] & OPCODE, length = r->header[1] & LENGTH;
	size_t width = length == 127 ? 8 : length == 126 ? 2 : 0;
	uint64_t size = length;

	if (width) {
		size = 0;
		for (size_t i = 0; i < width; i++)
			size = size << 8 | r->header[2 + i];
	}
	if ((r->header[0] & RESERVED) || !(r->header[1] & MASKED) ||
	    (opcode > 0x2 && opcode < FRAME_CLOSE) || opcode > FRAME_PONG)
		return FRAME_PROTOCOL_ERROR;
	if (is_control(r) && (!(r->header[0] & FIN) || size > FRAME_CONTROL_BYTES))
		return FRAME_PROTOCOL_ERROR;
	if (size > FRAME_MAX_BYTES)
		return FRAME_TOO_BIG;
	r->size = size;
	r->done = 0;
	return 0;
}

/* Take what the present frame's payload needs; returns how many bytes that was. */
static size_t take_payload(struct frame_reader *r, const uint8_t *data, size_t size)
{
	const uint8_t *mask = r->header + r->header_bytes - MASK_BYTES;
	size_t n = size < r->size - r->done ? size : (size_t)(r->size - r->done);

	for (size_t i = 0; i < n && is_control(r); i++)
		r->control[r->done + i] = data[i] ^ mask[(r->done + i) % MASK_BYTES];
	r->done += n;
	return n;
}

int frame_read(struct frame_reader *r, const uint8_t *data, size_t size, frame_control_fn control,
               void *context)
{
	size_t n;
	int code;

	while (size) {
		if (r->header_bytes < header_size(r)) {
			r->header[r->header_bytes++] = *data++;
			size--;
			if (r->header_bytes < header_size(r))
				continue;
			code = check_header(r);
			if (code)
				return code;
		}
		n = take_payload(r, data, size);
		data += n;
		size -= n;
		if (r->done < r->size)
			break;
		if (is_control(r))
			control(context, r->header[0] & OPCODE, r->control, (size_t)r->size);
		r->header_bytes = 0;
	}
	return 0;
}
