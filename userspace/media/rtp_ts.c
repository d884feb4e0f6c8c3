/*
 * RTP packets that carry MPEG-TS.
 */
#include "rtp_ts.h"

#include "ts.h"

int rtp_ts_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size)
{
	struct rtp_packet packet;
	const int fault = rtp_parse(&packet, datagram, size);

	if (fault)
		return fault;
	if (packet.size % TS_PACKET_BYTES)
		return -RTP_TS_SIZE;
	for (size_t i = 0; i < packet.size; i += TS_PACKET_BYTES) {
		if (!ts_has_sync(packet.payload + i))
			return -RTP_TS_SYNC;
	}
	*out = packet;
	return 0;
}
