/*
 * A stream of anything: packets near and far, forged sources, FEC made of noise and FEC that fits, two
 * paths, time that stands still or leaps. Whatever comes, payloads are whole TS packets, the sums of the
 * counters close, and memory keeps its limit. Input: options, then three to four bytes a step.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "media/rtp_stream.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT    (64u << 10)
#define DATAGRAM (12 + 188)

struct bench {
	struct rtp_stream *stream;
	const struct rtp_counters *counters;
	int64_t now_ns;
	uint16_t sequence;
	uint64_t emitted;
};

static void take(void *context, const uint8_t *payload, size_t size, bool broken)
{
	struct bench *b = context;

	(void)broken;
	if (size == 0 || size % 188 || payload[0] != 0x47)
		abort();
	b->emitted++;
}

static uint64_t sum(const struct rtp_counters *counters, const char *prefix)
{
	uint64_t total = 0;

	for (size_t i = 0; i < RTP_COUNTER_COUNT; i++) {
		if (strncmp(rtp_counter_table[i].name, prefix, strlen(prefix)) == 0)
			total += counter_at(counters, i);
	}
	return total;
}

static void check(const struct bench *b)
{
	const struct rtp_counters *c = b->counters;
	const uint64_t out = counter_get(&c->rtp_emitted) - counter_get(&c->rtp_recovered_fec) +
	                     counter_get(&c->rtp_duplicates) + counter_get(&c->rtp_late) +
	                     counter_get(&c->rtp_malformed) + counter_get(&c->rtp_stray) +
	                     counter_get(&c->rtp_held);
	const uint64_t fec = sum(c, "fec_malformed") + sum(c, "fec_stray") + sum(c, "fec_un") +
	                     sum(c, "fec_used") + sum(c, "fec_wrong") + sum(c, "fec_held");

	if (out != counter_get(&c->rtp_received) || fec != counter_get(&c->fec_received) ||
	    b->emitted != counter_get(&c->rtp_emitted) || counter_get(&c->rtp_memory_bytes) > LIMIT)
		abort();
}

static void make_media(uint8_t *out, uint16_t sequence, uint32_t ssrc)
{
	memset(out, (uint8_t)sequence, DATAGRAM);
	out[0] = 0x80;
	out[1] = 33;
	store_be16(out + 2, sequence);
	store_be32(out + 4, sequence);
	store_be32(out + 8, ssrc);
	out[12] = 0x47;
}

/* FEC that fits the packets that make_media makes, but for what `noise` changes. */
static void push_fec(struct bench *b, unsigned int what, unsigned int back, unsigned int noise)
{
	const bool row = what & 1;
	const unsigned int step = row ? 1 : 1 + (what >> 1 & 3), count = 1 + (what >> 3 & 7);
	const uint16_t base = (uint16_t)(b->sequence - back);
	uint8_t fec[28 + 188] = {0}, media[DATAGRAM];
	uint32_t timestamp = 0;

	for (unsigned int k = 0; k < count; k++) {
		make_media(media, (uint16_t)(base + k * step), 0);
		timestamp ^= load_be32(media + 4);
		for (size_t i = 0; i < 188; i++)
			fec[28 + i] ^= media[12 + i];
		fec[15] ^= 188;
		fec[16] ^= 33;
	}
	fec[0] = 0x80;
	fec[16] |= 0x80;
	store_be16(fec + 12, base);
	store_be32(fec + 20, timestamp);
	fec[24] = row ? 0x40 : 0;
	fec[25] = (uint8_t)step;
	fec[26] = (uint8_t)count;
	if (noise & 0x80)
		fec[noise & 0x1f] ^= (uint8_t)(1u << (noise >> 5 & 7));
	rtp_stream_push_fec(b->stream, row ? FEC_ROW : FEC_COLUMN, fec, sizeof(fec), b->now_ns);
}

static void push_media(struct bench *b, int path, uint16_t sequence, uint32_t ssrc, size_t size)
{
	uint8_t media[DATAGRAM];

	make_media(media, sequence, ssrc);
	(void)rtp_stream_push(b->stream, path, media, size, b->now_ns);
}

static void step(struct bench *b, struct byte_reader *r)
{
	const unsigned int command = bytes_u8(r), a = bytes_u8(r), c = bytes_u8(r);
	const int path = command >> 7;

	switch (command & 7) {
	case 0:
		push_media(b, path, (uint16_t)(a << 8 | c), command >> 3 & 3, DATAGRAM);
		break;
	case 1:
		push_media(b, path, (uint16_t)(b->sequence + a - 128), 0,
		           c < 8 ? c * 30 : DATAGRAM);
		break;
	case 2:
		b->sequence = (uint16_t)(b->sequence + a); /* a gap */
		break;
	case 3:
		b->now_ns += (int64_t)(a << 8 | c) * NS_PER_MS / 16;
		rtp_stream_tick(b->stream, b->now_ns);
		break;
	case 4:
		push_fec(b, a, c, 0);
		break;
	case 5:
		push_fec(b, a, c & 0x3f, bytes_u8(r) | 0x80u);
		break;
	case 6:
		if (a == 1)
			rtp_stream_reset(b->stream);
		/* fall through */
	default:
		for (unsigned int i = 0; i < (c & 0x1fu); i++) {
			b->now_ns += 2 * NS_PER_MS;
			push_media(b, path, b->sequence++, 0, DATAGRAM);
		}
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct byte_reader r = byte_reader(data, size);
	struct bench b = {.now_ns = NS_PER_S, .sequence = 65400};
	struct rtp_stream_config config = {.max_bytes = LIMIT, .emit = take, .context = &b};

	config.options.reorder_ms = bytes_u8(&r);
	config.options.merge_ms = bytes_u8(&r) * 4u;
	config.options.fec = !(config.options.reorder_ms & 1);
	if (rtp_stream_create(&b.stream, &config))
		abort();
	b.counters = rtp_stream_counters(b.stream);
	while (bytes_left(&r) > 0) {
		step(&b, &r);
		check(&b);
	}
	for (int i = 0; i < 70; i++) { /* everything lets go in the end */
		b.now_ns += 200 * NS_PER_MS;
		rtp_stream_tick(b.stream, b.now_ns);
	}
	rtp_stream_reset(b.stream);
	check(&b);
	if (counter_get(&b.counters->rtp_held) != 0)
		abort();
	rtp_stream_destroy(b.stream);
	return 0;
}
