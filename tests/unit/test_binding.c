/*
 * The binding table: exact address before any address of the family, and lists that stay whole.
 */
#include "base/address.h"
#include "ingest/binding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct in6_addr parse(const char *text)
{
	struct in6_addr address = {0};

	assert_int_equal(address_parse(&address, text), 0);
	return address;
}

static void test_address_kinds(void **state)
{
	static const struct {
		const char *address;
		bool any, multicast;
	} cases[] = {
		{"0.0.0.0", true, false},          {"::", true, false},
		{"10.0.0.1", false, false},        {"::1", false, false},
		{"223.255.255.255", false, false}, {"224.0.0.0", false, true},
		{"239.255.255.255", false, true},  {"240.0.0.0", false, false},
		{"fe80::1", false, false},         {"feff::1", false, false},
		{"ff02::1", false, true},          {"ff3e::8000:1", false, true},
		{"0.0.0.1", false, false},         {"::0.0.0.1", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct in6_addr address = parse(cases[i].address);

		if (address_is_any(&address) != cases[i].any ||
		    address_is_multicast(&address) != cases[i].multicast)
			fail_msg("%s", cases[i].address);
	}
}

static const struct {
	const char *address;
	uint16_t port;
	const char *interface; /* NULL: whichever */
} bound[] = {
	{"10.0.0.1", 5000, NULL},   {"0.0.0.0", 5000, NULL},     {"10.0.0.2", 5000, NULL},
	{"::", 5000, NULL},         {"2001:db8::1", 5000, NULL}, {"10.0.0.1", 5002, NULL},
	{"::", 5004, NULL},         {"0.0.0.0", 65535, NULL},    {"0.0.0.0", 1, NULL},
	{"10.0.0.1", 6000, "eth0"}, {"10.0.0.1", 6000, "eth1"},  {"10.0.0.1", 6000, NULL},
	{"0.0.0.0", 6000, "eth0"},  {"0.0.0.0", 6000, NULL},     {"10.0.0.9", 6002, "eth0"},
	{"0.0.0.0", 6002, NULL},    {"::", 6002, "eth0"},
};

static const struct {
	const char *address;
	uint16_t port;
	int found;             /* index into bound, -1: none */
	const char *interface; /* that the datagram came by */
} lookups[] = {
	{"10.0.0.1", 5000, 0, "lo"},
	{"10.0.0.2", 5000, 2, "lo"},
	{"10.0.0.3", 5000, 1, "lo"},
	{"0.0.0.0", 5000, 1, "lo"},
	{"2001:db8::1", 5000, 4, "lo"},
	{"2001:db8::2", 5000, 3, "lo"},
	{"::", 5000, 3, "lo"},
	{"10.0.0.1", 5001, -1, "lo"},
	{"10.0.0.1", 5002, 5, "lo"},
	{"10.0.0.2", 5002, -1, "lo"},
	{"::1", 5002, -1, "lo"},
	{"10.0.0.1", 5004, -1, "lo"},
	{"2001:db8::1", 5004, 6, "lo"},
	{"1.2.3.4", 65535, 7, "lo"},
	{"1.2.3.4", 1, 8, "lo"},
	{"1.2.3.4", 0, -1, "lo"},
	{"10.0.0.1", 6000, 9, "eth0"},
	{"10.0.0.1", 6000, 10, "eth1"},
	{"10.0.0.1", 6000, 11, "eth2"},
	{"10.0.0.2", 6000, 12, "eth0"},
	{"10.0.0.2", 6000, 13, "eth1"},
	{"10.0.0.9", 6002, 14, "eth0"},
	{"10.0.0.9", 6002, 15, "eth1"},
	{"2001:db8::1", 6002, 16, "eth0"},
	{"2001:db8::1", 6002, -1, "eth1"},
	{"2001:db8::1", 6002, -1, "eth"},
	{"10.0.0.1", 5000, 0, "eth0"},
};

static void check_lookups(const struct binding_table *table, const struct ingest_binding *bindings,
                          int removed)
{
	for (size_t i = 0; i < COUNT(lookups); i++) {
		const struct in6_addr address = parse(lookups[i].address);
		const int index = lookups[i].found;
		const struct ingest_binding *found =
			binding_table_find(table, lookups[i].interface, &address, lookups[i].port);

		if (index == removed) /* another one may have taken its place, but not itself */
			assert_true(index < 0 ? !found : found != &bindings[index]);
		else if (found != (index < 0 ? NULL : &bindings[index]))
			fail_msg("%s port %u", lookups[i].address, lookups[i].port);
	}
}

static size_t count_all(const struct binding_table *table)
{
	size_t count = 0;

	for (unsigned int i = 0; i < BINDING_TURNS; i++)
		for (const struct ingest_binding *b = table->all[i]; b; b = b->next_all)
			count++;
	return count;
}

static void test_find(void **state)
{
	struct ingest_binding bindings[COUNT(bound)] = {0};
	struct binding_table table;

	(void)state;
	assert_int_equal(binding_table_create(&table), 0);
	for (size_t i = 0; i < COUNT(bound); i++) {
		bindings[i].target.address = parse(bound[i].address);
		bindings[i].target.port = bound[i].port;
		if (bound[i].interface)
			strcpy(bindings[i].target.interface, bound[i].interface);
		binding_table_add(&table, &bindings[i]);
	}
	check_lookups(&table, bindings, -2);
	for (size_t i = 0; i < COUNT(bound);
	     i++) { /* each out and in again, which turns the lists */
		binding_table_remove(&table, &bindings[i]);
		assert_int_equal(count_all(&table), COUNT(bound) - 1);
		check_lookups(&table, bindings, (int)i);
		binding_table_remove(&table, &bindings[i]); /* not there: nothing happens */
		assert_int_equal(count_all(&table), COUNT(bound) - 1);
		binding_table_add(&table, &bindings[i]);
		check_lookups(&table, bindings, -2);
	}
	for (size_t i = 0; i < COUNT(bound); i++)
		binding_table_remove(&table, &bindings[i]);
	assert_int_equal(count_all(&table), 0);
	for (size_t i = 0; i < COUNT(bound); i++)
		assert_null(table.by_port[bound[i].port]);
	binding_table_destroy(&table);
}

/* Every list has its turn once in ten milliseconds, however often it is asked, and none twice at a time. */
static void test_turns(void **state)
{
	static const int64_t periods_us[] = {100, 1000, 1007, 2500, 10000, 700000};
	unsigned int list = 0, turns, total;
	struct binding_table table;
	int64_t now_ns;

	(void)state;
	for (size_t p = 0; p < COUNT(periods_us); p++) {
		const int64_t period_ns = periods_us[p] * NS_PER_US;

		assert_int_equal(binding_table_create(&table), 0);
		total = 0;
		for (now_ns = NS_PER_S; now_ns < 3 * NS_PER_S; now_ns += period_ns) {
			for (turns = 0; binding_table_turn(&table, &list, now_ns); turns++)
				assert_int_equal(list, total++ % BINDING_TURNS);
			assert_true(turns <= BINDING_TURNS);
		}
		if (period_ns <= BINDING_TURNS * BINDING_TURN_NS)
			assert_in_range(total, 2000, 2000 + BINDING_TURNS);
		assert_false(binding_table_turn(&table, &list, now_ns - period_ns));
		binding_table_destroy(&table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_kinds),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
