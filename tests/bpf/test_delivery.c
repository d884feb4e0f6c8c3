/*
 * Live frames through the XDP program on a veth pair, in a network namespace of this test's own, into
 * real AF_XDP sockets: every frame arrives or is accounted for.
 *
 * It says "skipped" where the machine does not let it: not root, no BPF, no veth.
 */
#include "ingest/ingest.h"
#include "ingest/queue_socket.h"
#include "ingest/rules.h"
#include "ingest/steering.h"
#include "program.h"
#include "tests/unit/frame_cases.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#define INTERFACE   "steer0"
#define PEER        "steer1"
#define PATIENCE_NS (60 * NS_PER_S)

static const struct frame_spec plain_v4 = {.protocol = 0x0800, .payload = 1328};

static unsigned int ifindex; /* of the veth interface; 0: there is none */
static const char *no_veth = "not root";

/* Namespaces and a BPF file system of our own: they go with the process, and so does what is in them. */
static int make_veth(void **state)
{
	(void)state;
	libbpf_set_print(NULL);
	if (geteuid())
		return 0;
	no_veth = "no network namespace of our own";
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 0;
	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		return 0;
	no_veth = "no veth interfaces";
	if (system("ip link add " INTERFACE " numrxqueues 2 numtxqueues 2 type veth "
	           "peer name " PEER " numrxqueues 2 numtxqueues 2 2>/dev/null && "
	           "ip addr add 10.1.2.3/24 dev " INTERFACE " && "
	           "ip link set lo up && ip link set " INTERFACE " up && ip link set " PEER " up"))
		return 0;
	ifindex = if_nametoindex(INTERFACE);
	return 0;
}

static uint32_t attached_program(void)
{
	uint32_t id = 0;

	assert_int_equal(bpf_xdp_query_id((int)ifindex, 0, &id), 0);
	return id;
}

static int find_map(const struct bpf_prog_info *info, const char *name)
{
	const uint32_t *ids = (const uint32_t *)(uintptr_t)info->map_ids;

	for (uint32_t i = 0; i < info->nr_map_ids; i++) {
		struct bpf_map_info map = {0};
		uint32_t size = sizeof(map);
		const int fd = bpf_map_get_fd_by_id(ids[i]);

		assert_int_equal(bpf_obj_get_info_by_fd(fd, &map, &size), 0);
		if (!strcmp(map.name, name))
			return fd;
		close(fd);
	}
	fail_msg("no map %s", name);
	return -1;
}

/* What is attached to the interface, as bpftool would find it. */
static struct program open_attached(void)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info), ids[16];
	struct program program;

	info.map_ids = (uintptr_t)ids;
	info.nr_map_ids = COUNT(ids);
	program.fd = bpf_prog_get_fd_by_id(attached_program());
	assert_true(program.fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(program.fd, &info, &size), 0);
	program.ports = find_map(&info, "ports");
	program.port_counters = find_map(&info, "port_counters");
	program.verdicts = find_map(&info, "verdicts");
	return program;
}

static void close_attached(const struct program *program)
{
	close(program->fd);
	close(program->ports);
	close(program->port_counters);
	close(program->verdicts);
}

