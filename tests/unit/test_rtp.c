/*
 * RTP headers and the sequence tracker, against wire vectors and against a model of a lossy network.
 */
#include "media/rtp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_BYTES    40
#define FIXED_HEADER 0x21, 0xff, 0xfe, 0x01, 0x02, 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef

static const struct vector {
	const char *name;
	uint8_t bytes[MAX_BYTES];
	size_t size;
	int result;
	size_t offset, payload; /* of the payload in bytes, and its size */
} vectors[] = {
	{"plain", {0x80, FIXED_HEADER, 'a', 'b', 'c'}, 15, 0, 12, 3},
	{"no payload", {0x80, FIXED_HEADER}, 12, 0, 12, 0},
	{"nothing", {0}, 0, -RTP_TRUNCATED, 0, 0},
	{"header cut", {0x80, FIXED_HEADER}, 11, -RTP_TRUNCATED, 0, 0},
	{"version 0", {0x00, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"version 1", {0x40, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"version 3", {0xc0, FIXED_HEADER, 'a'}, 13, -RTP_VERSION, 0, 0},
	{"one source", {0x81, FIXED_HEADER, 1, 2, 3, 4, 'a'}, 17, 0, 16, 1},
	{"two sources", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7, 8, 'a'}, 21, 0, 20, 1},
	{"two sources, no payload", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7, 8}, 20, 0, 20, 0},
	{"second source cut", {0x82, FIXED_HEADER, 1, 2, 3, 4, 5, 6, 7}, 19, -RTP_TRUNCATED, 0, 0},
	{"fifteen sources, one there", {0x8f, FIXED_HEADER, 1, 2, 3, 4}, 16, -RTP_TRUNCATED, 0, 0},
	{"empty extension", {0x90, FIXED_HEADER, 0xbe, 0xde, 0, 0, 'a'}, 17, 0, 16, 1},
	{"extension", {0x90, FIXED_HEADER, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 'a'}, 21, 0, 20, 1},
	{"extension header cut", {0x90, FIXED_HEADER, 0xbe, 0xde, 0}, 15, -RTP_TRUNCATED, 0, 0},
	{"extension cut", {0x90, FIXED_HEADER, 0, 0, 0, 1, 9, 9, 9}, 19, -RTP_TRUNCATED, 0, 0},
	{"huge extension", {0x90, FIXED_HEADER, 0, 0, 0xff, 0xff}, 40, -RTP_TRUNCATED, 0, 0},
	{"source and extension",
         {0x91, FIXED_HEADER, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 'a', 'b'},
         26,
         0,
         24,
         2},
	{"padding", {0xa0, FIXED_HEADER, 'a', 'b', 0, 0, 3}, 17, 0, 12, 2},
	{"one byte of padding", {0xa0, FIXED_HEADER, 'a', 1}, 14, 0, 12, 1},
	{"nothing but padding", {0xa0, FIXED_HEADER, 0, 0, 0, 4}, 16, 0, 12, 0},
	{"padding of zero", {0xa0, FIXED_HEADER, 'a', 'b', 0}, 15, -RTP_PADDING, 0, 0},
	{"padding over the payload", {0xa0, FIXED_HEADER, 'a', 'b', 4}, 15, -RTP_PADDING, 0, 0},
	{"padding without payload", {0xa0, FIXED_HEADER}, 12, -RTP_PADDING, 0, 0},
	{"padding over the extension",
         {0xb0, FIXED_HEADER, 0, 0, 0, 1, 9, 9, 9, 9, 2},
         21,
         -RTP_PADDING,
         0,
         0},
	{"everything",
         {0xb1, FIXED_HEADER, 1, 2, 3, 4, 0, 0, 0, 1, 9, 9, 9, 9, 'a', 'b', 0, 2},
         28,
         0,
         24,
         2},
};

