/*
 * Ingest through kernel sockets: datagrams on the loopback interface reach their channels, errors come
 * as sentences, and bindings come and go while packets arrive.
 */
#include "base/clock.h"
#include "base/container.h"
#include "ingest/ingest.h"
#include "media/ts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PATIENCE_NS (60 * NS_PER_S)
#define PACKETS     7 /* in each datagram */
#define MESSAGE     (PACKETS * TS_PACKET_BYTES)

static struct in6_addr parse(const char *text)
{
	struct in6_addr address = {0};

	if (strchr(text, ':')) {
		assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
	} else {
		address.s6_addr[10] = address.s6_addr[11] = 0xff;
		assert_int_equal(inet_pton(AF_INET, text, &address.s6_addr[12]), 1);
	}
	return address;
}

static socklen_t make_sockaddr(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/* A UDP port that nobody has at this moment, kept by the socket that is returned. */
static int take_port(const char *address, uint16_t *port)
{
	struct sockaddr_storage local;
	socklen_t length = make_sockaddr(&local, address, 0);
	const int fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, length)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &length), 0);
	*port = ntohs(((struct sockaddr_in *)&local)->sin_port); /* at the same place in both */
	return fd;
}

static uint16_t free_port(const char *address)
{
	uint16_t port = 0;
	const int fd = take_port(address, &port);

	if (fd >= 0)
		close(fd);
	return port;
}

static void send_bytes(const char *to, uint16_t port, const void *bytes, size_t size)
{
	struct sockaddr_storage address;
	const socklen_t length = make_sockaddr(&address, to, port);
	const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct ip_mreqn loopback = {.imr_ifindex = (int)if_nametoindex("lo")};

	assert_true(fd >= 0);
	if (address.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback));
	assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&address, length),
	                 (ssize_t)size);
	close(fd);
}

static void make_ts(uint8_t *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; i < size; i += TS_PACKET_BYTES)
		bytes[i] = TS_SYNC_BYTE;
}

static void send_ts(const char *to, uint16_t port)
{
	uint8_t bytes[MESSAGE];

	make_ts(bytes, sizeof(bytes));
	send_bytes(to, port, bytes, sizeof(bytes));
}

static struct ingest *make_ingest(const char *interfaces)
{
	const struct ingest_config config = {
		.mode = INGEST_UDP, .interfaces = interfaces, .tick_us = 500};
	struct ingest *ingest;

	assert_int_equal(ingest_create(&ingest, &config), 0);
	return ingest;
}

static struct channel *make_channel(void)
{
	const struct channel_config config = {.name = "News", .ring_packets = 1024};
	struct channel *channel;

	assert_int_equal(channel_create(&channel, &config), 0);
	return channel;
}

static uint64_t received(const struct channel *channel)
{
	return counter_get(&channel_counters(channel)->datagrams_received);
}

/* Wait until the ring has got so many packets; only then is the last datagram dealt with. */
static void wait_packets(const struct channel *channel, uint64_t wanted)
{
	const struct ring *ring = channel_ring(channel);
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	while (ring_head(ring) < wanted) {
		if (clock_now_ns() > deadline_ns)
			fail_msg("%llu packets instead of %llu",
			         (unsigned long long)ring_head(ring), (unsigned long long)wanted);
		nanosleep(&pause, NULL);
	}
}

static void wait_datagrams(const struct channel *channel, uint64_t wanted)
{
	wait_packets(channel, wanted * PACKETS);
}

struct leaving {
	struct retirement retirement;
	struct channel *channel;
	struct tick_loop *loops[1];
	atomic_bool gone;
};

static void release_channel(struct retirement *retirement)
{
	struct leaving *leaving = container_of(retirement, struct leaving, retirement);

	channel_destroy(leaving->channel);
	atomic_store(&leaving->gone, true);
}

