/*
 * PES assembly.
 */
#include "media/pes.h"

#include "ts_build.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PID 0x100

static struct ts_build build;
static uint8_t payload[100000];

static struct {
	unsigned int packets, faults[PES_SCRAMBLED + 1];
	size_t size;
	bool has_pts, intact;
	int64_t pts, dts;
} seen;

static void take_packet(void *context, const struct pes_packet *packet)
{
	(void)context;
	seen.packets++;
	seen.size = packet->size;
	seen.has_pts = packet->has_pts;
	seen.pts = packet->pts;
	seen.dts = packet->dts;
	seen.intact =
		packet->size <= sizeof(payload) && !memcmp(packet->data, payload, packet->size);
}

static void take_fault(void *context, enum pes_fault fault)
{
	(void)context;
	seen.faults[fault]++;
}

static int setup(void **state)
{
	struct pes_handler handler = {.packet = take_packet, .fault = take_fault};
	struct pes_assembler *pes;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 251);
	memset(&build, 0, sizeof(build));
	memset(&seen, 0, sizeof(seen));
	if (pes_create(&pes, &handler) < 0)
		return -1;
	*state = pes;
	return 0;
}

static int teardown(void **state)
{
	pes_destroy(*state);
	return 0;
}

static void push_range(struct pes_assembler *pes, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		pes_push(pes, ts_build_packet(&build, i));
}

static void push(struct pes_assembler *pes)
{
	push_range(pes, 0, build.count);
	ts_build_clear(&build);
}

static void test_bounded(void **state)
{
	ts_build_pes(&build, PID, 5000, 4000, true, payload, 1000);
	push(*state);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.size, 1000);
	assert_true(seen.has_pts && seen.intact);
	assert_int_equal(seen.pts, 5000);
	assert_int_equal(seen.dts, 4000);
}

static void test_unbounded(void **state)
{
	ts_build_pes(&build, PID, TS_WRAP_90K - 1, TS_BUILD_NONE, false, payload, 70000);
	push(*state);
	assert_int_equal(seen.packets, 0);
	ts_build_pes(&build, PID, TS_BUILD_NONE, TS_BUILD_NONE, false, payload, 10);
	push(*state);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.size, 70000);
	assert_true(seen.intact);
	assert_int_equal(seen.pts, TS_WRAP_90K - 1);
	assert_int_equal(seen.dts, TS_WRAP_90K - 1);
	pes_flush(*state);
	assert_int_equal(seen.packets, 2);
	assert_false(seen.has_pts);
	assert_int_equal(seen.size, 10);
	pes_flush(*state);
	assert_int_equal(seen.packets, 2);
}

static void test_duplicates(void **state)
{
	struct pes_assembler *pes = *state;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 1000);
	for (size_t i = 0; i < build.count; i++) {
		push_range(pes, i, i + 1);
		push_range(pes, i, i + 1);
	}
	assert_int_equal(seen.packets, 1);
	assert_true(seen.intact);
	assert_int_equal(seen.size, 1000);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 0);
}

/* The same counter with other content is 16 packets lost, or any multiple. */
static void test_same_counter_other_content(void **state)
{
	struct pes_assembler *pes = *state;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 1000);
	push_range(pes, 0, 2);
	ts_set_continuity(ts_build_packet(&build, 2), 1);
	push_range(pes, 2, build.count);
	assert_int_equal(seen.packets, 0);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
}

static void test_lost_packet(void **state)
{
	struct pes_assembler *pes = *state;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 1000);
	push_range(pes, 0, 2);
	push_range(pes, 3, build.count);
	assert_int_equal(seen.packets, 0);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 1);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
	ts_build_clear(&build);
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 500);
	push(pes);
	assert_int_equal(seen.packets, 1);
}

/* The end of a PES packet of unknown length is lost: it must not pass for whole. */
static void test_lost_end(void **state)
{
	struct pes_assembler *pes = *state;
	size_t count;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 1000);
	count = build.count;
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 500);
	push_range(pes, 0, count - 1);
	push_range(pes, count, build.count);
	pes_flush(pes);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.size, 500);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
}

/* The stream pauses in the middle of a PES packet: it is not handed over in part, and the rest may still come. */
static void test_pause(void **state)
{
	struct pes_assembler *pes = *state;

	for (int bounded = 0; bounded < 2; bounded++) {
		ts_build_clear(&build);
		ts_build_pes(&build, PID, 0, TS_BUILD_NONE, bounded, payload, 1000);
		push_range(pes, 0, 3);
		pes_flush(pes);
		assert_int_equal(seen.packets, (size_t)bounded);
		push_range(pes, 3, build.count);
		pes_flush(pes);
		assert_int_equal(seen.packets, (size_t)bounded + 1);
		assert_int_equal(seen.size, 1000);
		assert_true(seen.intact);
	}
	assert_int_equal(seen.faults[PES_DAMAGED], 0);
}

