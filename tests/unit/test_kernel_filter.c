/*
 * Filters of kernel sockets: who gets through and how many, while filters change, and what is counted of
 * the rest.
 */
#include "kernel_fixture.h"

#define AHEAD 40 /* datagrams */

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
	uint64_t rate;
	char why[200];

	(void)state;
	send_ts_from("127.0.0.2", "127.0.0.1", port, 500);
	wait_dealt(channel, binding, 500);
	c = counts(binding);
	assert_in_range(received(channel), 64,
	                64 + (uint64_t)((clock_now_ns() - start_ns) / NS_PER_S) + 1);
	assert_int_equal(received(channel) + counter_get(&c.dropped_rate) +
	                         counter_get(&c.dropped_socket),
	                 500);
	assert_int_equal(ingest_set_filter(binding, NULL, why, sizeof(why)), 0);
	retire_channel(ingest, make_channel()); /* the ingest thread has the new filter */
	rate = counter_get(&c.dropped_rate);
	send_ts_from("127.0.0.2", "127.0.0.1", port, 500);
	wait_dealt(channel, binding, 1000);
	c = counts(binding);
	assert_int_equal(counter_get(&c.dropped_rate), rate);
	assert_int_equal(received(channel), 1000 - rate - counter_get(&c.dropped_socket));
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
	const struct channel *channel;
	uint16_t port;
	atomic_bool stop;
	_Atomic uint64_t sent;
};

/* No further ahead of the ingest thread than its socket has room for, so that nothing is lost but by a filter. */
static void *paced_main(void *argument)
{
	const struct timespec gap = {.tv_nsec = NS_PER_MS};
	struct paced *paced = argument;

	while (!atomic_load(&paced->stop)) {
		const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

		while (8 * paced->sent - received(paced->channel) > AHEAD &&
		       clock_now_ns() < deadline_ns)
			nanosleep(&gap, NULL);
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
	struct paced paced = {.channel = channel, .port = free_port("127.0.0.1")};
	struct prefix sources[2];
	struct ingest_filter filter = make_filter(sources, lists[0], 0);
	struct ingest_binding *binding =
		bind_filtered(ingest, channel, "127.0.0.1", paced.port, &filter);
	struct ingest_counters c;
	pthread_t thread;
	char why[200];

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, paced_main, &paced), 0);
	for (size_t i = 1; i <= 1000 || atomic_load(&paced.sent) < 50; i++) {
		filter = make_filter(sources, lists[i % 3], i % 2 ? 1000000 : 0);
		assert_int_equal(ingest_set_filter(binding, &filter, why, sizeof(why)), 0);
	}
	atomic_store(&paced.stop, true);
	pthread_join(thread, NULL);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowlist),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_ceiling_when_late),
		cmocka_unit_test(test_socket_drops),
		cmocka_unit_test(test_set_filter_under_load),
		cmocka_unit_test(test_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
