/*
 * FLV tag bodies for H.264 and HEVC (Adobe Flash Video File Format 10.1, annex E.4.3; Enhanced RTMP v2,
 * "Enhanced Video").
 *
 * HEVC is written in the enhanced form, with a FourCC, or as if it had been given the codec id 12, which is
 * what many servers and players were taught before Enhanced RTMP.
 *
 * Each function returns a finished tag with one reference, which is the caller's, or NULL when
 * there is no memory or the body would be too large. Thread: any.
 */
#ifndef MEDIA_FLV_VIDEO_H
#define MEDIA_FLV_VIDEO_H

#include "flv.h"
#include "nal.h"

#define FLV_CODEC_AVC         7
#define FLV_CODEC_HEVC_LEGACY 12
#define FLV_FOURCC_HEVC       0x68766331 /* hvc1 */

enum flv_video_form {
	FLV_AVC,
	FLV_HEVC_ENHANCED,
	FLV_HEVC_LEGACY,
};

/* Sequence header: size bytes of decoder configuration record (avcC or hvcC) at config, copied. */
struct flv_tag *flv_write_video_header(enum flv_video_form form, int64_t timestamp_ms,
                                       const uint8_t *config, size_t size);

/*
 * One access unit of count NAL units, copied, each behind a length of 4 bytes. composition_ms: PTS
 * minus DTS, cut to the 24 bits that carry it.
 */
struct flv_tag *flv_write_video_frame(enum flv_video_form form, int64_t dts_ms,
                                      int64_t composition_ms, bool key, const struct nal_unit *nals,
                                      size_t count);

#endif
