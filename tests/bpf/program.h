/*
 * The XDP program's descriptors and counters, for the tests in this folder.
 */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include "bpf/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_CPUS 1024

struct program {
	int fd, ports, port_counters, verdicts;
};

static inline struct steer_counter read_counter(int map, uint32_t index)
{
	static struct steer_counter values[MAX_CPUS];
	const int cpus = libbpf_num_possible_cpus();
	struct steer_counter sum = {0};

	assert_in_range(cpus, 1, MAX_CPUS);
	assert_int_equal(bpf_map_lookup_elem(map, &index, values), 0);
	for (int i = 0; i < cpus; i++) {
		sum.packets += values[i].packets;
		sum.bytes += values[i].bytes;
	}
	return sum;
}

static inline uint64_t verdict_packets(const struct program *program, enum steer_verdict verdict)
{
	return read_counter(program->verdicts, verdict).packets;
}

#endif
