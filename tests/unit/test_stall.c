/*
 * When a peer counts as stalled: looked at every half second, by what it takes and what room it offers.
 */
#include "output/stall.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LIMIT_LOOKS (STALL_LIMIT_MS / STALL_LOOK_MS)

struct peer {
	struct stall stall;
	struct stall_sample sample;
};

/* So many looks with taken_bytes more, and room_bytes more, before each; returns after how many it had stalled, or 0. */
static int look(struct peer *peer, int count, unsigned int taken_bytes, int room_bytes,
                bool waiting)
{
	for (int i = 1; i <= count; i++) {
		peer->sample.now_ns += STALL_LOOK_MS * NS_PER_MS;
		peer->sample.taken_bytes += taken_bytes;
		peer->sample.room_bytes += (uint64_t)(int64_t)room_bytes;
		peer->sample.waiting = waiting;
		if (stall_look(&peer->stall, &peer->sample, STALL_LIMIT_MS))
			return i;
	}
	return 0;
}

static void test_reading(void **state)
{
	struct peer peer = {.sample.room_bytes = 65536};

	(void)state;
	assert_int_equal(look(&peer, 100, 100000, 0, true), 0);
	assert_int_equal(look(&peer, 100, 100, 0, false), 0);
}

/* Nothing acknowledged, as when the way is cut. */
static void test_silent(void **state)
{
	struct peer peer = {.sample.room_bytes = 65536};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 100, 0, 0, true), LIMIT_LOOKS);
}

/* It has stopped reading: the room shrinks by what is acknowledged, until there is none. */
static void test_not_reading(void **state)
{
	struct peer peer = {.sample.room_bytes = 65536};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 4, 16384, -16384, false), 0);
	assert_int_equal(look(&peer, 100, 0, 0, true), LIMIT_LOOKS - 4);
}

/* What is offered is rounded up. */
static void test_creep(void **state)
{
	struct peer peer = {.sample.room_bytes = 1 << 22};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 100, 100000, -99000, false), LIMIT_LOOKS);
}

/* A large buffer, which is not full within the limit. */
static void test_large_buffer(void **state)
{
	struct peer peer = {.sample.room_bytes = 1 << 22};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 100, 100000, -100000, false), LIMIT_LOOKS);
}

/* There is nothing to take, for hours; and then there is. */
static void test_idle(void **state)
{
	struct peer peer = {.sample.room_bytes = 65536};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 1, 40000, -40000, false),
	                 0); /* not read when it was acknowledged */
	assert_int_equal(look(&peer, 1000, 0, 0, false), 0);
	peer.sample.now_ns += 3600 * NS_PER_S;
	assert_int_equal(look(&peer, 1, 0, 0, true), 0);
	assert_int_equal(look(&peer, 1, 1000, 0, true), 0);
	assert_int_equal(look(&peer, LIMIT_LOOKS - 1, 0, 0, true), 0);
}

/* Few bytes need no new room. */
static void test_trickle(void **state)
{
	struct peer peer = {.sample.room_bytes = 65536};

	(void)state;
	look(&peer, 3, 1000, 0, true);
	assert_int_equal(look(&peer, 100, 100, -100, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),     cmocka_unit_test(test_silent),
		cmocka_unit_test(test_not_reading), cmocka_unit_test(test_large_buffer),
		cmocka_unit_test(test_creep),       cmocka_unit_test(test_idle),
		cmocka_unit_test(test_trickle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
