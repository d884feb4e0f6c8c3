/*
 * HEVC (ITU-T H.265 | ISO/IEC 23008-2): types of NAL units, the sequence parameter set, and as much of a
 * slice as tells where a picture starts.
 *
 * Pure functions on bytes of the caller's. Any thread.
 */
#ifndef MEDIA_HEVC_H
#define MEDIA_HEVC_H

#include "nal.h"
#include "vui.h"

#define HEVC_NAL_HEADER_BYTES 2

/* Table 7-1. */
enum hevc_nal_type {
	HEVC_NAL_BLA_W_LP = 16, /* the first of the IRAP types … */
	HEVC_NAL_RSV_IRAP_23 = 23,
	HEVC_NAL_RSV_VCL_31 = 31, /* the last of the coded slice segments */
	HEVC_NAL_VPS = 32,
	HEVC_NAL_SPS = 33,
	HEVC_NAL_PPS = 34,
	HEVC_NAL_DELIMITER = 35,
	HEVC_NAL_END_SEQUENCE = 36,
	HEVC_NAL_END_STREAM = 37,
	HEVC_NAL_FILLER = 38,
	HEVC_NAL_SEI_PREFIX = 39,
	HEVC_NAL_SEI_SUFFIX = 40,
};

/* Of a NAL unit of HEVC_NAL_HEADER_BYTES at least. */
static inline unsigned int hevc_nal_type(const struct nal_unit *nal)
{
	return nal->data[0] >> 1 & 0x3f;
}

/* nuh_layer_id: 0 is the base layer, the only one that is decoded by everyone. */
static inline unsigned int hevc_nal_layer(const struct nal_unit *nal)
{
	return (nal->data[0] & 1u) << 5 | nal->data[1] >> 3;
}

static inline bool hevc_is_slice(const struct nal_unit *nal)
{
	return hevc_nal_type(nal) <= HEVC_NAL_RSV_VCL_31;
}

/* Of an intra random access point picture: decoding can start here. */
static inline bool hevc_is_irap(const struct nal_unit *nal)
{
	const unsigned int type = hevc_nal_type(nal);

	return type >= HEVC_NAL_BLA_W_LP && type <= HEVC_NAL_RSV_IRAP_23;
}

/* first_slice_segment_in_pic_flag of a slice. */
static inline bool hevc_is_first_slice(const struct nal_unit *nal)
{
	return nal->size > HEVC_NAL_HEADER_BYTES && nal->data[HEVC_NAL_HEADER_BYTES] & 0x80;
}

/*
 * After a slice, the NAL unit begins the next access unit (section 7.4.2.4.4): delimiter, parameter sets,
 * prefix SEI and the reserved and unspecified types that come with them.
 */
bool hevc_opens_unit(const struct nal_unit *nal);

/* The SEI NAL unit holds a recovery point message. Section D.2.8. */
bool hevc_has_recovery_point(const struct nal_unit *nal);

#define HEVC_PROFILE_BYTES \
	12 /* profile space, tier, profile, flags and level of profile_tier_level */
#define HEVC_MAX_REF_SETS 64

struct hevc_sps {
	uint32_t id;                               /* 0 to 15 */
	unsigned int sub_layers;                   /* 1 to 7 */
	bool temporal_nesting;                     /* sps_temporal_id_nesting_flag */
	uint8_t profile[HEVC_PROFILE_BYTES];       /* the general part, as it is laid out */
	uint32_t chroma_format_idc;                /* 0 to 3 */
	uint32_t bit_depth_luma, bit_depth_chroma; /* 8 to 15 */
	uint32_t log2_max_poc;                     /* 4 to 16 */
	unsigned int width, height;                /* pixels, after cropping */
	struct vui_tick tick;                      /* of the VUI */
};

/* Read a sequence parameter set. Errors: -EINVAL, *sps is undefined then. Section 7.3.2.2. */
int hevc_parse_sps(const struct nal_unit *nal, struct hevc_sps *sps);

/* Frames a second by VUI timing, 0 when not told or not credible (above 1000). Section E.3.1. */
double hevc_get_frame_rate(const struct hevc_sps *sps);

#endif
