/*
 * The data rates that onMetaData tells: measured, for no table of the stream is to be relied on.
 *
 * They go into the onMetaData that late joiners get, not into one of its own: there are players that take an
 * onMetaData amid a stream for a stream of text.
 */
#include "remux_state.h"

#define FIRST_WINDOW_MS 1000 /* soon known … */
#define WINDOW_MS       4000 /* … then better: several groups of pictures */

/* The rate of the window that ends at time_ms, or 0 when it is not over, or time has jumped. */
static double take_window(struct remux_rate *rate, int64_t time_ms)
{
	const int64_t window_ms = rate->told > 0 ? WINDOW_MS : FIRST_WINDOW_MS;
	const int64_t elapsed_ms = time_ms - rate->since_ms;
	double kbps = 0;

	if (rate->started && elapsed_ms < window_ms)
		return 0;
	if (rate->started && elapsed_ms < 2 * window_ms)
		kbps = (double)rate->bytes * 8 / (double)elapsed_ms;
	rate->started = true;
	rate->since_ms = time_ms;
	rate->bytes = 0;
	return kbps;
}

void remuxer_measure(struct remuxer *remuxer, struct remux_slot *slot, const struct flv_tag *tag)
{
	const double kbps = take_window(&slot->rate, tag->timestamp_ms);

	slot->rate.bytes += tag->size;
	if (kbps == 0)
		return;
	slot->rate.told = kbps;
	remuxer_make_metadata(remuxer, tag->timestamp_ms, NULL);
}
