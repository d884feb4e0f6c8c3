/*
 * H.264 sequence parameter set, section 7.3.2.1.1, and the part of VUI up to timing, section E.1.1.
 */
#include "h264.h"

#include "rbsp.h"

#include <errno.h>

#define MAX_MACROBLOCKS 1024 /* a side: 16384 pixels, twice what level 6.2 allows */

/* Profiles whose parameter set tells the chroma format. */
static bool has_chroma_format(uint8_t profile_idc)
{
	switch (profile_idc) {
	case 44:
	case 83:
	case 86:
	case 100:
	case 110:
	case 118:
	case 122:
	case 128:
	case 134:
	case 135:
	case 138:
	case 139:
	case 244:
		return true;
	default:
		return false;
	}
}

static void skip_scaling_list(struct rbsp_reader *r, unsigned int size)
{
	int32_t last = 8, next = 8;

	for (unsigned int i = 0; i < size && !r->overrun; i++) {
		if (next)
			next = (int32_t)(((int64_t)last + rbsp_se(r)) & 0xff);
		if (next)
			last = next;
	}
}

static int parse_chroma_format(struct rbsp_reader *r, struct h264_sps *sps)
{
	unsigned int lists;

	sps->chroma_format_idc = rbsp_ue(r);
	if (sps->chroma_format_idc > 3)
		return -EINVAL;
	if (sps->chroma_format_idc == 3)
		sps->separate_colour_plane = rbsp_bit(r);
	sps->bit_depth_luma = rbsp_ue(r);
	sps->bit_depth_chroma = rbsp_ue(r);
	if (sps->bit_depth_luma > 6 || sps->bit_depth_chroma > 6)
		return -EINVAL;
	sps->bit_depth_luma += 8;
	sps->bit_depth_chroma += 8;
	rbsp_bit(r); /* qpprime_y_zero_transform_bypass_flag */
	if (!rbsp_bit(r))
		return 0;
	lists = sps->chroma_format_idc == 3 ? 12 : 8;
	for (unsigned int i = 0; i < lists; i++) {
		if (rbsp_bit(r))
			skip_scaling_list(r, i < 6 ? 16 : 64);
	}
	return 0;
}

static int skip_picture_order(struct rbsp_reader *r)
{
	uint32_t type = rbsp_ue(r);

	if (type == 0) {
		rbsp_ue(r); /* log2_max_pic_order_cnt_lsb_minus4 */
	} else if (type == 1) {
		uint32_t cycle;

		rbsp_bit(r); /* delta_pic_order_always_zero_flag */
		rbsp_se(r);  /* offset_for_non_ref_pic */
		rbsp_se(r);  /* offset_for_top_to_bottom_field */
		cycle = rbsp_ue(r);
		if (cycle > 255)
			return -EINVAL;
		while (cycle-- && !r->overrun)
			rbsp_se(r);
	} else if (type > 2) {
		return -EINVAL;
	}
	return 0;
}

static int parse_size(struct rbsp_reader *r, struct h264_sps *sps)
{
	uint32_t width = rbsp_ue(r), height = rbsp_ue(r);
	uint32_t left = 0, right = 0, top = 0, bottom = 0;
	unsigned int chroma = sps->separate_colour_plane ? 0 : sps->chroma_format_idc;
	unsigned int unit_x, unit_y, fields;

	if (width >= MAX_MACROBLOCKS || height >= MAX_MACROBLOCKS)
		return -EINVAL;
	sps->frame_mbs_only = rbsp_bit(r);
	if (!sps->frame_mbs_only)
		rbsp_bit(r); /* mb_adaptive_frame_field_flag */
	rbsp_bit(r);         /* direct_8x8_inference_flag */
	if (rbsp_bit(r)) {
		left = rbsp_ue(r);
		right = rbsp_ue(r);
		top = rbsp_ue(r);
		bottom = rbsp_ue(r);
	}
	fields = sps->frame_mbs_only ? 1 : 2;
	width = (width + 1) * 16;
	height = (height + 1) * 16 * fields;
	/* CropUnitX and CropUnitY: chroma subsampling, and two lines a field line */
	unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
	unit_y = (chroma == 1 ? 2 : 1) * fields;
	if (((uint64_t)left + right) * unit_x >= width ||
	    ((uint64_t)top + bottom) * unit_y >= height)
		return -EINVAL;
	sps->width = width - (left + right) * unit_x;
	sps->height = height - (top + bottom) * unit_y;
	return 0;
}

int h264_parse_sps(const struct nal_unit *nal, struct h264_sps *sps)
{
	struct rbsp_reader r = rbsp_reader(nal->data + 1, nal->size - 1);

	*sps = (struct h264_sps){
		.chroma_format_idc = 1, .bit_depth_luma = 8, .bit_depth_chroma = 8};
	sps->profile_idc = (uint8_t)rbsp_bits(&r, 8);
	sps->constraints = (uint8_t)rbsp_bits(&r, 8);
	sps->level_idc = (uint8_t)rbsp_bits(&r, 8);
	sps->id = rbsp_ue(&r);
	if (sps->id > 31)
		return -EINVAL;
	if (has_chroma_format(sps->profile_idc) && parse_chroma_format(&r, sps) < 0)
		return -EINVAL;
	sps->log2_max_frame_num = rbsp_ue(&r) + 4;
	if (sps->log2_max_frame_num < 4 || sps->log2_max_frame_num > 16)
		return -EINVAL;
	if (skip_picture_order(&r) < 0)
		return -EINVAL;
	rbsp_ue(&r);  /* max_num_ref_frames */
	rbsp_bit(&r); /* gaps_in_frame_num_value_allowed_flag */
	if (parse_size(&r, sps) < 0)
		return -EINVAL;
	/* A picture is described now: a VUI cut short costs its frame rate, not the stream. */
	if (rbsp_bit(&r) && !r.overrun) {
		vui_skip_signal(&r);
		sps->tick = vui_read_tick(&r);
		return 0;
	}
	return r.overrun ? -EINVAL : 0;
}

double h264_get_frame_rate(const struct h264_sps *sps)
{
	return vui_get_frame_rate(&sps->tick, 2); /* a tick is a field's time */
}
