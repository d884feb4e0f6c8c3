/*
 * The whole way, from frames on a veth pair to channels: who gets through by XDP and by the kernel's
 * sockets behind it, on which interface, and frames of every size. Each frame sent is received or counted.
 *
 * It says "skipped" where the machine does not let it: not root, no BPF, no veth.
 */
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "ingest/ingest.h"
#include "program.h"
#include "tests/unit/frame_cases.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS (60 * NS_PER_S)
#define PACKETS     7
#define MEDIA       (PACKETS * 188)

static const char *missing = "not root";
static struct ingest *ingest; /* of the test at hand */
static struct channel *channels[2];
static struct ingest_binding *bindings[2]; /* of the channel with the same number */

/* Two pairs; addresses by which the frames of frame_build are taken for ours. */
static int make_interfaces(void **state)
{
	(void)state;
	libbpf_set_print(NULL);
	if (geteuid())
		return 0;
	missing = "no network namespace of our own, or no veth interfaces";
	if (!unshare(CLONE_NEWNET) &&
	    !system("ip link set lo up && for i in one two; do ip link add ${i}0 address "
	            "02:02:02:02:02:02 mtu 9000 type veth peer name ${i}1 mtu 9000 2>/dev/null && "
	            "ip link set ${i}0 up && ip link set ${i}1 up || exit 1; done && "
	            "ip addr add 10.1.2.3/24 dev one0 && ip addr add 10.1.3.3/24 dev two0"))
		missing = NULL;
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bindings); i++) {
		ingest_unbind(bindings[i]);
		bindings[i] = NULL;
	}
	ingest_destroy(ingest);
	ingest = NULL;
	for (size_t i = 0; i < COUNT(channels); i++) {
		channel_destroy(channels[i]);
		channels[i] = NULL;
	}
	return 0;
}

static void need_ingest(enum ingest_mode mode, const char *interfaces)
{
	const struct ingest_config config = {
		.mode = mode, .interfaces = interfaces, .tick_us = 1000};
	const struct channel_config channel_config = {.name = "News"};
	int error;

	if (missing) {
		print_message("# skipped: %s\n", missing);
		skip();
	}
	error = ingest_create(&ingest, &config);
	if (error == -EPERM) {
		print_message("# skipped: the kernel refuses BPF\n");
		skip();
	}
	assert_int_equal(error, 0);
	for (size_t i = 0; i < COUNT(channels); i++)
		assert_int_equal(channel_create(&channels[i], &channel_config), 0);
}

static struct ingest_binding *bind_to(const char *address, const char *interface, unsigned int to,
                                      const struct ingest_filter *filter)
{
	struct ingest_target target = {
		.channel = channels[to], .address = parse_address(address), .port = FRAME_PORT};
	char why[200] = "";

	snprintf(target.interface, sizeof(target.interface), "%s", interface);
	if (ingest_bind(&bindings[to], ingest, &target, filter, why, sizeof(why)))
		fail_msg("%s", why);
	return bindings[to];
}

/* ---- Frames. ---- */

/* The kernel looks at the header's checksum (RFC 1071), XDP does not. */
static void fill_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	store_be16(ip + 10, 0);
	for (int i = 0; i < (ip[0] & 0x0f) * 4; i += 2)
		sum += load_be16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	store_be16(ip + 10, (uint16_t)~sum);
}

/* TS from 10.1.2.<last> to the address; returns its size. */
static size_t make_ts_frame(uint8_t *frame, uint8_t last, const uint8_t to[4], size_t payload)
{
	struct frame_spec spec = {
		.protocol = 0x0800, .source = {10, 1, 2, last}, .payload = payload};
	size_t size;

	memcpy(spec.address, to, 4);
	size = frame_build(frame, &spec);
	for (size_t i = 0; i < payload; i += 188)
		frame[frame_header_bytes(&spec) + i] = 0x47;
	fill_checksum(frame + 14);
	return size;
}

static void send_frame(const char *interface, const uint8_t *frame, size_t size, int count)
{
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP)), on = 1;
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
	                         .sll_ifindex = (int)if_nametoindex(interface)};

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)),
		                 (ssize_t)size);
	close(fd);
}

static const uint8_t here_one[] = {10, 1, 2, 3}, here_two[] = {10, 1, 3, 3};

static void send_ts(const char *interface, uint8_t last, const uint8_t to[4], int count)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = make_ts_frame(frame, last, to, MEDIA);

	send_frame(interface, frame, size, count);
}

