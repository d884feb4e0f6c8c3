/*
 * The XDP program's verdicts, over a table of frames (BPF_PROG_TEST_RUN). What user space can read and
 * what the program steers must be the same frames.
 *
 * It says "skipped" where the machine does not let it: not root, or no BPF.
 */
#include "ingest/frame.h"
#include "loaded.h"

#include <errno.h>
#include <stdbool.h>

#define ANY_V4_SLOT 0u
#define ANY_V6_SLOT 1u

static void add_any_rules(void)
{
	add_rule("0.0.0.0", FRAME_PORT, NULL);
	add_rule("::", FRAME_PORT, NULL);
}

/* ---- Verdicts. ---- */

static bool is_to_this_machine(const struct frame_spec *spec)
{
	static const uint8_t none[16], v4[] = {FRAME_V4}, v6[] = {FRAME_V6};

	return !memcmp(spec->address, none, 16) ||
	       !memcmp(spec->address, spec->protocol == 0x0800 ? v4 : v6,
	               spec->protocol == 0x0800 ? 4 : 16);
}

/* What becomes of a frame with rules for any address; verdict: what does without any rule. */
static enum steer_verdict expect_steered(const struct frame_spec *spec, enum steer_verdict verdict,
                                         size_t size, bool socket)
{
	if (verdict != STEER_PASS_NO_RULE || !is_to_this_machine(spec))
		return verdict;
	if (!socket)
		return STEER_PASS_NO_SOCKET;
	return size > STEER_MAX_FRAME ? STEER_PASS_TOO_BIG : STEER_REDIRECTED;
}

/* Run the frame, and see to it that its rule's slot, and no other, has counted it. */
static void check_frame(const struct program *program, const struct frame_case *c, size_t size,
                        enum steer_verdict expected)
{
	const bool steered = expected == STEER_PASS_NO_SOCKET || expected == STEER_PASS_TOO_BIG ||
	                     expected == STEER_REDIRECTED;
	const uint32_t slot = c->spec.protocol == 0x0800 ? ANY_V4_SLOT : ANY_V6_SLOT;
	struct steer_port_counter before[2], after;
	uint8_t frame[FRAME_MAX_BYTES];
	enum steer_verdict verdict;

	for (uint32_t i = 0; i < 2; i++)
		before[i] = read_slot(program, i);
	frame_build(frame, &c->spec);
	verdict = run_frame(program, frame, size);
	if (verdict != expected)
		fail_msg("%s, %zu bytes: verdict %d instead of %d", c->name, size, (int)verdict,
		         (int)expected);
	for (uint32_t i = 0; i < 2; i++) {
		after = read_slot(program, i);
		assert_int_equal(after.packets - before[i].packets, steered && slot == i);
		assert_int_equal(after.bytes - before[i].bytes, steered && slot == i ? size : 0);
		assert_int_equal(after.strangers + after.over_rate, 0);
	}
}

static size_t size_of(const struct frame_spec *spec)
{
	uint8_t frame[FRAME_MAX_BYTES];

	return frame_build(frame, spec);
}

static void check_cases(const struct program *program, bool any_rules, bool socket)
{
	assert_true(FRAME_CASES >= 60);
	for (size_t i = 0; i < FRAME_CASES; i++) {
		const struct frame_case *c = &frame_cases[i];
		const size_t size = size_of(&c->spec);

		check_frame(program, c, size,
		            any_rules ? expect_steered(&c->spec, c->verdict, size, socket)
		                      : c->verdict);
	}
}

static void test_no_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	need_socket();
	check_cases(&program, false, true);
}

/* Any address of both families: what can be parsed finds a rule, and nothing else does. */
static void test_any_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	add_any_rules();
	check_cases(&program, true, false);
	need_socket();
	check_cases(&program, true, true);
}

/* No two frames of the table are the same. */
static void test_cases_differ(void **state)
{
	static uint8_t a[FRAME_MAX_BYTES], b[FRAME_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i < FRAME_CASES; i++)
		for (size_t k = 0; k < i; k++) {
			const size_t a_size = frame_build(a, &frame_cases[i].spec);
			const size_t b_size = frame_build(b, &frame_cases[k].spec);

			if (a_size == b_size && !memcmp(a, b, a_size))
				fail_msg("%s is %s", frame_cases[i].name, frame_cases[k].name);
		}
}

/*
 * Cut to any length, a frame is malformed until the bytes are there that decide on it, and is steered if
 * and only if user space can read it.
 */
static void check_truncations(const struct program *program, const struct frame_case *c)
{
	const size_t whole = size_of(&c->spec);
	const size_t deciding = frame_deciding_bytes(&c->spec, c->verdict);
	uint8_t frame[FRAME_MAX_BYTES];

	frame_build(frame, &c->spec);
	for (size_t size = 14; size < whole; size += size < 200 ? 1 : 197) {
		const enum steer_verdict without =
			size < deciding ? STEER_PASS_MALFORMED : c->verdict;
		struct frame_datagram datagram;

		check_frame(program, c, size, expect_steered(&c->spec, without, size, true));
		assert_int_equal(!frame_parse(&datagram, frame, size),
		                 without == STEER_PASS_NO_RULE);
	}
}

