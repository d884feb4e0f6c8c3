/*
 * TS packet accessors.
 */
#include "media/ts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void make_packet(uint8_t packet[TS_PACKET_BYTES], uint8_t control, uint8_t adaptation)
{
	memset(packet, 0xff, TS_PACKET_BYTES);
	packet[0] = TS_SYNC_BYTE;
	packet[1] = 0x41;
	packet[2] = 0x23;
	packet[3] = control;
	packet[4] = adaptation;
	packet[5] = 0x00;
}

static void test_header(void **state)
{
	uint8_t packet[TS_PACKET_BYTES];

	(void)state;
	make_packet(packet, 0x1e, 0);
	assert_true(ts_has_sync(packet));
	assert_false(ts_has_error(packet));
	assert_true(ts_starts_unit(packet));
	assert_int_equal(ts_get_pid(packet), 0x123);
	assert_int_equal(ts_get_continuity(packet), 14);
	assert_false(ts_is_scrambled(packet));
	ts_set_continuity(packet, 17);
	assert_int_equal(packet[3], 0x11);
	packet[3] |= 0x80;
	assert_true(ts_is_scrambled(packet));
	packet[1] |= 0x80;
	assert_true(ts_has_error(packet));
}

static void test_payload(void **state)
{
	static const struct {
		uint8_t control, adaptation;
		size_t size;
	} cases[] = {
		{0x10, 0, 184}, {0x30, 0, 183}, {0x30, 182, 1}, {0x30, 183, 0},
		{0x30, 184, 0}, {0x30, 255, 0}, {0x20, 10, 0},  {0x00, 0, 0},
	};
	uint8_t packet[TS_PACKET_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = 1000;
		const uint8_t *payload;

		make_packet(packet, cases[i].control, cases[i].adaptation);
		payload = ts_get_payload(packet, &size);
		assert_int_equal(size, cases[i].size);
		if (cases[i].size)
			assert_ptr_equal(payload + size, packet + TS_PACKET_BYTES);
		else
			assert_null(payload);
	}
}

static void test_stuffing(void **state)
{
	static const struct {
		uint8_t control, length, flags,
			at_6; /* of private data, if it comes first: its length */
		bool stuffing;
	} cases[] = {
		{0x10, 0, 0, 0, false},        {0x30, 0, 0, 0, true},
		{0x30, 1, 0, 0, false},        {0x30, 2, 0, 0, true},
		{0x30, 7, 0x10, 0, false},     {0x30, 8, 0x10, 0, true},
		{0x30, 13, 0x18, 0, false},    {0x30, 14, 0x18, 0, true},
		{0x30, 14, 0x1c, 0, false},    {0x30, 6, 0x02, 4, false},
		{0x30, 7, 0x02, 4, true},      {0x30, 7, 0x02, 255, false},
		{0x30, 183, 0, 0, true},       {0x30, 184, 0, 0, false},
		{0x30, 255, 0xff, 255, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[TS_PACKET_BYTES] = {TS_SYNC_BYTE, 0, 0, cases[i].control};

		packet[4] = cases[i].length;
		packet[5] = cases[i].flags;
		packet[6] = cases[i].at_6;
		if (ts_has_stuffing(packet) != cases[i].stuffing)
			fail_msg("case %zu", i);
	}
}

static void test_pcr(void **state)
{
	static const int64_t values[] = {0, 1, 299, 300, 27000000, TS_WRAP_27M - 1};
	uint8_t packet[TS_PACKET_BYTES];

	(void)state;
	make_packet(packet, 0x30, 7);
	assert_false(ts_has_pcr(packet));
	packet[5] = 0x10;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ts_set_pcr(packet, values[i]);
		assert_true(ts_has_pcr(packet));
		assert_int_equal(ts_get_pcr(packet), values[i]);
	}
	packet[4] = 6;
	assert_false(ts_has_pcr(packet));
	packet[4] = 184;
	assert_false(ts_has_pcr(packet));
	packet[4] = 1;
	packet[5] = 0x80;
	assert_true(ts_has_discontinuity(packet));
	packet[4] = 0;
	assert_false(ts_has_discontinuity(packet));
}

static void test_timestamp(void **state)
{
	/* 0x1ffffffff and 900000 as an encoder wrote them */
	static const uint8_t last[] = {0x2f, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t ten_s[] = {0x21, 0x00, 0x37, 0x77, 0x41};
	uint8_t written[5] = {0x20};

	(void)state;
	assert_int_equal(ts_get_timestamp(last), TS_WRAP_90K - 1);
	assert_int_equal(ts_get_timestamp(ten_s), 900000);
	ts_set_timestamp(written, 900000);
	assert_memory_equal(written, ten_s, 5);
}

static void test_unwrap(void **state)
{
	static const struct {
		int64_t value, reference, result;
	} cases[] = {
		{5, 0, 5},
		{3, TS_WRAP_90K - 2, TS_WRAP_90K + 3},
		{TS_WRAP_90K - 1, 1, -1},
		{0, 5 * TS_WRAP_90K + 7, 5 * TS_WRAP_90K},
		{TS_WRAP_90K - 1, 5 * TS_WRAP_90K + 7, 5 * TS_WRAP_90K - 1},
		{10, -20, 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(ts_unwrap(cases[i].value, cases[i].reference, TS_WRAP_90K),
		                 cases[i].result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),    cmocka_unit_test(test_payload),
		cmocka_unit_test(test_pcr),       cmocka_unit_test(test_stuffing),
		cmocka_unit_test(test_timestamp), cmocka_unit_test(test_unwrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
