/*
 * Allowlists and ceilings of the XDP program: who gets through and how many, exactly, also while lists are
 * replaced and from several processors at once.
 *
 * It says "skipped" where the machine does not let it: not root, or no BPF.
 */
#include "base/clock.h"
#include "loaded.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#define PORT_A   FRAME_PORT
#define PORT_B   (FRAME_PORT + 2)
#define SLOT_A   0u
#define SLOT_B   1u
#define MAX_LIST 4096
#define EDITS    30000

/* ---- Frames and filters. ---- */

struct test_frame {
	uint8_t bytes[FRAME_MAX_BYTES];
	size_t size;
};

static struct test_frame make_frame(const char *sender, uint16_t port)
{
	const struct in6_addr from = parse_address(sender);
	const bool v4 = IN6_IS_ADDR_V4MAPPED(&from);
	struct frame_spec spec = {.protocol = v4 ? 0x0800 : 0x86dd, .port = port, .payload = 1328};
	struct test_frame frame;

	memcpy(spec.source, from.s6_addr + (v4 ? 12 : 0), v4 ? 4 : 16);
	frame.size = frame_build(frame.bytes, &spec);
	return frame;
}

static size_t parse_list(struct prefix *out, const char *const *texts)
{
	size_t count = 0;

	for (; count < 4 && texts[count]; count++)
		assert_int_equal(prefix_parse(&out[count], texts[count]), 0);
	return count;
}

static void set_filter(const char *address, uint16_t port, const struct ingest_filter *filter)
{
	const struct in6_addr to = parse_address(address);

	assert_int_equal(rules_set_filter(rules, &to, port, filter), 0);
}

static void add_filtered(const char *address, uint16_t port, uint32_t max_pps,
                         const char *const *texts)
{
	struct prefix list[4];
	const struct ingest_filter filter = {list, parse_list(list, texts), max_pps};

	add_rule(address, port, &filter);
}

static enum steer_verdict run_from(const struct program *program, const char *sender, uint16_t port)
{
	const struct test_frame frame = make_frame(sender, port);

	return run_frame(program, frame.bytes, frame.size);
}

/* ---- Allowlists. ---- */

static const struct list_case {
	const char *list[5];
	const char *sender;
	bool admitted;
} list_cases[] = {
	{{NULL}, "192.0.2.1", true},
	{{"192.0.2.1"}, "192.0.2.1", true},
	{{"192.0.2.1"}, "192.0.2.2", false},
	{{"192.0.2.1"}, "2001:db8::1", false},
	{{"192.0.2.0/24"}, "192.0.2.255", true},
	{{"192.0.2.0/24"}, "192.0.3.0", false},
	{{"192.0.2.0/31"}, "192.0.2.1", true},
	{{"192.0.2.0/31"}, "192.0.2.2", false},
	{{"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1"}, "10.1.1.1", true},
	{{"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1"}, "10.1.1.2", true},
	{{"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1"}, "10.2.0.1", true},
	{{"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1"}, "11.0.0.1", false},
	{{"10.1.1.1", "10.1.1.1", "10.1.1.1"}, "10.1.1.1", true},
	{{"0.0.0.0/0"}, "8.8.8.8", true},
	{{"0.0.0.0/0"}, "2001:db8::1", false},
	{{"0.0.0.0/1"}, "127.255.255.255", true},
	{{"0.0.0.0/1"}, "128.0.0.0", false},
	{{"::/0"}, "2001:db8::1", true},
	{{"2001:db8::/32"}, "2001:db8:ffff::1", true},
	{{"2001:db8::/32"}, "2001:db9::1", false},
	{{"2001:db8::/127"}, "2001:db8::1", true},
	{{"2001:db8::/127"}, "2001:db8::2", false},
	{{"fe80::1"}, "fe80::1", true},
	{{"fe80::1"}, "fe80::2", false},
	{{"fe80::/10", "192.0.2.0/24"}, "192.0.2.7", true},
	{{"fe80::/10", "192.0.2.0/24"}, "fe80::7", true},
	{{"fe80::/10", "192.0.2.0/24"}, "192.0.3.7", false},
};

