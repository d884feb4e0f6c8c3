/*
 * The TS ring: what a reader gets, in order, after a lap, and while the writer is at full speed.
 */
#include "media/ts.h"
#include "relay/ring.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define WORDS (TS_PACKET_BYTES / sizeof(uint32_t))

/* Every word of a packet says which packet it is, so a torn one gives itself away. */
static void fill_packet(uint8_t *packet, uint64_t number)
{
	const uint32_t word = (uint32_t)number;

	for (size_t i = 0; i < WORDS; i++)
		memcpy(packet + i * sizeof(word), &word, sizeof(word));
}

static bool is_packet(const uint8_t *packet, uint64_t number)
{
	uint8_t expected[TS_PACKET_BYTES];

	fill_packet(expected, number);
	return !memcmp(packet, expected, sizeof(expected));
}

/* Write the packets number *next and following; their arrival time is the first one's number. */
static void write_packets(struct ring *ring, uint64_t *next, size_t count)
{
	uint8_t packets[64 * TS_PACKET_BYTES];

	assert_true(count <= 64);
	for (size_t i = 0; i < count; i++)
		fill_packet(packets + i * TS_PACKET_BYTES, *next + i);
	ring_write(ring, packets, count, (uint32_t)*next);
	*next += count;
}

static void test_create(void **state)
{
	static const struct {
		uint32_t capacity;
		int error;
	} cases[] = {
		{0, -EINVAL},
		{1, -EINVAL},
		{64, -EINVAL},
		{128, 0},
		{129, -EINVAL},
		{192, -EINVAL},
		{4096, 0},
		{RING_DEFAULT_PACKETS, 0},
		{RING_MAX_PACKETS, 0},
		{RING_MAX_PACKETS * 2, -EINVAL},
		{0x80000000u, -EINVAL},
		{UINT32_MAX, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ring *ring = NULL;

		assert_int_equal(ring_create(&ring, cases[i].capacity), cases[i].error);
		assert_true(!ring == !!cases[i].error);
		ring_destroy(ring);
	}
}

static void test_empty(void **state)
{
	uint8_t out[TS_PACKET_BYTES];
	uint64_t position = 0, lost = 0;
	uint32_t arrival = 77;
	struct ring *ring;

	(void)state;
	assert_int_equal(ring_create(&ring, 128), 0);
	assert_int_equal(ring_head(ring), 0);
	assert_int_equal(ring_read(ring, &position, out, 1, &arrival, &lost), 0);
	assert_int_equal(position, 0);
	assert_int_equal(lost, 0);
	assert_int_equal(arrival, 77);
	ring_write(ring, out, 0, 5);
	assert_int_equal(ring_head(ring), 0);
	ring_destroy(ring);
}

static void test_order(void **state)
{
	uint8_t out[7 * TS_PACKET_BYTES];
	uint64_t next = 0, position = 0, lost = 0;
	uint32_t arrival;
	struct ring *ring;

	(void)state;
	assert_int_equal(ring_create(&ring, 128), 0);
	write_packets(ring, &next, 3);
	write_packets(ring, &next, 7);
	assert_int_equal(ring_head(ring), 10);
	assert_int_equal(ring_read(ring, &position, out, 0, &arrival, &lost), 0);
	assert_int_equal(ring_read(ring, &position, out, 2, &arrival, &lost), 2);
	assert_int_equal(arrival, 0);
	assert_true(is_packet(out, 0) && is_packet(out + TS_PACKET_BYTES, 1));
	assert_int_equal(ring_read(ring, &position, out, 7, NULL, &lost), 7);
	for (uint64_t i = 0; i < 7; i++)
		assert_true(is_packet(out + i * TS_PACKET_BYTES, 2 + i));
	assert_int_equal(ring_read(ring, &position, out, 7, &arrival, &lost), 1);
	assert_int_equal(arrival, 3); /* of the burst that packet 9 came in */
	assert_int_equal(position, 10);
	assert_int_equal(lost, 0);
	ring_destroy(ring);
}

/* Reads and writes of every small size, many times around: no packet is missed, none comes twice. */
static void test_wrap(void **state)
{
	uint8_t out[16 * TS_PACKET_BYTES];

	(void)state;
	for (size_t writes = 1; writes <= 13; writes += 3) {
		for (size_t reads = 1; reads <= 16; reads += 5) {
			uint64_t next = 0, position = 0, lost = 0;
			struct ring *ring;

			assert_int_equal(ring_create(&ring, 128), 0);
			while (next < 1000) {
				write_packets(ring, &next, writes);
				while (position < next) {
					const uint64_t start = position;
					const size_t count =
						ring_read(ring, &position, out, reads, NULL, &lost);

					assert_true(count > 0 && count <= reads);
					assert_int_equal(position, start + count);
					for (size_t i = 0; i < count; i++)
						assert_true(is_packet(out + i * TS_PACKET_BYTES,
						                      start + i));
				}
			}
			assert_int_equal(lost, 0);
			ring_destroy(ring);
		}
	}
}

/* Exactly one capacity behind everything is still there; one packet more and the reader is lapped. */
static void test_lapped(void **state)
{
	uint8_t out[128 * TS_PACKET_BYTES];
	uint64_t next = 0, position = 0, lost = 0;
	struct ring *ring;

	(void)state;
	assert_int_equal(ring_create(&ring, 128), 0);
	write_packets(ring, &next, 64);
	write_packets(ring, &next, 64);
	assert_int_equal(ring_read(ring, &position, out, 128, NULL, &lost), 128);
	for (uint64_t i = 0; i < 128; i++)
		assert_true(is_packet(out + i * TS_PACKET_BYTES, i));
	position = 0;
	write_packets(ring, &next, 1);
	assert_int_equal(ring_read(ring, &position, out, 128, NULL, &lost), 0);
	assert_int_equal(position, 129);
	assert_int_equal(lost, 129);
	assert_int_equal(ring_read(ring, &position, out, 128, NULL, &lost), 0);
	assert_int_equal(lost, 129);
	write_packets(ring, &next, 2);
	assert_int_equal(ring_read(ring, &position, out, 128, NULL, &lost), 2);
	assert_true(is_packet(out, 129) && is_packet(out + TS_PACKET_BYTES, 130));
	assert_int_equal(lost, 129);
	ring_destroy(ring);
}

/* Readers do not know of each other: one is lapped, the other is not. */
static void test_two_readers(void **state)
{
	uint8_t out[64 * TS_PACKET_BYTES];
	uint64_t next = 0, slow = 0, fast = 0, slow_lost = 0, fast_lost = 0;
	struct ring *ring;

	(void)state;
	assert_int_equal(ring_create(&ring, 128), 0);
	for (int i = 0; i < 10; i++) {
		write_packets(ring, &next, 50);
		assert_int_equal(ring_read(ring, &fast, out, 64, NULL, &fast_lost), 50);
	}
	assert_int_equal(ring_read(ring, &slow, out, 64, NULL, &slow_lost), 0);
	assert_int_equal(fast_lost, 0);
	assert_int_equal(slow_lost, 500);
	ring_destroy(ring);
}

#ifdef __SANITIZE_THREAD__
#define SLOW_DOWN 8
#else
#define SLOW_DOWN 1
#endif

#define RACE_CAPACITY 256
#define RACE_PACKETS  (400000u / SLOW_DOWN)
#define RACE_READERS  4

struct race {
	struct ring *ring;
	atomic_bool finished;
};

struct racer {
	struct race *race;
	size_t max;   /* packets per read */
	uint64_t lag; /* how far it lets the writer get ahead, to be overtaken while it copies */
	uint64_t position, lost, read, torn, misdated;
};

static void *race_write(void *argument)
{
	struct race *race = argument;
	uint64_t next = 0;

	for (size_t burst = 1; next < RACE_PACKETS; burst = burst % 7 + 1) {
		write_packets(race->ring, &next, burst);
		if (next % 97 == 0)
			sched_yield();
	}
	atomic_store(&race->finished, true);
	return NULL;
}

static size_t race_step(struct racer *racer, uint8_t *out)
{
	const uint64_t start = racer->position;
	uint32_t arrival = 0;
	const size_t count = ring_read(racer->race->ring, &racer->position, out, racer->max,
	                               &arrival, &racer->lost);

	for (size_t i = 0; i < count; i++)
		racer->torn += !is_packet(out + i * TS_PACKET_BYTES, start + i);
	if (count && (start < arrival || start - arrival >= 7))
		racer->misdated++;
	racer->read += count;
	return count;
}

static void *race_read(void *argument)
{
	struct racer *racer = argument;
	uint8_t out[64 * TS_PACKET_BYTES];
	bool finished;

	do {
		finished = atomic_load(&racer->race->finished);
		if (!finished && ring_head(racer->race->ring) - racer->position < racer->lag)
			continue;
		while (race_step(racer, out) && !racer->lag)
			;
	} while (!finished);
	while (race_step(racer, out))
		;
	return NULL;
}

static void test_race(void **state)
{
	struct race race = {0};
	struct racer racers[RACE_READERS] = {
		{.max = 1}, {.max = 7}, {.max = 64}, {.max = 64, .lag = RACE_CAPACITY - 8}};
	pthread_t writer, readers[RACE_READERS];

	(void)state;
	assert_int_equal(ring_create(&race.ring, RACE_CAPACITY), 0);
	for (int i = 0; i < RACE_READERS; i++) {
		racers[i].race = &race;
		assert_int_equal(pthread_create(&readers[i], NULL, race_read, &racers[i]), 0);
	}
	assert_int_equal(pthread_create(&writer, NULL, race_write, &race), 0);
	pthread_join(writer, NULL);
	for (int i = 0; i < RACE_READERS; i++) {
		pthread_join(readers[i], NULL);
		assert_int_equal(racers[i].torn, 0);
		assert_int_equal(racers[i].misdated, 0);
		assert_int_equal(racers[i].position, ring_head(race.ring));
		assert_int_equal(racers[i].lost + racers[i].read, ring_head(race.ring));
	}
	ring_destroy(race.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_lapped), cmocka_unit_test(test_two_readers),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