/* Free the channel after its binding, as a feed does, and wait until that has happened. */
static void retire_channel(struct ingest *ingest, struct channel *channel)
{
	struct leaving leaving = {.channel = channel, .loops = {ingest_loop(ingest)}};
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	retire(&leaving.retirement, leaving.loops, 1, release_channel);
	while (!atomic_load(&leaving.gone)) {
		assert_true(clock_now_ns() < deadline_ns);
		nanosleep(&pause, NULL);
	}
}

static struct ingest_binding *bind_channel(struct ingest *ingest, struct channel *channel,
                                           const char *address, uint16_t port)
{
	const struct ingest_target target = {
		.channel = channel, .address = parse(address), .port = port};
	struct ingest_binding *binding;
	char why[200] = "";

	if (ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)))
		fail_msg("%s port %u: %s", address, port, why);
	return binding;
}

static void test_receive(void **state)
{
	static const struct {
		const char *address, *to;
	} cases[] = {
		{"127.0.0.1", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.1"},
		{"0.0.0.0", "127.0.0.9"},
		{"::1", "::1"},
		{"::", "::1"},
	};
	struct ingest *ingest = make_ingest(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint16_t port = free_port(cases[i].address);
		struct channel *channel;
		struct ingest_binding *binding;

		if (!port)
			continue; /* no IPv6 here */
		channel = make_channel();
		binding = bind_channel(ingest, channel, cases[i].address, port);
		for (int n = 0; n < 20; n++)
			send_ts(cases[i].to, port);
		wait_datagrams(channel, 20);
		assert_int_equal(received(channel), 20);
		assert_true(channel_last_ns(channel) > 0);
		ingest_unbind(binding);
		retire_channel(ingest, channel);
	}
	ingest_destroy(ingest);
}

/* The any address of one family leaves the other family's port alone. */
static void test_families(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct channel *four = make_channel(), *six = make_channel();
	const uint16_t port = free_port("::");
	struct ingest_binding *bindings[2];

	(void)state;
	if (!port) {
		channel_destroy(four);
		channel_destroy(six);
		ingest_destroy(ingest);
		print_message("# skipped: no IPv6 on this machine\n");
		skip();
	}
	bindings[0] = bind_channel(ingest, six, "::", port);
	bindings[1] = bind_channel(ingest, four, "0.0.0.0", port);
	send_ts("127.0.0.1", port);
	wait_datagrams(four, 1);
	send_ts("::1", port);
	wait_datagrams(six, 1);
	assert_int_equal(received(four), 1);
	for (int i = 0; i < 2; i++)
		ingest_unbind(bindings[i]);
	retire_channel(ingest, four);
	retire_channel(ingest, six);
	ingest_destroy(ingest);
}

/* Two ports, two channels, one thread: nothing ends up in the wrong one. */
static void test_two_channels(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channels[2] = {make_channel(), make_channel()};
	struct ingest_binding *bindings[2];
	uint16_t ports[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		ports[i] = free_port("127.0.0.1");
		bindings[i] = bind_channel(ingest, channels[i], "127.0.0.1", ports[i]);
	}
	for (int i = 0; i < 30; i++)
		send_ts("127.0.0.1", ports[i % 3 == 0]);
	wait_datagrams(channels[0], 20);
	wait_datagrams(channels[1], 10);
	for (int i = 0; i < 2; i++)
		ingest_unbind(bindings[i]);
	ingest_destroy(ingest);
	assert_int_equal(received(channels[0]), 20);
	assert_int_equal(received(channels[1]), 10);
	for (int i = 0; i < 2; i++)
		channel_destroy(channels[i]);
}

/* Empty, unreadable and oversized datagrams are counted and do no harm to the next one. */
static void test_odd_datagrams(void **state)
{
	static uint8_t big[60000 / TS_PACKET_BYTES * TS_PACKET_BYTES];
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_channel(ingest, channel, "127.0.0.1", port);
	const struct channel_counters *counters = channel_counters(channel);

	(void)state;
	make_ts(big, sizeof(big));
	send_bytes("127.0.0.1", port, "", 0);
	send_bytes("127.0.0.1", port, big, sizeof(big));
	send_bytes("127.0.0.1", port, "junk", 4);
	send_bytes("127.0.0.1", port, big, 9216 / TS_PACKET_BYTES * TS_PACKET_BYTES);
	wait_packets(channel, 9216 / TS_PACKET_BYTES);
	assert_int_equal(received(channel), 4);
	assert_int_equal(counter_get(&counters->rejected_truncated), 3);
	assert_int_equal(ring_head(channel_ring(channel)), 9216 / TS_PACKET_BYTES);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

static void test_errors(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	struct ingest_binding *binding = NULL;
	struct ingest_target target = {.channel = channel, .address = parse("127.0.0.1")};
	char why[200] = "", expected[200];
	const int other = take_port("127.0.0.1", &target.port);

	(void)state;
	assert_int_equal(ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)),
	                 -EADDRINUSE);
	snprintf(expected, sizeof(expected), "UDP port %u is in use by another program",
	         target.port);
	assert_string_equal(why, expected);
	close(other);
	target.address = parse("192.0.2.1"); /* documentation: nobody has it */
	assert_int_equal(ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)),
	                 -EADDRNOTAVAIL);
	assert_string_equal(why, "the address is not one of this machine's");
	assert_null(binding);
	ingest_unbind(NULL);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
	ingest_destroy(NULL);
}