/* The same in two fragments of IPv4. */
static void send_fragments(const char *interface, uint8_t last)
{
	const size_t first = 20 + 8 + 640, headers = 14 + 20;
	uint8_t frame[FRAME_MAX_BYTES], part[FRAME_MAX_BYTES];
	const size_t size = make_ts_frame(frame, last, here_one, MEDIA);

	memcpy(part, frame, size);
	store_be16(part + 16, (uint16_t)first);
	store_be16(part + 20, 0x2000);
	fill_checksum(part + 14);
	send_frame(interface, part, 14 + first, 1);
	memcpy(part + headers, frame + 14 + first, size - 14 - first);
	store_be16(part + 16, (uint16_t)(20 + size - 14 - first));
	store_be16(part + 20, (uint16_t)((first - 20) / 8));
	fill_checksum(part + 14);
	send_frame(interface, part, headers + size - 14 - first, 1);
}

/* ---- What became of them. ---- */

static uint64_t received(unsigned int channel)
{
	return counter_get(&channel_counters(channels[channel])->datagrams_received);
}

static struct ingest_counters counts(const struct ingest_binding *binding)
{
	struct ingest_counters sum = {0};

	ingest_count(binding, &sum);
	return sum;
}

/* A command that says when it has run. */
struct note {
	struct command command;
	atomic_bool seen;
};

/* Wait until so many were received or dropped; what was dropped by then. */
static struct ingest_counters wait_dealt(unsigned int channel, const struct ingest_binding *binding,
                                         uint64_t wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};
	struct ingest_counters c = counts(binding);

	while (received(channel) + counter_get(&c.dropped_stranger) + counter_get(&c.dropped_rate) <
	               wanted &&
	       clock_now_ns() < deadline_ns) {
		nanosleep(&pause, NULL);
		c = counts(binding);
	}
	return c;
}

static void expect(unsigned int channel, const struct ingest_binding *binding, uint64_t wanted,
                   uint64_t strangers, uint64_t over_rate)
{
	struct ingest_counters c = wait_dealt(channel, binding, wanted + strangers + over_rate);

	assert_int_equal(received(channel), wanted);
	assert_int_equal(counter_get(&c.dropped_stranger), strangers);
	assert_int_equal(counter_get(&c.dropped_rate), over_rate);
	assert_int_equal(counter_get(&c.dropped_socket), 0);
}

static void run_note(struct command *command)
{
	atomic_store(&container_of(command, struct note, command)->seen, true);
}

/* Wait until the ingest thread has what was posted to it. */
static void settle(void)
{
	const struct timespec pause = {.tv_nsec = NS_PER_MS};
	struct note note = {.command.run = run_note};

	tick_loop_post(ingest_loop(ingest), &note.command);
	while (!atomic_load(&note.seen))
		nanosleep(&pause, NULL);
}

/* Datagrams and fragments of them, from a sender in the list and from a stranger; then another list. */
static void check_allowlist(enum ingest_mode mode)
{
	struct prefix sources[1];
	struct ingest_filter filter = {sources, 1, 0};
	struct ingest_binding *binding;
	char why[200];

	need_ingest(mode, "one0,two0");
	assert_int_equal(prefix_parse(&sources[0], "10.1.2.8/31"), 0);
	binding = bind_to("0.0.0.0", "", 0, &filter);
	send_ts("one1", 9, here_one, 100);
	send_ts("one1", 7, here_one, 60);
	expect(0, binding, 100, 60, 0);
	send_fragments("one1", 9);
	send_fragments("one1", 7);
	expect(0, binding, 101, 61, 0);
	assert_int_equal(prefix_parse(&sources[0], "10.1.2.7"), 0);
	assert_int_equal(ingest_set_filter(binding, &filter, why, sizeof(why)), 0);
	settle();
	assert_int_equal(prefix_parse(&sources[0], "::/0"), 0); /* ours alone by now */
	expect(0, binding, 101, 61, 0);
	send_ts("one1", 9, here_one, 10);
	send_ts("one1", 7, here_one, 20);
	expect(0, binding, 121, 71, 0);
	filter.source_count = 0;
	filter.max_pps = 1;
	assert_int_equal(ingest_set_filter(binding, &filter, why, sizeof(why)), 0);
	settle();
	send_ts("one1", 10, here_one, 64);
	expect(0, binding, 185, 71, 0);
}

static void test_allowlist(void **state)
{
	(void)state;
	check_allowlist(INGEST_XDP);
}

static void test_allowlist_generic(void **state)
{
	(void)state;
	check_allowlist(INGEST_XDP_GENERIC);
}

static void test_allowlist_sockets(void **state)
{
	(void)state;
	check_allowlist(INGEST_UDP);
}

