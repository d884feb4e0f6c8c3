/*
 * Packets that announce a discontinuity.
 */
#include "splice.h"

#include "media/ts.h"

#include <string.h>

#define DISCONTINUITY 0x80 /* flags of the adaptation field */
#define PCR_FLAG      0x10

void splice_begin(struct splice *splice)
{
	*splice = (struct splice){.on = true};
}

/* Whether the PID is seen for the first time. */
static bool is_first(struct splice *splice, uint16_t pid)
{
	const uint8_t bit = (uint8_t)(1u << pid % 8);

	if (splice->seen[pid / 8] & bit)
		return false;
	splice->seen[pid / 8] |= bit;
	return true;
}

bool splice_packet(struct splice *splice, const struct pcr_clock *clock, const uint8_t *packet,
                   uint8_t *out)
{
	const uint16_t pid = ts_get_pid(packet);
	int64_t pcr;

	if (!is_first(splice, pid) || pid == TS_PID_NULL)
		return false;
	memset(out, 0xff, TS_PACKET_BYTES); /* stuffing */
	out[0] = TS_SYNC_BYTE;
	out[1] = (uint8_t)(pid >> 8);
	out[2] = (uint8_t)pid;
	out[3] = 0x20; /* adaptation field only: the counter does not move with such a packet */
	ts_set_continuity(out, (uint8_t)(ts_get_continuity(packet) - ts_has_payload(packet)));
	out[4] = TS_PACKET_BYTES - 5;
	out[5] = DISCONTINUITY;
	if (pcr_clock_before(clock, pid, &pcr)) {
		out[5] |= PCR_FLAG;
		ts_set_pcr(out, pcr);
	}
	return true;
}
