/*
 * Ingest through kernel sockets: datagrams on the loopback interface reach their channels, errors come
 * as sentences, and bindings come and go while packets arrive.
 */
#include "kernel_fixture.h"

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

static void hold_up(struct command *command)
{
	const struct timespec pause = {.tv_nsec = 400 * NS_PER_MS};

	(void)command;
	nanosleep(&pause, NULL);
}

/* A channel that is stopped and started at once gets its own port back, however late the ingest thread is. */
static void test_rebind(void **state)
{
	struct command delay = {.run = hold_up};
	struct ingest *ingest = make_ingest(NULL);
	struct channel *channel = make_channel();
	const uint16_t port = free_port("127.0.0.1");
	struct ingest_binding *binding = bind_channel(ingest, channel, "127.0.0.1", port);

	(void)state;
	for (int i = 0; i < 50; i++) {
		if (i == 20)
			tick_loop_post(ingest_loop(ingest), &delay);
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
	const struct ingest_config too_long = {
		.mode = INGEST_UDP, .interfaces = "lo,a-name-too-long-for-it", .tick_us = 1000};
	const struct ingest_config twice = {
		.mode = INGEST_UDP, .interfaces = "lo,lo", .tick_us = 1000};

	(void)state;
	assert_int_equal(ingest_interfaces(ingest, infos, 4), 0);
	ingest_destroy(ingest);
	ingest = make_ingest("lo,other");
	assert_int_equal(ingest_interfaces(ingest, infos, 1), 2);
	assert_string_equal(infos[0].name, "lo");
	assert_string_equal(infos[0].mode, "udp");
	assert_int_equal(infos[0].queues, 0);
	assert_true(strlen(infos[0].reason) > 0);
	ingest_destroy(ingest);
	assert_int_equal(ingest_create(&ingest, &bad_tick), -EINVAL);
	assert_int_equal(ingest_create(&ingest, &too_long), -EINVAL);
	assert_int_equal(ingest_create(&ingest, &twice), -EINVAL);
	ingest = make_ingest("lo,no-such"); /* it may appear */
	assert_int_equal(ingest_interfaces(ingest, infos, 4), 2);
	assert_string_equal(infos[1].mode, "udp");
	assert_string_equal(infos[1].reason, "there is no interface of that name");
	ingest_destroy(ingest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receive),      cmocka_unit_test(test_families),
		cmocka_unit_test(test_two_channels), cmocka_unit_test(test_odd_datagrams),
		cmocka_unit_test(test_errors),       cmocka_unit_test(test_rebind),
		cmocka_unit_test(test_multicast),    cmocka_unit_test(test_unbind_under_load),
		cmocka_unit_test(test_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