static void test_truncations(void **state)
{
	const struct program program = need_program();

	(void)state;
	need_socket();
	add_any_rules();
	for (size_t i = 0; i < FRAME_CASES; i++)
		check_truncations(&program, &frame_cases[i]);
}

/* A frame in several buffers: headers in the first one, lengths of the whole. */
static void test_several_buffers(void **state)
{
	static const struct {
		size_t payload, first; /* bytes; of the first buffer */
		enum steer_verdict verdict;
	} cases[] = {
		{8958, 3000, STEER_PASS_TOO_BIG},
		{1328, 200, STEER_PASS_TOO_BIG}, /* it would fit, but not as it is */
		{1328, 42, STEER_PASS_TOO_BIG},
		{1328, 41, STEER_PASS_MALFORMED},
		{1328, 1370, STEER_REDIRECTED},
	};
	const struct program program = need_program();

	(void)state;
	need_socket();
	add_any_rules();
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct frame_spec spec = {.protocol = 0x0800, .payload = cases[i].payload};
		struct xdp_md context = {.data_end = (uint32_t)cases[i].first};
		uint8_t frame[FRAME_MAX_BYTES];
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		            .data_size_in = (uint32_t)frame_build(frame, &spec), .ctx_in = &context,
		            .ctx_size_in = sizeof(context));
		const uint64_t before = verdict_packets(&program, cases[i].verdict);

		if (bpf_prog_test_run_opts(program.fd, &options)) {
			assert_int_equal(errno, EINVAL);
			print_message("# skipped: this kernel gives test runs one buffer\n");
			skip();
		}
		if (verdict_packets(&program, cases[i].verdict) != before + 1)
			fail_msg("%zu bytes of payload, first buffer of %zu", cases[i].payload,
			         cases[i].first);
		assert_int_equal(options.retval, action_of(cases[i].verdict));
	}
}

/* ---- Which rule. ---- */

static const struct frame_spec plain_v4 = {.protocol = 0x0800, .payload = 1328};
static const struct frame_spec plain_v6 = {.protocol = 0x86dd, .payload = 1328};
static const struct frame_spec group_v4 = {
	.protocol = 0x0800, .address = {239, 1, 1, 1}, .payload = 1328};
static const struct frame_spec odd_v6 = {
	.protocol = 0x86dd,
	.address = {0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3},
	.payload = 1328,
};

/* Slots of the rules set, and the slot that must count the frame. */
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
	{"a group", {"0.0.0.0", "239.1.1.1"}, &group_v4, FRAME_PORT, 1},
	{"any is no group", {"0.0.0.0", "239.1.1.2"}, &group_v4, FRAME_PORT, -1},
	{"any IPv4 is not IPv6 that looks like it", {"0.0.0.0"}, &odd_v6, FRAME_PORT, -1},
	{"IPv6 that looks like IPv4",
         {"0.0.0.0", "64:ff9b:1::ffff:a01:203"},
         &odd_v6,
         FRAME_PORT,
         1},
	{"both families", {"0.0.0.0", "::"}, &plain_v6, FRAME_PORT, 1},
};

static void check_rules(const struct program *program, const struct rule_case *c)
{
	struct steer_port_counter before[3] = {0};
	struct frame_spec spec = *c->frame;
	uint8_t frame[FRAME_MAX_BYTES];
	enum steer_verdict verdict;
	size_t size;

	spec.port = c->port;
	size = frame_build(frame, &spec);
	for (uint32_t i = 0; i < 3 && c->rules[i]; i++) {
		add_rule(c->rules[i], FRAME_PORT, NULL);
		before[i] = read_slot(program, i);
		assert_int_equal(before[i].packets + before[i].bytes, 0);
	}
	verdict = run_frame(program, frame, size);
	if (verdict != (c->slot < 0 ? STEER_PASS_NO_RULE : STEER_REDIRECTED))
		fail_msg("%s: verdict %d", c->name, (int)verdict);
	for (uint32_t i = 0; i < 3 && c->rules[i]; i++) {
		const struct steer_port_counter after = read_slot(program, i);

		assert_int_equal(after.packets, c->slot == (int)i);
		assert_int_equal(after.bytes, c->slot == (int)i ? size : 0);
	}
	for (uint32_t i = 0; i < 3 && c->rules[i]; i++)
		remove_rule(c->rules[i], FRAME_PORT);
	assert_int_equal(run_frame(program, frame, size), STEER_PASS_NO_RULE);
}

static void test_rules(void **state)
{
	const struct program program = need_program();

	(void)state;
	need_socket();
	for (size_t i = 0; i < COUNT(rule_cases); i++)
		check_rules(&program, &rule_cases[i]);
}

static enum steer_verdict run_to(const struct program *program, const char *address)
{
	const struct in6_addr to = parse_address(address);
	const bool v4 = IN6_IS_ADDR_V4MAPPED(&to);
	struct frame_spec spec = v4 ? plain_v4 : plain_v6;
	uint8_t frame[FRAME_MAX_BYTES];

