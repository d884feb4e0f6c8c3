/*
 * The packet store and its pool: what goes in comes out, memory is bounded, reused and given back.
 */
#include "media/packet_store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TS_DATAGRAM 1328

struct bench {
	struct packet_pool pool;
	struct packet_store *store;
	uint8_t datagram[PACKET_MAX_BYTES + 1];
};

static struct bench *open_bench(size_t max_bytes)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->pool.max_bytes = max_bytes;
	assert_int_equal(packet_store_create(&b->store, &b->pool), 0);
	return b;
}

static void close_bench(struct bench *b)
{
	packet_store_destroy(b->store);
	packet_pool_clear(&b->pool);
	assert_int_equal(b->pool.used_bytes, 0);
	free(b);
}

static int put(struct bench *b, uint16_t sequence, size_t size)
{
	memset(b->datagram, sequence & 0xff, size);
	return packet_store_put(b->store, sequence, b->datagram, size, 12, size - 12, sequence);
}

static void test_states(void **state)
{
	struct bench *b = open_bench(1 << 20);
	const struct packet_slot *slot;

	(void)state;
	assert_int_equal(packet_store_at(b->store, 7)->state, PACKET_UNKNOWN);
	packet_store_drop(b->store, 7); /* before there are slots */
	packet_store_clear(b->store);
	assert_int_equal(packet_store_miss(b->store, 7, 99), 0);
	slot = packet_store_at(b->store, 7);
	assert_int_equal(slot->state, PACKET_MISSING);
	assert_int_equal(slot->since_ns, 99);
	assert_null(slot->datagram);
	assert_int_equal(put(b, 7, TS_DATAGRAM), 0);
	slot = packet_store_at(b->store, 7);
	assert_int_equal(slot->state, PACKET_STORED);
	assert_int_equal(slot->size, TS_DATAGRAM);
	assert_int_equal(slot->offset, 12);
	assert_int_equal(slot->payload_size, TS_DATAGRAM - 12);
	assert_int_equal(slot->since_ns, 7);
	assert_memory_equal(slot->datagram, b->datagram, TS_DATAGRAM);
	assert_int_equal(packet_store_count(b->store), 1);
	assert_int_equal(packet_store_miss(b->store, 7, 1), 0);
	assert_int_equal(packet_store_count(b->store), 0);
	packet_store_drop(b->store, 7);
	assert_int_equal(packet_store_at(b->store, 7)->state, PACKET_UNKNOWN);
	close_bench(b);
	packet_store_destroy(NULL);
}

/* A span of slots, over the wrap of the numbers, keeps every packet apart. */
static void test_wrap(void **state)
{
	struct bench *b = open_bench(32 << 20);

	(void)state;
	for (unsigned int i = 0; i < PACKET_STORE_SLOTS; i++)
		assert_int_equal(put(b, (uint16_t)(61000 + i), 200), 0);
	assert_int_equal(packet_store_count(b->store), PACKET_STORE_SLOTS);
	for (unsigned int i = 0; i < PACKET_STORE_SLOTS; i++) {
		const struct packet_slot *slot = packet_store_at(b->store, (uint16_t)(61000 + i));

		assert_int_equal(slot->state, PACKET_STORED);
		assert_int_equal(slot->datagram[0], (61000 + i) & 0xff);
		assert_int_equal(slot->since_ns, (uint16_t)(61000 + i));
	}
	packet_store_clear(b->store);
	assert_int_equal(packet_store_count(b->store), 0);
	close_bench(b);
}

static void test_sizes(void **state)
{
	struct bench *b = open_bench(1 << 20);

	(void)state;
	assert_int_equal(put(b, 1, PACKET_SMALL_BYTES), 0);
	assert_int_equal(put(b, 2, PACKET_SMALL_BYTES + 1), 0);
	assert_int_equal(put(b, 3, PACKET_MAX_BYTES), 0);
	assert_memory_equal(packet_store_at(b->store, 3)->datagram, b->datagram, PACKET_MAX_BYTES);
	assert_int_equal(packet_store_miss(b->store, 4, 0), 0);
	assert_int_equal(put(b, 4, PACKET_MAX_BYTES + 1), -EMSGSIZE);
	assert_int_equal(packet_store_at(b->store, 4)->state, PACKET_MISSING);
	assert_null(packet_pool_take(&b->pool, PACKET_MAX_BYTES + 1));
	close_bench(b);
}

static void test_limit(void **state)
{
	struct bench *b = open_bench(64 * 1024);
	unsigned int stored = 0;

	(void)state;
	while (put(b, (uint16_t)stored, TS_DATAGRAM) == 0)
		stored++;
	assert_in_range(stored, 35, 43);
	assert_true(b->pool.used_bytes <= 64 * 1024);
	assert_int_equal(packet_store_at(b->store, (uint16_t)stored)->state, PACKET_UNKNOWN);
	assert_int_equal(put(b, 0, TS_DATAGRAM), -ENOMEM); /* what is there stays */
	assert_int_equal(packet_store_at(b->store, 0)->state, PACKET_STORED);
	packet_store_drop(b->store, 0);
	assert_int_equal(put(b, (uint16_t)stored, TS_DATAGRAM), 0);

	/* Small blocks that are free make room for large ones. */
	packet_store_clear(b->store);
	for (uint16_t i = 0; i < 7; i++)
		assert_int_equal(put(b, i, PACKET_MAX_BYTES), 0);
	assert_int_equal(put(b, 7, PACKET_MAX_BYTES), -ENOMEM);
	close_bench(b);
}

/* In steady state nothing is allocated; what is no longer needed goes after two trims. */
static void test_steady(void **state)
{
	struct bench *b = open_bench(1 << 20);
	size_t used;

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(put(b, (uint16_t)i, TS_DATAGRAM), 0);
	used = b->pool.used_bytes;
	for (unsigned int i = 200; i < 200000; i++) {
		packet_store_drop(b->store, (uint16_t)(i - 200));
		assert_int_equal(put(b, (uint16_t)i, TS_DATAGRAM), 0);
		if (i % 1000 == 0)
			packet_pool_trim(&b->pool);
	}
	assert_int_equal(b->pool.used_bytes, used);
	for (unsigned int i = 200000 - 200; i < 200000 - 10; i++)
		packet_store_drop(b->store, (uint16_t)i);
	packet_pool_trim(&b->pool);
	packet_pool_trim(&b->pool);
	assert_true(b->pool.used_bytes <= used / 20);
	close_bench(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states), cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_sizes),  cmocka_unit_test(test_limit),
		cmocka_unit_test(test_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
