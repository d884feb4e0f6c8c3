/*
 * FLV tag bodies for AAC, and onMetaData (Adobe Flash Video File Format 10.1, annex E.4).
 *
 * Each function returns a finished tag with one reference, which is the caller's, or NULL when
 * there is no memory or the body would be too large. Thread: any.
 */
#ifndef MEDIA_FLV_WRITE_H
#define MEDIA_FLV_WRITE_H

#include "flv.h"
#include "flv_video.h"

/* What onMetaData tells. */
struct flv_metadata {
	bool has_video;
	unsigned int width, height; /* pixels, after cropping */
	double frame_rate;          /* frames a second; 0: not known, left out */
	uint32_t video_codec;       /* FLV_CODEC_…, or a FourCC as a number; 0: AVC */
	double video_kbps;          /* 0: not known, left out */

	bool has_audio;
	unsigned int sample_rate; /* Hz */
	unsigned int channels;
	uint32_t audio_codec; /* codec id, or FourCC as a number; 0: AAC */
	double audio_kbps;    /* 0: not known, left out */
};

/*
 * onMetaData as a publisher sends it: "@setDataFrame", "onMetaData", ECMA array. A FLV file has no
 * "@setDataFrame": its body starts FLV_SET_DATA_FRAME_BYTES further.
 */
struct flv_tag *flv_write_metadata(int64_t timestamp_ms, const struct flv_metadata *metadata);

#define FLV_SET_DATA_FRAME_BYTES 16

/* AAC sequence header: size bytes of AudioSpecificConfig at config, copied. */
struct flv_tag *flv_write_aac_header(int64_t timestamp_ms, const uint8_t *config, size_t size);

/* One raw AAC frame (without ADTS header) of size bytes at frame, copied. */
struct flv_tag *flv_write_aac_frame(int64_t pts_ms, const uint8_t *frame, size_t size);

#endif
