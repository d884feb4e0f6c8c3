/*
 * The FEC header of SMPTE 2022-1. Everything in it is checked that a decoder relies on; the SNBase
 * extension and the index have no meaning for RTP and exclusive or.
 */
#include "fec_packet.h"

#include "base/bytes.h"
#include "packet_pool.h"

#define RTP_OWN_FIELDS 10 /* marker to SSRC: not looked at */

static int check_matrix(const struct fec_packet *packet, enum fec_kind kind)
{
	const unsigned int max_count = kind == FEC_ROW ? FEC_MAX_COLUMNS : FEC_MAX_ROWS;

	if (packet->offset < 1 || packet->offset > FEC_MAX_COLUMNS)
		return -FEC_MATRIX;
	if (kind == FEC_ROW && packet->offset != 1)
		return -FEC_MATRIX;
	return packet->count < 1 || packet->count > max_count ? -FEC_MATRIX : 0;
}

int fec_packet_parse(struct fec_packet *out, enum fec_kind kind, const uint8_t *datagram,
                     size_t size)
{
	struct byte_reader r = byte_reader(datagram, size);
	struct fec_packet packet;
	unsigned int recovery, mask, type;
	int fault;

	if (size <= FEC_PAYLOAD_START || size > PACKET_MAX_BYTES)
		return -FEC_SIZE;
	if (bytes_u16(&r) >> 14 != 2)
		return -FEC_VERSION;
	bytes_take(&r, RTP_OWN_FIELDS);
	packet.base = bytes_u16(&r);
	bytes_u16(&r);
	recovery = bytes_u8(&r);
	mask = bytes_u24(&r);
	bytes_u32(&r);
	type = bytes_u8(&r);
	packet.offset = bytes_u8(&r);
	packet.count = bytes_u8(&r);
	if (!(recovery & 0x80) || mask || type & 0xb8)
		return -FEC_HEADER;
	if ((type & 0x40 ? FEC_ROW : FEC_COLUMN) != kind)
		return -FEC_DIRECTION;
	fault = check_matrix(&packet, kind);
	if (!fault)
		*out = packet;
	return fault;
}
