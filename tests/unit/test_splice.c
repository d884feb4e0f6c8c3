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

/* A constant bit rate: 10 packets and 10 * ticks of 27 MHz between PCRs. Returns the last PCR. */
static int64_t push_steady(struct pcr_clock *clock, uint16_t pid, int64_t pcr, int64_t ticks)
{
	for (int i = 0; i < 10; i++) {
		if (i) {
			push_others(clock, 9);
			pcr = (pcr + 10 * ticks) % TS_WRAP_27M;
		}
		push_pcr(clock, pid, pcr);
	}
	return pcr;
}

static void assert_before(const struct pcr_clock *clock, uint16_t pid, int64_t expected)
{
	int64_t pcr = -1;

	assert_true(pcr_clock_before(clock, pid, &pcr));
	assert_int_equal(pcr, expected);
}

static void test_clock(void **state)
{
	struct pcr_clock clock = {0};
	int64_t last, pcr;

	(void)state;
	assert_false(pcr_clock_before(&clock, 0x100, &pcr));
	push_pcr(&clock, 0x100, 1000);
	assert_before(&clock, 0x100, 1000); /* the rate is not known */
	push_others(&clock, 9);
	push_pcr(&clock, 0x100, 2000);
	push_others(&clock, 4);
	assert_before(&clock, 0x100, 2000); /* nor whether it is constant */
	pcr_clock_reset(&clock);

	last = push_steady(&clock, 0x100, 1000, 8000);
	assert_before(&clock, 0x100, last - 8000); /* one packet before this one */
	push_others(&clock, 1);
	assert_before(&clock, 0x100, last);
	push_others(&clock, 4);
	assert_before(&clock, 0x100, last + 4 * 8000);
	assert_false(pcr_clock_before(&clock, 0x200, &pcr));
	push_others(&clock, 1000); /* more than PCRs may be apart */
	assert_before(&clock, 0x100, last);

	last = push_steady(&clock, 0x101, TS_WRAP_27M - 85000, 1000); /* over the wrap */
	assert_int_equal(last, 5000);
	push_others(&clock, 3);
	assert_before(&clock, 0x101, 7000);
	push_steady(&clock, 0x102, TS_WRAP_27M - 90000, 1000);
	assert_before(&clock, 0x102, TS_WRAP_27M - 1000);
}

/* A rate that changes, a time base that does, a packet that was lost: nothing beyond the last PCR. */
static void test_clock_unsteady(void **state)
{
	static const int64_t steps[] = {80000, 88000, -80000, 27000000};
	struct pcr_clock clock;
	int64_t last;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		clock = (struct pcr_clock){0};
		last = push_steady(&clock, 0x100, 1000000, 8000) + steps[i];
		push_others(&clock, 9);
		push_pcr(&clock, 0x100, last);
		push_others(&clock, 3);
		assert_before(&clock, 0x100, last + (i == 0 ? 2 * 8000 : 0));
	}
	clock = (struct pcr_clock){0};
	for (uint16_t pid = 0; pid < 100; pid++) /* bounded */
		push_pcr(&clock, pid, 1);
	assert_before(&clock, PCR_CLOCK_PIDS - 1, 1);
	assert_false(pcr_clock_before(&clock, PCR_CLOCK_PIDS, &last));
}

/* A wrong PCR of all ones is taken for what it is modulo the wrap. */
static void test_splice_pcr(void **state)
{
	struct pcr_clock clock = {0};
	struct splice splice = {0};
	uint8_t packet[TS_PACKET_BYTES], out[TS_PACKET_BYTES];

	(void)state;
	splice_begin(&splice);
	push_steady(&clock, 0x100, 10000, 1000);
	push_others(&clock, 5);
	make(packet, 0x100, PAYLOAD, 7, -1);
	pcr_clock_push(&clock, packet);
	assert_true(splice_packet(&splice, &clock, packet, out));
	assert_true(ts_has_discontinuity(out));
	assert_true(ts_has_pcr(out));
	assert_int_equal(ts_get_pcr(out), 105000);
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
		cmocka_unit_test(test_clock_unsteady),
		cmocka_unit_test(test_splice_pcr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