/* PES_packet_length wrapped at 65536, as multiplexers are met that do. */
static void test_length_that_lies(void **state)
{
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 65600);
	push(*state);
	assert_int_equal(seen.packets, 0);
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 66000);
	push(*state);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.size, 65600);
	assert_true(seen.intact);
	pes_flush(*state);
	assert_int_equal(seen.size, 66000);
	assert_int_equal(seen.faults[PES_DAMAGED], 0);
}

static void test_discontinuity_indicator(void **state)
{
	struct pes_assembler *pes = *state;
	uint8_t *packet;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 500);
	push(pes);
	build.continuity[PID] += 5;
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 100);
	packet = ts_build_packet(&build, 0);
	packet[5] |= 0x80; /* there is an adaptation field, for stuffing */
	push(pes);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 0);
}

/* Announced by a packet without payload, as at a change of source: what was begun is not gone on with. */
static void test_announced_splice(void **state)
{
	struct pes_assembler *pes = *state;
	uint8_t announcement[TS_PACKET_BYTES];

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 500);
	push(pes);
	memset(announcement, 0xff, sizeof(announcement));
	memcpy(announcement, (const uint8_t[]){0x47, PID >> 8, PID & 0xff, 0x20, 183, 0x80}, 6);
	pes_push(pes, announcement);
	/* The counter happens to go on. */
	ts_build_add(&build, PID, false, payload, 184);
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 500);
	push(pes);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.size, 500);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 0);
}

static void test_scrambled(void **state)
{
	struct pes_assembler *pes = *state;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 500);
	ts_build_packet(&build, 1)[3] |= 0x80;
	push(pes);
	assert_int_equal(seen.packets, 0);
	assert_int_equal(seen.faults[PES_SCRAMBLED], 1);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 0);
}

/* PES headers that are none, each in a packet of its own, then whatever a header may be cut to. */
static void test_malformed(void **state)
{
	static const uint8_t headers[][12] = {
		{0, 0, 2, 0xe0, 0, 6, 0x80, 0, 0, 1, 2, 3},    /* start code */
		{0, 0, 1, 0xbe, 0, 6, 0x80, 0, 0, 1, 2, 3},    /* padding stream */
		{0, 0, 1, 0xe0, 0, 6, 0x00, 0, 0, 1, 2, 3},    /* marker bits */
		{0, 0, 1, 0xe0, 0, 6, 0x90, 0, 0, 1, 2, 3},    /* scrambled */
		{0, 0, 1, 0xe0, 0, 6, 0x80, 0, 0xff, 1, 2, 3}, /* header longer than packet */
		{0, 0, 1, 0xe0, 0, 2, 0x80, 0, 0, 1, 2, 3},    /* length shorter than header */
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ts_build_add(&build, PID, true, headers[i], i == 5 ? 8 : sizeof(headers[i]));
		push(*state);
		pes_flush(*state);
		assert_int_equal(seen.faults[PES_MALFORMED], i + 1);
	}
	for (size_t size = 1; size < 9; size++) {
		ts_build_add(&build, PID, true, headers[0], size);
		push(*state);
		pes_flush(*state);
	}
	assert_int_equal(seen.packets, 0);
}

/* A PTS is told, but the header is too short for it. */
static void test_short_header(void **state)
{
	static const uint8_t pes[] = {0, 0, 1, 0xe0, 0, 8, 0x80, 0xc0, 4, 1, 2, 3, 4, 5};

	ts_build_unit(&build, PID, pes, sizeof(pes));
	push(*state);
	assert_int_equal(seen.packets, 1);
	assert_false(seen.has_pts);
	assert_int_equal(seen.size, 1);
}

static void test_oversized(void **state)
{
	struct pes_assembler *pes = *state;
	size_t bytes = 0;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 100);
	push(pes);
	while (bytes <= PES_MAX_BYTES) {
		ts_build_add(&build, PID, false, payload, 184);
		push(pes);
		bytes += 184;
	}
	assert_int_equal(seen.faults[PES_MALFORMED], 1);
	pes_flush(pes);
	assert_int_equal(seen.packets, 0);
}

static void test_reset(void **state)
{
	struct pes_assembler *pes = *state;

	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, false, payload, 500);
	push(pes);
	pes_reset(pes);
	pes_flush(pes);
	assert_int_equal(seen.packets, 0);
	assert_int_equal(seen.faults[PES_DAMAGED], 1);
	/* the counter may be anything afterwards */
	build.continuity[PID] += 3;
	ts_build_pes(&build, PID, 0, TS_BUILD_NONE, true, payload, 500);
	push(pes);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.faults[PES_DISCONTINUITY], 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_bounded),
		TEST(test_unbounded),
		TEST(test_duplicates),
		TEST(test_same_counter_other_content),
		TEST(test_lost_packet),
		TEST(test_lost_end),
		TEST(test_pause),
		TEST(test_length_that_lies),
		TEST(test_discontinuity_indicator),
		TEST(test_announced_splice),
		TEST(test_scrambled),
		TEST(test_malformed),
		TEST(test_short_header),
		TEST(test_oversized),
		TEST(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
