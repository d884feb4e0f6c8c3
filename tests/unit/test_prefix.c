/*
 * Prefixes: what is one and what is not, and sets of them against a search of every prefix.
 */
#include "base/address.h"
#include "base/prefix.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct in6_addr parse(const char *text)
{
	struct in6_addr address = {0};

	assert_int_equal(address_parse(&address, text), 0);
	return address;
}

static void test_text(void **state)
{
	static const struct {
		const char *text, *formatted; /* NULL: refused */
		int bits;
	} cases[] = {
		{"10.1.2.3", "10.1.2.3", 128},
		{"10.1.2.3/32", "10.1.2.3", 128},
		{"10.0.0.0/8", "10.0.0.0/8", 104},
		{"0.0.0.0/0", "0.0.0.0/0", 96},
		{"192.0.2.128/25", "192.0.2.128/25", 121},
		{"2001:DB8::/32", "2001:db8::/32", 32},
		{"::/0", "::/0", 0},
		{"::1", "::1", 128},
		{"fe80::1/128", "fe80::1", 128},
		{"10.1.2.3/8", NULL, 0},
		{"2001:db8::1/32", NULL, 0},
		{"10.0.0.0/33", NULL, 0},
		{"::/129", NULL, 0},
		{"10.0.0.0/", NULL, 0},
		{"10.0.0.0/08", NULL, 0},
		{"10.0.0.0/+8", NULL, 0},
		{"10.0.0.0/8 ", NULL, 0},
		{" 10.0.0.0/8", NULL, 0},
		{"10.0.0/8", NULL, 0},
		{"010.0.0.0/8", NULL, 0},
		{"10.0.0.0/8/8", NULL, 0},
		{"::ffff:10.0.0.0/104", NULL, 0},
		{"fe80::1%eth0", NULL, 0},
		{"host", NULL, 0},
		{"", NULL, 0},
		{"/", NULL, 0},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333:4444", NULL, 0},
	};
	char formatted[PREFIX_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct prefix prefix;
		const int error = prefix_parse(&prefix, cases[i].text);

		if (error != (cases[i].formatted ? 0 : -EINVAL))
			fail_msg("\"%s\": %d", cases[i].text, error);
		if (error)
			continue;
		assert_int_equal(prefix.bits, cases[i].bits);
		prefix_format(formatted, &prefix);
		assert_string_equal(formatted, cases[i].formatted);
	}
}

static void test_families(void **state)
{
	const struct in6_addr v4 = parse("198.51.100.7"), v6 = parse("2001:db8::7");
	struct prefix prefixes[2];
	struct prefix_set *set;

	(void)state;
	assert_int_equal(prefix_set_create(&set, NULL, 0), 0);
	assert_false(prefix_set_has(set, &v4));
	prefix_set_destroy(set);
	assert_int_equal(prefix_parse(&prefixes[0], "0.0.0.0/0"), 0);
	assert_int_equal(prefix_set_create(&set, prefixes, 1), 0);
	assert_true(prefix_set_has(set, &v4));
	assert_false(prefix_set_has(set, &v6));
	prefix_set_destroy(set);
	assert_int_equal(prefix_parse(&prefixes[1], "2001:db8::7"), 0);
	assert_int_equal(prefix_set_create(&set, &prefixes[1], 1), 0);
	assert_false(prefix_set_has(set, &v4));
	assert_true(prefix_set_has(set, &v6));
	prefix_set_destroy(set);
	prefix_set_destroy(NULL);
}

/* Whether the first `bits` bits of both are the same. */
static bool is_inside(const struct prefix *prefix, const struct in6_addr *address)
{
	for (unsigned int bit = 0; bit < prefix->bits; bit++) {
		const uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if ((prefix->address.s6_addr[bit / 8] ^ address->s6_addr[bit / 8]) & mask)
			return false;
	}
	return true;
}

/* Few different bits, so that prefixes overlap, touch and contain each other. */
static struct in6_addr random_address(void)
{
	struct in6_addr address = parse("10.0.0.0");

	address.s6_addr[13] = (uint8_t)(rand() % 4);
	address.s6_addr[14] = (uint8_t)(rand() % 3 * 127);
	address.s6_addr[15] = (uint8_t)rand();
	return address;
}

static void test_sets(void **state)
{
	enum { PREFIXES = 40, LOOKUPS = 400 };
	struct prefix prefixes[PREFIXES];
	struct prefix_set *set;

	(void)state;
	srand(1);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < PREFIXES; i++)
			prefixes[i] =
				(struct prefix){random_address(), (uint8_t)(108 + rand() % 21)};
		assert_int_equal(prefix_set_create(&set, prefixes, (size_t)(round % PREFIXES)), 0);
		for (int i = 0; i < LOOKUPS; i++) {
			const struct in6_addr address = random_address();
			bool expected = false;

			for (int j = 0; j < round % PREFIXES; j++)
				expected |= is_inside(&prefixes[j], &address);
			assert_int_equal(prefix_set_has(set, &address), expected);
		}
		prefix_set_destroy(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
