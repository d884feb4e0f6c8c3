/*
 * RTP headers, read and written.
 */
#include "rtp.h"

#include "base/bytes.h"

int rtp_parse(struct rtp_packet *out, const uint8_t *datagram, size_t size)
{
	struct byte_reader r = byte_reader(datagram, size);
	struct rtp_packet packet = {0};
	unsigned int first, second;
	size_t padding = 0;

	if (size < RTP_HEADER_BYTES)
		return -RTP_TRUNCATED;
	first = bytes_u8(&r);
	if (first >> 6 != 2)
		return -RTP_VERSION;
	second = bytes_u8(&r);
	packet.marker = second & 0x80;
	packet.payload_type = second & 0x7f;
	packet.sequence = bytes_u16(&r);
	packet.timestamp = bytes_u32(&r);
	packet.ssrc = bytes_u32(&r);
	bytes_take(&r, (first & 0x0f) * 4u);
	if (first & 0x10) {
		bytes_u16(&r);
		bytes_take(&r, bytes_u16(&r) * 4u);
	}
	if (r.overrun)
		return -RTP_TRUNCATED;
	if (first & 0x20) {
		padding = bytes_left(&r) ? datagram[size - 1] : 0;
		if (padding == 0 || padding > bytes_left(&r))
			return -RTP_PADDING;
	}
	packet.payload = r.at;
	packet.size = bytes_left(&r) - padding;
	*out = packet;
	return 0;
}

void rtp_write_header(uint8_t *out, uint8_t payload_type, uint16_t sequence, uint32_t timestamp,
                      uint32_t ssrc)
{
	out[0] = 2 << 6;
	out[1] = payload_type & 0x7f;
	store_be16(out + 2, sequence);
	store_be32(out + 4, timestamp);
	store_be32(out + 8, ssrc);
}
