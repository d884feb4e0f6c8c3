/*
 * Prefixes. A set is kept as sorted ranges that do not touch, so that thousands of prefixes are found by
 * bisection.
 */
#include "prefix.h"

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
	struct in6_addr first, last;
};

struct prefix_set {
	size_t count;
	struct range ranges[];
};

static int compare(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

/* address with every bit beyond `bits` set to one or to zero. */
static struct in6_addr fill(const struct in6_addr *address, unsigned int bits, bool one)
{
	struct in6_addr filled = *address;

	for (unsigned int i = 0; i < sizeof(filled); i++) {
		const unsigned int kept = bits > 8 * i ? bits - 8 * i : 0;
		const uint8_t beyond = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		filled.s6_addr[i] =
			(uint8_t)(one ? filled.s6_addr[i] | beyond : filled.s6_addr[i] & ~beyond);
	}
	return filled;
}

/* A number up to limit, without sign, spaces or needless digits. */
static int parse_bits(const char *text, unsigned int limit, unsigned int *out)
{
	const size_t digits = strspn(text, "0123456789");
	unsigned int value = 0;

	if (digits < 1 || digits > 3 || text[digits] || (digits > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	*out = value;
	return value <= limit ? 0 : -EINVAL;
}

int prefix_parse(struct prefix *out, const char *text)
{
	struct in6_addr address, network;
	const char *slash = strchr(text, '/');
	const size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	unsigned int first = 96, bits;

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (address_parse(&address, host))
		return -EINVAL;
	if (strchr(host, ':')) {
		if (IN6_IS_ADDR_V4MAPPED(&address))
			return -EINVAL;
		first = 0;
	}
	bits = 128 - first;
	if (slash && parse_bits(slash + 1, 128 - first, &bits))
		return -EINVAL;
	network = fill(&address, first + bits, false);
	if (compare(&network, &address))
		return -EINVAL;
	*out = (struct prefix){address, (uint8_t)(first + bits)};
	return 0;
}

void prefix_format(char *out, const struct prefix *prefix)
{
	const bool v4 = IN6_IS_ADDR_V4MAPPED(&prefix->address) && prefix->bits >= 96;
	char host[INET6_ADDRSTRLEN];

	if (v4)
		inet_ntop(AF_INET, &prefix->address.s6_addr[12], host, sizeof(host));
	else
		inet_ntop(AF_INET6, &prefix->address, host, sizeof(host));
	if (prefix_is_host(prefix))
		snprintf(out, PREFIX_TEXT_BYTES, "%s", host);
	else
		snprintf(out, PREFIX_TEXT_BYTES, "%s/%d", host, prefix->bits - (v4 ? 96 : 0));
}

static int compare_ranges(const void *a, const void *b)
{
	return compare(&((const struct range *)a)->first, &((const struct range *)b)->first);
}

/* Make one of ranges that overlap. */
static size_t merge(struct range *ranges, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct range *last = kept ? &ranges[kept - 1] : NULL;

		if (!last || compare(&ranges[i].first, &last->last) > 0)
			ranges[kept++] = ranges[i];
		else if (compare(&ranges[i].last, &last->last) > 0)
			last->last = ranges[i].last;
	}
	return kept;
}

int prefix_set_create(struct prefix_set **out, const struct prefix *prefixes, size_t count)
{
	struct prefix_set *set = malloc(sizeof(*set) + count * sizeof(set->ranges[0]));

	if (!set)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		set->ranges[i] = (struct range){
			fill(&prefixes[i].address, prefixes[i].bits, false),
			fill(&prefixes[i].address, prefixes[i].bits, true),
		};
	qsort(set->ranges, count, sizeof(set->ranges[0]), compare_ranges);
	set->count = merge(set->ranges, count);
	*out = set;
	return 0;
}

void prefix_set_destroy(struct prefix_set *set)
{
	free(set);
}

bool prefix_set_has(const struct prefix_set *set, const struct in6_addr *address)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare(&set->ranges[middle].last, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && compare(&set->ranges[low].first, address) <= 0;
}