/* A channel that is stopped and started at once gets its own port back. */
static void test_rebind(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_channel(ingest, channel, "127.0.0.1", port);

	(void)state;
	for (int i = 0; i < 50; i++) {
		ingest_unbind(binding);
		binding = bind_channel(ingest, channel, "127.0.0.1", port);
	}
	send_ts("127.0.0.1", port);
	wait_datagrams(channel, 1);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

static void test_multicast(void **state)
{
	struct ingest *ingest = make_ingest("lo");
	struct channel *channels[2] = {make_channel(), make_channel()};
	const char *const groups[2] = {"239.255.77.1", "239.255.77.2"};
	const uint16_t port = free_port("0.0.0.0");
	struct ingest_binding *bindings[2];

	(void)state;
	for (int i = 0; i < 2; i++) /* two groups may share a port */
		bindings[i] = bind_channel(ingest, channels[i], groups[i], port);
	for (int i = 0; i < 2; i++) {
		send_ts(groups[i], port);
		wait_datagrams(channels[i], 1);
	}
	assert_int_equal(received(channels[0]), 1);
	for (int i = 0; i < 2; i++) {
		ingest_unbind(bindings[i]);
		retire_channel(ingest, channels[i]);
	}
	ingest_destroy(ingest);
}

/* ---- Filters. ---- */

/* Send TS from an address of this machine. */
static void send_ts_from(const char *from, const char *to, uint16_t port, int count)
{
	struct sockaddr_storage local, address;
	const socklen_t local_length = make_sockaddr(&local, from, 0);
	const socklen_t length = make_sockaddr(&address, to, port);
	const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t bytes[MESSAGE];

	make_ts(bytes, sizeof(bytes));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, local_length), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(
			sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, length),
			(ssize_t)sizeof(bytes));
	close(fd);
}

static struct ingest_filter make_filter(struct prefix *sources, const char *const *texts,
                                        uint32_t max_pps)
{
	struct ingest_filter filter = {.sources = sources, .max_pps = max_pps};

	for (; texts[filter.source_count]; filter.source_count++)
		assert_int_equal(
			prefix_parse(&sources[filter.source_count], texts[filter.source_count]), 0);
	return filter;
}

static struct ingest_binding *bind_filtered(struct ingest *ingest, struct channel *channel,
                                            const char *address, uint16_t port,
                                            const struct ingest_filter *filter)
{
	const struct ingest_target target = {
		.channel = channel, .address = parse(address), .port = port};
	struct ingest_binding *binding;
	char why[200] = "";

	if (ingest_bind(&binding, ingest, &target, filter, why, sizeof(why)))
		fail_msg("%s port %u: %s", address, port, why);
	return binding;
}

