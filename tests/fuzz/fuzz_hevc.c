/*
 * Fuzz target: HEVC byte stream in pieces and whole, parameter sets, SEI and hvcC. The first byte is the
 * size of a piece.
 */
#include "media/hevc_params.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hevc_params params;
static uint8_t hvcc[HEVC_HVCC_MAX_BYTES];

static void take(const struct nal_unit *nal)
{
	if (nal->size == 0)
		abort();
	if (nal->size < HEVC_NAL_HEADER_BYTES)
		return;
	if (hevc_params_add(&params, nal) == 0 && params.has_sps &&
	    (params.sps.width == 0 || params.sps.height == 0 || params.sps.bit_depth_luma > 15 ||
	     hevc_get_frame_rate(&params.sps) < 0))
		abort();
	hevc_has_recovery_point(nal);
	hevc_is_first_slice(nal);
	if (hevc_params_complete(&params) && hevc_params_write_hvcc(&params, hvcc) > sizeof(hvcc))
		abort();
}

/* The pieces hold the same NAL units as the whole. */
static size_t count_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct nal_stream stream = {0};
	struct nal_place place;
	size_t count = 0;

	for (size_t at = 0; at < size; at += piece) {
		if (nal_stream_add(&stream, data + at, size - at < piece ? size - at : piece) < 0)
			abort();
		while (nal_stream_next(&stream, &place))
			count++;
		nal_stream_drop(&stream, stream.open ? stream.open_at : stream.searched);
	}
	count += nal_stream_close(&stream, &place);
	nal_stream_fini(&stream);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader stream;
	struct nal_unit nal;
	size_t count = 0;

	if (size < 2)
		return 0;
	stream = byte_reader(data + 1, size - 1);
	params = (struct hevc_params){0};
	while (nal_next(&stream, &nal)) {
		take(&nal);
		count++;
	}
	if (count != count_pieces(data + 1, size - 1, 1u + data[0]))
		abort();
	return 0;
}