static void check_list(const struct program *program, const struct list_case *c)
{
	const bool v4 = !strchr(c->sender, ':');
	const char *const to = v4 ? "0.0.0.0" : "::";
	struct steer_port_counter counted;
	enum steer_verdict verdict;

	add_filtered(to, PORT_A, 0, c->list);
	verdict = run_from(program, c->sender, PORT_A);
	if (verdict != (c->admitted ? STEER_REDIRECTED : STEER_DROP_STRANGER))
		fail_msg("%s from %s: verdict %d", c->list[0] ? c->list[0] : "anybody", c->sender,
		         (int)verdict);
	counted = read_slot(program, SLOT_A);
	assert_int_equal(counted.packets, c->admitted);
	assert_int_equal(counted.bytes > 0, c->admitted);
	assert_int_equal(counted.strangers, !c->admitted);
	assert_int_equal(counted.over_rate, 0);
	remove_rule(to, PORT_A);
	assert_int_equal(run_from(program, c->sender, PORT_A), STEER_PASS_NO_RULE);
}

static void test_lists(void **state)
{
	const struct program program = need_program();
	struct steer_source key;

	(void)state;
	need_socket();
	for (size_t i = 0; i < COUNT(list_cases); i++)
		check_list(&program, &list_cases[i]);
	/* Nothing is left behind. */
	assert_int_not_equal(bpf_map_get_next_key(bpf_map__fd(loaded->maps.sources), NULL, &key),
	                     0);
}

/* Two channels, each with a list of its own, and neither's list counts for the other. */
static void test_two_channels(void **state)
{
	static const char *const a[] = {"192.0.2.0/24", "10.1.1.1", NULL};
	static const char *const b[] = {"198.51.100.0/24", "10.1.1.0/24", NULL};
	static const struct {
		const char *sender;
		bool a, b;
	} cases[] = {
		{"192.0.2.9", true, false}, {"198.51.100.9", false, true}, {"10.1.1.1", true, true},
		{"10.1.1.2", false, true},  {"203.0.113.1", false, false},
	};
	const struct program program = need_program();
	struct rules_drops drops;
	struct in6_addr any = parse_address("0.0.0.0"), exact = parse_address(LOCAL_V4);

	(void)state;
	need_socket();
	add_filtered("0.0.0.0", PORT_A, 0, a);
	add_filtered(LOCAL_V4, PORT_B, 0, b);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(run_from(&program, cases[i].sender, PORT_A),
		                 cases[i].a ? STEER_REDIRECTED : STEER_DROP_STRANGER);
		assert_int_equal(run_from(&program, cases[i].sender, PORT_B),
		                 cases[i].b ? STEER_REDIRECTED : STEER_DROP_STRANGER);
	}
	assert_int_equal(read_slot(&program, SLOT_A).strangers, 3);
	assert_int_equal(read_slot(&program, SLOT_B).strangers, 2);
	drops = rules_drops(rules, &any, PORT_A);
	assert_int_equal(drops.strangers, 3);
	drops = rules_drops(rules, &exact, PORT_B);
	assert_int_equal(drops.strangers, 2);
	drops = rules_drops(rules, &any, PORT_B); /* there is no such rule */
	assert_int_equal(drops.strangers + drops.over_rate, 0);
}

/* Without a socket the kernel's socket decides: a process that died must not go on dropping. */
static void test_no_socket(void **state)
{
	static const char *const list[] = {"192.0.2.1", NULL};
	const struct program program = need_program();

	(void)state;
	add_filtered("0.0.0.0", PORT_A, 1, list);
	for (int i = 0; i < 200; i++)
		assert_int_equal(run_from(&program, "192.0.2.2", PORT_A), STEER_PASS_NO_SOCKET);
	assert_int_equal(read_slot(&program, SLOT_A).packets, 200);
}

struct traffic {
	const struct program *program;
	struct test_frame admitted, stranger;
	atomic_bool stop;
	uint64_t sent; /* of each */
};

