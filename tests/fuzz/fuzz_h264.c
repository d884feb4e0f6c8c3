/*
 * Fuzz target: H.264 byte stream, parameter sets, slice headers, SEI and avcC.
 */
#include "media/h264_params.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct h264_params params;
static uint8_t avcc[H264_AVCC_MAX_BYTES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader stream = byte_reader(data, size);
	struct nal_unit nal;
	struct h264_slice slice;

	params = (struct h264_params){0};
	while (nal_next(&stream, &nal)) {
		if (nal.size == 0 || nal.data < data || nal.data + nal.size > data + size)
			abort();
		if (h264_params_add(&params, &nal) == 0 && params.has_sps &&
		    (params.sps.width == 0 || params.sps.height == 0 ||
		     h264_get_frame_rate(&params.sps) < 0))
			abort();
		h264_has_recovery_point(&nal);
		if (params.has_sps)
			h264_parse_slice(&nal, &params.sps, &slice);
		if (h264_params_complete(&params) &&
		    h264_params_write_avcc(&params, avcc) > sizeof(avcc))
			abort();
	}
	return 0;
}