static struct in6_addr any_v4(void)
{
	return (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
}

/* What the test at hand has open; closed after it, however it ends. */
static struct steering *attached;
static struct rules *rules;             /* of what is attached */
static struct queue_socket *sockets[2]; /* by queue */

static void detach(void)
{
	rules_destroy(rules);
	rules = NULL;
	steering_destroy(attached);
	attached = NULL;
}

static void open_rules(void)
{
	const struct rules_maps maps = {
		.ports = steering_map(attached, STEERING_PORTS),
		.port_index = steering_map(attached, STEERING_PORT_INDEX),
		.filters = steering_map(attached, STEERING_FILTERS),
		.port_counters = steering_map(attached, STEERING_PORT_COUNTERS),
		.sources = steering_map(attached, STEERING_SOURCES),
		.ceilings = steering_map(attached, STEERING_CEILINGS),
		.locals = steering_map(attached, STEERING_LOCALS),
	};

	assert_int_equal(rules_create(&rules, &maps), 0);
}

static void close_socket(uint32_t queue)
{
	queue_socket_destroy(sockets[queue]);
	sockets[queue] = NULL;
}

static int clean_up(void **state)
{
	(void)state;
	detach();
	close_socket(0);
	close_socket(1);
	return 0;
}

static void need_steering(bool generic)
{
	char why[160] = "";
	int error;

	if (!ifindex) {
		print_message("# skipped: %s\n", no_veth);
		skip();
	}
	error = steering_create(&attached, ifindex, generic, why, sizeof(why));
	if (error == -EPERM) {
		print_message("# skipped: %s\n", why);
		skip();
	}
	if (error)
		fail_msg("%s", why);
	open_rules();
}

static int create_socket(struct queue_socket **out, const char *interface, uint32_t queue,
                         bool zero_copy)
{
	const struct queue_socket_config config = {
		.interface = interface, .queue = queue, .zero_copy = zero_copy};

	return queue_socket_create(out, &config);
}

static void open_socket(uint32_t queue)
{
	assert_int_equal(create_socket(&sockets[queue], INTERFACE, queue, false), 0);
}

/* A socket on the first queue, and a rule for the port with any IPv4 address. */
static void steer_to_socket(void)
{
	const struct in6_addr address = any_v4();

	open_socket(0);
	assert_int_equal(steering_set_socket(attached, 0, queue_socket_fd(sockets[0])), 0);
	assert_int_equal(rules_add(rules, &address, FRAME_PORT, NULL), 0);
}

/* Let the kernel receive the frame `count` times, on the first queue of the interface. */
static int send_live(const struct program *program, const uint8_t *frame, size_t size, int count)
{
	struct xdp_md context = {.data_end = (uint32_t)size, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)size,
	            .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = count,
	            .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(program->fd, &options);
}

/*
 * Send the frame `count` times from the other end of the pair. With the queueing layer bypassed the
 * processor that sends decides which queue it is received on.
 */
static void send_peer(const uint8_t *frame, size_t size, unsigned int queue, int count)
{
	const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP)), on = 1;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(PEER)};
	cpu_set_t all, one;

	assert_true(fd >= 0);
	CPU_ZERO(&one);
	CPU_SET(queue, &one);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof(to)),
		                 (ssize_t)size);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	close(fd);
}

/* What came out of a socket. */
struct catch
{
	const uint8_t *frame; /* that every one must equal */
	size_t size;
	uint64_t frames, different;
};

static void catch_frames(void *context, const struct queue_frame *frames, size_t count)
{
	struct catch *catch = context;

	catch->frames += count;
	for (size_t i = 0; i < count; i++)
		catch->different += frames[i].size != catch->size ||
		                    memcmp(frames[i].data, catch->frame, catch->size) != 0;
}

static void drain_all(struct queue_socket *socket, struct catch *catch)
{
	while (queue_socket_drain(socket, catch_frames, catch))
		;
}

static uint64_t losses(const struct queue_socket *socket)
{
	struct queue_socket_losses losses;

	queue_socket_get_losses(socket, &losses);
	return losses.dropped + losses.ring_full;
}

/* Frames within what the rings hold all arrive; beyond that each one is accounted for. */
static void check_delivery(bool generic)
{
	uint8_t frame[FRAME_MAX_BYTES];
	struct catch catch = {.frame = frame, .size = frame_build(frame, &plain_v4)};
	struct program program;
	uint64_t sent = 0;

	need_steering(generic);
	program = open_attached();
	steer_to_socket();
	for (int i = 0; i < 10; i++) {
		assert_int_equal(send_live(&program, frame, catch.size, 3000), 0);
		sent += 3000;
		drain_all(sockets[0], &catch);
		assert_int_equal(catch.frames, sent);
	}
	assert_int_equal(losses(sockets[0]), 0);
	assert_int_equal(send_live(&program, frame, catch.size, 3 * QUEUE_SOCKET_FRAMES), 0);
	sent += 3 * QUEUE_SOCKET_FRAMES;
	drain_all(sockets[0], &catch);
	assert_true(losses(sockets[0]) > 0);
	assert_int_equal(catch.frames + losses(sockets[0]), sent);
	assert_int_equal(catch.different, 0);
	assert_int_equal(verdict_packets(&program, STEER_REDIRECTED), sent);
	assert_int_equal(read_slot(&program, 0).packets, sent);
	assert_int_equal(read_slot(&program, 0).bytes, sent * catch.size);
	close_attached(&program);
	detach();
	assert_int_equal(attached_program(), 0);
}

