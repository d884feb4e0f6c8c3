/*
 * HEVC parameter sets and hvcC.
 */
#include "hevc_params.h"

#include "rbsp.h"

#include <errno.h>
#include <string.h>

#define MAX_VPS        16 /* what their ids can tell */
#define MAX_SPS        16
#define MAX_PPS        64
#define ARRAY_COMPLETE 0x80 /* all sets of the kind are in the record, none in the samples */

static struct rbsp_reader open_set(const struct nal_unit *nal)
{
	return rbsp_reader(nal->data + HEVC_NAL_HEADER_BYTES, nal->size - HEVC_NAL_HEADER_BYTES);
}

static int add_sps(struct hevc_params *params, const struct nal_unit *nal)
{
	struct hevc_sps sps;
	int result = hevc_parse_sps(nal, &sps);

	if (result)
		return result;
	result = param_sets_put(&params->sets, HEVC_NAL_SPS, (uint8_t)sps.id, nal, MAX_SPS);
	if (result < 0)
		return result;
	if (result)
		param_sets_remove(&params->sets, HEVC_NAL_PPS);
	params->sps = sps;
	params->has_sps = true;
	return 0;
}

static int add_other(struct hevc_params *params, const struct nal_unit *nal, uint32_t id,
                     unsigned int max)
{
	const uint8_t kind = (uint8_t)hevc_nal_type(nal);
	int error;

	if (id >= max)
		return -EINVAL;
	error = param_sets_put(&params->sets, kind, (uint8_t)id, nal, max);
	return error < 0 ? error : 0;
}

int hevc_params_add(struct hevc_params *params, const struct nal_unit *nal)
{
	struct rbsp_reader r;
	uint32_t id;

	if (nal->size <= HEVC_NAL_HEADER_BYTES)
		return -EINVAL;
	r = open_set(nal);
	switch (hevc_nal_type(nal)) {
	case HEVC_NAL_VPS:
		return add_other(params, nal, rbsp_bits(&r, 4), MAX_VPS);
	case HEVC_NAL_SPS:
		return add_sps(params, nal);
	case HEVC_NAL_PPS:
		id = rbsp_ue(&r);
		return r.overrun ? -EINVAL : add_other(params, nal, id, MAX_PPS);
	default:
		return -EINVAL;
	}
}

bool hevc_params_complete(const struct hevc_params *params)
{
	return params->has_sps && param_sets_count(&params->sets, HEVC_NAL_VPS) > 0 &&
	       param_sets_count(&params->sets, HEVC_NAL_PPS) > 0;
}

static uint8_t *write_array(const struct hevc_params *params, uint8_t kind, uint8_t *p)
{
	*p++ = ARRAY_COMPLETE | kind;
	store_be16(p, (uint16_t)param_sets_count(&params->sets, kind));
	return param_sets_write(&params->sets, kind, p + 2);
}

size_t hevc_params_write_hvcc(struct hevc_params *params, uint8_t *out)
{
	const struct hevc_sps *sps = &params->sps;
	uint8_t *p = out;

	*p++ = 1; /* configurationVersion */
	memcpy(p, sps->profile, HEVC_PROFILE_BYTES);
	p += HEVC_PROFILE_BYTES;
	store_be16(p, 0xf000); /* min_spatial_segmentation_idc: no minimum told */
	p += 2;
	*p++ = 0xfc; /* parallelismType: not told */
	*p++ = (uint8_t)(0xfc | sps->chroma_format_idc);
	*p++ = (uint8_t)(0xf8 | (sps->bit_depth_luma - 8));
	*p++ = (uint8_t)(0xf8 | (sps->bit_depth_chroma - 8));
	store_be16(p, 0); /* avgFrameRate: not told */
	p += 2;
	/* constantFrameRate not told; NAL unit lengths of 4 bytes */
	*p++ = (uint8_t)(sps->sub_layers << 3 | (sps->temporal_nesting ? 4u : 0) | 3);
	*p++ = 3; /* arrays */
	p = write_array(params, HEVC_NAL_VPS, p);
	p = write_array(params, HEVC_NAL_SPS, p);
	p = write_array(params, HEVC_NAL_PPS, p);
	params->sets.changed = false;
	return (size_t)(p - out);
}