static struct ingest_counters counts(const struct ingest_binding *binding)
{
	struct ingest_counters sum = {0};

	ingest_count(binding, &sum);
	return sum;
}

/* Wait until the binding has dealt with so many datagrams: received or dropped. */
static void wait_dealt(const struct channel *channel, const struct ingest_binding *binding,
                       uint64_t wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	for (;;) {
		struct ingest_counters c = counts(binding);
		const uint64_t dealt = received(channel) + counter_get(&c.dropped_stranger) +
		                       counter_get(&c.dropped_rate) +
		                       counter_get(&c.dropped_socket);

		if (dealt >= wanted)
			return;
		if (clock_now_ns() > deadline_ns)
			fail_msg("%llu datagrams instead of %llu", (unsigned long long)dealt,
			         (unsigned long long)wanted);
		nanosleep(&pause, NULL);
	}
}

static void test_allowlist(void **state)
{
	static const struct {
		const char *sources[3], *from, *to;
		bool admitted;
	} cases[] = {
		{{NULL}, "127.0.0.2", "127.0.0.1", true},
		{{"127.0.0.2"}, "127.0.0.2", "127.0.0.1", true},
		{{"127.0.0.2"}, "127.0.0.3", "127.0.0.1", false},
		{{"127.0.0.2/31"}, "127.0.0.3", "127.0.0.1", true},
		{{"10.0.0.0/8", "127.0.0.4"}, "127.0.0.3", "127.0.0.1", false},
		{{"0.0.0.0/0"}, "127.0.0.3", "127.0.0.1", true},
		{{"2001:db8::/32"}, "127.0.0.3", "127.0.0.1", false},
		{{"::1"}, "::1", "::1", true},
		{{"2001:db8::/32"}, "::1", "::1", false},
		{{"0.0.0.0/0"}, "::1", "::1", false},
	};
	struct ingest *ingest = make_ingest(NULL);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint16_t port = free_port(cases[i].to);
		struct channel *channel = make_channel();
		struct ingest_binding *binding;
		struct ingest_counters c;
		struct prefix sources[2];
		struct ingest_filter filter;

		if (!port) { /* no IPv6 here */
			channel_destroy(channel);
			continue;
		}
		filter = make_filter(sources, cases[i].sources, 0);
		binding = bind_filtered(ingest, channel, cases[i].to, port, &filter);
		send_ts_from(cases[i].from, cases[i].to, port, 40);
		wait_dealt(channel, binding, 40);
		c = counts(binding);
		if (received(channel) != (cases[i].admitted ? 40 : 0) ||
		    counter_get(&c.dropped_stranger) != (cases[i].admitted ? 0 : 40))
			fail_msg("%s from %s", cases[i].sources[0], cases[i].from);
		ingest_unbind(binding);
		retire_channel(ingest, channel);
	}
	ingest_destroy(ingest);
}

