/*
 * Addresses to listen on. Names are not looked up: where a server is reached is no matter of DNS.
 */
#include "listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_port(const char *text, uint16_t *port)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

static int parse_host(struct listen_address *out, char *host, size_t length)
{
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		out->ipv6.sin6_family = AF_INET6;
		out->size = sizeof(out->ipv6);
		return inet_pton(AF_INET6, host + 1, &out->ipv6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	out->ipv4.sin_family = AF_INET;
	out->size = sizeof(out->ipv4);
	return inet_pton(AF_INET, host, &out->ipv4.sin_addr) == 1 ? 0 : -EINVAL;
}

int listen_address_parse(struct listen_address *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	const size_t length = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2];
	uint16_t port;

	if (!length || length >= sizeof(host) || parse_port(colon + 1, &port))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	memset(out, 0, sizeof(*out));
	if (parse_host(out, host, length))
		return -EINVAL;
	listen_address_set_port(out, port);
	return 0;
}

uint16_t listen_address_port(const struct listen_address *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->ipv6.sin6_port
	                                                : address->ipv4.sin_port);
}

void listen_address_set_port(struct listen_address *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->ipv6.sin6_port = htons(port);
	else
		address->ipv4.sin_port = htons(port);
}
