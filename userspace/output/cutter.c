/*
 * The ring's packets keep their place until they are done with: a batch that finds no room is simply cut again.
 */
#include "cutter.h"

#include "base/clock.h"
#include "media/ts.h"

#define LEFTOVER_PATIENCE_NS (20 * NS_PER_MS)

void cutter_init(struct cutter *cutter, const struct ring *ring, uint32_t pkt_size,
                 const struct rtp_packetiser *rtp)
{
	*cutter = (struct cutter){.ring = ring, .full_packets = pkt_size / TS_PACKET_BYTES};
	if (rtp) {
		cutter->rtp = *rtp;
		cutter->header_bytes = RTP_HEADER_BYTES;
	}
}

void cutter_start(struct cutter *cutter, int64_t now_ns)
{
	cutter->position = cutter->newest = ring_head(cutter->ring);
	cutter->newest_ns = now_ns;
}

size_t cutter_full_bytes(const struct cutter *cutter)
{
	return cutter->header_bytes + cutter->full_packets * TS_PACKET_BYTES;
}

size_t cutter_packets(const struct cutter *cutter, const struct batch *batch, size_t index)
{
	return index + 1 < batch->count ? cutter->full_packets : batch->last_packets;
}

size_t cutter_bytes(const struct cutter *cutter, const struct batch *batch, size_t index)
{
	return cutter->header_bytes + cutter_packets(cutter, batch, index) * TS_PACKET_BYTES;
}

/* Whole microseconds of the monotonic clock from their low 32 bits, which are of half an hour ago at most. */
static int64_t whole_us(uint32_t low_us, int64_t now_ns)
{
	const int64_t now_us = now_ns / NS_PER_US;

	return now_us + (int32_t)(low_us - (uint32_t)now_us);
}

/* How many TS packets the next datagram has, 0: none is due. */
static size_t next_packets(const struct cutter *cutter, uint64_t position, int64_t now_ns)
{
	/* After a lap the position may be ahead of what was the newest. */
	const uint64_t there = position < cutter->newest ? cutter->newest - position : 0;

	if (there >= cutter->full_packets)
		return cutter->full_packets;
	return now_ns - cutter->newest_ns > LEFTOVER_PATIENCE_NS ? (size_t)there : 0;
}

uint64_t cutter_cut(struct cutter *cutter, struct batch *batch, int64_t now_ns)
{
	const size_t fits = sizeof(batch->bytes) / cutter_full_bytes(cutter);
	const size_t most = fits < DATAGRAMS_MAX ? fits : DATAGRAMS_MAX;
	const uint64_t head = ring_head(cutter->ring);
	uint64_t position = cutter->position, lost = 0;
	uint8_t *out = batch->bytes;
	size_t packets, read;
	uint32_t arrival_us;

	if (head != cutter->newest) {
		cutter->newest = head;
		cutter->newest_ns = now_ns;
	}
	batch->count = 0;
	while (batch->count < most && (packets = next_packets(cutter, position, now_ns)) > 0) {
		read = ring_read(cutter->ring, &position, out + cutter->header_bytes, packets,
		                 &arrival_us, &lost);
		if (!read)
			break;
		if (cutter->header_bytes)
			rtp_packetiser_next(&cutter->rtp, out, whole_us(arrival_us, now_ns));
		batch->last_packets = read;
		batch->count++;
		out += cutter_full_bytes(cutter);
	}
	if (batch->count) /* what was lost beyond it is found again, and counted then */
		return 0;
	cutter->position = position;
	return lost;
}

void cutter_done(struct cutter *cutter, const struct batch *batch, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cutter->position += cutter_packets(cutter, batch, i);
	rtp_packetiser_take_back(&cutter->rtp, (uint16_t)(batch->count - count));
}
