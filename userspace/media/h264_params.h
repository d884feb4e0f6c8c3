/*
 * The parameter sets of an H.264 stream, as far as they were seen, and the decoder configuration
 * made of them (ISO/IEC 14496-15 section 5.3.3.1: AVCDecoderConfigurationRecord, "avcC").
 *
 * A set replaces the one of the same kind and id. A changed sequence parameter set ends a coded
 * video sequence and takes all picture parameter sets with it: an encoder sends them anew.
 */
#ifndef MEDIA_H264_PARAMS_H
#define MEDIA_H264_PARAMS_H

#include "h264.h"
#include "param_sets.h"

#define H264_AVCC_MAX_BYTES (PARAM_SETS_MAX_BYTES + 16)

/* Embedded by its user, zero-initialised. */
struct h264_params {
	struct param_sets sets; /* `changed` is cleared by h264_params_write_avcc */
	bool has_sps;
	struct h264_sps sps; /* the one added last; only if has_sps */
};

/*
 * Take a NAL unit of type SPS or PPS, copied. Errors: -EINVAL when it cannot be read, -ENOSPC when
 * there is no room; the sets held stay as they were. Thread: one at a time.
 */
int h264_params_add(struct h264_params *params, const struct nal_unit *nal);

/* There is what a decoder needs: an SPS and a PPS. Thread: as add. */
bool h264_params_complete(const struct h264_params *params);

/*
 * Write the configuration record to out, which has H264_AVCC_MAX_BYTES, and clear `changed`.
 * Returns its size. Only when h264_params_complete. Thread: as add.
 */
size_t h264_params_write_avcc(struct h264_params *params, uint8_t *out);

#endif
