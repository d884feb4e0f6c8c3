/*
 * A channel with one input or two under datagrams from anywhere, while its settings change: every datagram is
 * counted, what is in the ring is TS, and the ring holds what was received and what was inserted.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "media/ts.h"
#include "relay/channel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PACKETS 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void configure(struct channel *channel, struct byte_reader *r)
{
	const uint8_t bits = bytes_u8(r);
	const struct channel_settings settings = {.reorder_ms = bits & 1 ? 50 : 0,
	                                          .fec = bits >> 1 & 1,
	                                          .backup = bits >> 2 & 1,
	                                          .merge = bits >> 3 & 1,
	                                          .merge_ms = 200,
	                                          .timeout_ms = 50,
	                                          .returns = bits >> 4 & 1,
	                                          .stable_ms = bits >> 5 & 1 ? 100 : 0};

	channel_configure(channel, &settings);
	if (bits & 0x40)
		channel_select(channel, bits >> 7);
}

/* A datagram that a channel would like: n TS packets, behind an RTP header if there is a sequence. */
static size_t make_ts(uint8_t *out, struct byte_reader *r, bool rtp, size_t n)
{
	uint8_t *at = out;

	if (rtp) {
		at[0] = bytes_u8(r) % 8 ? 0x80 : 0xa0;
		at[1] = 33;
		store_be16(at + 2, bytes_u16(r));
		at[11] = bytes_u8(r) % 2;
		at += 12;
	}
	for (size_t i = 0; i < n % (MAX_PACKETS + 1); i++, at += TS_PACKET_BYTES) {
		at[0] = TS_SYNC_BYTE;
		store_be16(at + 1, bytes_u16(r));
		at[3] = bytes_u8(r);
		at[4] = bytes_u8(r);
		at[5] = bytes_u8(r);
	}
	return (size_t)(at - out);
}

static void receive(struct channel *channel, struct byte_reader *r, uint8_t kind, int64_t now_ns)
{
	uint8_t bytes[12 + MAX_PACKETS * TS_PACKET_BYTES] = {0};
	const uint8_t n = bytes_u8(r), *raw;
	size_t size;

	if (kind & 2) {
		size = make_ts(bytes, r, kind & 1, n);
	} else {
		size = n < bytes_left(r) ? n : bytes_left(r);
		raw = bytes_take(r, size);
		if (size)
			memcpy(bytes, raw, size);
	}
	channel_receive(channel, kind >> 2 & 1, (kind >> 3) % CHANNEL_INPUTS, bytes, size, now_ns);
}

static void read_back(const struct channel *channel)
{
	const struct channel_counters *c = channel_counters(channel);
	const struct ring *ring = channel_ring(channel);
	uint64_t position = 0, lost = 0;
	uint8_t packets[16 * TS_PACKET_BYTES];
	size_t count;

	if (ring_head(ring) * TS_PACKET_BYTES !=
	    counter_get(&c->bytes_received) + counter_get(&c->packets_inserted) * TS_PACKET_BYTES)
		abort();
	while ((count = ring_read(ring, &position, packets, 16, NULL, &lost)))
		for (size_t i = 0; i < count; i++)
			if (!ts_has_sync(packets + i * TS_PACKET_BYTES))
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct channel_config config = {.name = "fuzz", .ring_packets = 128};
	struct byte_reader r = byte_reader(data, size);
	struct channel *channel;
	int64_t now_ns = NS_PER_S;

	log_configure(LOG_LEVEL_ERROR, false);
	if (channel_create(&channel, &config))
		return 0;
	while (bytes_left(&r) >= 2) {
		const uint8_t kind = bytes_u8(&r);

		if (kind >= 0xf0) {
			now_ns += (kind & 15) * 10 * NS_PER_MS;
			channel_tick(channel, now_ns);
		} else if (kind >= 0xe0) {
			configure(channel, &r);
		} else {
			receive(channel, &r, kind, now_ns);
		}
	}
	if (counter_get(&channel_counters(channel)->datagrams_received) !=
	    counter_get(&channel_input_counters(channel, 0)->datagrams_received) +
	            counter_get(&channel_input_counters(channel, 1)->datagrams_received))
		abort();
	read_back(channel);
	channel_destroy(channel);
	return 0;
}
