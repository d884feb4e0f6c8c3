/*
 * The XDP program's descriptors and counters, for the tests in this folder.
 */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include "base/address.h"
#include "bpf/steer.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_CPUS 1024

struct program {
	int fd, ports, port_counters, verdicts;
};

/* The sum over all processors of an entry that is made of 64-bit counters. */
static inline void sum_counters(int map, uint32_t index, uint64_t *sum, size_t count)
{
	const int cpus = libbpf_num_possible_cpus();
	uint64_t *values = calloc(MAX_CPUS, count * sizeof(*values));

	assert_in_range(cpus, 1, MAX_CPUS);
	assert_non_null(values);
	assert_int_equal(bpf_map_lookup_elem(map, &index, values), 0);
	memset(sum, 0, count * sizeof(*sum));
	for (size_t i = 0; i < (size_t)cpus * count; i++)
		sum[i % count] += values[i];
	free(values);
}

static inline struct steer_counter read_verdict(const struct program *program, uint32_t verdict)
{
	uint64_t sum[2];

	sum_counters(program->verdicts, verdict, sum, COUNT(sum));
	return (struct steer_counter){sum[0], sum[1]};
}

static inline struct steer_port_counter read_slot(const struct program *program, uint32_t slot)
{
	uint64_t sum[4];

	sum_counters(program->port_counters, slot, sum, COUNT(sum));
	return (struct steer_port_counter){sum[0], sum[1], sum[2], sum[3]};
}

static inline uint64_t verdict_packets(const struct program *program, enum steer_verdict verdict)
{
	return read_verdict(program, verdict).packets;
}

/* IPv4 as v4-mapped. */
static inline struct in6_addr parse_address(const char *text)
{
	struct in6_addr address = {0};

	assert_int_equal(address_parse(&address, text), 0);
	return address;
}

#endif