static void test_delivery_native(void **state)
{
	(void)state;
	check_delivery(false);
}

static void test_delivery_generic(void **state)
{
	(void)state;
	check_delivery(true);
}

/* Frames too big for a chunk are left to the kernel; the frames after them arrive. */
static void test_oversize(void **state)
{
	const struct frame_spec big = {.protocol = 0x0800, .payload = 1900};
	uint8_t frame[FRAME_MAX_BYTES];
	struct catch catch = {.frame = frame};
	struct program program;

	(void)state;
	need_steering(false);
	program = open_attached();
	steer_to_socket();
	assert_int_equal(send_live(&program, frame, frame_build(frame, &big), 100), 0);
	drain_all(sockets[0], &catch);
	assert_int_equal(catch.frames, 0);
	assert_int_equal(losses(sockets[0]), 0);
	assert_int_equal(verdict_packets(&program, STEER_PASS_TOO_BIG), 100);
	catch.size = frame_build(frame, &plain_v4);
	assert_int_equal(send_live(&program, frame, catch.size, 100), 0);
	drain_all(sockets[0], &catch);
	assert_int_equal(catch.frames, 100);
	assert_int_equal(catch.different, 0);
	close_attached(&program);
}

/* A socket that goes away leaves its frames to the kernel. */
static void test_socket_goes(void **state)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &plain_v4);
	struct catch catch = {.frame = frame, .size = size};
	struct program program;

	(void)state;
	need_steering(false);
	program = open_attached();
	steer_to_socket();
	assert_int_equal(send_live(&program, frame, size, 100), 0);
	drain_all(sockets[0], &catch);
	assert_int_equal(catch.frames, 100);
	close_socket(0);
	assert_int_equal(send_live(&program, frame, size, 70), 0);
	assert_int_equal(verdict_packets(&program, STEER_REDIRECTED), 100);
	assert_int_equal(verdict_packets(&program, STEER_PASS_NO_SOCKET), 70);
	assert_int_equal(read_slot(&program, 0).packets, 170);
	close_attached(&program);
}

static void wait_frames(struct queue_socket *socket, struct catch *catch, uint64_t wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;

	while (catch->frames < wanted && clock_now_ns() < deadline_ns)
		queue_socket_drain(socket, catch_frames, catch);
	assert_int_equal(catch->frames, wanted);
	assert_int_equal(catch->different, 0);
}

/* Each receive queue has a socket of its own. */
static void test_queues(void **state)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &plain_v4);
	struct catch catches[2] = {{.frame = frame, .size = size}, {.frame = frame, .size = size}};

	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		print_message("# skipped: needs two processors\n");
		skip();
	}
	need_steering(false);
	steer_to_socket();
	open_socket(1);
	assert_int_equal(steering_set_socket(attached, 1, queue_socket_fd(sockets[1])), 0);
	for (uint64_t i = 1; i <= 20; i++) {
		send_peer(frame, size, 0, 10);
		send_peer(frame, size, 1, 20);
		wait_frames(sockets[0], &catches[0], 10 * i);
		wait_frames(sockets[1], &catches[1], 20 * i);
	}
}

struct traffic {
	const struct program *program;
	const uint8_t *frame;
	size_t size;
	atomic_bool stop;
	uint64_t sent;
	int error;
};

