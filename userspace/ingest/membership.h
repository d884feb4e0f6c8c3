/*
 * Membership of multicast groups: the kernel speaks IGMPv3 (RFC 3376) and MLDv2 (RFC 3810) for a socket.
 */
#ifndef INGEST_MEMBERSHIP_H
#define INGEST_MEMBERSHIP_H

#include "ingest.h"

/*
 * Whether the senders to a group can be named to the network (RFC 4607): all sources are single hosts of
 * the group's family. Thread: any.
 */
bool membership_is_source_specific(const struct in6_addr *group,
                                   const struct ingest_filter *filter);

/*
 * Be a member of a group on an interface (0: the routing table's choice), whatever the socket was before:
 * from the filter's sources alone where that can be said and the kernel takes so many
 * (net.ipv4.igmp_max_msf), else from anybody. Sources that stay are never left. Errors: -ENODEV and other
 * negative errno. Thread: any.
 */
int membership_set(int socket, unsigned int ifindex, const struct in6_addr *group,
                   const struct ingest_filter *filter);

/* Leave a group on an interface, which may be gone. Thread: any. */
void membership_leave(int socket, unsigned int ifindex, const struct in6_addr *group);

#endif
