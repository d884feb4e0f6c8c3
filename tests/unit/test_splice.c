/*
 * Packets that announce a change of source, and the PCRs they carry.
 */
#include "media/ts.h"
#include "relay/splice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PAYLOAD    0x10
#define ADAPTATION 0x20

/* A packet; pcr -1: none. */
static void make(uint8_t *out, uint16_t pid, uint8_t afc, uint8_t counter, int64_t pcr)
{
	memset(out, 0xaa, TS_PACKET_BYTES);
	out[0] = TS_SYNC_BYTE;
	out[1] = (uint8_t)(0xe0 | pid >> 8); /* with error, start and priority bits */
	out[2] = (uint8_t)pid;
	out[3] = (uint8_t)(0xc0 | afc | counter); /* scrambled */
	if (afc & ADAPTATION) {
		out[4] = (uint8_t)(afc & PAYLOAD ? 7 : 183);
		out[5] = pcr >= 0 ? 0x10 : 0;
		if (pcr >= 0)
			ts_set_pcr(out, pcr);
	}
}

static void test_headers(void **state)
{
	static const struct {
		uint16_t pid;
		uint8_t afc, counter, expected;
	} cases[] = {
		{0, PAYLOAD, 5, 4},
		{0x1ffe, PAYLOAD, 0, 15},
		{0x100, PAYLOAD | ADAPTATION, 9, 8},
		{0x0fff, ADAPTATION, 9, 9}, /* no payload: the counter does not move */
		{0x1000, ADAPTATION, 0, 0},
	};
	struct splice splice = {0};
	struct pcr_clock clock = {0};
	uint8_t packet[TS_PACKET_BYTES], out[TS_PACKET_BYTES];

	(void)state;
	assert_false(splice.on);
	splice_begin(&splice);
	assert_true(splice.on);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(packet, cases[i].pid, cases[i].afc, cases[i].counter, -1);
		pcr_clock_push(&clock, packet);
		assert_true(splice_packet(&splice, &clock, packet, out));
		assert_int_equal(out[0], TS_SYNC_BYTE);
		assert_int_equal(out[1], cases[i].pid >> 8); /* no error, no start, no priority */
		assert_int_equal(out[2], cases[i].pid & 0xff);
		assert_int_equal(out[3], 0x20 | cases[i].expected); /* not scrambled */
		assert_int_equal(out[4], 183);
		assert_int_equal(out[5], 0x80);
		for (size_t j = 6; j < TS_PACKET_BYTES; j++)
			assert_int_equal(out[j], 0xff);
		assert_false(splice_packet(&splice, &clock, packet, out)); /* once a splice */
	}
	make(packet, TS_PID_NULL, PAYLOAD, 3, -1);
	assert_false(splice_packet(&splice, &clock, packet, out));
	splice_begin(&splice);
	make(packet, 0x100, PAYLOAD, 3, -1);
	assert_true(splice_packet(&splice, &clock, packet, out));
}

/* Push n packets of a PID without PCR. */
static void push_others(struct pcr_clock *clock, int n)
{
	uint8_t packet[TS_PACKET_BYTES];

	make(packet, 0x200, PAYLOAD, 0, -1);
	for (int i = 0; i < n; i++)
		pcr_clock_push(clock, packet);
}

static void push_pcr(struct pcr_clock *clock, uint16_t pid, int64_t pcr)
{
	uint8_t packet[TS_PACKET_BYTES];

	make(packet, pid, PAYLOAD | ADAPTATION, 0, pcr);
	pcr_clock_push(clock, packet);
}

static void test_clock(void **state)
{
	struct pcr_clock clock = {0};
	int64_t pcr;

	(void)state;
	assert_false(pcr_clock_before(&clock, 0x100, &pcr));
	push_pcr(&clock, 0x100, 1000);
	assert_true(pcr_clock_before(&clock, 0x100, &pcr));
	assert_int_equal(pcr, 1000); /* the rate is not known */
	push_others(&clock, 9);
	push_pcr(&clock, 0x100, 2000);
	assert_true(pcr_clock_before(&clock, 0x100, &pcr));
	assert_int_equal(pcr, 1900); /* one packet before this one, 100 a packet */
	push_others(&clock, 1);
	assert_true(pcr_clock_before(&clock, 0x100, &pcr));
	assert_int_equal(pcr, 2000);
	push_others(&clock, 4);
	assert_true(pcr_clock_before(&clock, 0x100, &pcr));
	assert_int_equal(pcr, 2400);
	assert_false(pcr_clock_before(&clock, 0x200, &pcr));

	/* Over the wrap, and over a jump, where no rate is to be had. */
	push_pcr(&clock, 0x101, TS_WRAP_27M - 500);
	push_others(&clock, 9);
	push_pcr(&clock, 0x101, 500);
	assert_true(pcr_clock_before(&clock, 0x101, &pcr));
	assert_int_equal(pcr, 400);
	push_pcr(&clock, 0x101, 50);
	push_others(&clock, 3);
	assert_true(pcr_clock_before(&clock, 0x101, &pcr));
	assert_int_equal(pcr, 50);
	push_pcr(&clock, 0x102, TS_WRAP_27M - 200);
	push_others(&clock, 1);
	push_pcr(&clock, 0x102, 0);
	assert_true(pcr_clock_before(&clock, 0x102, &pcr));
	assert_int_equal(pcr, TS_WRAP_27M - 100);

	pcr_clock_reset(&clock);
	assert_false(pcr_clock_before(&clock, 0x100, &pcr));
	for (uint16_t pid = 0; pid < 100; pid++) /* bounded */
		push_pcr(&clock, pid, 1);
	assert_true(pcr_clock_before(&clock, PCR_CLOCK_PIDS - 1, &pcr));
	assert_false(pcr_clock_before(&clock, PCR_CLOCK_PIDS, &pcr));
}

/* A wrong PCR of all ones is taken for what it is modulo the wrap. */
static void test_splice_pcr(void **state)
{
	struct pcr_clock clock = {0};
	struct splice splice = {0};
	uint8_t packet[TS_PACKET_BYTES], out[TS_PACKET_BYTES];

	(void)state;
	splice_begin(&splice);
	push_pcr(&clock, 0x100, 10000);
	push_others(&clock, 9);
	push_pcr(&clock, 0x100, 20000);
	push_others(&clock, 5);
	make(packet, 0x100, PAYLOAD, 7, -1);
	pcr_clock_push(&clock, packet);
	assert_true(splice_packet(&splice, &clock, packet, out));
	assert_true(ts_has_discontinuity(out));
	assert_true(ts_has_pcr(out));
	assert_int_equal(ts_get_pcr(out), 25000);
	assert_int_equal(out[4], 183);
	assert_int_equal(out[12], 0xff);

	memset(packet + 6, 0xff, 6);
	packet[3] = ADAPTATION | PAYLOAD;
	packet[4] = 7;
	packet[5] = 0x10;
	pcr_clock_push(&clock, packet);
	splice_begin(&splice);
	assert_true(splice_packet(&splice, &clock, packet, out));
	assert_true(ts_get_pcr(out) < TS_WRAP_27M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_splice_pcr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
