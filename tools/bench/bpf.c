/*
 * What the XDP program costs a packet: BPF_PROG_TEST_RUN, the best of several runs of a million.
 *
 * Prints nanoseconds for each case, the cost of the loop itself (an empty program) included, and says
 * whether the goals are met. In a network namespace of its own, with an AF_XDP socket on the loopback
 * interface. Exit status: 1 for a goal that was missed, 77 where the machine does not let it.
 */
#include "base/address.h"
#include "base/log.h"
#include "ingest/queue_socket.h"
#include "ingest/rules.h"
#include "steer.skel.h"
#include "tests/unit/frame_cases.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define REPEATS       1000000
#define RUNS          9
#define MAX_SOURCES   1000
#define NO_GOAL       0u
#define SKIPPED       77
#define MAX_PPS_BENCH 10000000u /* never reached: every packet is let through */

static const struct bench_case {
	const char *name;
	const char *rule; /* its address, or NULL: none */
	size_t sources;
	uint32_t max_pps;
	enum steer_verdict verdict;
	unsigned int goal_ns;
	uint8_t protocol;
} cases[] = {
	{"not ours: TCP", NULL, 0, 0, STEER_PASS_NOT_UDP, NO_GOAL, 6},
	{"not ours: UDP to another port", NULL, 0, 0, STEER_PASS_NO_RULE, NO_GOAL, 17},
	{"plain: rule and socket", "10.1.2.3", 0, 0, STEER_REDIRECTED, 100, 17},
	{"plain, rule for any address", "0.0.0.0", 0, 0, STEER_REDIRECTED, 100, 17},
	{"allowlist of 16", "10.1.2.3", 16, 0, STEER_REDIRECTED, NO_GOAL, 17},
	{"allowlist of 1000", "10.1.2.3", 1000, 0, STEER_REDIRECTED, NO_GOAL, 17},
	{"ceiling", "10.1.2.3", 0, MAX_PPS_BENCH, STEER_REDIRECTED, NO_GOAL, 17},
	{"allowlist of 16 and ceiling", "10.1.2.3", 16, MAX_PPS_BENCH, STEER_REDIRECTED, 200, 17},
	{"allowlist of 1000 and ceiling", "10.1.2.3", 1000, MAX_PPS_BENCH, STEER_REDIRECTED, 200,
         17},
	{"allowlist of 1000, any address, ceiling", "0.0.0.0", 1000, MAX_PPS_BENCH,
         STEER_REDIRECTED, 200, 17},
};

/* Networks of 20 to 32 bits all over the address space, the last of them the sender's. */
static void make_sources(struct prefix *sources, size_t count)
{
	uint32_t random = 1;
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i + 1 < count; i++) {
		const unsigned int bits = 20 + (unsigned int)i % 13;

		random = random * 1664525u + 1013904223u;
		snprintf(text, sizeof(text), "%u.%u.%u.%u/%u", 11 + (random >> 24) % 200,
		         random >> 16 & 0xff, bits >= 24 ? random >> 8 & 0xff : 0,
		         bits == 32 ? random & 0xff : 0, bits > 24 && bits < 32 ? 24 : bits);
		if (prefix_parse(&sources[i], text))
			prefix_parse(&sources[i], "192.0.2.0/24");
	}
	prefix_parse(&sources[count - 1], "10.9.9.0/24");
}

/* Nanoseconds a packet, or a negative errno. */
static int best_of_runs(int program, const uint8_t *frame, size_t size, uint32_t *action)
{
	int best = -EIO;

	for (int run = 0; run < RUNS; run++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		            .data_size_in = (uint32_t)size, .repeat = REPEATS);

		if (bpf_prog_test_run_opts(program, &options))
			return -errno;
		*action = options.retval;
		if (best < 0 || (int)options.duration < best)
			best = (int)options.duration;
	}
	return best;
}

static uint64_t read_verdict(const struct steer_bpf *object, uint32_t verdict)
{
	const int cpus = libbpf_num_possible_cpus();
	struct steer_counter *values = calloc((size_t)cpus, sizeof(*values));
	uint64_t sum = 0;

	if (values && !bpf_map_lookup_elem(bpf_map__fd(object->maps.verdicts), &verdict, values))
		for (int i = 0; i < cpus; i++)
			sum += values[i].packets;
	free(values);
	return sum;
}