static void *send_traffic(void *argument)
{
	struct traffic *traffic = argument;

	while (!atomic_load(&traffic->stop)) {
		run_many(traffic->program, traffic->admitted.bytes, traffic->admitted.size, 2000);
		run_many(traffic->program, traffic->stranger.bytes, traffic->stranger.size, 200);
		traffic->sent += 1;
	}
	return NULL;
}

/*
 * The list is replaced many times under traffic, because the windows in which that could matter are narrow:
 * who is in all of them loses nothing, who is in none gets nothing through.
 */
static void test_edit_under_traffic(void **state)
{
	static const char *const lists[][5] = {
		{"192.0.2.1"},
		{"192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32"},
		{"192.0.2.1", "198.51.100.0/24"},
		{"128.0.0.0/1", "2001:db8::1", "10.1.1.1", "10.1.1.2"},
	};
	const struct program program = need_program();
	struct traffic traffic = {.program = &program,
	                          .admitted = make_frame("192.0.2.1", PORT_A),
	                          .stranger = make_frame("11.0.0.1", PORT_A)};
	struct steer_port_counter counted;
	pthread_t thread;

	(void)state;
	need_socket();
	add_filtered("0.0.0.0", PORT_A, 0, lists[0]);
	assert_int_equal(pthread_create(&thread, NULL, send_traffic, &traffic), 0);
	for (size_t i = 1; i <= EDITS; i++) {
		struct prefix list[4];
		const struct ingest_filter filter = {list, parse_list(list, lists[i % 4]), 0};

		set_filter("0.0.0.0", PORT_A, &filter);
	}
	atomic_store(&traffic.stop, true);
	pthread_join(thread, NULL);
	counted = read_slot(&program, SLOT_A);
	assert_true(traffic.sent > 0);
	assert_int_equal(counted.packets, 2000 * traffic.sent);
	assert_int_equal(counted.strangers, 200 * traffic.sent);
}

static void make_list(struct prefix *list, size_t count, uint32_t first)
{
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct prefix){parse_address("0.0.0.0"), 128};
		store_be32(&list[i].address.s6_addr[12], first + (uint32_t)i);
	}
}

/* A table that is full says so and keeps what it had; what is removed makes room. */
static void test_full(void **state)
{
	static struct prefix list[MAX_LIST];
	const struct ingest_filter whole = {list, MAX_LIST, 0};
	const struct ingest_filter small = {list, 10, 0}, slower = {list, MAX_LIST, 1000};
	const struct in6_addr any = parse_address("0.0.0.0");
	const struct program program = need_program();
	const uint16_t channels = STEER_MAX_SOURCES / MAX_LIST;

	(void)state;
	need_socket();
	for (uint16_t i = 0; i < channels; i++) {
		make_list(list, MAX_LIST, 0x0b000000u + i);
		assert_int_equal(rules_add(rules, &any, (uint16_t)(PORT_A + i), &whole), 0);
	}
	make_list(list, MAX_LIST, 0x0c000000u);
	assert_int_equal(rules_add(rules, &any, 1, &small), -ENOSPC);
	assert_int_equal(rules_set_filter(rules, &any, PORT_A, &small), -ENOSPC);
	make_list(list, MAX_LIST, 0x0b000000u);
	assert_int_equal(rules_set_filter(rules, &any, PORT_A, &slower), 0); /* the same list */
	assert_int_equal(rules_set_filter(rules, &any, PORT_A, &whole), 0);
	make_list(list, MAX_LIST, 0x0c000000u);
	assert_int_equal(run_from(&program, "11.0.15.255", PORT_A), STEER_REDIRECTED);
	assert_int_equal(run_from(&program, "12.0.0.0", PORT_A), STEER_DROP_STRANGER);
	assert_int_equal(rules_set_filter(rules, &any, PORT_A, NULL), 0);
	assert_int_equal(run_from(&program, "12.0.0.0", PORT_A), STEER_REDIRECTED);
	assert_int_equal(rules_set_filter(rules, &any, PORT_A, &small), 0);
	assert_int_equal(run_from(&program, "12.0.0.9", PORT_A), STEER_REDIRECTED);
	assert_int_equal(run_from(&program, "12.0.0.10", PORT_A), STEER_DROP_STRANGER);
	assert_int_equal(rules_set_filter(rules, &any, 1, &small), -ENOENT);
}

