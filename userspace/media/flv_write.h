/*
 * FLV tag bodies for video, and onMetaData (Adobe Flash Video File Format 10.1, annex E.4).
 *
 * Each function returns a finished tag with one reference, which is the caller's, or NULL when
 * there is no memory or the body would be too large. Thread: any.
 */
#ifndef MEDIA_FLV_WRITE_H
#define MEDIA_FLV_WRITE_H

#include "flv.h"
#include "flv_audio.h"
#include "h264.h"

/* What onMetaData tells. */
struct flv_metadata {
	bool has_video;
	unsigned int width, height; /* pixels, after cropping */
	double frame_rate;          /* frames a second; 0: not known, left out */

	bool has_audio;
	enum flv_audio_codec audio_codec;
	unsigned int sample_rate; /* Hz */
	unsigned int channels;
};

/*
 * onMetaData as a publisher sends it: "@setDataFrame", "onMetaData", ECMA array. A FLV file has no
 * "@setDataFrame": its body starts FLV_SET_DATA_FRAME_BYTES further.
 */
struct flv_tag *flv_write_metadata(int64_t timestamp_ms, const struct flv_metadata *metadata);

#define FLV_SET_DATA_FRAME_BYTES 16

/* AVC sequence header: size bytes of AVCDecoderConfigurationRecord at avcc, copied. */
struct flv_tag *flv_write_avc_header(int64_t timestamp_ms, const uint8_t *avcc, size_t size);

/*
 * One access unit of count NAL units, copied, each behind a length of 4 bytes. composition_ms: PTS
 * minus DTS, cut to the 24 bits that carry it.
 */
struct flv_tag *flv_write_avc_frame(int64_t dts_ms, int64_t composition_ms, bool key,
                                    const struct h264_nal *nals, size_t count);

#endif
