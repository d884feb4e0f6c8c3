/*
 * Continuous time.
 */
#include "timeline.h"

#include "ts.h"

#define TICKS_PER_MS (TS_CLOCK_HZ / 1000)

static bool is_near(int64_t time, int64_t last)
{
	return time - last <= TIMELINE_MAX_FORWARD && last - time <= TIMELINE_MAX_BACKWARD;
}

/* Streams are interleaved with up to seconds between them, either way. */
static bool is_near_epoch(int64_t time, int64_t last)
{
	return time - last <= TIMELINE_MAX_FORWARD && last - time <= TIMELINE_MAX_FORWARD;
}

static struct timeline_epoch *get_epoch(struct timeline *timeline, uint32_t number)
{
	if (number == timeline->epoch)
		return &timeline->now;
	if (timeline->before.used && number + 1 == timeline->epoch)
		return &timeline->before;
	return NULL;
}

/* The epoch that a jumping or a new stream falls into, and its time there; NULL: a new one. */
static struct timeline_epoch *find_epoch(struct timeline *timeline, int64_t dts, int64_t *time)
{
	struct timeline_epoch *epochs[] = {&timeline->now, &timeline->before};

	for (int i = 0; i < 2; i++) {
		if (!epochs[i]->used)
			continue;
		*time = ts_unwrap(dts, epochs[i]->last, TS_WRAP_90K);
		if (is_near_epoch(*time, epochs[i]->last))
			return epochs[i];
	}
	return NULL;
}

static void begin_epoch(struct timeline *timeline, int64_t offset)
{
	if (timeline->now.used) {
		timeline->before = timeline->now;
		timeline->epoch++;
	}
	timeline->now = (struct timeline_epoch){.used = true, .offset = offset};
}

static int64_t place(struct timeline *timeline, struct timeline_cursor *cursor,
                     struct timeline_epoch *epoch, int64_t time)
{
	epoch->last = time;
	cursor->started = true;
	cursor->epoch = epoch == &timeline->now ? timeline->epoch : timeline->epoch - 1;
	cursor->last = time;
	cursor->output = time + epoch->offset;
	return cursor->output;
}

int64_t timeline_map(struct timeline *timeline, struct timeline_cursor *cursor, int64_t dts,
                     int64_t step, bool *jumped)
{
	struct timeline_epoch *epoch = NULL;
	int64_t time = dts, offset = 0;

	*jumped = false;
	if (cursor->started) {
		epoch = get_epoch(timeline, cursor->epoch);
		time = ts_unwrap(dts, cursor->last, TS_WRAP_90K);
		if (epoch && is_near(time, cursor->last))
			return place(timeline, cursor, epoch, time);
	}
	epoch = find_epoch(timeline, dts, &time);
	/* Only an epoch in which the stream does not step back far is one to join. */
	if (epoch &&
	    (!cursor->started || time + epoch->offset >= cursor->output - TIMELINE_MAX_BACKWARD))
		return place(timeline, cursor, epoch, time);

	if (cursor->started)
		offset = cursor->output + step - dts;
	else if (timeline->now.used)
		offset = timeline->now.last + timeline->now.offset - dts;
	*jumped = timeline->now.used;
	begin_epoch(timeline, offset);
	return place(timeline, cursor, &timeline->now, dts);
}

bool timeline_find(const struct timeline *timeline, int64_t time, int64_t *output)
{
	const struct timeline_epoch *now = &timeline->now;

	if (now->used)
		*output = ts_unwrap(time, now->last, TS_WRAP_90K) + now->offset;
	return now->used;
}

void timeline_advance(struct timeline_cursor *cursor, int64_t step)
{
	cursor->output += step; /* jumps are judged by what the source told last */
}

int64_t timeline_distance(int64_t pts, int64_t dts)
{
	int64_t distance = ts_unwrap(pts, dts, TS_WRAP_90K) - dts;

	return distance <= TIMELINE_MAX_FORWARD && distance >= -TIMELINE_MAX_FORWARD ? distance : 0;
}

int64_t timeline_to_ms(int64_t time)
{
	int64_t ticks = time + TICKS_PER_MS / 2;

	return ticks >= 0 ? ticks / TICKS_PER_MS : -((-ticks + TICKS_PER_MS - 1) / TICKS_PER_MS);
}