static void check_vector(const struct vector *v)
{
	uint8_t *exact = malloc(v->size + 1); /* its own block: an overrun is seen */
	struct rtp_packet packet, untouched;
	int result;

	assert_non_null(exact);
	memcpy(exact + 1, v->bytes, v->size);
	memset(&packet, 0x5a, sizeof(packet));
	untouched = packet;
	result = rtp_parse(&packet, exact + 1, v->size);
	if (result != v->result)
		fail_msg("%s: %d instead of %d", v->name, result, v->result);
	if (result) {
		assert_memory_equal(&packet, &untouched, sizeof(packet));
	} else {
		if (packet.payload != exact + 1 + v->offset || packet.size != v->payload)
			fail_msg("%s: payload of %zu bytes", v->name, packet.size);
		assert_false(packet.marker);
		assert_int_equal(packet.payload_type, 0x21);
		assert_int_equal(packet.sequence, 0xfffe);
		assert_int_equal(packet.timestamp, 0x01020304);
		assert_int_equal(packet.ssrc, 0xdeadbeef);
	}
	free(exact);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		check_vector(&vectors[i]);
}

static void test_marker(void **state)
{
	const uint8_t bytes[] = {0x80, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct rtp_packet packet;

	(void)state;
	assert_int_equal(rtp_parse(&packet, bytes, sizeof(bytes)), 0);
	assert_true(packet.marker);
	assert_int_equal(packet.payload_type, 127);
}

/* A packet with a source and an extension: cut anywhere in its headers it is truncated, never read. */
static void test_truncations(void **state)
{
	static const uint8_t whole[] = {
		0x91, FIXED_HEADER, 1,   2,   3,  4, 0, 0, 0, 2, 9, 9, 9, 9, 8, 8, 8,
		8,    'a',          'b', 'c', 'd'};
	const size_t headers = sizeof(whole) - 4;

	(void)state;
	for (size_t size = 0; size <= sizeof(whole); size++) {
		uint8_t *cut = malloc(size ? size : 1);
		struct rtp_packet packet;
		int result;

		assert_non_null(cut);
		memcpy(cut, whole, size);
		result = rtp_parse(&packet, cut, size);
		assert_int_equal(result, size < headers ? -RTP_TRUNCATED : 0);
		if (!result)
			assert_int_equal(packet.size, size - headers);
		free(cut);
	}
}

static void test_distance(void **state)
{
	static const struct {
		uint16_t a, b;
		int distance;
	} cases[] = {
		{0, 0, 0},          {0, 1, 1},          {1, 0, -1},         {65535, 0, 1},
		{0, 65535, -1},     {65500, 100, 136},  {100, 65500, -136}, {0, 32767, 32767},
		{0, 32768, -32768}, {32768, 0, -32768}, {1, 32769, -32768}, {0, 32769, -32767},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(rtp_distance(cases[i].a, cases[i].b), cases[i].distance);
}

#define A 0x0a0a0a0au /* two sources */
#define B 0x0b0b0b0bu

struct step {
	uint32_t ssrc;
	uint16_t sequence;
	enum rtp_verdict verdict;
};

struct script {
	const char *name;
	struct step steps[12];
	uint64_t lost; /* 200 packets later */
};

static const struct script scripts[] = {
	{"in order", {{A, 1, RTP_IN_ORDER}, {A, 2, RTP_IN_ORDER}, {A, 3, RTP_IN_ORDER}}, 0},
	{"zero is a number like any other", {{A, 0, RTP_IN_ORDER}, {A, 1, RTP_IN_ORDER}}, 0},
	{"wrap", {{A, 65534, RTP_IN_ORDER}, {A, 65535, RTP_IN_ORDER}, {A, 0, RTP_IN_ORDER}}, 0},
	{"gap", {{A, 10, RTP_IN_ORDER}, {A, 14, RTP_IN_ORDER}}, 3},
	{"gap over the wrap", {{A, 65533, RTP_IN_ORDER}, {A, 2, RTP_IN_ORDER}}, 4},
	{"swapped", {{A, 10, RTP_IN_ORDER}, {A, 12, RTP_IN_ORDER}, {A, 11, RTP_LATE}}, 0},
	{"swapped over the wrap",
         {{A, 65534, RTP_IN_ORDER}, {A, 0, RTP_IN_ORDER}, {A, 65535, RTP_LATE}},
         0},
	{"duplicate of the newest", {{A, 10, RTP_IN_ORDER}, {A, 10, RTP_DUPLICATE}}, 0},
	{"duplicate further back",
         {{A, 10, RTP_IN_ORDER},
          {A, 11, RTP_IN_ORDER},
          {A, 12, RTP_IN_ORDER},
          {A, 11, RTP_DUPLICATE}},
         0},
	{"duplicate of a late one",
         {{A, 10, RTP_IN_ORDER}, {A, 12, RTP_IN_ORDER}, {A, 11, RTP_LATE}, {A, 11, RTP_DUPLICATE}},
         0},
	{"late by as much as may be",
         {{A, 10, RTP_IN_ORDER}, {A, 111, RTP_IN_ORDER}, {A, 11, RTP_LATE}},
         99},
	{"too late is astray",
         {{A, 10, RTP_IN_ORDER}, {A, 112, RTP_IN_ORDER}, {A, 11, RTP_STRAY}},
         101},
	{"largest jump that is loss", {{A, 10, RTP_IN_ORDER}, {A, 3010, RTP_IN_ORDER}}, 2999},
	{"one stray packet",
         {{A, 10, RTP_IN_ORDER}, {A, 3011, RTP_STRAY}, {A, 11, RTP_IN_ORDER}},
         0},
	{"two stray packets, not in a row",
         {{A, 10, RTP_IN_ORDER},
          {A, 30000, RTP_STRAY},
          {A, 11, RTP_IN_ORDER},
          {A, 30001, RTP_STRAY},
          {A, 12, RTP_IN_ORDER}},
         0},
	{"two stray packets, not in sequence",
         {{A, 10, RTP_IN_ORDER},
          {A, 30000, RTP_STRAY},
          {A, 20000, RTP_STRAY},
          {A, 40000, RTP_STRAY},
          {A, 11, RTP_IN_ORDER}},
         0},
	{"restart ahead",
         {{A, 10, RTP_IN_ORDER},
          {A, 30000, RTP_STRAY},
          {A, 30001, RTP_RESTART},
          {A, 30002, RTP_IN_ORDER},
          {A, 30002, RTP_DUPLICATE}},
         0},
	{"restart behind",
         {{A, 30000, RTP_IN_ORDER},
          {A, 10, RTP_STRAY},
          {A, 11, RTP_RESTART},
          {A, 12, RTP_IN_ORDER}},
         0},
	{"restart over the wrap",
         {{A, 30000, RTP_IN_ORDER}, {A, 65535, RTP_STRAY}, {A, 0, RTP_RESTART}},
         0},
	{"restart by half the circle",
         {{A, 0, RTP_IN_ORDER}, {A, 32768, RTP_STRAY}, {A, 32769, RTP_RESTART}},
         0},
	{"new source at once",
         {{A, 10, RTP_IN_ORDER}, {B, 40000, RTP_RESTART}, {B, 40001, RTP_IN_ORDER}},
         0},
	{"new source with the next number", {{A, 10, RTP_IN_ORDER}, {B, 11, RTP_RESTART}}, 0},
	{"a gap that a restart ends is no loss",
         {{A, 10, RTP_IN_ORDER}, {A, 15, RTP_IN_ORDER}, {B, 500, RTP_RESTART}},
         0},
	{"a gap after a restart is",
         {{A, 10, RTP_IN_ORDER}, {B, 500, RTP_RESTART}, {B, 503, RTP_IN_ORDER}},
         2},
};

static enum rtp_verdict feed(struct rtp_sequence *state, uint32_t ssrc, uint16_t sequence,
                             uint64_t *lost)
{
	const struct rtp_packet packet = {.ssrc = ssrc, .sequence = sequence};

	return rtp_sequence_update(state, &packet, lost);
}

static void run_script(const struct script *script)
{
	struct rtp_sequence state = {0};
	uint64_t lost = 0, before;

	for (size_t i = 0; i < COUNT(script->steps) && script->steps[i].ssrc; i++) {
		const struct step *step = &script->steps[i];
		const enum rtp_verdict verdict = feed(&state, step->ssrc, step->sequence, &lost);

		if (verdict != step->verdict)
			fail_msg("%s, step %zu: %d instead of %d", script->name, i, (int)verdict,
			         (int)step->verdict);
	}
	for (int i = 0; i < 200; i++)
		assert_int_equal(feed(&state, state.ssrc, (uint16_t)(state.newest + 1), &lost),
		                 RTP_IN_ORDER);
	if (lost != script->lost)
		fail_msg("%s: %llu lost instead of %llu", script->name, (unsigned long long)lost,
		         (unsigned long long)script->lost);
	before = lost;
	for (int i = 0; i < 70000; i++) /* once around: nothing is counted again */
		feed(&state, state.ssrc, (uint16_t)(state.newest + 1), &lost);
	assert_int_equal(lost, before);
}

static void test_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++)
		run_script(&scripts[i]);
}

