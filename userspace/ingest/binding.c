/*
 * The binding table: an array by port, because that is what nearly always decides, with a short list
 * for ports that several addresses share.
 */
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool address_is_any(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr32[3] == 0;
	return IN6_IS_ADDR_UNSPECIFIED(address);
}

bool address_is_multicast(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr[12] >> 4 == 0xe;
	return IN6_IS_ADDR_MULTICAST(address);
}

struct ingest_binding *binding_table_find(const struct binding_table *table,
                                          const struct in6_addr *address, uint16_t port)
{
	struct ingest_binding *any = NULL;

	for (struct ingest_binding *b = table->by_port[port]; b; b = b->next) {
		if (IN6_ARE_ADDR_EQUAL(&b->target.address, address))
			return b;
		if (address_is_any(&b->target.address) &&
		    IN6_IS_ADDR_V4MAPPED(&b->target.address) == IN6_IS_ADDR_V4MAPPED(address))
			any = b;
	}
	return any;
}