static void *send_traffic(void *argument)
{
	const struct timespec pause = {.tv_nsec = 500 * 1000}; /* the reader must come to an end */
	struct traffic *traffic = argument;

	while (!atomic_load(&traffic->stop) && !traffic->error) {
		traffic->error = send_live(traffic->program, traffic->frame, traffic->size, 128);
		traffic->sent += 128;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* The rule comes and goes while frames arrive: each one is either delivered or passed, none is lost. */
static void test_rules_under_load(void **state)
{
	const struct in6_addr address = any_v4();
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &plain_v4);
	struct catch catch = {.frame = frame, .size = size};
	struct program program;
	struct traffic traffic = {.program = &program, .frame = frame, .size = size};
	pthread_t thread;

	(void)state;
	need_steering(false);
	program = open_attached();
	steer_to_socket();
	assert_int_equal(pthread_create(&thread, NULL, send_traffic, &traffic), 0);
	for (uint16_t i = 0; i < 300; i++) {
		queue_socket_drain(sockets[0], catch_frames, &catch);
		rules_remove(rules, &address, FRAME_PORT);
		assert_int_equal(rules_add(rules, &address, (uint16_t)(10000 + i), NULL), 0);
		queue_socket_drain(sockets[0], catch_frames, &catch);
		assert_int_equal(rules_add(rules, &address, FRAME_PORT, NULL), 0);
	}
	atomic_store(&traffic.stop, true);
	pthread_join(thread, NULL);
	drain_all(sockets[0], &catch);
	assert_int_equal(traffic.error, 0);
	assert_int_equal(verdict_packets(&program, STEER_REDIRECTED) +
	                         verdict_packets(&program, STEER_PASS_NO_RULE),
	                 traffic.sent);
	assert_int_equal(catch.frames + losses(sockets[0]),
	                 verdict_packets(&program, STEER_REDIRECTED));
	assert_int_equal(catch.different, 0);
	close_attached(&program);
}

/* ---- The rules' book-keeping. ---- */

static void test_slots(void **state)
{
	const struct in6_addr address = any_v4(), six = {0};
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &plain_v4);
	struct program program;

	(void)state;
	need_steering(false);
	program = open_attached();
	assert_int_equal(rules_add(rules, &address, FRAME_PORT, NULL), 0);
	assert_int_equal(rules_add(rules, &address, FRAME_PORT, NULL), -EEXIST);
	assert_int_equal(rules_add(rules, &six, FRAME_PORT, NULL), 0);
	rules_remove(rules, &six, FRAME_PORT);
	rules_remove(rules, &six, FRAME_PORT); /* not there: nothing happens */
	for (uint16_t i = 1; i < STEER_MAX_PORTS; i++)
		assert_int_equal(rules_add(rules, &address, (uint16_t)(20000 + i), NULL), 0);
	assert_int_equal(rules_add(rules, &address, 1, NULL), -ENOSPC);
	assert_int_equal(send_live(&program, frame, size, 10), 0);
	assert_int_equal(read_slot(&program, 0).packets, 10);
	rules_remove(rules, &address, FRAME_PORT);
	assert_int_equal(rules_add(rules, &six, 1, NULL), 0); /* takes the slot that is free */
	assert_int_equal(read_slot(&program, 0).packets, 0);
	assert_int_equal(rules_add(rules, &address, 2, NULL), -ENOSPC);
	close_attached(&program);
}

static void test_attach_twice(void **state)
{
	struct steering *second = NULL;
	char why[160] = "", expected[160];

	(void)state;
	need_steering(false);
	assert_int_equal(steering_create(&second, ifindex, false, why, sizeof(why)), -EBUSY);
	snprintf(expected, sizeof(expected),
	         "another medialive-distributor (process %d) serves " INTERFACE, getpid());
	assert_string_equal(why, expected);
	assert_int_equal(steering_create(&second, ifindex, true, why, sizeof(why)), -EBUSY);
	assert_true(steering_create(&second, 9999, false, why, sizeof(why)) < 0);
	assert_null(second);
	detach();
	detach();
	assert_int_equal(attached_program(), 0);
}

/* A queue has one socket; its successor gets it as soon as the kernel has let go of it. */
static void test_queue_is_exclusive(void **state)
{
	struct queue_socket *second = NULL;

	(void)state;
	need_steering(false);
	open_socket(0);
	assert_int_equal(create_socket(&second, INTERFACE, 0, false), -EBUSY);
	for (int i = 0; i < 3; i++) {
		close_socket(0);
		open_socket(0);
	}
	assert_true(create_socket(&second, INTERFACE, 77, false) < 0);
	assert_true(create_socket(&second, "no-such", 0, false) < 0);
	assert_null(second);
}

/* ---- The whole way: frames on the interface, TS in the channel's ring. ---- */

static void make_ts_frame(uint8_t frame[FRAME_MAX_BYTES], size_t *size)
{
	const struct frame_spec spec = {.protocol = 0x0800, .payload = 7 * 188};
	uint8_t *payload = frame + frame_header_bytes(&spec);

	*size = frame_build(frame, &spec);
	for (int i = 0; i < 7; i++)
		payload[i * 188] = 0x47;
}

