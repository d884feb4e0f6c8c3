/*
 * One RTM_GETLINK (rtnetlink(7)) a call. Not /sys/class/net: that shows the network namespace it was mounted
 * in, which need not be ours.
 */
#include "link_stats.h"

#include "attribute.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES 16384

struct request {
	struct nlmsghdr header;
	struct ifinfomsg info;
};

/* The statistics among the attributes of a link. Errors: -ENODATA. */
static int find_stats(struct rtnl_link_stats64 *out, const uint8_t *at, size_t left)
{
	struct attribute a = {.at = at, .left = left};

	while (attribute_next(&a)) {
		if (a.type != IFLA_STATS64)
			continue;
		/* It grows from kernel to kernel. */
		memcpy(out, a.value, a.size < sizeof(*out) ? a.size : sizeof(*out));
		return 0;
	}
	return -ENODATA;
}

static int ask(int fd, unsigned int ifindex, struct rtnl_link_stats64 *out)
{
	const struct request request = {
		.header = {.nlmsg_len = sizeof(request),
	                   .nlmsg_type = RTM_GETLINK,
	                   .nlmsg_flags = NLM_F_REQUEST},
		.info = {.ifi_index = (int)ifindex},
	};
	const size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifinfomsg));
	uint8_t answer[ANSWER_BYTES];
	struct nlmsghdr header;
	struct nlmsgerr refused;
	ssize_t size;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	size = recv(fd, answer, sizeof(answer), 0);
	if (size < 0)
		return -errno;
	if ((size_t)size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, answer, sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR && (size_t)size >= sizeof(header) + sizeof(refused)) {
		memcpy(&refused, answer + NLMSG_HDRLEN, sizeof(refused));
		return refused.error ? refused.error : -EBADMSG;
	}
	if (header.nlmsg_type != RTM_NEWLINK || (size_t)size < start)
		return -EBADMSG;
	return find_stats(out, answer + start, (size_t)size - start);
}

int link_stats_read(struct link_stats *out, unsigned int ifindex)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct rtnl_link_stats64 stats = {0};
	int error;

	*out = (struct link_stats){0};
	if (fd < 0)
		return -errno;
	error = ifindex ? ask(fd, ifindex, &stats) : -ENODEV;
	close(fd);
	if (error)
		return error;
	*out = (struct link_stats){.rx_packets = stats.rx_packets,
	                           .rx_bytes = stats.rx_bytes,
	                           .rx_errors = stats.rx_errors,
	                           .rx_dropped = stats.rx_dropped,
	                           .rx_missed = stats.rx_missed_errors};
	return 0;
}
