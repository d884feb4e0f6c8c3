/*
 * FEC datagrams from anywhere: headers that parse are within bounds, and nothing comes out of the decoder
 * that was not missing or does not carry whole TS packets. Input: a sequence of commands, each a byte
 * that says what, and its data.
 */
#include "base/bytes.h"
#include "media/fec.h"
#include "media/rtp_ts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST 65500

struct bench {
	struct packet_pool pool;
	struct packet_store *store;
	struct rtp_counters counters;
	struct fec *fec;
	uint16_t newest;
};

static size_t make_media(uint8_t *out, uint16_t sequence, unsigned int seed)
{
	const size_t packets = 1 + seed % 3;

	memset(out, (int)seed, 12 + packets * 188);
	out[0] = 0x80;
	out[1] = 33;
	store_be16(out + 2, sequence);
	store_be32(out + 4, sequence * 7u);
	for (size_t i = 0; i < packets; i++)
		out[12 + i * 188] = 0x47;
	return 12 + packets * 188;
}

static void check_parse(enum fec_kind kind, const uint8_t *data, size_t size)
{
	struct fec_packet packet;

	if (fec_packet_parse(&packet, kind, data, size))
		return;
	if (packet.offset < 1 || packet.offset > 20 || packet.count < 1 || packet.count > 20 ||
	    size <= FEC_PAYLOAD_START)
		abort();
}

static void drain(struct bench *b)
{
	struct rtp_packet packet;
	const uint8_t *rebuilt;
	size_t size;

	while ((rebuilt = fec_recover(b->fec, b->newest, 1, &size))) {
		if (rtp_ts_parse(&packet, rebuilt, size) || packet.size == 0)
			abort();
		if (packet_store_at(b->store, packet.sequence)->state != PACKET_MISSING)
			abort();
		if (packet_store_put(b->store, packet.sequence, rebuilt, size,
		                     (size_t)(packet.payload - rebuilt), packet.size, 0))
			packet_store_drop(b->store, packet.sequence);
	}
}

/* Up to 400 bytes as a FEC datagram, its base moved near the media so that it has a chance. */
static void push(struct bench *b, enum fec_kind kind, struct byte_reader *r)
{
	uint8_t datagram[28 + 3 * 188];
	size_t size = bytes_left(r) < sizeof(datagram) ? bytes_left(r) : sizeof(datagram);
	const uint8_t *taken;

	if (size > 64)
		size = 64;
	taken = bytes_take(r, size);
	memset(datagram, 0, sizeof(datagram));
	memcpy(datagram, taken, size);
	datagram[12] = (uint8_t)(datagram[12] & 3) + 0xfe;
	size = size < 28 ? size : 28 + 188 * (1 + (size_t)datagram[13] % 3);
	check_parse(kind, datagram, size);
	if (fec_push(b->fec, kind, datagram, size, b->newest, 0) || fec_is_due(b->fec, b->newest))
		drain(b);
}

static void step(struct bench *b, unsigned int command, struct byte_reader *r)
{
	uint8_t media[12 + 3 * 188];
	size_t size;

	switch (command % 8) {
	case 0:
	case 1:
		push(b, command % 8 ? FEC_ROW : FEC_COLUMN, r);
		break;
	case 2:
		b->newest++;
		if (packet_store_miss(b->store, b->newest, 0))
			abort();
		break;
	case 3:
		fec_reset(b->fec);
		break;
	case 4:
		fec_expire(b->fec, command, (int64_t)command << 30);
		break;
	default:
		b->newest++;
		size = make_media(media, b->newest, command >> 3);
		(void)packet_store_put(b->store, b->newest, media, size, 12, size - 12, 0);
		drain(b);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader r = byte_reader(data, size);
	struct bench b = {.pool.max_bytes = 1 << 20, .newest = FIRST};

	check_parse(FEC_COLUMN, data, size);
	check_parse(FEC_ROW, data, size);
	if (packet_store_create(&b.store, &b.pool) ||
	    fec_create(&b.fec, &b.pool, b.store, &b.counters))
		abort();
	while (bytes_left(&r) > 0)
		step(&b, bytes_u8(&r), &r);
	fec_destroy(b.fec);
	packet_store_destroy(b.store);
	packet_pool_clear(&b.pool);
	if (b.pool.used_bytes != 0)
		abort();
	return 0;
}
