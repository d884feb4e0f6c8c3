/*
 * Memberships, by the full-state calls of RFC 3678 (section 5.2.1): one replaces a list of sources as a
 * whole, joining the new ones before the old ones are left.
 */
#include "membership.h"

#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int level_of(const struct in6_addr *group)
{
	return IN6_IS_ADDR_V4MAPPED(group) ? IPPROTO_IP : IPPROTO_IPV6;
}

static void store_address(struct sockaddr_storage *out, const struct in6_addr *address)
{
	memset(out, 0, sizeof(*out));
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		memcpy(&v4->sin_addr, &address->s6_addr[12], 4);
	} else {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

		v6->sin6_family = AF_INET6;
		v6->sin6_addr = *address;
	}
}

bool membership_is_source_specific(const struct in6_addr *group, const struct ingest_filter *filter)
{
	const bool v4 = IN6_IS_ADDR_V4MAPPED(group);

	for (size_t i = 0; i < filter->source_count; i++)
		if (!prefix_is_host(&filter->sources[i]) ||
		    IN6_IS_ADDR_V4MAPPED(&filter->sources[i].address) != v4)
			return false;
	return filter->source_count > 0;
}

/* Replace what a membership admits; count 0: anybody. It must exist. */
static int replace(int socket, unsigned int ifindex, const struct in6_addr *group,
                   const struct prefix *sources, size_t count)
{
	const size_t size = GROUP_FILTER_SIZE(count ? count : 1);
	struct group_filter *filter = calloc(1, size);
	int error;

	if (!filter)
		return -ENOMEM;
	filter->gf_interface = ifindex;
	store_address(&filter->gf_group, group);
	filter->gf_fmode = count ? MCAST_INCLUDE : MCAST_EXCLUDE;
	filter->gf_numsrc = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		store_address(&filter->gf_slist[i], &sources[i].address);
	error = setsockopt(socket, level_of(group), MCAST_MSFILTER, filter,
	                   (socklen_t)GROUP_FILTER_SIZE(count))
	                ? -errno
	                : 0;
	free(filter);
	return error;
}

/* Become a member; source NULL: from anybody. */
static int join(int socket, unsigned int ifindex, const struct in6_addr *group,
                const struct in6_addr *source)
{
	struct group_source_req specific = {.gsr_interface = ifindex};
	struct group_req any = {.gr_interface = ifindex};
	int failed;

	store_address(&any.gr_group, group);
	if (source) {
		specific.gsr_group = any.gr_group;
		store_address(&specific.gsr_source, source);
		failed = setsockopt(socket, level_of(group), MCAST_JOIN_SOURCE_GROUP, &specific,
		                    sizeof(specific));
	} else {
		failed = setsockopt(socket, level_of(group), MCAST_JOIN_GROUP, &any, sizeof(any));
	}
	return failed ? -errno : 0;
}

/* With these sources, as a member already or by becoming one. */
static int set(int socket, unsigned int ifindex, const struct in6_addr *group,
               const struct prefix *sources, size_t count)
{
	int error = replace(socket, ifindex, group, sources, count);

	if (!error || error == -ENOBUFS)
		return error;
	error = join(socket, ifindex, group, count ? &sources[0].address : NULL);
	if (!error && count > 1)
		error = replace(socket, ifindex, group, sources, count);
	return error;
}

int membership_set(int socket, unsigned int ifindex, const struct in6_addr *group,
                   const struct ingest_filter *filter)
{
	int error = -ENOBUFS;

	if (membership_is_source_specific(group, filter))
		error = set(socket, ifindex, group, filter->sources, filter->source_count);
	if (error ==
	    -ENOBUFS) /* no sources, or too many: they are checked without the network's help */
		error = set(socket, ifindex, group, NULL, 0);
	return error;
}

void membership_leave(int socket, unsigned int ifindex, const struct in6_addr *group)
{
	struct group_req request = {.gr_interface = ifindex};

	store_address(&request.gr_group, group);
	setsockopt(socket, level_of(group), MCAST_LEAVE_GROUP, &request, sizeof(request));
}
