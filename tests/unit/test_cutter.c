/*
 * Datagrams cut from a ring: whole ones, leftovers, what finds no room, a lapped reader, RTP headers.
 */
#include "base/clock.h"
#include "media/ts.h"
#include "output/cutter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RING_PACKETS 1024u
#define START_NS     (5000 * NS_PER_S) /* beyond 32 bits of microseconds */

struct bench {
	struct ring *ring;
	struct cutter cutter;
	struct batch batch;
	uint64_t written, read; /* TS packets; each tells its number */
	int64_t now_ns;
};

static void write_packets(struct bench *b, size_t count)
{
	for (; count; count--) {
		uint8_t packet[TS_PACKET_BYTES] = {TS_SYNC_BYTE};

		memcpy(packet + 4, &b->written, sizeof(b->written));
		ring_write(b->ring, packet, 1, (uint32_t)(b->now_ns / NS_PER_US));
		b->written++;
	}
}

static void bench_open(struct bench *b, uint32_t pkt_size, const struct rtp_packetiser *rtp)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(ring_create(&b->ring, RING_PACKETS), 0);
	b->now_ns = START_NS;
	write_packets(b, 10); /* what was before is none of the output's */
	b->read = b->written;
	cutter_init(&b->cutter, b->ring, pkt_size, rtp);
	cutter_start(&b->cutter, b->now_ns);
}

/* Cut; the batch must begin where the last one that was done with ended. */
static uint64_t cut(struct bench *b)
{
	const uint64_t lost = cutter_cut(&b->cutter, &b->batch, b->now_ns);
	const uint8_t *at = b->batch.bytes;
	uint64_t number, wanted = b->read + lost;

	b->read = wanted;
	for (size_t i = 0; i < b->batch.count; i++) {
		const size_t packets = cutter_packets(&b->cutter, &b->batch, i);
		const size_t header =
			cutter_bytes(&b->cutter, &b->batch, i) - packets * TS_PACKET_BYTES;

		for (size_t p = 0; p < packets; p++) {
			memcpy(&number, at + header + p * TS_PACKET_BYTES + 4, sizeof(number));
			assert_int_equal(number, wanted++);
		}
		at += cutter_full_bytes(&b->cutter);
	}
	return lost;
}

static void done(struct bench *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		b->read += cutter_packets(&b->cutter, &b->batch, i);
	cutter_done(&b->cutter, &b->batch, count);
}

static void bench_close(struct bench *b)
{
	ring_destroy(b->ring);
}

static void test_whole_and_leftover(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 1316, NULL);
	assert_int_equal(cut(&b), 0);
	assert_int_equal(b.batch.count, 0);
	write_packets(&b, 17);
	cut(&b);
	assert_int_equal(b.batch.count, 2);
	assert_int_equal(cutter_full_bytes(&b.cutter), 1316);
	assert_int_equal(cutter_bytes(&b.cutter, &b.batch, 1), 1316);
	done(&b, 2);
	b.now_ns += 20 * NS_PER_MS;
	cut(&b);
	assert_int_equal(b.batch.count, 0);
	b.now_ns += NS_PER_MS;
	cut(&b);
	assert_int_equal(b.batch.count, 1);
	assert_int_equal(cutter_bytes(&b.cutter, &b.batch, 0), 3 * TS_PACKET_BYTES);
	done(&b, 1);
	assert_int_equal(b.read, b.written);
	bench_close(&b);
}

/* A leftover that gets company in time becomes a full datagram; one behind full ones leaves with them. */
static void test_leftover_waits(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 1316, NULL);
	write_packets(&b, 3);
	cut(&b);
	b.now_ns += 15 * NS_PER_MS;
	write_packets(&b, 4);
	cut(&b);
	assert_int_equal(b.batch.count, 1);
	assert_int_equal(cutter_bytes(&b.cutter, &b.batch, 0), 1316);
	done(&b, 1);
	write_packets(&b, 9);
	cut(&b);
	b.now_ns += 30 * NS_PER_MS; /* there was no room all the while */
	cut(&b);
	assert_int_equal(b.batch.count, 2);
	assert_int_equal(cutter_bytes(&b.cutter, &b.batch, 1), 2 * TS_PACKET_BYTES);
	bench_close(&b);
}

static void test_no_room(void **state)
{
	const struct rtp_start start = {.ssrc = 1, .sequence = 0xffff};
	struct rtp_packetiser rtp;
	static struct bench b;
	struct rtp_packet packet;

	(void)state;
	rtp_packetiser_init(&rtp, 33, &start);
	bench_open(&b, 1316, &rtp);
	write_packets(&b, 5 * 7);
	cut(&b);
	assert_int_equal(b.batch.count, 5);
	done(&b, 2);
	cut(&b);
	assert_int_equal(b.batch.count, 3);
	assert_int_equal(rtp_parse(&packet, b.batch.bytes, 1328), 0);
	assert_int_equal(packet.sequence, 1);
	done(&b, 0);
	write_packets(&b, 7);
	cut(&b);
	assert_int_equal(b.batch.count, 4);
	assert_int_equal(rtp_parse(&packet, b.batch.bytes, 1328), 0);
	assert_int_equal(packet.sequence, 1);
	bench_close(&b);
}

/* As many as the kernel takes at once, by number and by bytes. */
static void test_batch_limits(void **state)
{
	static const struct {
		uint32_t pkt_size;
		size_t count;
	} cases[] = {{188, 64}, {376, 64}, {1316, 48}};
	const struct rtp_start start = {.ssrc = 1};
	struct rtp_packetiser rtp;
	static struct bench b;

	(void)state;
	rtp_packetiser_init(&rtp, 33, &start);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_open(&b, cases[i].pkt_size, &rtp);
		write_packets(&b, RING_PACKETS);
		cut(&b);
		assert_int_equal(b.batch.count, cases[i].count);
		done(&b, b.batch.count);
		cut(&b);
		assert_true(b.batch.count > 0);
		bench_close(&b);
	}
}

static void test_lapped(void **state)
{
	static struct bench b;

	(void)state;
	bench_open(&b, 1316, NULL);
	write_packets(&b, RING_PACKETS + 100);
	assert_int_equal(cut(&b), RING_PACKETS + 100);
	assert_int_equal(b.batch.count, 0);
	write_packets(&b, 7);
	assert_int_equal(cut(&b), 0);
	assert_int_equal(b.batch.count, 1);
	bench_close(&b);
}

/* The time stamp is that of the arrival, and survives the wrap of its 32 bits of microseconds. */
static void test_timestamps(void **state)
{
	const struct rtp_start start = {.ssrc = 1};
	struct rtp_packet packet;
	struct rtp_packetiser rtp;
	static struct bench b;
	uint32_t last = 0;

	(void)state;
	rtp_packetiser_init(&rtp, 33, &start);
	bench_open(&b, 1316, &rtp);
	b.now_ns = ((1LL << 32) - 5000) * NS_PER_US; /* 5 ms before it */
	for (int i = 0; i < 10; i++) {
		b.now_ns += NS_PER_MS;
		write_packets(&b, 7);
		b.now_ns += NS_PER_MS;
		cut(&b);
		assert_int_equal(b.batch.count, 1);
		assert_int_equal(rtp_parse(&packet, b.batch.bytes, 1328), 0);
		if (i)
			assert_int_equal(packet.timestamp - last, 180);
		last = packet.timestamp;
		done(&b, 1);
	}
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_and_leftover),
		cmocka_unit_test(test_leftover_waits),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_batch_limits),
		cmocka_unit_test(test_lapped),
		cmocka_unit_test(test_timestamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
