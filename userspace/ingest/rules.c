/*
 * Rules are map entries; this side remembers for each slot what the program cannot list: the prefixes of its
 * allowlist.
 *
 * Each list gets a number of its own: it is filled in under that, one update of the filter switches to it, then
 * the list before it is emptied.
 */
#include "rules.h"

#include "base/address.h"
#include "bpf/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#define ALLOWLIST_BIT 0x80000000u

/* An allowlist as it is in the map. */
struct allowlist {
	uint32_t number; /* 0: there is none */
	struct prefix *prefixes;
	size_t count;
};

struct slot {
	bool used;
	uint32_t max_pps;
	struct allowlist allowlist;
};

struct rules {
	struct rules_maps maps;
	uint32_t lists; /* that there have been */
	struct slot slots[STEER_MAX_PORTS];
};

static const uint32_t present = 1; /* the value of maps that are sets */

/* ---- Maps. ---- */

static int set_entry(int map, const void *key, const void *value, uint64_t flags)
{
	return bpf_map_update_elem(map, key, value, flags) ? -errno : 0;
}

static struct steer_target make_target(const struct in6_addr *address, uint16_t port)
{
	struct steer_target target = {.port = htons(port)};

	memcpy(target.address, address, sizeof(target.address));
	return target;
}

static struct steer_source make_source(uint32_t number, const struct prefix *prefix)
{
	struct steer_source source = {.prefix_bits = 32u + prefix->bits, .allowlist = number};

	memcpy(source.address, &prefix->address, sizeof(source.address));
	return source;
}

/* Array elements cannot be deleted: a slot that is used again starts from zero. */
static int clear_counter(const struct rules *rules, uint32_t slot)
{
	const int cpus = libbpf_num_possible_cpus();
	struct steer_port_counter *zero;
	int error;

	if (cpus < 0)
		return cpus;
	zero = calloc((size_t)cpus, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	error = set_entry(rules->maps.port_counters, &slot, zero, BPF_ANY);
	free(zero);
	return error;
}

static int clear_ceiling(const struct rules *rules, uint32_t slot)
{
	const struct steer_ceiling_state zero = {0};

	return set_entry(rules->maps.ceilings, &slot, &zero, BPF_ANY);
}

/* ---- Allowlists. ---- */

static void empty_allowlist(const struct rules *rules, struct allowlist *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct steer_source source = make_source(list->number, &list->prefixes[i]);

		bpf_map_delete_elem(rules->maps.sources, &source); /* listed twice: gone already */
	}
	free(list->prefixes);
	*list = (struct allowlist){0};
}

/* An empty filter needs no list; out is untouched on error. */
static int fill_allowlist(const struct rules *rules, struct allowlist *out, uint32_t number,
                          const struct ingest_filter *filter)
{
	struct allowlist list = {.number = number};
	int error = 0;

	if (!filter || filter->source_count == 0) {
		*out = (struct allowlist){0};
		return 0;
	}
	list.prefixes = calloc(filter->source_count, sizeof(*list.prefixes));
	if (!list.prefixes)
		return -ENOMEM;
	while (!error && list.count < filter->source_count) {
		const struct prefix *prefix = &filter->sources[list.count];
		const struct steer_source source = make_source(number, prefix);

		error = set_entry(rules->maps.sources, &source, &present, BPF_ANY);
		list.prefixes[list.count++] = *prefix;
	}
	if (error)
		empty_allowlist(rules, &list);
	else
		*out = list;
	return error;
}

/*
 * A number that no list has had: one that is used again so soon that a program still looks at the list it
 * had before would let it believe that nothing has changed. The highest bit is always set, so that no part of a
 * number reads as 0, anybody.
 */
static uint32_t next_number(struct rules *rules)
{
	return ALLOWLIST_BIT | rules->lists++;
}

/* Whether the list is the filter's already: then it needs no room for another one. */
static bool is_list_of(const struct allowlist *list, const struct ingest_filter *filter)
{
	if (list->count != (filter ? filter->source_count : 0))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (list->prefixes[i].bits != filter->sources[i].bits ||
		    !IN6_ARE_ADDR_EQUAL(&list->prefixes[i].address, &filter->sources[i].address))
			return false;
	return true;
}

/* ---- Rules. ---- */

/* Switch the slot to a new filter. */
static int write_filter(struct rules *rules, uint32_t slot, const struct ingest_filter *filter)
{
	struct slot *s = &rules->slots[slot];
	const uint32_t max_pps = filter ? filter->max_pps : 0;
	const bool keeps = is_list_of(&s->allowlist, filter);
	struct steer_filter value = {.ceiling = ceiling_make(max_pps)};
	struct allowlist list = s->allowlist;
	int error = keeps ? 0 : fill_allowlist(rules, &list, next_number(rules), filter);

	if (error)
		return error;
	value.allowlist = list.number;
	if (max_pps != s->max_pps)
		error = clear_ceiling(rules, slot);
	if (!error)
		error = set_entry(rules->maps.filters, &slot, &value, BPF_EXIST);
	if (error) {
		if (!keeps)
			empty_allowlist(rules, &list);
		return error;
	}
	if (!keeps)
		empty_allowlist(rules, &s->allowlist);
	s->max_pps = max_pps;
	s->allowlist = list;
	return 0;
}

