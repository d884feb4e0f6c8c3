/*
 * HOST:PORT syntax, ranges of ports, and name resolution.
 */
#include "destination.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host_port {
	char host[256];
	uint16_t port; /* 0: none given */
};

static int fail(int err, char *why, size_t why_size, const char *text, const char *what)
{
	snprintf(why, why_size, "\"%.200s\": %s", text, what);
	return err;
}

/* A port from 1 to 65535, or 0 when text is not one. */
static uint16_t parse_port(const char *text)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return 0;
	value = strtoul(text, &end, 10);
	return *end || value > 65535 ? 0 : (uint16_t)value;
}

/* Split HOST, HOST:PORT, [IPV6] and [IPV6]:PORT; more than one colon without brackets is IPv6. */
static int split(struct host_port *out, const char *text)
{
	const char *host = text, *end, *port = NULL;

	if (*text == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		if (end[1])
			port = end + 2;
	} else {
		end = strchr(text, ':');
		if (end && !strchr(end + 1, ':'))
			port = end + 1;
		else
			end = text + strlen(text);
	}
	if (end == host || (size_t)(end - host) >= sizeof(out->host))
		return -EINVAL;
	memcpy(out->host, host, (size_t)(end - host));
	out->host[end - host] = '\0';
	out->port = port ? parse_port(port) : 0;
	return port && !out->port ? -EINVAL : 0;
}

static int resolve(struct destination *out, const char *host, char *why, size_t why_size)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err)
		return fail(-ENOENT, why, why_size, host, gai_strerror(err));
	memset(out, 0, sizeof(*out));
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static void set_port(struct destination *destination, uint16_t port)
{
	if (destination->address.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&destination->address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&destination->address)->sin_port = htons(port);
}

int destination_add(struct destination_list *list, const char *text,
                    const struct destination_range *range, char *why, size_t why_size)
{
	struct destination base, *more;
	struct host_port parts;
	uint32_t first, count;
	int err;

	if (split(&parts, text))
		return fail(-EINVAL, why, why_size, text, "not HOST:PORT");
	if (!parts.port && !range->first_port)
		return fail(-EINVAL, why, why_size, text, "no port (HOST:PORT, or --ports)");
	first = parts.port ? parts.port : range->first_port;
	count = parts.port ? range->count
	                   : (uint32_t)(range->last_port - range->first_port) / range->step + 1;
	if (first + (uint64_t)(count - 1) * range->step > 65535)
		return fail(-EINVAL, why, why_size, text, "ports beyond 65535");
	if (count > DESTINATION_MAX - list->count)
		return fail(-E2BIG, why, why_size, text, "more than 4096 destinations");
	err = resolve(&base, parts.host, why, why_size);
	if (err)
		return err;
	more = realloc(list->items, (list->count + count) * sizeof(*more));
	if (!more)
		return fail(-ENOMEM, why, why_size, text, "no memory");
	list->items = more;
	for (uint32_t i = 0; i < count; i++) {
		set_port(&base, (uint16_t)(first + i * range->step));
		list->items[list->count++] = base;
	}
	return 0;
}

int destination_parse_source(struct destination *out, const char *text, char *why, size_t why_size)
{
	struct host_port parts;
	int err;

	if (split(&parts, text))
		return fail(-EINVAL, why, why_size, text, "not ADDR or ADDR:PORT");
	err = resolve(out, parts.host, why, why_size);
	if (!err)
		set_port(out, parts.port);
	return err;
}

void destination_free(struct destination_list *list)
{
	free(list->items);
	*list = (struct destination_list){0};
}

void destination_format(const struct destination *destination, char *out)
{
	char host[DESTINATION_TEXT_BYTES - 10] = "?", port[8] = "?";
	bool is_v6 = destination->address.ss_family == AF_INET6;

	getnameinfo((const struct sockaddr *)&destination->address, destination->length, host,
	            sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(out, DESTINATION_TEXT_BYTES, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
}
