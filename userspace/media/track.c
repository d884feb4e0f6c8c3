/*
 * What all tracks share: time.
 */
#include "track.h"

bool track_place(struct track_host *host, const struct pes_packet *packet, int64_t step,
                 int64_t *time)
{
	struct timeline_cursor *cursor = &host->cursor;
	bool jumped = false;

	if (packet->has_pts) {
		*time = timeline_map(host->timeline, cursor, packet->dts, step, &jumped);
	} else if (cursor->started) {
		timeline_advance(cursor, step);
		*time = cursor->output;
	} else {
		counter_add(&host->counters->untimed_units, 1);
		return false;
	}
	if (jumped)
		counter_add(&host->counters->clock_jumps, 1);
	return true;
}

int64_t track_stamp(struct track_host *host, int64_t time)
{
	int64_t ms = timeline_to_ms(time);

	if (host->stamped && ms <= host->last_ms)
		ms = host->last_ms + 1;
	host->stamped = true;
	host->last_ms = ms;
	return ms;
}