/* Tell the port's entry that a rule came (or went). */
static int write_index(const struct rules *rules, const struct in6_addr *address, uint16_t port,
                       uint32_t slot, bool came)
{
	const uint16_t any = came ? (uint16_t)(slot + 1) : 0;
	const uint32_t key = port;
	struct steer_port index;

	if (bpf_map_lookup_elem(rules->maps.port_index, &key, &index))
		return -errno;
	if (!address_is_any(address))
		index.exact = (uint16_t)(came ? index.exact + 1 : index.exact - 1);
	else if (IN6_IS_ADDR_V4MAPPED(address))
		index.any_v4 = any;
	else
		index.any_v6 = any;
	return set_entry(rules->maps.port_index, &key, &index, BPF_EXIST);
}

/* What the slot counts and lets through, from the beginning. */
static int prepare_slot(struct rules *rules, uint32_t slot, const struct ingest_filter *filter)
{
	int error = clear_counter(rules, slot);

	if (!error)
		error = clear_ceiling(rules, slot);
	return error ? error : write_filter(rules, slot, filter);
}

int rules_add(struct rules *rules, const struct in6_addr *address, uint16_t port,
              const struct ingest_filter *filter)
{
	const struct steer_target target = make_target(address, port);
	struct steer_rule rule = {0};
	int error;

	while (rule.slot < STEER_MAX_PORTS && rules->slots[rule.slot].used)
		rule.slot++;
	if (rule.slot == STEER_MAX_PORTS)
		return -ENOSPC;
	error = prepare_slot(rules, rule.slot, filter);
	if (error)
		return error;
	error = set_entry(rules->maps.ports, &target, &rule, BPF_NOEXIST);
	if (!error) {
		error = write_index(rules, address, port, rule.slot, true);
		if (error)
			bpf_map_delete_elem(rules->maps.ports, &target);
	}
	if (error)
		empty_allowlist(rules, &rules->slots[rule.slot].allowlist);
	else
		rules->slots[rule.slot].used = true;
	return error;
}

int rules_set_filter(struct rules *rules, const struct in6_addr *address, uint16_t port,
                     const struct ingest_filter *filter)
{
	const struct steer_target target = make_target(address, port);
	struct steer_rule rule;

	if (bpf_map_lookup_elem(rules->maps.ports, &target, &rule))
		return -errno;
	return write_filter(rules, rule.slot, filter);
}

void rules_remove(struct rules *rules, const struct in6_addr *address, uint16_t port)
{
	const struct steer_target target = make_target(address, port);
	struct steer_rule rule;

	if (bpf_map_lookup_elem(rules->maps.ports, &target, &rule))
		return;
	write_index(rules, address, port, rule.slot, false);
	bpf_map_delete_elem(rules->maps.ports, &target);
	empty_allowlist(rules, &rules->slots[rule.slot].allowlist);
	rules->slots[rule.slot] = (struct slot){0};
}

struct rules_drops rules_drops(const struct rules *rules, const struct in6_addr *address,
                               uint16_t port)
{
	const struct steer_target target = make_target(address, port);
	const int cpus = libbpf_num_possible_cpus();
	struct rules_drops sum = {0};
	struct steer_port_counter *values;
	struct steer_rule rule;

	if (cpus < 0 || bpf_map_lookup_elem(rules->maps.ports, &target, &rule))
		return sum;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return sum;
	if (!bpf_map_lookup_elem(rules->maps.port_counters, &rule.slot, values))
		for (int i = 0; i < cpus; i++) {
			sum.strangers += values[i].strangers;
			sum.over_rate += values[i].over_rate;
		}
	free(values);
	return sum;
}

/* ---- This machine's addresses. ---- */

static bool has_address(const struct in6_addr *addresses, size_t count, const uint8_t key[16])
{
	for (size_t i = 0; i < count; i++)
		if (!memcmp(&addresses[i], key, sizeof(addresses[i])))
			return true;
	return false;
}

int rules_set_locals(struct rules *rules, const struct in6_addr *addresses, size_t count)
{
	const int map = rules->maps.locals;
	struct steer_address key, next;
	bool more;

	/* The one after a key is asked for before the key is deleted. */
	for (more = !bpf_map_get_next_key(map, NULL, &next); more;) {
		key = next;
		more = !bpf_map_get_next_key(map, &key, &next);
		if (!has_address(addresses, count, key.address) && bpf_map_delete_elem(map, &key) &&
		    errno != ENOENT)
			return -errno;
	}
	for (size_t i = 0; i < count; i++) {
		const int error = set_entry(map, &addresses[i], &present, BPF_ANY);

		if (error == -E2BIG) /* what a full hash map says */
			return -ENOSPC;
		if (error)
			return error;
	}
	return 0;
}

int rules_refresh_locals(struct rules *rules)
{
	struct in6_addr addresses[STEER_MAX_LOCALS], address;
	struct ifaddrs *all;
	size_t count = 0;
	int error = 0;

	if (getifaddrs(&all))
		return -errno;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!address_from_sockaddr(&address, i->ifa_addr) || address_is_loopback(&address))
			continue; /* nothing comes there from outside: the kernel drops it, too */
		if (count < STEER_MAX_LOCALS)
			addresses[count++] = address;
		else
			error = -ENOSPC;
	}
	freeifaddrs(all);
	return rules_set_locals(rules, addresses, count) ?: error;
}

int rules_create(struct rules **out, const struct rules_maps *maps)
{
	struct rules *rules = calloc(1, sizeof(*rules));
	int error;

	if (!rules)
		return -ENOMEM;
	rules->maps = *maps;
	error = rules_refresh_locals(rules);
	if (error && error != -ENOSPC) { /* the kernel gets what is to the others */
		rules_destroy(rules);
		return error;
	}
	*out = rules;
	return 0;
}

void rules_destroy(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < STEER_MAX_PORTS; i++)
		free(rules->slots[i].allowlist.prefixes);
	free(rules);
}
