/*
 * What the video usability information of H.264 (section E.1.1) and of HEVC (section E.2.1) have alike.
 */
#ifndef MEDIA_VUI_H
#define MEDIA_VUI_H

#include "rbsp.h"

/* How long a picture lasts is so many units of a clock of time_scale Hz; 0: not told. */
struct vui_tick {
	uint32_t units, time_scale;
};

/* Read over what both begin with: aspect ratio, overscan, video signal type, place of chroma samples. */
void vui_skip_signal(struct rbsp_reader *r);

/* Read timing_info_present_flag and the tick behind it; a tick cut short is none. */
struct vui_tick vui_read_tick(struct rbsp_reader *r);

/* Frames a second when a frame takes so many ticks; 0: not told, or nonsense. */
double vui_get_frame_rate(const struct vui_tick *tick, unsigned int ticks_a_frame);

#endif