static void test_ceiling(void **state)
{
	const struct ingest_filter filter = {.max_pps = 1};
	struct ingest_binding *binding;
	struct ingest_counters c;
	int64_t start_ns;

	(void)state;
	need_ingest(INGEST_XDP, "one0");
	start_ns = clock_now_ns();
	binding = bind_to("10.1.2.3", "", 0, &filter);
	for (uint8_t sender = 10; sender < 20; sender++)
		send_ts("one1", sender, here_one, 50);
	c = wait_dealt(0, binding, 500);
	assert_in_range(received(0), 64,
	                64 + (uint64_t)((clock_now_ns() - start_ns) / NS_PER_S) + 1);
	expect(0, binding, 500 - counter_get(&c.dropped_rate), 0, counter_get(&c.dropped_rate));
}

/* A channel of one interface, and the same address and port on another one for another channel. */
static void check_interfaces(enum ingest_mode mode, const char *served)
{
	struct ingest_binding *one, *two;

	need_ingest(mode, served);
	one = bind_to("0.0.0.0", "one0", 0, NULL);
	send_ts("two1", 9, here_two, 30); /* nobody's */
	two = bind_to("0.0.0.0", "two0", 1, NULL);
	send_ts("one1", 9, here_one, 100);
	send_ts("two1", 9, here_two, 50);
	expect(0, one, 100, 0, 0);
	expect(1, two, 50, 0, 0);
}

static void test_interfaces(void **state)
{
	static const char *const served[] = {"one0,two0", "one0", "two0"};

	for (size_t i = 0; i < COUNT(served); i++) {
		check_interfaces(INGEST_XDP, served[i]);
		clean_up(state);
		check_interfaces(INGEST_UDP, served[i]);
		clean_up(state);
	}
}

/* Frames of up to the interface's 9000 bytes: those that fit no AF_XDP frame come by the kernel. */
static void check_jumbo(enum ingest_mode mode)
{
	static const size_t packets[] = {7, 9, 10, 20, 47};
	uint8_t frame[FRAME_MAX_BYTES];
	struct ingest_binding *binding;

	need_ingest(mode, "one0");
	binding = bind_to("0.0.0.0", "", 0, NULL);
	for (size_t i = 0; i < COUNT(packets); i++) {
		const size_t size = make_ts_frame(frame, 9, here_one, packets[i] * 188);

		send_frame("one1", frame, size, 10);
		expect(0, binding, 10 * (i + 1), 0, 0);
	}
	assert_int_equal(ring_head(channel_ring(channels[0])), 10 * (7 + 9 + 10 + 20 + 47));
}

static void test_jumbo(void **state)
{
	check_jumbo(INGEST_XDP);
	clean_up(state);
	check_jumbo(INGEST_XDP_GENERIC);
}

/* Datagrams to addresses that this machine does not have are not stolen from whom they are for. */
static void test_other_machines(void **state)
{
	static const uint8_t other[] = {10, 1, 2, 77}, group[] = {239, 1, 1, 1};
	struct ingest_binding *binding;

	(void)state;
	need_ingest(INGEST_XDP, "one0");
	binding = bind_to("0.0.0.0", "", 0, NULL);
	send_ts("one1", 9, other, 20);
	send_ts("one1", 9, group, 20);
	send_ts("one1", 9, here_two, 5); /* another interface's address is this machine's as well */
	send_ts("one1", 9, here_one, 20);
	expect(0, binding, 25, 0, 0);
}

/* Nor are those to a loopback address taken: from outside they are forged, and the kernel drops them. */
static void test_loopback(void **state)
{
	static const uint8_t loopback[] = {127, 0, 0, 1};
	struct ingest_binding *binding;

	(void)state;
	need_ingest(INGEST_XDP, "one0");
	bind_to("127.0.0.1", "", 0, NULL);
	binding = bind_to("10.1.2.3", "", 1, NULL);
	send_ts("one1", 9, loopback, 20);
	send_ts("one1", 9, here_one, 20);
	expect(1, binding, 20, 0, 0);
	assert_int_equal(received(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_allowlist, clean_up),
		cmocka_unit_test_teardown(test_allowlist_generic, clean_up),
		cmocka_unit_test_teardown(test_allowlist_sockets, clean_up),
		cmocka_unit_test_teardown(test_ceiling, clean_up),
		cmocka_unit_test_teardown(test_interfaces, clean_up),
		cmocka_unit_test_teardown(test_jumbo, clean_up),
		cmocka_unit_test_teardown(test_other_machines, clean_up),
		cmocka_unit_test_teardown(test_loopback, clean_up),
	};

	log_configure(LOG_LEVEL_ERROR, false);
	return cmocka_run_group_tests(tests, make_interfaces, NULL);
}