/* Print a line; returns whether its goal, if any, is met and every packet ended as it should. */
static bool run_case(const struct steer_bpf *object, struct rules *rules,
                     const struct bench_case *c)
{
	const struct frame_spec spec = {
		.protocol = 0x0800, .payload = 1328, .next = c->protocol, .port = FRAME_PORT};
	struct prefix sources[MAX_SOURCES];
	const struct ingest_filter filter = {sources, c->sources, c->max_pps};
	struct in6_addr address;
	const uint64_t before = read_verdict(object, c->verdict);
	uint8_t frame[FRAME_MAX_BYTES];
	const size_t size = frame_build(frame, &spec);
	uint32_t action;
	bool met, exact;
	int ns;

	if (address_parse(&address, c->rule ? c->rule : "0.0.0.0"))
		return false;
	if (c->sources > 0)
		make_sources(sources, c->sources);
	if (c->rule && rules_add(rules, &address, FRAME_PORT, &filter))
		return false;
	ns = best_of_runs(bpf_program__fd(object->progs.steer), frame, size, &action);
	rules_remove(rules, &address, FRAME_PORT);
	exact = read_verdict(object, c->verdict) - before == (uint64_t)RUNS * REPEATS;
	met = ns >= 0 && exact && (c->goal_ns == NO_GOAL || ns <= (int)c->goal_ns);
	printf("%-42s %4d ns", c->name, ns);
	if (c->goal_ns != NO_GOAL)
		printf("   goal %3u ns: %s", c->goal_ns, met ? "PASS" : "FAIL");
	printf("%s\n", exact ? "" : "   (not every packet ended as it should)");
	return met;
}

static void print_loop(void)
{
	const struct bpf_insn empty[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const int program =
		bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", empty, COUNT(empty), NULL);
	const uint8_t frame[64] = {0};
	uint32_t action;

	if (program < 0)
		return;
	printf("%-42s %4d ns\n", "the loop alone: an empty program",
	       best_of_runs(program, frame, sizeof(frame), &action));
	close(program);
}

static int run_cases(const struct steer_bpf *object)
{
	const struct rules_maps maps = {
		.ports = bpf_map__fd(object->maps.ports),
		.port_index = bpf_map__fd(object->maps.port_index),
		.filters = bpf_map__fd(object->maps.filters),
		.port_counters = bpf_map__fd(object->maps.port_counters),
		.sources = bpf_map__fd(object->maps.sources),
		.ceilings = bpf_map__fd(object->maps.ceilings),
		.locals = bpf_map__fd(object->maps.locals),
	};
	struct in6_addr here;
	struct rules *rules;
	int status = 0;

	if (address_parse(&here, "10.1.2.3") || rules_create(&rules, &maps) ||
	    rules_set_locals(rules, &here, 1))
		return 1;
	print_loop();
	for (size_t i = 0; i < COUNT(cases); i++)
		if (!run_case(object, rules, &cases[i]))
			status = 1;
	rules_destroy(rules);
	return status;
}

static int bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int error = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

int main(void)
{
	const struct queue_socket_config config = {.interface = "lo"};
	struct queue_socket *receiver = NULL;
	struct steer_bpf *object;
	const uint32_t queue = 0;
	int fd, status;

	log_configure(LOG_LEVEL_ERROR, false);
	libbpf_set_print(NULL);
	if (unshare(CLONE_NEWNET) || bring_up_loopback()) {
		printf("skipped: not root\n");
		return SKIPPED;
	}
	object = steer_bpf__open_and_load();
	if (!object || queue_socket_create(&receiver, &config)) {
		printf("skipped: the kernel refuses BPF or AF_XDP\n");
		steer_bpf__destroy(object);
		return SKIPPED;
	}
	fd = queue_socket_fd(receiver);
	status = bpf_map_update_elem(bpf_map__fd(object->maps.xsks), &queue, &fd, BPF_ANY)
	                 ? 1
	                 : run_cases(object);
	queue_socket_destroy(receiver);
	steer_bpf__destroy(object);
	return status;
}
