/*
 * The binding table: an array by port, because that is what nearly always decides, with a short list
 * for ports that several addresses share.
 */
#include "binding.h"

#include "base/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int filter_copy(struct ingest_filter *out, const struct ingest_filter *filter)
{
	const size_t bytes = filter ? filter->source_count * sizeof(*filter->sources) : 0;
	struct ingest_filter copy = filter ? *filter : (struct ingest_filter){0};
	struct prefix *sources = NULL;

	if (bytes > 0) {
		sources = malloc(bytes);
		if (!sources)
			return -ENOMEM;
		memcpy(sources, filter->sources, bytes);
	}
	copy.sources = sources;
	*out = copy;
	return 0;
}

void filter_clear(struct ingest_filter *filter)
{
	free((struct prefix *)filter->sources);
	*filter = (struct ingest_filter){0};
}

int binding_create(struct ingest_binding **out, const struct ingest_target *target,
                   const struct ingest_filter *filter)
{
	struct ingest_binding *binding = calloc(1, sizeof(*binding));

	if (!binding)
		return -ENOMEM;
	binding->target = *target;
	binding->socket = -1;
	if (filter_copy(&binding->filter, filter)) {
		free(binding);
		return -ENOMEM;
	}
	*out = binding;
	return 0;
}

void binding_destroy(struct ingest_binding *binding)
{
	filter_clear(&binding->filter);
	free(binding);
}

int binding_table_create(struct binding_table *table)
{
	*table = (struct binding_table){0};
	table->by_port = calloc(UINT16_MAX + 1u, sizeof(struct ingest_binding *));
	return table->by_port ? 0 : -ENOMEM;
}

void binding_table_destroy(struct binding_table *table)
{
	free(table->by_port);
	table->by_port = NULL;
}

void binding_table_add(struct binding_table *table, struct ingest_binding *binding)
{
	binding->next = table->by_port[binding->target.port];
	table->by_port[binding->target.port] = binding;
	table->filled = (table->filled + 1) % BINDING_TURNS;
	binding->next_all = table->all[table->filled];
	table->all[table->filled] = binding;
}

void binding_table_remove(struct binding_table *table, struct ingest_binding *binding)
{
	struct ingest_binding **link = &table->by_port[binding->target.port];

	while (*link && *link != binding)
		link = &(*link)->next;
	if (*link)
		*link = binding->next;
	for (unsigned int i = 0; i < BINDING_TURNS; i++) {
		for (link = &table->all[i]; *link && *link != binding;)
			link = &(*link)->next_all;
		if (*link)
			*link = binding->next_all;
	}
}

bool binding_table_turn(struct binding_table *table, unsigned int *list, int64_t now_ns)
{
	if (now_ns < table->turn_ns)
		return false;
	if (now_ns - table->turn_ns >= BINDING_TURNS * BINDING_TURN_NS) /* no turn twice */
		table->turn_ns = now_ns - (BINDING_TURNS - 1) * BINDING_TURN_NS;
	*list = table->turn;
	table->turn = (table->turn + 1) % BINDING_TURNS;
	table->turn_ns += BINDING_TURN_NS;
	return true;
}

/* How well a binding fits: 0 not at all; the address counts for more than the interface. */
static unsigned int rank(const struct ingest_target *target, const char *interface,
                         const struct in6_addr *address)
{
	const bool bound = target->interface[0];

	if (bound && strcmp(target->interface, interface) != 0)
		return 0;
	if (IN6_ARE_ADDR_EQUAL(&target->address, address))
		return 3 + bound;
	if (address_is_any(&target->address) &&
	    IN6_IS_ADDR_V4MAPPED(&target->address) == IN6_IS_ADDR_V4MAPPED(address))
		return 1 + bound;
	return 0;
}

struct ingest_binding *binding_table_find(const struct binding_table *table, const char *interface,
                                          const struct in6_addr *address, uint16_t port)
{
	struct ingest_binding *best = NULL;
	unsigned int best_rank = 0;

	for (struct ingest_binding *b = table->by_port[port]; b; b = b->next) {
		const unsigned int b_rank = rank(&b->target, interface, address);

		if (b_rank > best_rank) {
			best = b;
			best_rank = b_rank;
		}
	}
	return best;
}
