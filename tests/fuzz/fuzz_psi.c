/*
 * Fuzz target: PAT and PMT. The input is a row of sections: table_id, size, body; header lengths
 * and CRC are made right, so that what is inside them is what gets tested. Size 255 means a packet
 * of raw bytes.
 */
#include "base/bytes.h"
#include "media/psi.h"
#include "media/ts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PMT_PID 0x20

static void take_program(void *context, const struct psi_program *program)
{
	(void)context;
	if (program->stream_count > PSI_MAX_STREAMS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader r = byte_reader(data, size);
	uint8_t counter = 0;
	struct psi *psi;

	if (psi_create(&psi, take_program, NULL) < 0)
		return 0;
	while (bytes_left(&r) > 0 && !r.overrun) {
		uint8_t packet[TS_PACKET_BYTES];
		uint8_t table = bytes_u8(&r), length = bytes_u8(&r);
		bool raw = length == 255;
		size_t n = raw ? TS_PACKET_BYTES - 3 : length % 170;
		const uint8_t *body;

		if (n > bytes_left(&r))
			n = bytes_left(&r);
		body = bytes_take(&r, n);
		if (!body)
			break;
		memset(packet, 0xff, sizeof(packet));
		packet[0] = TS_SYNC_BYTE;
		packet[1] = table & 0x80 ? 0 : 0x40;
		packet[2] = table & 2 ? PMT_PID : 0;
		packet[3] = (uint8_t)(0x10 | (counter++ & 0x0f));
		packet[4] = 0;
		if (raw) {
			memcpy(packet + 3, body, n);
		} else {
			packet[5] = table & 2;
			store_be16(packet + 6, (uint16_t)(0xb000 | (n + 4)));
			memcpy(packet + 8, body, n);
			store_be32(packet + 8 + n, section_crc(packet + 5, 3 + n));
		}
		if (psi_wants(psi, ts_get_pid(packet)))
			psi_push(psi, packet);
	}
	psi_destroy(psi);
	return 0;
}
