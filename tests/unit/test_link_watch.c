/*
 * Netlink notifications: what the kernel sends is understood, and nothing that it does not send is read
 * beyond its end.
 */
#include "ingest/link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_CHANGES 16

struct seen {
	struct link_change changes[MAX_CHANGES];
	size_t count;
};

static void see(void *context, const struct link_change *change)
{
	struct seen *seen = context;

	if (seen->count < MAX_CHANGES)
		seen->changes[seen->count] = *change;
	seen->count++;
}

/* A datagram in the making. */
struct message {
	uint8_t bytes[1024];
	size_t size;
};

static void put(struct message *m, const void *bytes, size_t size)
{
	assert_true(m->size + size + 4 <= sizeof(m->bytes));
	memcpy(m->bytes + m->size, bytes, size);
	m->size = NLMSG_ALIGN(m->size + size);
}

static void put_attribute(struct message *m, uint16_t type, const void *value, size_t size)
{
	const struct rtattr header = {(uint16_t)(sizeof(header) + size), type};

	put(m, &header, sizeof(header));
	put(m, value, size);
}

/* Returns where the message begins; end_message() writes its length there. */
static size_t begin_link(struct message *m, uint16_t type, int ifindex, unsigned int flags)
{
	const size_t start = m->size;
	const struct nlmsghdr header = {.nlmsg_type = type};
	const struct ifinfomsg info = {.ifi_index = ifindex, .ifi_flags = flags};

	put(m, &header, sizeof(header));
	put(m, &info, sizeof(info));
	return start;
}

static void end_message(struct message *m, size_t start)
{
	const uint32_t length = (uint32_t)(m->size - start);

	memcpy(m->bytes + start, &length, sizeof(length));
}

static void put_link(struct message *m, uint16_t type, int ifindex, unsigned int flags,
                     const char *name, uint32_t mtu)
{
	const size_t start = begin_link(m, type, ifindex, flags);

	put_attribute(m, IFLA_ADDRESS, "\1\2\3\4\5\6", 6);
	put_attribute(m, IFLA_IFNAME, name, strlen(name) + 1);
	put_attribute(m, IFLA_MTU, &mtu, sizeof(mtu));
	end_message(m, start);
}

static void put_bare(struct message *m, uint16_t type)
{
	const struct nlmsghdr header = {.nlmsg_len = sizeof(header), .nlmsg_type = type};

	put(m, &header, sizeof(header));
}

static void test_kinds(void **state)
{
	struct message m = {.size = 0};
	struct seen seen = {.count = 0};

	(void)state;
	put_link(&m, RTM_NEWLINK, 7, IFF_UP | IFF_RUNNING, "eth0", 9001);
	put_link(&m, RTM_NEWLINK, 7, IFF_UP, "eth0", 1500);
	put_link(&m, RTM_NEWLINK, 8, IFF_RUNNING, "abcdefghijklmno", 1);
	put_bare(&m, RTM_NEWADDR);
	put_bare(&m, RTM_NEWROUTE); /* nothing of ours */
	put_bare(&m, RTM_DELADDR);
	put_link(&m, RTM_DELLINK, 7, 0, "eth0", 1500);
	put_bare(&m, NLMSG_OVERRUN);
	assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 7);
	assert_int_equal(seen.count, 7);
	assert_int_equal(seen.changes[0].kind, LINK_WATCH_LINK);
	assert_int_equal(seen.changes[0].ifindex, 7);
	assert_string_equal(seen.changes[0].name, "eth0");
	assert_int_equal(seen.changes[0].mtu, 9001);
	assert_true(seen.changes[0].up && seen.changes[0].running);
	assert_true(seen.changes[1].up && !seen.changes[1].running);
	assert_true(!seen.changes[2].up && !seen.changes[2].running);
	assert_string_equal(seen.changes[2].name, "abcdefghijklmno");
	assert_int_equal(seen.changes[3].kind, LINK_WATCH_ADDRESS);
	assert_int_equal(seen.changes[4].kind, LINK_WATCH_ADDRESS);
	assert_int_equal(seen.changes[5].kind, LINK_WATCH_GONE);
	assert_int_equal(seen.changes[5].ifindex, 7);
	assert_int_equal(seen.changes[6].kind, LINK_WATCH_OVERRUN);
}