static void test_ceiling(void **state)
{
	const struct ingest_filter filter = {.max_pps = 1};
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_filtered(ingest, channel, "127.0.0.1", port, &filter);
	const int64_t start_ns = clock_now_ns();
	struct ingest_counters c;
	char why[200];

	(void)state;
	send_ts_from("127.0.0.2", "127.0.0.1", port, 500);
	wait_dealt(channel, binding, 500);
	c = counts(binding);
	assert_in_range(received(channel), 64,
	                64 + (uint64_t)((clock_now_ns() - start_ns) / NS_PER_S) + 1);
	assert_int_equal(received(channel) + counter_get(&c.dropped_rate), 500);
	assert_int_equal(ingest_set_filter(binding, NULL, why, sizeof(why)), 0);
	retire_channel(ingest, make_channel()); /* the ingest thread has the new filter */
	c = counts(binding);
	send_ts_from("127.0.0.2", "127.0.0.1", port, 500);
	wait_dealt(channel, binding, 1000);
	assert_int_equal(received(channel), 1000 - counter_get(&c.dropped_rate));
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

/* The ingest thread held up. */
struct pause {
	struct command command;
	atomic_bool begun, over;
};

static void run_pause(struct command *command)
{
	struct pause *pause = container_of(command, struct pause, command);
	const struct timespec step = {.tv_nsec = NS_PER_MS};

	atomic_store(&pause->begun, true);
	while (!atomic_load(&pause->over))
		nanosleep(&step, NULL);
}

static void begin_pause(struct ingest *ingest, struct pause *pause)
{
	const struct timespec step = {.tv_nsec = NS_PER_MS};

	pause->command.run = run_pause;
	tick_loop_post(ingest_loop(ingest), &pause->command);
	while (!atomic_load(&pause->begun))
		nanosleep(&step, NULL);
}

/* What came in time is not over the ceiling because it is read late, all of it at once. */
static void test_ceiling_when_late(void **state)
{
	const struct ingest_filter filter = {.max_pps = 1000};
	const struct timespec gap = {.tv_nsec = 2 * NS_PER_MS};
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_filtered(ingest, channel, "127.0.0.1", port, &filter);
	struct pause pause = {0};
	struct ingest_counters c;

	(void)state;
	begin_pause(ingest, &pause);
	for (int i = 0; i < 200; i++) {
		send_ts("127.0.0.1", port);
		nanosleep(&gap, NULL);
	}
	atomic_store(&pause.over, true);
	wait_dealt(channel, binding, 200);
	c = counts(binding);
	assert_int_equal(received(channel), 200);
	assert_int_equal(counter_get(&c.dropped_rate), 0);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

/* What the kernel drops because nobody reads is counted. */
static void test_socket_drops(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_channel(ingest, channel, "127.0.0.1", port);
	struct pause pause = {0};
	struct ingest_counters c;

	(void)state;
	begin_pause(ingest, &pause);
	send_ts_from("127.0.0.2", "127.0.0.1", port, 20000);
	c = counts(binding);
	assert_in_range(counter_get(&c.dropped_socket), 1, 19999);
	atomic_store(&pause.over, true);
	wait_dealt(channel, binding, 20000);
	assert_int_equal(received(channel) + counter_get(&c.dropped_socket), 20000);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

struct paced {
	uint16_t port;
	atomic_bool stop;
	uint64_t sent;
};

/* At a pace that the ingest thread can follow, so that nothing is lost but by a filter. */
static void *paced_main(void *argument)
{
	const struct timespec gap = {.tv_nsec = NS_PER_MS};
	struct paced *paced = argument;

	while (!atomic_load(&paced->stop)) {
		send_ts_from("127.0.0.2", "127.0.0.1", paced->port, 8);
		send_ts_from("127.0.0.3", "127.0.0.1", paced->port, 1);
		paced->sent += 1;
		nanosleep(&gap, NULL);
	}
	return NULL;
}

/* Who is in every list loses nothing while they change, who is in none gets nothing through. */
static void test_set_filter_under_load(void **state)
{
	static const char *const lists[][3] = {
		{"127.0.0.2"}, {"127.0.0.2", "10.0.0.0/8"}, {"10.0.0.0/8", "127.0.0.2/32"}};
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	struct paced paced = {.port = free_port("127.0.0.1")};
	struct prefix sources[2];
	struct ingest_filter filter = make_filter(sources, lists[0], 0);
	struct ingest_binding *binding =
		bind_filtered(ingest, channel, "127.0.0.1", paced.port, &filter);
	struct ingest_counters c;
	pthread_t thread;
	char why[200];

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, paced_main, &paced), 0);
	for (size_t i = 1; i <= 1000; i++) {
		filter = make_filter(sources, lists[i % 3], i % 2 ? 1000000 : 0);
		assert_int_equal(ingest_set_filter(binding, &filter, why, sizeof(why)), 0);
	}
	atomic_store(&paced.stop, true);
	pthread_join(thread, NULL);
	assert_true(paced.sent > 0);
	wait_dealt(channel, binding, 9 * paced.sent);
	c = counts(binding);
	assert_int_equal(received(channel), 8 * paced.sent);
	assert_int_equal(counter_get(&c.dropped_stranger), paced.sent);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
	ingest_count(NULL, &c);
}

/* A channel of one interface. */
static void test_interface(void **state)
{
	struct ingest *ingest = make_ingest("lo");
	struct channel *channel = make_channel();
	struct ingest_target target = {.channel = channel,
	                               .address = parse("0.0.0.0"),
	                               .port = free_port("0.0.0.0"),
	                               .interface = "no-such"};
	struct ingest_binding *binding = NULL;
	char why[200] = "";

	(void)state;
	assert_int_equal(ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)), -ENODEV);
	assert_string_equal(why, "there is no interface no-such");
	assert_null(binding);
	strcpy(target.interface, "lo");
	if (ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)))
		fail_msg("%s", why);
	send_ts("127.0.0.1", target.port);
	wait_datagrams(channel, 1);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

