/*
 * A channel under datagrams from anywhere: each one reaches the ring whole, or is a duplicate, or is
 * rejected for one reason; and what is in the ring is TS.
 */
#include "base/bytes.h"
#include "media/ts.h"
#include "relay/channel.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PACKETS 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t get(const counter_t *counter)
{
	return counter_get(counter);
}

/* Datagrams that did not reach the ring. */
static uint64_t refused(const struct channel_counters *c)
{
	return get(&c->rtp_duplicates) + get(&c->rejected_truncated) + get(&c->rejected_version) +
	       get(&c->rejected_padding) + get(&c->rejected_size) + get(&c->rejected_sync);
}

static void receive(struct channel *channel, const uint8_t *datagram, size_t size)
{
	const struct channel_counters *c = channel_counters(channel);
	const uint64_t head = ring_head(channel_ring(channel)), before = refused(c);
	const uint64_t lost = get(&c->rtp_lost);
	bool taken;

	channel_receive(channel, 0, CHANNEL_MEDIA, datagram, size, 1000000);
	taken = ring_head(channel_ring(channel)) > head;
	if (refused(c) != before + !taken || get(&c->rtp_lost) < lost)
		abort();
	if (get(&c->bytes_received) != ring_head(channel_ring(channel)) * TS_PACKET_BYTES)
		abort();
}

/* A datagram that a channel would like: n TS packets, behind an RTP header if there is a sequence. */
static void receive_ts(struct channel *channel, struct byte_reader *r, bool rtp, size_t n)
{
	uint8_t bytes[12 + MAX_PACKETS * TS_PACKET_BYTES] = {0}, *at = bytes;

	n %= MAX_PACKETS + 1;
	if (rtp) {
		at[0] = bytes_u8(r) % 8 ? 0x80 : 0xa0;
		at[1] = 33;
		store_be16(at + 2, bytes_u16(r));
		at[11] = bytes_u8(r) % 2;
		at += 12;
	}
	for (size_t i = 0; i < n; i++, at += TS_PACKET_BYTES)
		at[0] = TS_SYNC_BYTE;
	if (n)
		at[-1] = bytes_u8(r);
	receive(channel, bytes, (size_t)(at - bytes));
}

static void read_back(const struct channel *channel)
{
	const struct ring *ring = channel_ring(channel);
	uint64_t position = 0, lost = 0;
	uint8_t packets[16 * TS_PACKET_BYTES];
	size_t count;

	while (position < ring_head(ring)) {
		count = ring_read(ring, &position, packets, 16, NULL, &lost);
		for (size_t i = 0; i < count; i++)
			if (!ts_has_sync(packets + i * TS_PACKET_BYTES))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct channel_config config = {.name = "fuzz", .ring_packets = 128};
	struct byte_reader r = byte_reader(data, size);
	struct channel *channel;
	uint64_t count = 0;

	if (channel_create(&channel, &config))
		return 0;
	for (; bytes_left(&r) >= 2; count++) {
		const uint8_t kind = bytes_u8(&r), n = bytes_u8(&r);
		const uint8_t *raw;

		if (kind % 4) {
			receive_ts(channel, &r, kind % 4 != 1, n);
			continue;
		}
		raw = bytes_take(&r, n < bytes_left(&r) ? n : bytes_left(&r));
		receive(channel, raw, (size_t)(r.at - raw));
	}
	if (get(&channel_counters(channel)->datagrams_received) != count)
		abort();
	read_back(channel);
	channel_destroy(channel);
	return 0;
}
