/*
 * RTP headers as bytes, and the numbers and time stamps of a stream that is sent on.
 */
#include "base/bytes.h"
#include "media/rtp_packetiser.h"
#include "media/ts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_US 60000000LL

static const struct rtp_start plain_start = {
	.ssrc = 0xdeadbeef, .timestamp = 1000, .sequence = 0xfffe};

static void test_header_bytes(void **state)
{
	static const uint8_t wanted[RTP_HEADER_BYTES] = {0x80, 0x21, 0x12, 0x34, 0x01, 0x02,
	                                                 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef};
	uint8_t out[RTP_HEADER_BYTES + 1];
	struct rtp_packet packet;

	(void)state;
	memset(out, 0xaa, sizeof(out));
	rtp_write_header(out, RTP_PAYLOAD_TYPE_TS, 0x1234, 0x01020304, 0xdeadbeef);
	assert_memory_equal(out, wanted, sizeof(wanted));
	assert_int_equal(out[RTP_HEADER_BYTES], 0xaa);
	rtp_write_header(out, 127, 1, 2, 3);
	assert_int_equal(out[1], 127); /* no marker */
	assert_int_equal(rtp_parse(&packet, out, sizeof(out)), 0);
	assert_int_equal(packet.payload_type, 127);
	assert_false(packet.marker);
}

static struct rtp_packet next(struct rtp_packetiser *p, int64_t arrival_us)
{
	uint8_t out[RTP_HEADER_BYTES];
	struct rtp_packet packet;

	rtp_packetiser_next(p, out, arrival_us);
	assert_int_equal(rtp_parse(&packet, out, sizeof(out)), 0);
	return packet;
}

static void test_numbers_wrap(void **state)
{
	struct rtp_packetiser p;

	(void)state;
	rtp_packetiser_init(&p, 33, &plain_start);
	assert_int_equal(next(&p, 0).sequence, 0xfffe);
	assert_int_equal(next(&p, 0).sequence, 0xffff);
	assert_int_equal(next(&p, 0).sequence, 0);
	rtp_packetiser_take_back(&p, 2);
	assert_int_equal(next(&p, 0).sequence, 0xffff);
	assert_int_equal(next(&p, 0).ssrc, 0xdeadbeef);
}

/* 90 in a millisecond, nothing adds up over days, and time does not go back. */
static void test_timestamps(void **state)
{
	struct rtp_packetiser p;
	uint32_t last;

	(void)state;
	rtp_packetiser_init(&p, 33, &plain_start);
	assert_int_equal(next(&p, 0).timestamp, 1000);
	assert_int_equal(next(&p, 1000).timestamp, 1090);
	assert_int_equal(next(&p, 1011).timestamp, 1090);
	assert_int_equal(next(&p, 1012).timestamp, 1091);
	assert_int_equal(next(&p, 500).timestamp, 1091);
	assert_int_equal(next(&p, 2000).timestamp, 1180);
	last = next(&p, MINUTE_US).timestamp;
	for (int64_t minute = 2; minute < 3 * 24 * 60; minute++) {
		const uint32_t now = next(&p, minute * MINUTE_US).timestamp;

		assert_int_equal((uint32_t)(now - last), 60 * TS_CLOCK_HZ);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_bytes),
		cmocka_unit_test(test_numbers_wrap),
		cmocka_unit_test(test_timestamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
