/*
 * IP addresses of both families in one form: struct in6_addr, IPv4 as v4-mapped (::ffff:a.b.c.d, RFC 4291
 * section 2.5.5.2). Any thread.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

/* Of four bytes in wire order. */
struct in6_addr address_from_ipv4(const void *bytes);

/* Of a socket's address; false, and out untouched, when it is of neither family. NULL is fine. */
bool address_from_sockaddr(struct in6_addr *out, const struct sockaddr *from);

/* Of text, without port or zone. Errors: -EINVAL; out is untouched then. */
int address_parse(struct in6_addr *out, const char *text);

/* ::ffff:0.0.0.0 or ::. */
bool address_is_any(const struct in6_addr *address);

/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct in6_addr *address);

/* IPv4 or IPv6 multicast. */
bool address_is_multicast(const struct in6_addr *address);

#endif
