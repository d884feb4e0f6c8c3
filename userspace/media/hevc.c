/*
 * HEVC NAL units. The sequence parameter set is in hevc_sps.c.
 */
#include "hevc.h"

bool hevc_opens_unit(const struct nal_unit *nal)
{
	const unsigned int type = hevc_nal_type(nal);

	return (type >= HEVC_NAL_VPS && type <= HEVC_NAL_DELIMITER) ||
	       type == HEVC_NAL_SEI_PREFIX || (type >= 41 && type <= 44) ||
	       (type >= 48 && type <= 55);
}

bool hevc_has_recovery_point(const struct nal_unit *nal)
{
	return nal_has_sei(nal->data + HEVC_NAL_HEADER_BYTES, nal->size - HEVC_NAL_HEADER_BYTES,
	                   SEI_RECOVERY_POINT);
}
