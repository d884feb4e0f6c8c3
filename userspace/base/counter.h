/*
 * Counters that one thread writes and any thread reads.
 *
 * They are relaxed atomics with a plain load and store instead of a locked read-modify-write: each
 * counter has exactly one writing thread, so no increment can be lost, and on the hot path it costs
 * as much as an ordinary variable.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter_t;

/* Add n. Thread: the counter's one writer. */
static inline void counter_add(counter_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
	                      memory_order_relaxed);
}

/* Replace the value, for gauges. Thread: the counter's one writer. */
static inline void counter_set(counter_t *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}

/* Thread: any. */
static inline uint64_t counter_get(const counter_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
