/*
 * A PCR is believed when it agrees with the one believed before it, or, after a jump, with the one
 * following it: a single damaged PCR changes nothing.
 *
 * What lies outside the PCRs (before the first and behind the last) is the gap. It closes the loop: the
 * stream should advance by exactly what its PES packets fill, so that at the joint the next access unit
 * follows the last at the usual distance. Where the PES packets do not tell, the rate at the end does.
 */
#include "loop_clock.h"

#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_PCR_STEP (5LL * TS_PCR_HZ) /* farther apart is a jump */
#define MAX_GAP      (1LL * TS_PCR_HZ)
#define MAX_LENGTH   (48LL * 3600 * TS_PCR_HZ)

/* What the believed PCRs say. */
struct pcr_line {
	int64_t first, last; /* values in the file */
	int64_t rate_time;   /* the last interval: its time in 27 MHz units … */
	uint32_t rate_pkts;  /* … and its packets */
};

/* The PID with most PCRs. */
static uint16_t find_pcr_pid(const struct loop_index *index)
{
	uint32_t count[LOOP_PIDS] = {0};
	uint16_t best = TS_PID_NULL;

	for (size_t i = 0; i < index->patch_count; i++) {
		const struct patch *patch = &index->patches[i];

		if (patch->kind == PATCH_PCR && ++count[patch->pid] > count[best])
			best = patch->pid;
	}
	return best;
}

/* The time from PCR a to PCR b; 0 when they do not belong to one clock. */
static int64_t step(const struct patch *a, const struct patch *b)
{
	int64_t delta = (b->value - a->value + TS_WRAP_27M) % TS_WRAP_27M;

	return delta <= MAX_PCR_STEP ? delta : 0;
}

static void add_point(struct loop_clock *clock, const struct patch *pcr, int64_t advance)
{
	int64_t before = clock->count ? clock->points[clock->count - 1].time : 0;

	clock->points[clock->count++] =
		(struct clock_point){.packet = pcr->packet, .time = before + advance};
}

/* Believe pcr, delta after `previous`. */
static void believe(struct loop_clock *clock, struct pcr_line *line, const struct patch *previous,
                    const struct patch *pcr, int64_t delta)
{
	line->rate_time = delta;
	line->rate_pkts = pcr->packet - previous->packet;
	line->last = pcr->value;
	add_point(clock, pcr, delta);
}

/* Make the points of all PCRs believed; the first one has time 0. */
static void follow_pcrs(struct loop_clock *clock, struct pcr_line *line,
                        const struct loop_index *index)
{
	uint16_t pid = find_pcr_pid(index);
	const struct patch *last = NULL, *doubted = NULL;

	for (size_t i = 0; i < index->patch_count; i++) {
		const struct patch *pcr = &index->patches[i];

		if (pcr->kind != PATCH_PCR || pcr->pid != pid)
			continue;
		if (last && step(last, pcr)) {
			believe(clock, line, last, pcr, step(last, pcr));
		} else if (doubted && step(doubted, pcr)) {
			int64_t advance = 0;

			if (last) {
				clock->jumps++;
				advance = line->rate_time * (doubted->packet - last->packet) /
				          line->rate_pkts;
			} else {
				line->first = doubted->value;
			}
			add_point(clock, doubted, advance);
			believe(clock, line, doubted, pcr, step(doubted, pcr));
		} else {
			doubted = pcr;
			continue;
		}
		last = pcr;
		doubted = NULL;
	}
}

/* The time that the packets outside the PCRs take, 27 MHz. */
static int64_t find_gap(const struct loop_clock *clock, const struct pcr_line *line,
                        const struct loop_index *index, uint32_t outside)
{
	int64_t covered = clock->points[clock->count - 1].time, span = 0, gap;

	if (clock->jumps == 0)
		span = loop_index_span(index, covered / 300 + 1, (covered + MAX_GAP) / 300);
	if (span)
		return span * 300 - covered;
	gap = line->rate_time * outside / line->rate_pkts;
	gap = gap > MAX_GAP ? MAX_GAP : gap;
	return gap + 300 - (line->last - line->first + gap + TS_WRAP_27M) % 300;
}

/* Fit the points of the PCRs into the whole stream: the gap goes to both ends by their packets. */
static void close_loop(struct loop_clock *clock, const struct pcr_line *line,
                       const struct loop_index *index, uint32_t packets)
{
	struct clock_point *points = clock->points;
	uint32_t head = points[0].packet, tail = packets - points[clock->count - 1].packet;
	int64_t gap = find_gap(clock, line, index, head + tail);
	int64_t before = gap * head / ((int64_t)head + tail);

	clock->stamp_length = (line->last - line->first + gap + TS_WRAP_27M) % TS_WRAP_27M;
	for (size_t i = clock->count; i > 0; i--) {
		points[i].packet = points[i - 1].packet;
		points[i].time = points[i - 1].time + before;
	}
	points[0] = (struct clock_point){0};
	clock->length = points[clock->count].time + gap - before;
	clock->count += 2;
	points[clock->count - 1] = (struct clock_point){.packet = packets, .time = clock->length};
}

/* Replace the pace by a constant one. */
static void set_bitrate(struct loop_clock *clock, const struct loop_index *index, uint32_t packets,
                        uint64_t bitrate_bps)
{
	double bits = (double)packets * TS_PACKET_BYTES * 8;

	clock->length = (int64_t)(bits * TS_PCR_HZ / (double)bitrate_bps) + 1;
	if (clock->count == 0) {
		int64_t span = loop_index_span(index, 1, MAX_LENGTH / 300);

		clock->stamp_length = (span ? span * 300 : clock->length / 300 * 300) % TS_WRAP_27M;
	}
	clock->points[0] = (struct clock_point){0};
	clock->points[1] = (struct clock_point){.packet = packets, .time = clock->length};
	clock->count = 2;
}

int loop_clock_init(struct loop_clock *clock, const struct loop_index *index, uint32_t packets,
                    uint64_t bitrate_bps)
{
	struct loop_clock made = {0};
	struct pcr_line line = {0};
	int err = 0;

	made.points = calloc(index->patch_count + 2, sizeof(*made.points));
	if (!made.points)
		return -ENOMEM;
	follow_pcrs(&made, &line, index);
	if (made.count > 0)
		close_loop(&made, &line, index, packets);
	if (bitrate_bps > 0)
		set_bitrate(&made, index, packets, bitrate_bps);
	if (made.count == 0)
		err = -ENODATA;
	else if (made.length > MAX_LENGTH)
		err = -ERANGE;
	if (err)
		loop_clock_free(&made);
	else
		*clock = made;
	return err;
}

void loop_clock_free(struct loop_clock *clock)
{
	free(clock->points);
	clock->points = NULL;
}

int64_t loop_clock_at(const struct loop_clock *clock, size_t *cursor, uint32_t packet)
{
	const struct clock_point *a, *b;

	if (clock->points[*cursor].packet > packet)
		*cursor = 0;
	while (*cursor + 2 < clock->count && clock->points[*cursor + 1].packet <= packet)
		(*cursor)++;
	a = &clock->points[*cursor];
	b = a + 1;
	if (b->packet == a->packet) /* the first packet has a PCR */
		return b->time;
	return a->time + (b->time - a->time) * (packet - a->packet) / (b->packet - a->packet);
}