struct flood {
	uint16_t port;
	atomic_bool stop;
};

static void *flood_main(void *argument)
{
	struct flood *flood = argument;
	uint8_t bytes[MESSAGE];
	struct sockaddr_storage address;
	const socklen_t length = make_sockaddr(&address, "127.0.0.1", flood->port);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	make_ts(bytes, sizeof(bytes));
	while (!atomic_load(&flood->stop)) /* refused while nobody is bound: not an error here */
		if (sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, length) < 0)
			continue;
	close(fd);
	return NULL;
}

/* Channels are bound, unbound and freed under full load. */
static void test_unbind_under_load(void **state)
{
	struct ingest *ingest = make_ingest(NULL);
	struct flood flood = {.port = free_port("127.0.0.1")};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, flood_main, &flood), 0);
	for (int i = 0; i < 30; i++) {
		struct channel *channel = make_channel();
		struct ingest_binding *binding =
			bind_channel(ingest, channel, "127.0.0.1", flood.port);

		wait_datagrams(channel, 10);
		ingest_unbind(binding);
		retire_channel(ingest, channel);
	}
	atomic_store(&flood.stop, true);
	pthread_join(thread, NULL);
	ingest_destroy(ingest);
}

static void test_interfaces(void **state)
{
	struct ingest_interface_info infos[4];
	struct ingest *ingest = make_ingest(NULL);
	const struct ingest_config bad_tick = {.mode = INGEST_UDP, .tick_us = 1};
	const struct ingest_config nobody = {
		.mode = INGEST_UDP, .interfaces = "lo,no-such", .tick_us = 1000};

	(void)state;
	assert_int_equal(ingest_interfaces(ingest, infos, 4), 0);
	ingest_destroy(ingest);
	ingest = make_ingest("lo,lo");
	assert_int_equal(ingest_interfaces(ingest, infos, 1), 2);
	assert_string_equal(infos[0].name, "lo");
	assert_string_equal(infos[0].mode, "udp");
	assert_int_equal(infos[0].queues, 0);
	assert_true(strlen(infos[0].reason) > 0);
	ingest_destroy(ingest);
	assert_int_equal(ingest_create(&ingest, &bad_tick), -EINVAL);
	assert_int_equal(ingest_create(&ingest, &nobody), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receive),      cmocka_unit_test(test_families),
		cmocka_unit_test(test_two_channels), cmocka_unit_test(test_odd_datagrams),
		cmocka_unit_test(test_errors),       cmocka_unit_test(test_rebind),
		cmocka_unit_test(test_multicast),    cmocka_unit_test(test_unbind_under_load),
		cmocka_unit_test(test_interfaces),   cmocka_unit_test(test_allowlist),
		cmocka_unit_test(test_ceiling),      cmocka_unit_test(test_ceiling_when_late),
		cmocka_unit_test(test_socket_drops), cmocka_unit_test(test_set_filter_under_load),
		cmocka_unit_test(test_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
