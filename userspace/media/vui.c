/*
 * Video usability information.
 */
#include "vui.h"

#define ASPECT_RATIO_EXTENDED 255
#define MAX_FRAME_RATE        1000

void vui_skip_signal(struct rbsp_reader *r)
{
	if (rbsp_bit(r) && rbsp_bits(r, 8) == ASPECT_RATIO_EXTENDED)
		rbsp_bits(r, 32);
	if (rbsp_bit(r)) /* overscan_info_present_flag */
		rbsp_bit(r);
	if (rbsp_bit(r)) { /* video_signal_type_present_flag */
		rbsp_bits(r, 4);
		if (rbsp_bit(r))
			rbsp_bits(r, 24);
	}
	if (rbsp_bit(r)) { /* chroma_loc_info_present_flag */
		rbsp_ue(r);
		rbsp_ue(r);
	}
}

struct vui_tick vui_read_tick(struct rbsp_reader *r)
{
	struct vui_tick tick = {0};

	if (rbsp_bit(r)) {
		tick.units = rbsp_bits(r, 32);
		tick.time_scale = rbsp_bits(r, 32);
	}
	if (r->overrun)
		tick = (struct vui_tick){0};
	return tick;
}

double vui_get_frame_rate(const struct vui_tick *tick, unsigned int ticks_a_frame)
{
	double rate;

	if (!tick->units || !tick->time_scale)
		return 0;
	rate = (double)tick->time_scale / ((double)ticks_a_frame * tick->units);
	return rate <= MAX_FRAME_RATE ? rate : 0;
}
