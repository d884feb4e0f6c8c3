/*
 * H.264 parameter sets and avcC.
 */
#include "h264_params.h"

#include "rbsp.h"

#include <errno.h>

#define MAX_SPS 31 /* what avcC can count */
#define MAX_PPS 255

enum {
	PROFILE_BASELINE = 66,
	PROFILE_MAIN = 77,
	PROFILE_EXTENDED = 88,
};

static int add_sps(struct h264_params *params, const struct nal_unit *nal)
{
	struct h264_sps sps;
	int result = nal->size >= 4 ? h264_parse_sps(nal, &sps) : -EINVAL;

	if (result)
		return result;
	result = param_sets_put(&params->sets, H264_NAL_SPS, (uint8_t)sps.id, nal, MAX_SPS);
	if (result < 0)
		return result;
	if (result)
		param_sets_remove(&params->sets, H264_NAL_PPS);
	params->sps = sps;
	params->has_sps = true;
	return 0;
}

static int add_pps(struct h264_params *params, const struct nal_unit *nal)
{
	struct rbsp_reader r = rbsp_reader(nal->data + 1, nal->size - 1);
	uint32_t id = rbsp_ue(&r);
	int error;

	if (r.overrun || id > 255)
		return -EINVAL;
	error = param_sets_put(&params->sets, H264_NAL_PPS, (uint8_t)id, nal, MAX_PPS);
	return error < 0 ? error : 0;
}

int h264_params_add(struct h264_params *params, const struct nal_unit *nal)
{
	switch (h264_nal_type(nal)) {
	case H264_NAL_SPS:
		return add_sps(params, nal);
	case H264_NAL_PPS:
		return add_pps(params, nal);
	default:
		return -EINVAL;
	}
}

bool h264_params_complete(const struct h264_params *params)
{
	return params->has_sps && param_sets_count(&params->sets, H264_NAL_PPS) > 0;
}

size_t h264_params_write_avcc(struct h264_params *params, uint8_t *out)
{
	const struct h264_sps *sps = &params->sps;
	uint8_t *p = out;

	*p++ = 1; /* configurationVersion */
	*p++ = sps->profile_idc;
	*p++ = sps->constraints;
	*p++ = sps->level_idc;
	*p++ = 0xfc | 3; /* NAL unit lengths of 4 bytes */
	*p++ = (uint8_t)(0xe0 | param_sets_count(&params->sets, H264_NAL_SPS));
	p = param_sets_write(&params->sets, H264_NAL_SPS, p);
	*p++ = (uint8_t)param_sets_count(&params->sets, H264_NAL_PPS);
	p = param_sets_write(&params->sets, H264_NAL_PPS, p);
	if (sps->profile_idc != PROFILE_BASELINE && sps->profile_idc != PROFILE_MAIN &&
	    sps->profile_idc != PROFILE_EXTENDED) {
		*p++ = (uint8_t)(0xfc | sps->chroma_format_idc);
		*p++ = (uint8_t)(0xf8 | (sps->bit_depth_luma - 8));
		*p++ = (uint8_t)(0xf8 | (sps->bit_depth_chroma - 8));
		*p++ = 0; /* no SPS extensions */
	}
	params->sets.changed = false;
	return (size_t)(p - out);
}
