/*
 * The XDP program's verdicts, over a table of frames (BPF_PROG_TEST_RUN). What user space can read and
 * what the program steers must be the same frames.
 *
 * It says "skipped" where the machine does not let it: not root, or no BPF.
 */
#include "ingest/frame.h"
#include "program.h"
#include "steer.skel.h"
#include "tests/unit/frame_cases.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Run one frame. Returns the verdict that was counted; it must be the only one. */
static enum steer_verdict run_frame(const struct program *program, const uint8_t *frame,
                                    size_t size, uint32_t *action)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)size);
	struct steer_counter before[STEER_VERDICTS];
	enum steer_verdict verdict = STEER_VERDICTS;

	for (uint32_t i = 0; i < STEER_VERDICTS; i++)
		before[i] = read_counter(program->verdicts, i);
	assert_int_equal(bpf_prog_test_run_opts(program->fd, &options), 0);
	for (uint32_t i = 0; i < STEER_VERDICTS; i++) {
		const struct steer_counter after = read_counter(program->verdicts, i);

		if (after.packets == before[i].packets)
			continue;
		assert_int_equal(verdict, STEER_VERDICTS);
		assert_int_equal(after.packets, before[i].packets + 1);
		assert_int_equal(after.bytes, before[i].bytes + size);
		verdict = (enum steer_verdict)i;
	}
	*action = options.retval;
	return verdict;
}

static struct steer_bpf *loaded; /* by the test at hand */

static int load(void **state)
{
	(void)state;
	loaded = geteuid() == 0 ? steer_bpf__open_and_load() : NULL;
	return 0;
}

static int unload(void **state)
{
	(void)state;
	steer_bpf__destroy(loaded);
	return 0;
}

static struct program need_program(void)
{
	if (!loaded) {
		print_message("# skipped: %s\n", geteuid() ? "not root" : "the kernel refuses BPF");
		skip();
	}
	return (struct program){
		.fd = bpf_program__fd(loaded->progs.steer),
		.ports = bpf_map__fd(loaded->maps.ports),
		.port_counters = bpf_map__fd(loaded->maps.port_counters),
		.verdicts = bpf_map__fd(loaded->maps.verdicts),
	};
}

static struct steer_target make_target(const char *address, uint16_t port)
{
	struct steer_target target = {.port = htons(port)};

	if (strchr(address, ':')) {
		assert_int_equal(inet_pton(AF_INET6, address, target.address), 1);
	} else {
		target.address[10] = target.address[11] = 0xff;
		assert_int_equal(inet_pton(AF_INET, address, target.address + 12), 1);
	}
	return target;
}

static void add_rule(const struct program *program, const char *address, uint16_t port,
                     uint32_t slot)
{
	const struct steer_target target = make_target(address, port);
	const struct steer_rule rule = {slot};

	assert_int_equal(bpf_map_update_elem(program->ports, &target, &rule, BPF_NOEXIST), 0);
}

static void remove_rule(const struct program *program, const char *address, uint16_t port)
{
	const struct steer_target target = make_target(address, port);

	assert_int_equal(bpf_map_delete_elem(program->ports, &target), 0);
}

/* ---- Verdicts. ---- */

static void check_verdict(const struct program *program, const struct frame_case *c,
                          enum steer_verdict expected)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &c->spec);
	uint32_t action;
	const enum steer_verdict verdict = run_frame(program, frame, size, &action);

	if (verdict != expected)
		fail_msg("%s: verdict %d instead of %d", c->name, (int)verdict, (int)expected);
	assert_int_equal(action, XDP_PASS);
}

static void test_no_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	for (size_t i = 0; i < FRAME_CASES; i++)
		check_verdict(&program, &frame_cases[i], frame_cases[i].verdict);
}

/* Any address of both families: what can be parsed finds a rule, and nothing else does. */
static void test_any_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	add_rule(&program, "0.0.0.0", FRAME_PORT, 0);
	add_rule(&program, "::", FRAME_PORT, 1);
	for (size_t i = 0; i < FRAME_CASES; i++)
		check_verdict(&program, &frame_cases[i],
		              frame_cases[i].verdict == STEER_PASS_NO_RULE
		                      ? STEER_PASS_NO_SOCKET
		                      : frame_cases[i].verdict);
}

/* Cut to any length, a frame is steered if and only if user space can read it. */
static void check_truncations(const struct program *program, const struct frame_case *c)
{
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t whole = frame_build(frame, &c->spec);

	for (size_t size = 14; size < whole; size += size < 160 ? 1 : 97) {
		struct frame_datagram datagram;
		uint32_t action;
		const enum steer_verdict verdict = run_frame(program, frame, size, &action);
		const bool readable = !frame_parse(&datagram, frame, size);

		assert_int_equal(action, XDP_PASS);
		if ((verdict == STEER_PASS_NO_SOCKET) != readable)
			fail_msg("%s, cut to %zu bytes: verdict %d", c->name, size, (int)verdict);
		if (!readable && verdict != STEER_PASS_MALFORMED && verdict != c->verdict)
			fail_msg("%s, cut to %zu bytes: verdict %d", c->name, size, (int)verdict);
	}
}

static void test_truncations(void **state)
{
	const struct program program = need_program();

	(void)state;
	add_rule(&program, "0.0.0.0", FRAME_PORT, 0);
	add_rule(&program, "::", FRAME_PORT, 1);
	for (size_t i = 0; i < FRAME_CASES; i++)
		check_truncations(&program, &frame_cases[i]);
}

