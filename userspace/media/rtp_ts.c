/*
 * RTP packets that carry MPEG-TS.
 */
#include "rtp_ts.h"

#include "ts.h"

int rtp_ts_check(const uint8_t *payload, size_t size)
{
	if (size % TS_PACKET_BYTES)
		return -RTP_TS_SIZE;
	for (size_t i = 0; i < size; i += TS_PACKET_BYTES) {
		if (!ts_has_sync(payload + i))
			return -RTP_TS_SYNC;
	}
	return 0;
}

int rtp_ts_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size)
{
	struct rtp_packet packet;
	int fault = rtp_parse(&packet, datagram, size);

	if (fault)
		return fault;
	fault = rtp_ts_check(packet.payload, packet.size);
	if (!fault)
		*out = packet;
	return fault;
}