/* ---- Ceilings. ---- */

static const char *const anybody[] = {NULL};

/* As many as may come at once, and not one more until time has passed. */
static void test_burst(void **state)
{
	static const uint32_t rates[] = {1, 2, 10};
	const struct program program = need_program();
	const struct test_frame frame = make_frame("192.0.2.1", PORT_A);

	(void)state;
	need_socket();
	for (size_t i = 0; i < COUNT(rates); i++) {
		const uint64_t dropped = verdict_packets(&program, STEER_DROP_RATE);
		const int64_t start_ns = clock_now_ns();
		struct steer_port_counter counted;
		uint64_t most;

		add_filtered("0.0.0.0", PORT_A, rates[i], anybody);
		run_many(&program, frame.bytes, frame.size, 1000);
		most = CEILING_MIN_BURST +
		       (uint64_t)(clock_now_ns() - start_ns) * rates[i] / NS_PER_S + 1;
		counted = read_slot(&program, SLOT_A);
		assert_in_range(counted.packets, CEILING_MIN_BURST, most);
		assert_int_equal(counted.packets + counted.over_rate, 1000);
		assert_int_equal(counted.bytes, counted.packets * frame.size);
		assert_int_equal(verdict_packets(&program, STEER_DROP_RATE) - dropped,
		                 counted.over_rate);
		remove_rule("0.0.0.0", PORT_A);
	}
}

/* After a pause as many more get through as the rate gives for it. */
static void test_refill(void **state)
{
	const uint32_t rate = 500;
	const struct timespec pause = {.tv_nsec = 60 * NS_PER_MS};
	const struct program program = need_program();
	const struct test_frame frame = make_frame("192.0.2.1", PORT_A);
	int64_t start_ns, emptied_ns;
	uint64_t passed, least, most;

	(void)state;
	need_socket();
	add_filtered("0.0.0.0", PORT_A, rate, anybody);
	start_ns = clock_now_ns();
	run_many(&program, frame.bytes, frame.size, 1000);
	emptied_ns = clock_now_ns();
	nanosleep(&pause, NULL);
	least = (uint64_t)(clock_now_ns() - emptied_ns) * rate / NS_PER_S;
	run_many(&program, frame.bytes, frame.size, 1000);
	most = CEILING_MIN_BURST + (uint64_t)(clock_now_ns() - start_ns) * rate / NS_PER_S + 1;
	passed = read_slot(&program, SLOT_A).packets;
	/* A machine that sleeps longer than the burst lasts gives no more than that. */
	if (least > CEILING_MIN_BURST)
		least = CEILING_MIN_BURST;
	assert_in_range(passed, CEILING_MIN_BURST + least - 1, most);
}

/* The burst of a channel that was edited is spent all the same, unless its ceiling is another one. */
static void test_edit_keeps_ceiling(void **state)
{
	struct prefix list[1];
	const struct program program = need_program();
	const struct test_frame frame = make_frame("192.0.2.1", PORT_A);
	const int64_t start_ns = clock_now_ns();
	uint64_t passed;

	(void)state;
	need_socket();
	assert_int_equal(prefix_parse(&list[0], "192.0.2.0/24"), 0);
	add_filtered("0.0.0.0", PORT_A, 1, anybody);
	run_many(&program, frame.bytes, frame.size, 1000);
	set_filter("0.0.0.0", PORT_A, &(struct ingest_filter){list, 1, 1});
	run_many(&program, frame.bytes, frame.size, 1000);
	passed = read_slot(&program, SLOT_A).packets;
	assert_in_range(passed, CEILING_MIN_BURST,
	                CEILING_MIN_BURST + (uint64_t)((clock_now_ns() - start_ns) / NS_PER_S) + 1);
	set_filter("0.0.0.0", PORT_A, &(struct ingest_filter){list, 1, 2});
	run_many(&program, frame.bytes, frame.size, 1000);
	assert_true(read_slot(&program, SLOT_A).packets >= passed + CEILING_MIN_BURST);
	set_filter("0.0.0.0", PORT_A, NULL);
	passed = read_slot(&program, SLOT_A).packets;
	run_many(&program, frame.bytes, frame.size, 1000);
	assert_int_equal(read_slot(&program, SLOT_A).packets, passed + 1000);
}

