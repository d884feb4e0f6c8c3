/*
 * Fuzz target: TS packets through the whole remuxer. The first byte tells where the stream breaks
 * off and goes on. The input's packets get a sync byte, and every 16th a valid PAT or PMT goes
 * first, so that random bytes reach the streams.
 */
#include "media/remux.h"
#include "media/section.h"
#include "media/ts.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* PAT: program 1 on PID 0x20. PMT: H.264 on 0x21, AAC on 0x22. Without their CRC. */
static const struct remux_choice usual;
static const uint8_t pat[] = {0x00, 0xb0, 0x0d, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0, 0x20};
static const uint8_t pmt[] = {0x02, 0xb0, 0x17, 0,    1,    0xc1, 0,    0,    0xe0, 0x21, 0xf0,
                              0x00, 0x1b, 0xe0, 0x21, 0xf0, 0,    0x0f, 0xe0, 0x22, 0xf0, 0};

struct order {
	int64_t last[2];
	bool started[2];
};

static void take_tag(void *context, struct flv_tag *tag)
{
	struct order *order = context;
	size_t kind = tag->type == FLV_AUDIO;

	if (!tag->header) {
		if (order->started[kind] && tag->timestamp_ms <= order->last[kind])
			abort();
		order->started[kind] = true;
		order->last[kind] = tag->timestamp_ms;
	}
	flv_tag_unref(tag);
}

static void push_section(struct remuxer *remuxer, uint8_t pid, uint8_t counter,
                         const uint8_t *section, size_t size)
{
	uint8_t packet[TS_PACKET_BYTES];

	memset(packet, 0xff, sizeof(packet));
	packet[0] = TS_SYNC_BYTE;
	packet[1] = 0x40;
	packet[2] = pid;
	packet[3] = (uint8_t)(0x10 | (counter & 0x0f));
	packet[4] = 0;
	memcpy(packet + 5, section, size);
	store_be32(packet + 5 + size, section_crc(section, size));
	remuxer_push(remuxer, packet, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct order order = {0};
	struct remuxer *remuxer;
	struct flv_tag *headers[3];
	size_t breaks, count;

	if (size < 1 || remuxer_create(&remuxer, take_tag, &order) < 0)
		return 0;
	breaks = data[0];
	data++;
	size--;
	for (size_t i = 0; (i + 1) * TS_PACKET_BYTES <= size; i++) {
		uint8_t packet[TS_PACKET_BYTES];

		if (i % 16 == 0) {
			push_section(remuxer, 0x00, (uint8_t)(i / 16), pat, sizeof(pat));
			push_section(remuxer, 0x20, (uint8_t)(i / 16), pmt, sizeof(pmt));
		}
		memcpy(packet, data + i * TS_PACKET_BYTES, sizeof(packet));
		packet[0] = TS_SYNC_BYTE;
		remuxer_push(remuxer, packet, 1);
		if (breaks && i % breaks == breaks - 1)
			remuxer_discontinuity(remuxer);
	}
	remuxer_flush(remuxer);
	count = remuxer_get_headers(remuxer, &usual, headers);
	while (count--)
		flv_tag_unref(headers[count]);
	remuxer_destroy(remuxer);
	return 0;
}