/* Names and numbers of the wrong size are left out, the rest of the message counts. */
static void test_odd_attributes(void **state)
{
	static const char long_name[] = "abcdefghijklmnop"; /* one byte more than a name has */
	static const uint16_t lengths[] = {0, 3, 5, 0xffff};
	struct message m = {.size = 0};
	struct seen seen = {.count = 0};
	const uint32_t mtu = 1500;
	size_t start = begin_link(&m, RTM_NEWLINK, 3, IFF_UP);

	(void)state;
	put_attribute(&m, IFLA_IFNAME, long_name, sizeof(long_name));
	put_attribute(&m, IFLA_IFNAME, "eth", 3); /* not terminated */
	put_attribute(&m, IFLA_IFNAME, "", 0);
	put_attribute(&m, IFLA_MTU, &mtu, 2);
	put_attribute(&m, IFLA_MTU | NLA_F_NESTED, &mtu, sizeof(mtu));
	end_message(&m, start);
	assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 1);
	assert_string_equal(seen.changes[0].name, "");
	assert_int_equal(seen.changes[0].mtu, 1500);
	for (size_t i = 0; i < COUNT(lengths); i++) { /* an attribute that lies about its length */
		const struct rtattr lie = {lengths[i], IFLA_MTU};

		m.size = seen.count = 0;
		start = begin_link(&m, RTM_NEWLINK, 3, IFF_UP);
		put(&m, &lie, sizeof(lie));
		end_message(&m, start);
		assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 1);
		assert_int_equal(seen.changes[0].mtu, 0);
	}
}

static void test_odd_messages(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, 17, 31, 0x7fffffff, 0xffffffff};
	struct message good = {.size = 0}, m;
	struct seen seen = {.count = 0};

	(void)state;
	put_link(&good, RTM_NEWLINK, 7, IFF_UP, "eth0", 1500);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		m = good;
		memcpy(m.bytes, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 0);
	}
	m = good;
	m.bytes[sizeof(struct nlmsghdr)] = AF_BRIDGE; /* ifi_family */
	assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 0);
	m.size = 0;
	put_link(&m, RTM_NEWLINK, -1, IFF_UP, "eth0", 1500);
	assert_int_equal(link_watch_parse(m.bytes, m.size, see, &seen), 0);
	assert_int_equal(seen.count, 0);
}

/* Every cut of a good datagram and a million bytes of noise, in memory that ends where the bytes end. */
static void test_hostile(void **state)
{
	struct message m = {.size = 0};
	struct seen seen = {.count = 0};
	unsigned int seed = 1;

	(void)state;
	put_link(&m, RTM_NEWLINK, 7, IFF_UP, "eth0", 1500);
	put_link(&m, RTM_DELLINK, 7, IFF_UP, "eth0", 1500);
	for (size_t size = 0; size <= m.size; size++) {
		uint8_t *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		memcpy(exact, m.bytes, size);
		assert_in_range(link_watch_parse(exact, size, see, &seen), 0, 2);
		free(exact);
	}
	for (int round = 0; round < 20000; round++) {
		const size_t size = (size_t)rand_r(&seed) % m.size;
		uint8_t *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		memcpy(exact, m.bytes, size);
		for (int i = 0; size && i < 4; i++)
			exact[(size_t)rand_r(&seed) % size] = (uint8_t)rand_r(&seed);
		assert_in_range(link_watch_parse(exact, size, see, &seen), 0, 64);
		free(exact);
	}
	for (size_t i = 0; i < COUNT(seen.changes); i++)
		assert_true(memchr(seen.changes[i].name, 0, sizeof(seen.changes[i].name)));
}

static void test_socket(void **state)
{
	struct link_watch *watch;
	struct seen seen = {.count = 0};

	(void)state;
	assert_int_equal(link_watch_create(&watch), 0);
	link_watch_read(watch, see, &seen); /* comes back at once */
	link_watch_destroy(watch);
	link_watch_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),        cmocka_unit_test(test_odd_attributes),
		cmocka_unit_test(test_odd_messages), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
