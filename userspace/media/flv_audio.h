/*
 * FLV tag bodies for audio: AAC as Adobe Flash Video File Format 10.1, annex E.4.2 has it, AC-3 and
 * E-AC-3 by their FourCC as Enhanced RTMP v2 does.
 *
 * Each function returns a finished tag with one reference, which is the caller's, or NULL when
 * there is no memory or the body would be too large. Thread: any.
 */
#ifndef MEDIA_FLV_AUDIO_H
#define MEDIA_FLV_AUDIO_H

#include "flv.h"

/* Codecs by their number in onMetaData (audiocodecid): SoundFormat, or the FourCC as a number. */
enum flv_audio_codec {
	FLV_AUDIO_AAC = 10,
	FLV_AUDIO_AC3 = 0x61632d33,  /* ac-3 */
	FLV_AUDIO_EAC3 = 0x65632d33, /* ec-3 */
};

/*
 * Sequence header: size bytes at config, copied. For AAC that is AudioSpecificConfig; AC-3 and E-AC-3 have
 * none (size 0), but there are servers that expect a SequenceStart all the same.
 */
struct flv_tag *flv_write_audio_header(int64_t timestamp_ms, enum flv_audio_codec codec,
                                       const uint8_t *config, size_t size);

/* One frame of size bytes, copied: of AAC raw (without ADTS header), of the others with sync word. */
struct flv_tag *flv_write_audio_frame(int64_t pts_ms, enum flv_audio_codec codec,
                                      const uint8_t *frame, size_t size);

#endif