/* Strangers do not use up the ceiling. */
static void test_strangers_first(void **state)
{
	static const char *const list[] = {"192.0.2.1", NULL};
	const struct program program = need_program();
	const struct test_frame good = make_frame("192.0.2.1", PORT_A);
	const struct test_frame bad = make_frame("192.0.2.2", PORT_A);
	struct steer_port_counter counted;

	(void)state;
	need_socket();
	add_filtered("0.0.0.0", PORT_A, 1, list);
	run_many(&program, bad.bytes, bad.size, 1000);
	run_many(&program, good.bytes, good.size, CEILING_MIN_BURST);
	counted = read_slot(&program, SLOT_A);
	assert_int_equal(counted.packets, CEILING_MIN_BURST);
	assert_int_equal(counted.strangers, 1000);
	assert_int_equal(counted.over_rate, 0);
}

struct sender {
	const struct program *program;
	unsigned int cpu;
	pthread_barrier_t *start;
	struct test_frame frame;
};

#define SENDER_FRAMES 300000u
#define SENDERS       4u

static void *send_flood(void *argument)
{
	const struct sender *sender = argument;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sender->cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	pthread_barrier_wait(sender->start);
	run_many(sender->program, sender->frame.bytes, sender->frame.size, SENDER_FRAMES);
	return NULL;
}

/* Returns how long the flood took. */
static int64_t flood(const struct program *program)
{
	static const char *const from[SENDERS] = {"192.0.2.1", "192.0.2.2", "198.51.100.1",
	                                          "203.0.113.5"};
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const int64_t start_ns = clock_now_ns();
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	pthread_barrier_t start;

	assert_int_equal(pthread_barrier_init(&start, NULL, SENDERS), 0);
	for (unsigned int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){program, i % (unsigned int)cpus, &start,
		                             make_frame(from[i], PORT_A)};
		assert_int_equal(pthread_create(&threads[i], NULL, send_flood, &senders[i]), 0);
	}
	for (unsigned int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return clock_now_ns() - start_ns;
}

/* A flood from many senders over all processors gets the ceiling once, not once for each of them. */
static void test_processors(void **state)
{
	static const uint32_t rates[] = {1, 100000, 1000000};
	const struct program program = need_program();

	(void)state;
	need_socket();
	for (size_t i = 0; i < COUNT(rates); i++) {
		const uint64_t burst = ceiling_burst_pkts(rates[i]);
		struct steer_port_counter counted;
		int64_t duration_ns;

		add_filtered("0.0.0.0", PORT_A, rates[i], anybody);
		duration_ns = flood(&program);
		counted = read_slot(&program, SLOT_A);
		assert_int_equal(counted.packets + counted.over_rate, SENDERS * SENDER_FRAMES);
		assert_in_range(counted.packets, burst,
		                burst + (uint64_t)duration_ns * rates[i] / NS_PER_S + 1);
		remove_rule("0.0.0.0", PORT_A);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists, load, unload),
		cmocka_unit_test_setup_teardown(test_two_channels, load, unload),
		cmocka_unit_test_setup_teardown(test_no_socket, load, unload),
		cmocka_unit_test_setup_teardown(test_edit_under_traffic, load, unload),
		cmocka_unit_test_setup_teardown(test_full, load, unload),
		cmocka_unit_test_setup_teardown(test_burst, load, unload),
		cmocka_unit_test_setup_teardown(test_refill, load, unload),
		cmocka_unit_test_setup_teardown(test_edit_keeps_ceiling, load, unload),
		cmocka_unit_test_setup_teardown(test_strangers_first, load, unload),
		cmocka_unit_test_setup_teardown(test_processors, load, unload),
	};

	return cmocka_run_group_tests(tests, load_namespace, NULL);
}
