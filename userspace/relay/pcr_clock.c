/*
 * PCRs and the packets between them.
 */
#include "pcr_clock.h"

#include "media/ts.h"

#define MAX_STEP (TS_PCR_HZ / 2) /* two PCRs further apart are no two of one time base */

static size_t find(const struct pcr_clock *clock, uint16_t pid)
{
	size_t i = 0;

	while (i < clock->count && clock->pids[i].pid != pid)
		i++;
	return i;
}

void pcr_clock_push(struct pcr_clock *clock, const uint8_t *packet)
{
	const uint64_t at = clock->packets++;
	int64_t pcr, step;
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
		clock->pids[i].per_packet = 0;
	} else {
		step = (pcr - clock->pids[i].pcr + TS_WRAP_27M) % TS_WRAP_27M;
		clock->pids[i].per_packet =
			step < MAX_STEP ? step / (int64_t)(at - clock->pids[i].at) : 0;
	}
	clock->pids[i].pcr = pcr;
	clock->pids[i].at = at;
}

bool pcr_clock_before(const struct pcr_clock *clock, uint16_t pid, int64_t *pcr)
{
	const size_t i = find(clock, pid);
	int64_t packets;

	if (i == clock->count)
		return false;
	packets = (int64_t)(clock->packets - clock->pids[i].at) - 2;
	*pcr = (clock->pids[i].pcr + packets * clock->pids[i].per_packet) % TS_WRAP_27M;
	if (*pcr < 0)
		*pcr += TS_WRAP_27M;
	return true;
}

void pcr_clock_reset(struct pcr_clock *clock)
{
	clock->packets = 0;
	clock->count = 0;
}
