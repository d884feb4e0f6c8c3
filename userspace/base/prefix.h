/*
 * Sets of addresses, written as prefixes (CIDR, RFC 4632 and RFC 4291 section 2.3): "10.1.2.3",
 * "10.0.0.0/8", "2001:db8::/32".
 */
#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREFIX_TEXT_BYTES (INET6_ADDRSTRLEN + 4)

struct prefix {
	struct in6_addr address; /* IPv4 as v4-mapped; bits beyond `bits` are 0 */
	uint8_t bits;            /* 0 to 128; of the v4-mapped form, so 96 to 128 for IPv4 */
};

/*
 * Parse one prefix or address. Bits beyond the prefix must be 0, so that a typing error is not taken for
 * a network. Errors: -EINVAL; out is untouched then. Thread: any.
 */
int prefix_parse(struct prefix *out, const char *text);

/* The usual text, PREFIX_TEXT_BYTES bytes: without "/32" and "/128". Thread: any. */
void prefix_format(char *out, const struct prefix *prefix);

/* One address alone. Thread: any. */
static inline bool prefix_is_host(const struct prefix *prefix)
{
	return prefix->bits == 128;
}

struct prefix_set;

/*
 * Owns: *out is the caller's, freed by prefix_set_destroy; prefixes are copied. Errors: -ENOMEM.
 * Thread: any.
 */
int prefix_set_create(struct prefix_set **out, const struct prefix *prefixes, size_t count);

/* NULL is fine. Thread: any, when no other uses it any more. */
void prefix_set_destroy(struct prefix_set *set);

/* Whether one of the prefixes has the address (IPv4 as v4-mapped). O(log n). Thread: any. */
bool prefix_set_has(const struct prefix_set *set, const struct in6_addr *address);

#endif
