/*
 * Addresses: where they come from, and what kind they are.
 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct in6_addr address_from_ipv4(const void *bytes)
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(&address.s6_addr[12], bytes, sizeof(struct in_addr));
	return address;
}

bool address_from_sockaddr(struct in6_addr *out, const struct sockaddr *from)
{
	if (from && from->sa_family == AF_INET6)
		*out = ((const struct sockaddr_in6 *)from)->sin6_addr;
	else if (from && from->sa_family == AF_INET)
		*out = address_from_ipv4(&((const struct sockaddr_in *)from)->sin_addr);
	else
		return false;
	return true;
}

int address_parse(struct in6_addr *out, const char *text)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		*out = address_from_ipv4(&v4);
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		*out = v6;
	else
		return -EINVAL;
	return 0;
}

bool address_is_any(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr32[3] == 0;
	return IN6_IS_ADDR_UNSPECIFIED(address);
}

bool address_is_loopback(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(address);
}

bool address_is_multicast(const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return address->s6_addr[12] >> 4 == 0xe;
	return IN6_IS_ADDR_MULTICAST(address);
}
