/*
 * What one reader of a channel's FLV tags wants: the streams are remuxed once, and readers differ in the audio
 * track, in how HEVC is written, and in the cue messages that they take.
 */
#ifndef MEDIA_REMUX_CHOICE_H
#define MEDIA_REMUX_CHOICE_H

#include <stdint.h>

/* How HEVC is written into FLV video tags. */
enum hevc_form {
	HEVC_ENHANCED, /* Enhanced RTMP: FourCC hvc1 */
	HEVC_LEGACY,   /* codec id 12, as servers had it that knew no FourCC */
};

/* Cue messages made from SCTE-35. */
enum cue_flavour {
	CUE_OFF,
	CUE_ONCUEPOINT_SCTE35, /* as AWS Elemental MediaLive writes it (ON_CUE_POINT_SCTE35) */
	CUE_ONCUEPOINT,
	CUE_ONADCUE,
	CUE_YOUTUBE,
	CUE_FLAVOURS
};

struct remux_choice {
	/* among the program's audio streams that RTMP can carry, in the order of the PMT, from 0 */
	uint8_t audio_index;
	char audio_language
		[4]; /* ISO 639-2 of the stream wanted, then audio_index counts among those; "": any */
	enum hevc_form hevc;
	enum cue_flavour cues;
};

#endif
