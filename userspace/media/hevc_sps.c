/*
 * HEVC sequence parameter set, section 7.3.2.2, and the part of VUI up to timing, section E.2.1.
 */
#include "hevc.h"

#include "rbsp.h"

#include <errno.h>

#define MAX_SIDE         16384 /* pixels: twice what level 6.2 allows */
#define MAX_DELTA_POCS   16    /* of a reference picture set */
#define MAX_LONG_TERM    32
#define SUB_PROFILE_BITS 88
#define SUB_LEVEL_BITS   8

static void skip_bits(struct rbsp_reader *r, unsigned int count)
{
	while (count-- && !r->overrun)
		rbsp_bit(r);
}

/* profile_tier_level with general profile, section 7.3.3. */
static void parse_profile(struct rbsp_reader *r, struct hevc_sps *sps)
{
	bool has_profile[8] = {false}, has_level[8] = {false};
	const unsigned int others = sps->sub_layers - 1;

	for (size_t i = 0; i < HEVC_PROFILE_BYTES; i++)
		sps->profile[i] = (uint8_t)rbsp_bits(r, 8);
	for (unsigned int i = 0; i < others; i++) {
		has_profile[i] = rbsp_bit(r);
		has_level[i] = rbsp_bit(r);
	}
	if (others > 0)
		skip_bits(r, 2 * (8 - others));
	for (unsigned int i = 0; i < others; i++) {
		skip_bits(r, has_profile[i] ? SUB_PROFILE_BITS : 0);
		skip_bits(r, has_level[i] ? SUB_LEVEL_BITS : 0);
	}
}

static int parse_size(struct rbsp_reader *r, struct hevc_sps *sps)
{
	uint32_t width, height, left = 0, right = 0, top = 0, bottom = 0;
	bool separate_planes;
	unsigned int unit_x, unit_y, chroma;

	sps->chroma_format_idc = rbsp_ue(r);
	if (sps->chroma_format_idc > 3)
		return -EINVAL;
	separate_planes = sps->chroma_format_idc == 3 && rbsp_bit(r);
	width = rbsp_ue(r);
	height = rbsp_ue(r);
	if (!width || !height || width > MAX_SIDE || height > MAX_SIDE)
		return -EINVAL;
	if (rbsp_bit(r)) { /* conformance_window_flag */
		left = rbsp_ue(r);
		right = rbsp_ue(r);
		top = rbsp_ue(r);
		bottom = rbsp_ue(r);
	}
	chroma = separate_planes ? 0 : sps->chroma_format_idc;
	unit_x = chroma == 1 || chroma == 2 ? 2 : 1; /* SubWidthC, SubHeightC */
	unit_y = chroma == 1 ? 2 : 1;
	if (((uint64_t)left + right) * unit_x >= width ||
	    ((uint64_t)top + bottom) * unit_y >= height)
		return -EINVAL;
	sps->width = width - (left + right) * unit_x;
	sps->height = height - (top + bottom) * unit_y;
	return 0;
}

static int parse_depths(struct rbsp_reader *r, struct hevc_sps *sps)
{
	sps->bit_depth_luma = rbsp_ue(r);
	sps->bit_depth_chroma = rbsp_ue(r);
	sps->log2_max_poc = rbsp_ue(r);
	/* hvcC has three bits for each: 16 bits a sample are not for RTMP */
	if (sps->bit_depth_luma > 7 || sps->bit_depth_chroma > 7 || sps->log2_max_poc > 12)
		return -EINVAL;
	sps->bit_depth_luma += 8;
	sps->bit_depth_chroma += 8;
	sps->log2_max_poc += 4;
	return 0;
}

/* sps_max_dec_pic_buffering and so on, for one or for all sub-layers. */
static void skip_ordering(struct rbsp_reader *r, unsigned int sub_layers)
{
	unsigned int count = rbsp_bit(r) ? sub_layers : 1;

	while (count--) {
		rbsp_ue(r);
		rbsp_ue(r);
		rbsp_ue(r);
	}
}

/* scaling_list_data, section 7.3.4. */
static void skip_scaling_lists(struct rbsp_reader *r)
{
	for (unsigned int size = 0; size < 4; size++) {
		for (unsigned int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
			unsigned int coefficients = size == 0 ? 16 : 64;

			if (!rbsp_bit(r)) { /* as another matrix */
				rbsp_ue(r);
				continue;
			}
			if (size > 1)
				rbsp_se(r);
			while (coefficients-- && !r->overrun)
				rbsp_se(r);
		}
	}
}

