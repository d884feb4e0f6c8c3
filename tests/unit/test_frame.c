/*
 * Frame parsing, over the table of frames that the XDP program is tested with as well.
 */
#include "ingest/frame.h"

#include "frame_cases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

/* Parse a copy in a block of exactly its size, so that an overrun is seen. */
static int parse_exact(struct frame_datagram *out, const uint8_t *frame, size_t size,
                       size_t *offset)
{
	uint8_t *exact = malloc(size ? size : 1);
	int error;

	assert_non_null(exact);
	memcpy(exact, frame, size);
	memset(out, 0x5a, sizeof(*out));
	error = frame_parse(out, exact, size);
	*offset = error ? 0 : (size_t)(out->payload - exact);
	free(exact);
	return error;
}

static void check_untouched(const struct frame_datagram *datagram)
{
	struct frame_datagram untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	assert_memory_equal(datagram, &untouched, sizeof(untouched));
}

static void expect_address(const struct in6_addr *actual, const struct frame_spec *spec,
                           const uint8_t *given, const uint8_t *otherwise)
{
	static const uint8_t none[16];
	const size_t size = spec->protocol == 0x0800 ? 4 : 16;
	uint8_t expected[16] = {[10] = 0xff, [11] = 0xff};

	memcpy(expected + 16 - size, memcmp(given, none, size) ? given : otherwise, size);
	assert_memory_equal(actual, expected, 16);
}

static void check_addresses(const struct frame_datagram *datagram, const struct frame_spec *spec)
{
	static const uint8_t to4[] = {FRAME_V4}, to6[] = {FRAME_V6};
	static const uint8_t from4[] = {FRAME_SENDER_V4}, from6[] = {FRAME_SENDER_V6};
	const bool v4 = spec->protocol == 0x0800;

	expect_address(&datagram->destination, spec, spec->address, v4 ? to4 : to6);
	expect_address(&datagram->source, spec, spec->source, v4 ? from4 : from6);
	assert_int_equal(datagram->port, FRAME_PORT);
}

static void check_case(const struct frame_case *c)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &c->spec);
	const int expected = c->verdict == STEER_PASS_NO_RULE ? 0 : -EBADMSG;
	struct frame_datagram datagram;
	size_t offset;

	if (parse_exact(&datagram, frame, size, &offset) != expected)
		fail_msg("%s", c->name);
	if (expected) {
		check_untouched(&datagram);
		return;
	}
	check_addresses(&datagram, &c->spec);
	assert_int_equal(offset, frame_header_bytes(&c->spec));
	assert_int_equal(datagram.size, (size_t)((int)c->spec.payload + c->spec.udp_length_change));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRAME_CASES; i++)
		check_case(&frame_cases[i]);
}

/* Cut anywhere, a frame is refused; only the bytes that pad it may be missing. */
static void check_truncations(const struct frame_case *c)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &c->spec);
	const size_t whole = frame_header_bytes(&c->spec) +
	                     (size_t)((int)c->spec.payload + c->spec.udp_length_change);
	struct frame_datagram datagram;
	size_t offset;

	for (size_t cut = 0; cut < size; cut++)
		if (parse_exact(&datagram, frame, cut, &offset) != (cut < whole ? -EBADMSG : 0))
			fail_msg("%s, cut to %zu of %zu bytes", c->name, cut, size);
}

static void test_truncations(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRAME_CASES; i++)
		if (frame_cases[i].verdict == STEER_PASS_NO_RULE)
			check_truncations(&frame_cases[i]);
}

/* One frame as it was on the wire, to keep the builder honest. */
static void test_wire(void **state)
{
	static const uint8_t frame[] = {
		0x01, 0x00, 0x5e, 0x01, 0x01, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x81,
		0x00, 0x00, 0x64, 0x08, 0x00, 0x45, 0x00, 0x00, 0x1f, 0x12, 0x34, 0x40, 0x00,
		0x40, 0x11, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x01, 0xef, 0x01, 0x01, 0x01, 0x9c,
		0x40, 0x13, 0x88, 0x00, 0x0b, 0x00, 0x00, 0x47, 0x1f, 0xff,
	};
	static const uint8_t group[16] = {[10] = 0xff, [11] = 0xff, 239, 1, 1, 1};
	static const uint8_t sender[16] = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1};
	struct frame_datagram datagram;

	(void)state;
	assert_int_equal(frame_parse(&datagram, frame, sizeof(frame)), 0);
	assert_memory_equal(&datagram.destination, group, 16);
	assert_memory_equal(&datagram.source, sender, 16);
	assert_int_equal(datagram.port, 5000);
	assert_int_equal(datagram.size, 3);
	assert_ptr_equal(datagram.payload, frame + sizeof(frame) - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_truncations),
		cmocka_unit_test(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
