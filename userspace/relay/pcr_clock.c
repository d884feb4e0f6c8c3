/*
 * PCRs and the packets between them.
 */
#include "pcr_clock.h"

#include "media/ts.h"

#define MAX_STEP (TS_PCR_HZ / 10) /* PCRs further apart are not of one time base */
#define STEADY   8                /* intervals that make a constant bit rate */

static size_t find(const struct pcr_clock *clock, uint16_t pid)
{
	size_t i = 0;

	while (i < clock->count && clock->pids[i].pid != pid)
		i++;
	return i;
}

/* The ticks from one packet to the next, unless the time base has changed in between: 0 then. */
static int64_t ticks_per_packet(int64_t from, int64_t to, uint64_t packets)
{
	const int64_t step = (to - from + TS_WRAP_27M) % TS_WRAP_27M;

	return step <= MAX_STEP ? step / (int64_t)packets : 0;
}

/* The same, but for rounding? */
static bool is_same(int64_t a, int64_t b)
{
	const int64_t difference = a > b ? a - b : b - a;

	return a > 0 && difference * 1000 <= a;
}

void pcr_clock_push(struct pcr_clock *clock, const uint8_t *packet)
{
	const uint64_t at = clock->packets++;
	int64_t pcr, per_packet = 0;
	unsigned int steady = 0;
	size_t i;

	if (!ts_has_pcr(packet))
		return;
	i = find(clock, ts_get_pid(packet));
	if (i == PCR_CLOCK_PIDS)
		return;
	pcr = ts_get_pcr(packet) % TS_WRAP_27M;
	if (i == clock->count) {
		clock->count++;
		clock->pids[i].pid = ts_get_pid(packet);
	} else {
		per_packet = ticks_per_packet(clock->pids[i].pcr, pcr, at - clock->pids[i].at);
		if (is_same(per_packet, clock->pids[i].per_packet))
			steady = clock->pids[i].steady + 1;
	}
	clock->pids[i].per_packet = per_packet;
	clock->pids[i].steady = steady;
	clock->pids[i].pcr = pcr;
	clock->pids[i].at = at;
}

bool pcr_clock_before(const struct pcr_clock *clock, uint16_t pid, int64_t *pcr)
{
	const size_t i = find(clock, pid);
	int64_t since;

	if (i == clock->count)
		return false;
	since = (int64_t)(clock->packets - clock->pids[i].at - 2) * clock->pids[i].per_packet;
	if (clock->pids[i].steady < STEADY || since > MAX_STEP)
		since = 0;
	*pcr = (clock->pids[i].pcr + since + TS_WRAP_27M) % TS_WRAP_27M;
	return true;
}

void pcr_clock_reset(struct pcr_clock *clock)
{
	clock->packets = 0;
	clock->count = 0;
}
