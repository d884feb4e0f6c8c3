/*
 * What the receivers of the benchmark have in common: a loop that reads everything every 20 ms, and
 * a line with the counts for each SIGUSR1.
 *
 * Reading on a tick costs the receivers little, so that they leave the machine to what is measured.
 */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stdbool.h>
#include <stdint.h>

/* Totals since the start. */
struct sink_counts {
	uint64_t senders; /* that have delivered something */
	uint64_t packets, bytes;
	uint64_t lost;    /* gaps in the numbers, mended later or not */
	uint64_t dropped; /* given up, or delivered by nobody */
	uint64_t repeated;
};

/* Read what there is; called every 20 ms. */
typedef void (*sink_read_fn)(void *context);

/* Fill in the totals. */
typedef void (*sink_count_fn)(void *context, struct sink_counts *counts);

/*
 * Print "ready", read until SIGTERM or SIGINT, print "senders=N packets=N bytes=N lost=N dropped=N repeated=N"
 * for each SIGUSR1 and at the end. Errors: negative errno.
 */
int sink_run(sink_read_fn read, sink_count_fn count, void *context);

#endif