static const struct frame_spec plain_v4 = {.protocol = 0x0800, .payload = 1328};
static const struct frame_spec plain_v6 = {.protocol = 0x86dd, .payload = 1328};
static const struct frame_spec odd_v6 = {
	.protocol = 0x86dd,
	.address = {0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3},
	.payload = 1328,
};

/* Which rule is taken: slots of the rules set, and the slot that must count the frame. */
static const struct rule_case {
	const char *name;
	const char *rules[3]; /* addresses; the slot is the index */
	const struct frame_spec *frame;
	uint16_t port;
	int slot; /* -1: none */
} rule_cases[] = {
	{"exact", {"10.1.2.3"}, &plain_v4, FRAME_PORT, 0},
	{"any", {"0.0.0.0"}, &plain_v4, FRAME_PORT, 0},
	{"exact before any", {"0.0.0.0", "10.1.2.3"}, &plain_v4, FRAME_PORT, 1},
	{"any after another address", {"10.1.2.4", "0.0.0.0"}, &plain_v4, FRAME_PORT, 1},
	{"another address", {"10.1.2.4"}, &plain_v4, FRAME_PORT, -1},
	{"another port", {"10.1.2.3", "0.0.0.0", "::"}, &plain_v4, FRAME_PORT + 1, -1},
	{"any IPv6 is not IPv4", {"::"}, &plain_v4, FRAME_PORT, -1},
	{"IPv6 exact", {"2001:db8::42"}, &plain_v6, FRAME_PORT, 0},
	{"IPv6 any", {"::"}, &plain_v6, FRAME_PORT, 0},
	{"IPv6 exact before any", {"::", "2001:db8::42"}, &plain_v6, FRAME_PORT, 1},
	{"IPv6, another address", {"2001:db8::43"}, &plain_v6, FRAME_PORT, -1},
	{"any IPv4 is not IPv6", {"0.0.0.0"}, &plain_v6, FRAME_PORT, -1},
	{"any IPv4 is not IPv6 that looks like it", {"0.0.0.0"}, &odd_v6, FRAME_PORT, -1},
	{"IPv6 that looks like IPv4", {"0.0.0.0", "::"}, &odd_v6, FRAME_PORT, 1},
	{"both families", {"0.0.0.0", "::"}, &plain_v6, FRAME_PORT, 1},
};

static void check_rules(const struct program *program, const struct rule_case *c)
{
	struct frame_spec spec = *c->frame;
	struct steer_counter before[3];
	uint8_t frame[FRAME_MAX_BYTES];
	enum steer_verdict verdict;
	uint32_t action;
	size_t size;

	spec.port = c->port;
	size = frame_build(frame, &spec);
	for (uint32_t i = 0; i < 3; i++)
		before[i] = read_counter(program->port_counters, i);
	for (uint32_t i = 0; i < 3 && c->rules[i]; i++)
		add_rule(program, c->rules[i], FRAME_PORT, i);
	verdict = run_frame(program, frame, size, &action);
	if (verdict != (c->slot < 0 ? STEER_PASS_NO_RULE : STEER_PASS_NO_SOCKET))
		fail_msg("%s: verdict %d", c->name, (int)verdict);
	for (uint32_t i = 0; i < 3; i++) {
		const struct steer_counter after = read_counter(program->port_counters, i);

		assert_int_equal(after.packets, before[i].packets + (c->slot == (int)i));
		assert_int_equal(after.bytes, before[i].bytes + (c->slot == (int)i ? size : 0));
	}
	for (uint32_t i = 0; i < 3 && c->rules[i]; i++)
		remove_rule(program, c->rules[i], FRAME_PORT);
}

static void test_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	for (size_t i = 0; i < COUNT(rule_cases); i++)
		check_rules(&program, &rule_cases[i]);
}

/* Bytes at random in place of the headers: always one verdict, always the one user space comes to. */
static void test_random_headers(void **state)
{
	const struct program program = need_program();
	uint8_t frame[FRAME_MAX_BYTES];
	uint32_t random = 1, action;

	(void)state;
	add_rule(&program, "0.0.0.0", FRAME_PORT, 0);
	add_rule(&program, "::", FRAME_PORT, 1);
	for (int i = 0; i < 5000; i++) {
		const struct frame_case *c = &frame_cases[(size_t)i % FRAME_CASES];
		size_t size = frame_build(frame, &c->spec);
		struct frame_datagram datagram;
		enum steer_verdict verdict;

		for (int changes = 0; changes < 3; changes++) {
			random = random * 1664525u + 1013904223u;
			frame[12 + (random >> 16) % 60] = (uint8_t)(random >> 8);
		}
		if (size > 300)
			size = 300;
		verdict = run_frame(&program, frame, size, &action);
		if (!frame_parse(&datagram, frame, size))
			assert_int_equal(verdict, datagram.port == FRAME_PORT ? STEER_PASS_NO_SOCKET
			                                                      : STEER_PASS_NO_RULE);
		else
			assert_true(verdict >= STEER_PASS_NOT_UDP && verdict < STEER_VERDICTS);
		assert_int_equal(action, XDP_PASS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_rules, load, unload),
		cmocka_unit_test_setup_teardown(test_any_rules, load, unload),
		cmocka_unit_test_setup_teardown(test_truncations, load, unload),
		cmocka_unit_test_setup_teardown(test_rules, load, unload),
		cmocka_unit_test_setup_teardown(test_random_headers, load, unload),
	};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
