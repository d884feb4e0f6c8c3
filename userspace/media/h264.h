/*
 * H.264 (ITU-T H.264 | ISO/IEC 14496-10): types of NAL units, the sequence parameter set,
 * and as much of a slice header as tells where a picture starts.
 *
 * Pure functions on bytes of the caller's; what they return points into them. Any thread.
 */
#ifndef MEDIA_H264_H
#define MEDIA_H264_H

#include "nal.h"
#include "vui.h"

enum h264_nal_type {
	H264_NAL_SLICE = 1,
	H264_NAL_PARTITION_A = 2,
	H264_NAL_IDR = 5,
	H264_NAL_SEI = 6,
	H264_NAL_SPS = 7,
	H264_NAL_PPS = 8,
	H264_NAL_DELIMITER = 9,
	H264_NAL_END_SEQUENCE = 10,
	H264_NAL_END_STREAM = 11,
	H264_NAL_FILLER = 12,
	H264_NAL_PREFIX = 14,
	H264_NAL_RESERVED_18 = 18,
};

static inline unsigned int h264_nal_type(const struct nal_unit *nal)
{
	return nal->data[0] & 0x1f;
}

/* Coded slice data: types 1 to 5. */
static inline bool h264_is_slice(const struct nal_unit *nal)
{
	unsigned int type = h264_nal_type(nal);

	return type >= H264_NAL_SLICE && type <= H264_NAL_IDR;
}

struct h264_sps {
	uint32_t id; /* 0 to 31 */
	uint8_t profile_idc, constraints, level_idc;
	uint32_t chroma_format_idc;                /* 0 to 3 */
	uint32_t bit_depth_luma, bit_depth_chroma; /* 8 to 14 */
	bool separate_colour_plane;
	uint32_t log2_max_frame_num; /* 4 to 16 */
	bool frame_mbs_only;
	unsigned int width, height; /* pixels, after cropping */
	struct vui_tick tick;       /* of the VUI */
};

/* Read a sequence parameter set. Errors: -EINVAL, *sps is undefined then. Section 7.3.2.1.1. */
int h264_parse_sps(const struct nal_unit *nal, struct h264_sps *sps);

/* Frames a second by VUI timing, 0 when not told or not credible (above 1000). Section E.2.1. */
double h264_get_frame_rate(const struct h264_sps *sps);

/* The beginning of a slice header. */
struct h264_slice {
	uint32_t first_mb;
	uint32_t type; /* 0 to 4: P, B, I, SP, SI */
	uint32_t pps_id;
	uint32_t frame_num;
	bool field, bottom; /* the slice of a field, of a bottom field */
	bool reference;     /* nal_ref_idc is not 0 */
};

#define H264_SLICE_I  2
#define H264_SLICE_SI 4

/* Read a slice header under sps. Errors: -EINVAL, *slice is undefined then. Section 7.3.3. */
int h264_parse_slice(const struct nal_unit *nal, const struct h264_sps *sps,
                     struct h264_slice *slice);

/* The SEI NAL unit holds a recovery point message (payload type 6). Sections 7.3.2.3.1, D.2.8. */
bool h264_has_recovery_point(const struct nal_unit *nal);

#endif