	memcpy(spec.address, to.s6_addr + (v4 ? 12 : 0), v4 ? 4 : 16);
	return run_frame(program, frame, frame_build(frame, &spec));
}

/* Rules for any address follow the machine's addresses as they change. */
static void test_locals(void **state)
{
	static const struct {
		const char *locals[3];
		size_t count;
	} steps[] = {
		{{"10.1.2.3", "2001:db8::42"}, 2},
		{{"10.1.2.3", "10.7.7.7", "2001:db8::42"}, 3},
		{{"10.7.7.7"}, 1},
		{{NULL}, 0},
		{{"fe80::1", "2001:db8::7", "10.7.7.7"}, 3},
		{{"10.7.7.7", "10.7.7.7"}, 2},
	};
	static const char *const all[] = {"10.1.2.3",    "10.7.7.7",   "2001:db8::42", "fe80::1",
	                                  "2001:db8::7", "10.1.2.255", "239.1.1.1"};
	static struct in6_addr many[STEER_MAX_LOCALS + 1];
	const struct program program = need_program();

	(void)state;
	need_socket();
	add_any_rules();
	for (size_t step = 0; step < COUNT(steps); step++) {
		set_locals(steps[step].locals, steps[step].count);
		for (size_t i = 0; i < COUNT(all); i++) {
			bool local = false;

			for (size_t k = 0; k < steps[step].count; k++)
				local |= !strcmp(all[i], steps[step].locals[k]);
			if (run_to(&program, all[i]) !=
			    (local ? STEER_REDIRECTED : STEER_PASS_NO_RULE))
				fail_msg("step %zu, %s", step, all[i]);
		}
	}
	for (size_t i = 0; i < COUNT(many); i++) {
		many[i] = parse_address("10.1.0.0");
		store_be16(&many[i].s6_addr[14], (uint16_t)i);
	}
	assert_int_equal(rules_set_locals(rules, many, STEER_MAX_LOCALS), 0);
	assert_int_equal(run_to(&program, "10.1.2.3"), STEER_REDIRECTED);
	assert_int_equal(rules_set_locals(rules, many, STEER_MAX_LOCALS + 1), -ENOSPC);
	assert_int_equal(run_to(&program, "10.1.2.3"), STEER_REDIRECTED);
}

/* This machine's own addresses are known from the beginning, but nothing comes to loopback ones from outside. */
static void test_own_addresses(void **state)
{
	const struct program program = need_program();
	const struct rules_maps maps = {.locals = bpf_map__fd(loaded->maps.locals)};
	struct rules *own;

	(void)state;
	need_socket();
	assert_int_equal(rules_create(&own, &maps), 0);
	rules_destroy(own);
	add_any_rules();
	assert_int_equal(run_to(&program, "127.0.0.1"), STEER_PASS_NO_RULE);
	assert_int_equal(run_to(&program, "::1"), STEER_PASS_NO_RULE);
	assert_int_equal(run_to(&program, "127.0.0.2"), STEER_PASS_NO_RULE);
	assert_int_equal(run_to(&program, "10.1.2.3"), STEER_PASS_NO_RULE);
}

/* Bytes at random in place of the headers: always one verdict, always the one user space comes to. */
static void test_random_headers(void **state)
{
	const struct program program = need_program();
	uint8_t frame[FRAME_MAX_BYTES];
	uint32_t random = 1;

	(void)state;
	add_any_rules();
	for (int i = 0; i < 8000; i++) {
		const struct frame_case *c = &frame_cases[(size_t)i % FRAME_CASES];
		size_t size = frame_build(frame, &c->spec);
		struct frame_datagram datagram;
		enum steer_verdict verdict;

		for (int changes = 0; changes < 3; changes++) {
			random = random * 1664525u + 1013904223u;
			frame[12 + (random >> 16) % 80] = (uint8_t)(random >> 8);
		}
		if (size > 400)
			size = 400;
		verdict = run_frame(&program, frame, size);
		if (!frame_parse(&datagram, frame, size))
			assert_true(verdict == STEER_PASS_NO_SOCKET ||
			            verdict == STEER_PASS_NO_RULE);
		else
			assert_true(verdict >= STEER_PASS_NOT_UDP && verdict < STEER_PASS_TOO_BIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_rules, load, unload),
		cmocka_unit_test_setup_teardown(test_any_rules, load, unload),
		cmocka_unit_test(test_cases_differ),
		cmocka_unit_test_setup_teardown(test_truncations, load, unload),
		cmocka_unit_test_setup_teardown(test_several_buffers, load, unload),
		cmocka_unit_test_setup_teardown(test_rules, load, unload),
		cmocka_unit_test_setup_teardown(test_locals, load, unload),
		cmocka_unit_test_setup_teardown(test_own_addresses, load, unload),
		cmocka_unit_test_setup_teardown(test_random_headers, load, unload),
	};

	return cmocka_run_group_tests(tests, load_namespace, NULL);
}
