/*
 * H.264 byte stream, slice headers and SEI. The sequence parameter set is in h264_sps.c.
 */
#include "h264.h"

#include "rbsp.h"

#include <errno.h>

#define START_CODE_BYTES   3
#define SEI_RECOVERY_POINT 6

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

bool h264_next_nal(struct byte_reader *stream, struct h264_nal *nal)
{
	const uint8_t *start = find_start_code(stream->at, stream->end);

	while (start < stream->end) {
		const uint8_t *data = start + START_CODE_BYTES;
		const uint8_t *next = find_start_code(data, stream->end);
		const uint8_t *last = next;

		/* trailing_zero_8bits, and the zero_byte of a start code of four bytes */
		while (last > data && last[-1] == 0)
			last--;
		if (last > data) {
			nal->data = data;
			nal->size = (size_t)(last - data);
			stream->at = next;
			return true;
		}
		start = next;
	}
	stream->at = stream->end;
	return false;
}

int h264_parse_slice(const struct h264_nal *nal, const struct h264_sps *sps,
                     struct h264_slice *slice)
{
	struct rbsp_reader r = rbsp_reader(nal->data + 1, nal->size - 1);

	slice->reference = nal->data[0] & 0x60;
	slice->first_mb = rbsp_ue(&r);
	slice->type = rbsp_ue(&r) % 5;
	slice->pps_id = rbsp_ue(&r);
	if (sps->separate_colour_plane)
		rbsp_bits(&r, 2);
	slice->frame_num = rbsp_bits(&r, sps->log2_max_frame_num);
	slice->field = !sps->frame_mbs_only && rbsp_bit(&r);
	slice->bottom = slice->field && rbsp_bit(&r);
	return r.overrun ? -EINVAL : 0;
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

bool h264_has_recovery_point(const struct h264_nal *nal)
{
	struct rbsp_reader r = rbsp_reader(nal->data + 1, nal->size - 1);

	/* A message takes two bytes at least; the last byte is rbsp_trailing_bits. */
	while (r.end - r.at > 2) {
		size_t type = read_sei_number(&r);
		size_t size = read_sei_number(&r);

		if (r.overrun)
			return false;
		if (type == SEI_RECOVERY_POINT)
			return true;
		while (size-- && !r.overrun)
			rbsp_bits(&r, 8);
	}
	return false;
}
