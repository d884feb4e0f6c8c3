/*
 * Each time stamp is reckoned from the whole of the time, never from the one before, so nothing adds up.
 */
#include "rtp_packetiser.h"

void rtp_packetiser_init(struct rtp_packetiser *packetiser, uint8_t payload_type,
                         const struct rtp_start *start)
{
	*packetiser = (struct rtp_packetiser){
		.payload_type = payload_type,
		.sequence = start->sequence,
		.ssrc = start->ssrc,
		.offset = start->timestamp,
	};
}

void rtp_packetiser_next(struct rtp_packetiser *packetiser, uint8_t *out, int64_t arrival_us)
{
	if (arrival_us > packetiser->newest_us)
		packetiser->newest_us = arrival_us;
	/* 90 kHz are 9 in 100 us; what passes 32 bits wraps, as it must. */
	rtp_write_header(out, packetiser->payload_type, packetiser->sequence++,
	                 packetiser->offset + (uint32_t)((uint64_t)packetiser->newest_us * 9 / 100),
	                 packetiser->ssrc);
}

void rtp_packetiser_take_back(struct rtp_packetiser *packetiser, uint16_t count)
{
	packetiser->sequence = (uint16_t)(packetiser->sequence - count);
}
