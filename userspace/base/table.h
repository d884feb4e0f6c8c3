/*
 * Counter tables: each counter of the program is declared once, with its type, unit and a line of
 * help, in an X-macro list. The struct that holds the counters and the table that describes them are
 * made from that list; REST, WebSocket and metrics walk the table.
 *
 *	#define THING_COUNTERS(X) \
 *		X(bytes_sent, COUNTER_TOTAL, "bytes", "Bytes handed to the peer")
 *	struct thing_counters { THING_COUNTERS(COUNTER_MEMBER) };
 *	const struct counter_info thing_counter_table[] = { THING_COUNTERS(COUNTER_ROW) };
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "counter.h"

#include <stddef.h>

enum counter_type {
	COUNTER_TOTAL,       /* only grows while its owner lives */
	COUNTER_GAUGE,       /* a present value */
	COUNTER_GAUGE_MILLI, /* a present value in thousandths of its unit: shown as a fraction */
};

struct counter_info {
	const char *name; /* as in REST; metrics prefix "distributor_" and add "_total" to totals */
	enum counter_type type;
	const char *unit; /* base unit: packets, bytes, bits_per_second, milliseconds, events … */
	const char *help; /* one line */
};

#define COUNTER_MEMBER(name, type, unit, help) counter_t name;
#define COUNTER_ROW(name, type, unit, help)    {#name, type, unit, help},
#define COUNTER_ONE(name, type, unit, help)    +1

/*
 * The value of row `index` of a struct made with COUNTER_MEMBER from the same list (such a struct
 * holds nothing but counters). Thread: any.
 */
static inline uint64_t counter_at(const void *counters, size_t index)
{
	return counter_get((const counter_t *)counters + index);
}

/*
 * Add the first `count` counters of values to those of sum, both made with COUNTER_MEMBER from the same list.
 * Thread: sum's one writer.
 */
static inline void counters_add(void *sum, const void *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		counter_add((counter_t *)sum + i, counter_at(values, i));
}

#endif