/* Loss is given up RTP_HISTORY packets later and not before: until then the packet may come. */
static void test_loss_is_not_hasty(void **state)
{
	struct rtp_sequence sequence = {0};
	uint64_t lost = 0;

	(void)state;
	feed(&sequence, A, 100, &lost);
	for (uint16_t n = 102; n < 101 + RTP_HISTORY; n++) {
		feed(&sequence, A, n, &lost);
		assert_int_equal(lost, 0);
	}
	feed(&sequence, A, 101 + RTP_HISTORY, &lost);
	assert_int_equal(lost, 1);
}

#define NETWORK_PACKETS 200000
#define BLOCK           48 /* packets that are shuffled among each other */

struct network {
	struct rtp_sequence sequence;
	uint32_t random;
	uint64_t lost, dropped, late, duplicates, got_late, got_duplicates;
	uint16_t newest;
};

static uint32_t draw(struct network *n, uint32_t limit)
{
	n->random = n->random * 1664525u + 1013904223u;
	return (n->random >> 8) % limit;
}

static void deliver(struct network *n, uint16_t sequence, bool again)
{
	const enum rtp_verdict verdict = feed(&n->sequence, A, sequence, &n->lost);

	if (again) {
		n->duplicates++;
	} else if (rtp_distance(n->newest, sequence) < 0) {
		n->late++;
	} else {
		n->newest = sequence;
	}
	n->got_late += verdict == RTP_LATE;
	n->got_duplicates += verdict == RTP_DUPLICATE;
	assert_int_not_equal(verdict, RTP_RESTART);
	assert_int_not_equal(verdict, RTP_STRAY);
}

