/*
 * A channel with one input or two under datagrams from anywhere, while its settings change and inputs are
 * selected: what is in the ring is TS and as much as is counted, and every datagram is accounted for.
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

struct fuzz {
	struct channel *channel;
	struct byte_reader r;
	int64_t now_ns;
};

static uint64_t get(const counter_t *counter)
{
	return counter_get(counter);
}

static void receive(struct fuzz *f, unsigned int path, enum channel_input input,
                    const uint8_t *from, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1); /* its own block: an overrun is seen */

	if (!exact)
		return;
	memcpy(exact, from, size);
	channel_receive(f->channel, path, input, exact, size, f->now_ns);
	free(exact);
}

/* A datagram that a channel would like: n TS packets, behind an RTP header if there is a sequence. */
static void receive_ts(struct fuzz *f, unsigned int path, bool rtp, size_t n)
{
	uint8_t bytes[12 + MAX_PACKETS * TS_PACKET_BYTES] = {0}, *at = bytes;

	n %= MAX_PACKETS + 1;
	if (rtp) {
		at[0] = bytes_u8(&f->r) % 8 ? 0x80 : 0xa0;
		at[1] = 33;
		store_be16(at + 2, bytes_u16(&f->r));
		at[11] = bytes_u8(&f->r) % 2;
		at += 12;
	}
	for (size_t i = 0; i < n; i++, at += TS_PACKET_BYTES) {
		at[0] = TS_SYNC_BYTE;
		store_be16(at + 1, bytes_u16(&f->r) % 8 ? 0x100 : TS_PID_NULL);
	}
	if (n)
		at[-1] = bytes_u8(&f->r);
	receive(f, path, CHANNEL_MEDIA, bytes, (size_t)(at - bytes));
}

static void receive_raw(struct fuzz *f, unsigned int path, enum channel_input input, size_t n)
{
	const uint8_t *raw = bytes_take(&f->r, n < bytes_left(&f->r) ? n : bytes_left(&f->r));

	receive(f, path, input, raw, (size_t)(f->r.at - raw));
}

static void configure(struct fuzz *f, uint8_t bits)
{
	const struct channel_settings settings = {.reorder_ms = bits & 1 ? 50 : 0,
	                                          .fec = bits >> 1 & 1,
	                                          .backup = bits >> 2 & 1,
	                                          .merge = bits >> 3 & 1,
	                                          .returns = bits >> 4 & 1,
	                                          .merge_ms = 200,
	                                          .timeout_ms = 50,
	                                          .stable_ms = bits >> 5 & 1 ? 100 : 0};

	channel_configure(f->channel, &settings);
}

static void step(struct fuzz *f)
{
	const uint8_t kind = bytes_u8(&f->r), n = bytes_u8(&f->r);
	const unsigned int path = kind >> 3 & 1;

	switch (kind % 8) {
	case 0:
		receive_raw(f, path, CHANNEL_MEDIA, n);
		break;
	case 1:
		receive_ts(f, path, false, n);
		break;
	case 4:
		receive_raw(f, path, n & 1 ? CHANNEL_FEC_ROW : CHANNEL_FEC_COLUMN, n);
		break;
	case 5:
		configure(f, n);
		break;
	case 6:
		channel_select(f->channel, path);
		break;
	case 7:
		f->now_ns += n * NS_PER_MS;
		channel_tick(f->channel, f->now_ns);
		break;
	default:
		receive_ts(f, path, true, n);
	}
}

/* Of one input, or of both while they are merged. */
static uint64_t check_rtp(const struct rtp_counters *c)
{
	if (get(&c->rtp_received) + get(&c->rtp_recovered_fec) !=
	    get(&c->rtp_emitted) + get(&c->rtp_duplicates) + get(&c->rtp_late) +
	            get(&c->rtp_malformed) + get(&c->rtp_stray) + get(&c->rtp_held))
		abort();
	return get(&c->rtp_received);
}

static void check_sums(const struct channel *channel)
{
	const struct channel_counters *c = channel_counters(channel);
	uint64_t datagrams = 0, rtp = 0;

	for (unsigned int i = 0; i < CHANNEL_PATHS; i++) {
		datagrams += get(&channel_input_counters(channel, i)->datagrams_received);
		rtp += check_rtp(channel_input_rtp_counters(channel, i));
	}
	if (get(&c->datagrams_received) != datagrams || rtp > datagrams)
		abort();
	if (ring_head(channel_ring(channel)) * TS_PACKET_BYTES !=
	    get(&c->bytes_received) + get(&c->packets_inserted) * TS_PACKET_BYTES)
		abort();
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
	struct fuzz f = {.r = byte_reader(data, size), .now_ns = NS_PER_S};

	log_configure(LOG_LEVEL_ERROR, false);
	if (channel_create(&f.channel, &config))
		return 0;
	while (bytes_left(&f.r) >= 2) {
		step(&f);
		check_sums(f.channel);
	}
	read_back(f.channel);
	channel_destroy(f.channel);
	return 0;
}
