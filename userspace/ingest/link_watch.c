/*
 * Watching by a netlink socket. Only messages from the kernel (port 0) count; lengths are checked before
 * anything is read.
 */
#include "link_watch.h"

#include "attribute.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_BYTES 16384 /* more than the kernel puts into one */
#define MAX_DATAGRAMS  256   /* a call */
#define QUEUE_BYTES    (1 << 20)

struct link_watch {
	int fd;
	uint8_t bytes[DATAGRAM_BYTES];
};

int link_watch_create(struct link_watch **out)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
	                                    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
	                                                 RTMGRP_IPV6_IFADDR};
	const int bytes = QUEUE_BYTES;
	struct link_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (watch->fd < 0 || bind(watch->fd, (const struct sockaddr *)&address, sizeof(address))) {
		error = -errno;
		link_watch_destroy(watch);
		return error;
	}
	setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* or as it is */
	*out = watch;
	return 0;
}

void link_watch_destroy(struct link_watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch);
}

static void take_attributes(struct link_change *change, const uint8_t *at, size_t left)
{
	struct attribute a = {.at = at, .left = left};

	while (attribute_next(&a)) {
		if (a.type == IFLA_IFNAME && a.size > 0 && a.size <= sizeof(change->name) &&
		    !a.value[a.size - 1])
			memcpy(change->name, a.value, a.size);
		else if (a.type == IFLA_MTU && a.size == sizeof(change->mtu))
			memcpy(&change->mtu, a.value, a.size);
	}
}

/* The payload of a link message. Returns whether it says something. */
static bool parse_link(struct link_change *change, const uint8_t *payload, size_t size)
{
	const size_t start = NLMSG_ALIGN(sizeof(struct ifinfomsg));
	struct ifinfomsg info;

	if (size < sizeof(info))
		return false;
	memcpy(&info, payload, sizeof(info));
	if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0) /* of a bridge: something else */
		return false;
	change->ifindex = (unsigned int)info.ifi_index;
	change->up = info.ifi_flags & IFF_UP;
	change->running = change->up && (info.ifi_flags & IFF_RUNNING);
	if (size > start)
		take_attributes(change, payload + start, size - start);
	return true;
}

static bool parse_message(struct link_change *change, const struct nlmsghdr *header,
                          const uint8_t *payload)
{
	const size_t size = header->nlmsg_len - sizeof(*header);

	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
		change->kind = LINK_WATCH_LINK;
		return parse_link(change, payload, size);
	case RTM_DELLINK:
		change->kind = LINK_WATCH_GONE;
		return parse_link(change, payload, size);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		change->kind = LINK_WATCH_ADDRESS;
		return true;
	case NLMSG_OVERRUN:
		change->kind = LINK_WATCH_OVERRUN;
		return true;
	default:
		return false;
	}
}

size_t link_watch_parse(const void *bytes, size_t size, link_change_fn changed, void *context)
{
	const uint8_t *at = bytes;
	struct nlmsghdr header;
	size_t count = 0, step;

	while (size >= sizeof(header)) {
		struct link_change change = {0};

		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size)
			break;
		if (parse_message(&change, &header, at + sizeof(header))) {
			changed(context, &change);
			count++;
		}
		step = NLMSG_ALIGN((size_t)header.nlmsg_len);
		if (step > size)
			break;
		at += step;
		size -= step;
	}
	return count;
}

/* One datagram of the kernel. Returns its size, 0 for one to leave out, or negative errno. */
static ssize_t receive(struct link_watch *watch)
{
	struct sockaddr_nl from = {0};
	socklen_t length = sizeof(from);
	const ssize_t size = recvfrom(watch->fd, watch->bytes, sizeof(watch->bytes), 0,
	                              (struct sockaddr *)&from, &length);

	if (size < 0)
		return -errno;
	return from.nl_pid ? 0 : size;
}

size_t link_watch_read(struct link_watch *watch, link_change_fn changed, void *context)
{
	const struct link_change overrun = {.kind = LINK_WATCH_OVERRUN};
	size_t count = 0;

	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		const ssize_t size = receive(watch);

		if (size == -ENOBUFS) {
			changed(context, &overrun);
			count++;
		} else if (size == -EAGAIN) {
			break;
		} else if (size > 0) {
			count += link_watch_parse(watch->bytes, (size_t)size, changed, context);
		}
	}
	return count;
}