/* Wait until the ring has got so many packets; only then is the last datagram dealt with. */
static void wait_packets(const struct channel *channel, uint64_t wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	while (ring_head(channel_ring(channel)) < wanted) {
		assert_true(clock_now_ns() < deadline_ns);
		nanosleep(&pause, NULL);
	}
}

static void check_ingest(enum ingest_mode mode, const char *expected)
{
	const struct ingest_config config = {
		.mode = mode, .interfaces = INTERFACE, .tick_us = 1000};
	const struct channel_config channel_config = {.name = "News"};
	struct ingest_target target = {.address = any_v4(), .port = FRAME_PORT};
	struct ingest_interface_info info;
	struct ingest_binding *binding;
	struct channel *channel;
	struct program program;
	struct ingest *ingest;
	uint8_t frame[FRAME_MAX_BYTES];
	char why[200] = "";
	size_t size;

	assert_int_equal(ingest_create(&ingest, &config), 0);
	assert_int_equal(ingest_interfaces(ingest, &info, 1), 1);
	assert_string_equal(info.mode, expected);
	assert_int_equal(info.queues, 2);
	assert_int_equal(channel_create(&channel, &channel_config), 0);
	target.channel = channel;
	if (ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)))
		fail_msg("%s", why);
	program = open_attached();
	make_ts_frame(frame, &size);
	assert_int_equal(send_live(&program, frame, size, 2000), 0);
	wait_packets(channel, 14000);
	assert_int_equal(ring_head(channel_ring(channel)), 14000);
	ingest_unbind(binding);
	assert_int_equal(send_live(&program, frame, size, 100), 0);
	close_attached(&program);
	ingest_destroy(ingest);
	assert_int_equal(counter_get(&channel_counters(channel)->datagrams_received), 2000);
	channel_destroy(channel);
	assert_int_equal(attached_program(), 0);
}

static void test_ingest(void **state)
{
	static const struct {
		enum ingest_mode mode;
		const char *expected;
	} cases[] = {
		{INGEST_XDP, "xdp"},
		{INGEST_XDP_GENERIC, "xdp-generic"},
		{INGEST_AUTO, "xdp"},
	};

	(void)state;
	need_steering(false); /* or skip */
	detach();
	for (size_t i = 0; i < COUNT(cases); i++)
		check_ingest(cases[i].mode, cases[i].expected);
}

/* With the interface taken, the strict modes fail and the automatic one goes on without XDP. */
static void test_ingest_steps_down(void **state)
{
	struct ingest_config config = {.interfaces = INTERFACE, .tick_us = 1000};
	struct ingest_interface_info info;
	struct ingest *ingest = NULL;

	(void)state;
	need_steering(false);
	config.mode = INGEST_XDP;
	assert_int_equal(ingest_create(&ingest, &config), -EBUSY);
	config.mode = INGEST_XDP_GENERIC;
	assert_true(ingest_create(&ingest, &config) < 0);
	assert_null(ingest);
	config.mode = INGEST_AUTO;
	assert_int_equal(ingest_create(&ingest, &config), 0);
	assert_int_equal(ingest_interfaces(ingest, &info, 1), 1);
	assert_string_equal(info.mode, "udp");
	assert_non_null(strstr(info.reason, "another medialive-distributor"));
	ingest_destroy(ingest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_delivery_native, clean_up),
		cmocka_unit_test_teardown(test_delivery_generic, clean_up),
		cmocka_unit_test_teardown(test_oversize, clean_up),
		cmocka_unit_test_teardown(test_socket_goes, clean_up),
		cmocka_unit_test_teardown(test_queues, clean_up),
		cmocka_unit_test_teardown(test_rules_under_load, clean_up),
		cmocka_unit_test_teardown(test_slots, clean_up),
		cmocka_unit_test_teardown(test_attach_twice, clean_up),
		cmocka_unit_test_teardown(test_queue_is_exclusive, clean_up),
		cmocka_unit_test_teardown(test_ingest, clean_up),
		cmocka_unit_test_teardown(test_ingest_steps_down, clean_up),
	};

	log_configure(LOG_LEVEL_ERROR, false);
	return cmocka_run_group_tests(tests, make_veth, NULL);
}
