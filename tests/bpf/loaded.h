/*
 * The XDP program loaded but not attached, for BPF_PROG_TEST_RUN: in a network namespace of the test's own,
 * with an AF_XDP socket on the loopback interface that frames can be redirected to.
 */
#ifndef TESTS_LOADED_H
#define TESTS_LOADED_H

#include "ingest/queue_socket.h"
#include "ingest/rules.h"
#include "program.h"
#include "steer.skel.h"
#include "tests/unit/frame_cases.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define LOCAL_V4 "10.1.2.3"     /* FRAME_V4 */
#define LOCAL_V6 "2001:db8::42" /* FRAME_V6 */

static struct steer_bpf *loaded; /* by the test at hand */
static struct rules *rules;
static struct queue_socket *receiver;
static const char *not_loaded = "not root";

static inline int load_namespace(void **state)
{
	(void)state;
	libbpf_set_print(NULL);
	if (geteuid())
		return 0;
	not_loaded = "no network namespace of our own";
	if (!unshare(CLONE_NEWNET) && !system("ip link set lo up"))
		not_loaded = NULL;
	return 0;
}

static inline int load(void **state)
{
	(void)state;
	if (not_loaded)
		return 0;
	loaded = steer_bpf__open_and_load();
	if (!loaded)
		not_loaded = "the kernel refuses BPF";
	return 0;
}

static inline int unload(void **state)
{
	(void)state;
	rules_destroy(rules);
	rules = NULL;
	queue_socket_destroy(receiver);
	receiver = NULL;
	steer_bpf__destroy(loaded);
	loaded = NULL;
	return 0;
}

static inline void set_locals(const char *const *texts, size_t count)
{
	struct in6_addr addresses[8];

	assert_true(count <= COUNT(addresses));
	for (size_t i = 0; i < count; i++)
		addresses[i] = parse_address(texts[i]);
	assert_int_equal(rules_set_locals(rules, addresses, count), 0);
}

/* The program, with rules that have nothing but this machine's addresses. */
static inline struct program need_program(void)
{
	static const char *const here[] = {LOCAL_V4, LOCAL_V6};
	struct rules_maps maps;

	if (!loaded) {
		print_message("# skipped: %s\n", not_loaded);
		skip();
	}
	maps = (struct rules_maps){
		.ports = bpf_map__fd(loaded->maps.ports),
		.port_index = bpf_map__fd(loaded->maps.port_index),
		.filters = bpf_map__fd(loaded->maps.filters),
		.port_counters = bpf_map__fd(loaded->maps.port_counters),
		.sources = bpf_map__fd(loaded->maps.sources),
		.ceilings = bpf_map__fd(loaded->maps.ceilings),
		.locals = bpf_map__fd(loaded->maps.locals),
	};
	assert_int_equal(rules_create(&rules, &maps), 0);
	set_locals(here, COUNT(here));
	return (struct program){
		.fd = bpf_program__fd(loaded->progs.steer),
		.ports = maps.ports,
		.port_counters = maps.port_counters,
		.verdicts = bpf_map__fd(loaded->maps.verdicts),
	};
}

/* From now on there is a socket for what is redirected. */
static inline void need_socket(void)
{
	const struct queue_socket_config config = {.interface = "lo"};
	const uint32_t queue = 0;
	int fd;

	assert_int_equal(queue_socket_create(&receiver, &config), 0);
	fd = queue_socket_fd(receiver);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(loaded->maps.xsks), &queue, &fd, BPF_ANY),
	                 0);
}

/* The slot is the number of rules added before. */
static inline void add_rule(const char *address, uint16_t port, const struct ingest_filter *filter)
{
	const struct in6_addr to = parse_address(address);

	assert_int_equal(rules_add(rules, &to, port, filter), 0);
}

static inline void remove_rule(const char *address, uint16_t port)
{
	const struct in6_addr to = parse_address(address);

	rules_remove(rules, &to, port);
}

static inline uint32_t action_of(enum steer_verdict verdict)
{
	switch (verdict) {
	case STEER_REDIRECTED:
		return XDP_REDIRECT;
	case STEER_DROP_STRANGER:
	case STEER_DROP_RATE:
		return XDP_DROP;
	default:
		return XDP_PASS;
	}
}

/* Run a frame `count` times. */
static inline uint32_t run_many(const struct program *program, const uint8_t *frame, size_t size,
                                uint32_t count)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)size,
	            .repeat = (int)count);

	assert_int_equal(bpf_prog_test_run_opts(program->fd, &options), 0);
	return options.retval;
}

/* Run one frame. Returns the verdict that was counted; it must be the only one, and be acted on. */
static inline enum steer_verdict run_frame(const struct program *program, const uint8_t *frame,
                                           size_t size)
{
	struct steer_counter before[STEER_VERDICTS];
	enum steer_verdict verdict = STEER_VERDICTS;
	uint32_t action;

	for (uint32_t i = 0; i < STEER_VERDICTS; i++)
		before[i] = read_verdict(program, i);
	action = run_many(program, frame, size, 1);
	for (uint32_t i = 0; i < STEER_VERDICTS; i++) {
		const struct steer_counter after = read_verdict(program, i);

		if (after.packets == before[i].packets)
			continue;
		assert_int_equal(verdict, STEER_VERDICTS);
		assert_int_equal(after.packets, before[i].packets + 1);
		assert_int_equal(after.bytes, before[i].bytes + size);
		verdict = (enum steer_verdict)i;
	}
	assert_int_equal(action, action_of(verdict));
	return verdict;
}

#endif