/* A block of packets in random order, some of them missing, some twice. */
static void deliver_block(struct network *n, uint16_t first)
{
	uint16_t order[BLOCK];

	for (unsigned int i = 0; i < BLOCK; i++)
		order[i] = (uint16_t)(first + i);
	for (unsigned int i = BLOCK - 1; i > 0; i--) {
		const unsigned int j = draw(n, i + 1);
		const uint16_t swapped = order[i];

		order[i] = order[j];
		order[j] = swapped;
	}
	for (unsigned int i = 0; i < BLOCK; i++) {
		if (draw(n, 50) == 0) {
			n->dropped++;
			continue;
		}
		deliver(n, order[i], false);
		if (draw(n, 40) == 0)
			deliver(n, order[i], true);
	}
}

static void test_network(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++) {
		struct network n = {.random = seed, .newest = 64000};
		uint16_t next = 64001;

		feed(&n.sequence, A, 64000, &n.lost);
		for (int i = 0; i < NETWORK_PACKETS / BLOCK; i++, next = (uint16_t)(next + BLOCK))
			deliver_block(&n, next);
		for (int i = 0; i < 2 * RTP_HISTORY; i++)
			deliver(&n, next++, false);
		assert_int_equal(n.lost, n.dropped);
		assert_int_equal(n.got_late, n.late);
		assert_int_equal(n.got_duplicates, n.duplicates);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),     cmocka_unit_test(test_marker),
		cmocka_unit_test(test_truncations), cmocka_unit_test(test_distance),
		cmocka_unit_test(test_scripts),     cmocka_unit_test(test_loss_is_not_hasty),
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