/* A set predicted from the one before; returns its number of pictures, above MAX_DELTA_POCS if bad. */
static uint32_t skip_predicted_set(struct rbsp_reader *r, uint32_t before)
{
	uint32_t count = 0;

	rbsp_bit(r); /* delta_rps_sign */
	rbsp_ue(r);  /* abs_delta_rps_minus1 */
	for (uint32_t i = 0; i <= before; i++) {
		bool used = rbsp_bit(r);

		if (used || rbsp_bit(r))
			count++;
	}
	return count;
}

static uint32_t skip_plain_set(struct rbsp_reader *r)
{
	const uint32_t negative = rbsp_ue(r), positive = rbsp_ue(r);

	if (negative > MAX_DELTA_POCS || positive > MAX_DELTA_POCS - negative)
		return MAX_DELTA_POCS + 1;
	for (uint32_t i = 0; i < negative + positive; i++) {
		rbsp_ue(r);
		rbsp_bit(r);
	}
	return negative + positive;
}

/* The short-term reference picture sets, section 7.3.7. */
static int skip_reference_sets(struct rbsp_reader *r)
{
	const uint32_t sets = rbsp_ue(r);
	uint32_t pictures = 0;

	if (sets > HEVC_MAX_REF_SETS)
		return -EINVAL;
	for (uint32_t i = 0; i < sets && !r->overrun; i++) {
		if (i > 0 && rbsp_bit(r))
			pictures = skip_predicted_set(r, pictures);
		else
			pictures = skip_plain_set(r);
		if (pictures > MAX_DELTA_POCS)
			return -EINVAL;
	}
	return 0;
}

static int skip_long_term(struct rbsp_reader *r, const struct hevc_sps *sps)
{
	uint32_t count;

	if (!rbsp_bit(r))
		return 0;
	count = rbsp_ue(r);
	if (count > MAX_LONG_TERM)
		return -EINVAL;
	while (count--)
		skip_bits(r, sps->log2_max_poc + 1);
	return 0;
}

/* What is between the bit depths and VUI. */
static int skip_coding_tools(struct rbsp_reader *r, const struct hevc_sps *sps)
{
	skip_ordering(r, sps->sub_layers);
	for (int i = 0; i < 6; i++) /* block sizes and depths of their trees */
		rbsp_ue(r);
	if (rbsp_bit(r) && rbsp_bit(r))
		skip_scaling_lists(r);
	skip_bits(r, 2);   /* asymmetric motion partitions, sample adaptive offset */
	if (rbsp_bit(r)) { /* pcm_enabled_flag */
		skip_bits(r, 8);
		rbsp_ue(r);
		rbsp_ue(r);
		rbsp_bit(r);
	}
	if (skip_reference_sets(r) < 0 || skip_long_term(r, sps) < 0)
		return -EINVAL;
	skip_bits(r, 2); /* temporal motion vectors, intra smoothing */
	return 0;
}

static void parse_timing(struct rbsp_reader *r, struct hevc_sps *sps)
{
	vui_skip_signal(r);
	skip_bits(r, 3);   /* neutral chroma, fields, frame and field information */
	if (rbsp_bit(r)) { /* default_display_window_flag */
		for (int i = 0; i < 4; i++)
			rbsp_ue(r);
	}
	sps->tick = vui_read_tick(r);
}

int hevc_parse_sps(const struct nal_unit *nal, struct hevc_sps *sps)
{
	struct rbsp_reader r;

	if (nal->size <= HEVC_NAL_HEADER_BYTES)
		return -EINVAL;
	r = rbsp_reader(nal->data + HEVC_NAL_HEADER_BYTES, nal->size - HEVC_NAL_HEADER_BYTES);
	*sps = (struct hevc_sps){0};
	rbsp_bits(&r, 4); /* sps_video_parameter_set_id */
	sps->sub_layers = rbsp_bits(&r, 3) + 1;
	if (sps->sub_layers > 7)
		return -EINVAL;
	sps->temporal_nesting = rbsp_bit(&r);
	parse_profile(&r, sps);
	sps->id = rbsp_ue(&r);
	if (sps->id > 15 || parse_size(&r, sps) < 0 || parse_depths(&r, sps) < 0 ||
	    skip_coding_tools(&r, sps) < 0)
		return -EINVAL;
	/* A picture is described now: a VUI cut short costs its frame rate, not the stream. */
	if (rbsp_bit(&r) && !r.overrun) {
		parse_timing(&r, sps);
		return 0;
	}
	return r.overrun ? -EINVAL : 0;
}

double hevc_get_frame_rate(const struct hevc_sps *sps)
{
	return vui_get_frame_rate(&sps->tick, 1);
}
