/*
 * Addresses: byte for byte what text and sockets say, and nothing from what is no address.
 */
#include "base/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		uint8_t bytes[16];
	} cases[] = {
		{"10.1.2.3", {[10] = 0xff, 0xff, 10, 1, 2, 3}},
		{"0.0.0.0", {[10] = 0xff, 0xff}},
		{"::", {0}},
		{"2001:db8::42", {0x20, 0x01, 0x0d, 0xb8, [15] = 0x42}},
		{"::ffff:10.1.2.3", {[10] = 0xff, 0xff, 10, 1, 2, 3}},
	};
	static const char *const bad[] = {"",          "10.1.2",     "10.1.2.256", "10.1.2.3:5000",
	                                  "010.1.2.3", "fe80::1%lo", "[::1]",      "host"};
	struct in6_addr address;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(address_parse(&address, cases[i].text), 0);
		assert_memory_equal(&address, cases[i].bytes, sizeof(address));
	}
	memset(&address, 0x5a, sizeof(address));
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (address_parse(&address, bad[i]) != -EINVAL)
			fail_msg("\"%s\"", bad[i]);
		assert_int_equal(address.s6_addr[0], 0x5a);
		assert_int_equal(address.s6_addr[15], 0x5a);
	}
}

static void test_sockaddr(void **state)
{
	static const uint8_t v4_bytes[16] = {[10] = 0xff, 0xff, 192, 0, 2, 7};
	const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207)};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	                                .sin6_addr.s6_addr = {0xfe, 0x80, [15] = 1}};
	const struct sockaddr other = {.sa_family = AF_UNIX};
	struct in6_addr address;

	(void)state;
	assert_true(address_from_sockaddr(&address, (const struct sockaddr *)&v4));
	assert_memory_equal(&address, v4_bytes, sizeof(address));
	assert_true(address_from_sockaddr(&address, (const struct sockaddr *)&v6));
	assert_memory_equal(&address, &v6.sin6_addr, sizeof(address));
	assert_false(address_from_sockaddr(&address, &other));
	assert_false(address_from_sockaddr(&address, NULL));
	assert_memory_equal(&address, &v6.sin6_addr, sizeof(address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_sockaddr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
