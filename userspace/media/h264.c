/*
 * H.264 slice headers and SEI. The sequence parameter set is in h264_sps.c.
 */
#include "h264.h"

#include "rbsp.h"

#include <errno.h>

int h264_parse_slice(const struct nal_unit *nal, const struct h264_sps *sps,
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

bool h264_has_recovery_point(const struct nal_unit *nal)
{
	return nal_has_sei(nal->data + 1, nal->size - 1, SEI_RECOVERY_POINT);
}
