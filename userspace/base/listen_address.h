/*
 * The address that a server listens on, as an option has it: "ADDR:PORT", IPv6 in brackets. Any thread.
 */
#ifndef BASE_LISTEN_ADDRESS_H
#define BASE_LISTEN_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	};
	socklen_t size; /* of the one that it is, bytes */
};

/* Errors: -EINVAL; out is undefined then. Port 0 is taken: the kernel then chooses one. */
int listen_address_parse(struct listen_address *out, const char *text);

/* In host order. */
uint16_t listen_address_port(const struct listen_address *address);

void listen_address_set_port(struct listen_address *address, uint16_t port);

#endif
