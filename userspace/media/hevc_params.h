/*
 * The parameter sets of an HEVC stream, as far as they were seen, and the decoder configuration made of them
 * (ISO/IEC 14496-15 section 8.3.3.1: HEVCDecoderConfigurationRecord, "hvcC").
 *
 * A set replaces the one of the same kind and id. A changed sequence parameter set takes all picture parameter
 * sets with it: an encoder sends them anew.
 */
#ifndef MEDIA_HEVC_PARAMS_H
#define MEDIA_HEVC_PARAMS_H

#include "hevc.h"
#include "param_sets.h"

#define HEVC_HVCC_MAX_BYTES (PARAM_SETS_MAX_BYTES + 40)

/* Embedded by its user, zero-initialised. */
struct hevc_params {
	struct param_sets sets; /* `changed` is cleared by hevc_params_write_hvcc */
	bool has_sps;
	struct hevc_sps sps; /* the one added last; only if has_sps */
};

/*
 * Take a NAL unit of type VPS, SPS or PPS, copied. Errors: -EINVAL when it cannot be read, -ENOSPC when
 * there is no room; the sets held stay as they were. Thread: one at a time.
 */
int hevc_params_add(struct hevc_params *params, const struct nal_unit *nal);

/* There is what a decoder needs: a set of each kind. Thread: as add. */
bool hevc_params_complete(const struct hevc_params *params);

/*
 * Write the configuration record to out, which has HEVC_HVCC_MAX_BYTES, and clear `changed`.
 * Returns its size. Only when hevc_params_complete. Thread: as add.
 */
size_t hevc_params_write_hvcc(struct hevc_params *params, uint8_t *out);

#endif
