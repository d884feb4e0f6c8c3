/*
 * The message headers of all destinations are made once; to send is to point their one shared vector at
 * the datagram.
 *
 * An ICMP error stays pending on the socket and fails the next send, whatever its destination. That send
 * did not happen: the error queue is emptied, which clears the error, and it is repeated. Only a send
 * that keeps failing counts against its own destination.
 */
#include "rtp_sender.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEND_TRIES        4
#define SEND_BUFFER_BYTES (4 << 20)
#define MESSAGES_PER_CALL 1024

/* The destinations of one address family. */
struct group {
	int family;
	int fd; /* -1: not open */
	size_t count;
	struct mmsghdr *messages;
	struct destination **to; /* of each message */
};

struct rtp_sender {
	struct iovec datagram;
	struct group groups[2];
};

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

/* How multicast leaves. */
static int set_multicast(const struct group *group, const struct rtp_sender_config *config)
{
	bool is_v6 = group->family == AF_INET6;
	struct ip_mreqn request = {0};
	int err = set_int(group->fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	                  is_v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, config->ttl);

	if (err || !config->interface)
		return err;
	request.imr_ifindex = (int)if_nametoindex(config->interface);
	if (request.imr_ifindex == 0)
		return -errno;
	if (is_v6)
		return set_int(group->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, request.imr_ifindex);
	return setsockopt(group->fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request))
	               ? -errno
	               : 0;
}

static int bind_source(const struct group *group, const struct rtp_sender_config *config)
{
	for (size_t i = 0; i < config->source_count; i++) {
		const struct destination *source = &config->sources[i];

		if (source->address.ss_family == group->family &&
		    bind(group->fd, (const struct sockaddr *)&source->address, source->length))
			return -errno;
	}
	return 0;
}

/* Open the socket of a group. Errors: negative errno, with why. */
static int open_group(struct group *group, const struct rtp_sender_config *config, char *why,
                      size_t why_size)
{
	bool is_v6 = group->family == AF_INET6;
	const char *what = "socket";
	int err = 0;

	group->fd = socket(group->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (group->fd < 0)
		err = -errno;
	if (!err) {
		what = "source address";
		err = bind_source(group, config);
	}
	if (!err) {
		what = "multicast ttl or interface";
		err = set_multicast(group, config);
	}
	if (!err) {
		what = "socket options";
		err = set_int(group->fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		              is_v6 ? IPV6_RECVERR : IP_RECVERR, 1);
	}
	if (!err) /* the kernel may grant less: only a matter of how often a send blocks */
		err = set_int(group->fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
	if (err)
		snprintf(why, why_size, "%s of IPv%d: %s", what, is_v6 ? 6 : 4, strerror(-err));
	return err;
}

/* Make the messages of a group; count stays 0 when it has no destination. Errors: -ENOMEM. */
static int fill_group(struct group *group, struct iovec *datagram,
                      const struct rtp_sender_config *config)
{
	group->messages = calloc(config->destination_count, sizeof(*group->messages));
	group->to = calloc(config->destination_count, sizeof(struct destination *));
	if (!group->messages || !group->to)
		return -ENOMEM;
	for (size_t i = 0; i < config->destination_count; i++) {
		struct destination *to = &config->destinations[i];

		if (to->address.ss_family != group->family)
			continue;
		group->messages[group->count].msg_hdr = (struct msghdr){
			.msg_name = &to->address,
			.msg_namelen = to->length,
			.msg_iov = datagram,
			.msg_iovlen = 1,
		};
		group->to[group->count++] = to;
	}
	return 0;
}

/* Each source must have destinations of its family, and be the only one. */
static int check_sources(const struct rtp_sender *sender, const struct rtp_sender_config *config)
{
	for (size_t i = 0; i < config->source_count; i++) {
		int family = config->sources[i].address.ss_family;

		if (sender->groups[family == AF_INET6].count == 0)
			return -EINVAL;
		for (size_t j = 0; j < i; j++) {
			if (config->sources[j].address.ss_family == family)
				return -EINVAL;
		}
	}
	return 0;
}

int rtp_sender_create(struct rtp_sender **out, const struct rtp_sender_config *config, char *why,
                      size_t why_size)
{
	struct rtp_sender *sender = calloc(1, sizeof(*sender));
	int err = 0;

	snprintf(why, why_size, "no memory");
	if (!sender)
		return -ENOMEM;
	sender->groups[0] = (struct group){.family = AF_INET, .fd = -1};
	sender->groups[1] = (struct group){.family = AF_INET6, .fd = -1};
	for (size_t i = 0; !err && i < 2; i++)
		err = fill_group(&sender->groups[i], &sender->datagram, config);
	if (!err) {
		err = check_sources(sender, config);
		if (err)
			snprintf(why, why_size,
			         "source: needs destinations of its family, one source each");
	}
	for (size_t i = 0; !err && i < 2; i++) {
		if (sender->groups[i].count > 0)
			err = open_group(&sender->groups[i], config, why, why_size);
	}
	if (err)
		rtp_sender_destroy(sender);
	else
		*out = sender;
	return err;
}

void rtp_sender_destroy(struct rtp_sender *sender)
{
	if (!sender)
		return;
	for (size_t i = 0; i < 2; i++) {
		if (sender->groups[i].fd >= 0)
			close(sender->groups[i].fd);
		free(sender->groups[i].messages);
		free(sender->groups[i].to);
	}
	free(sender);
}

/* The group's destination with that address, or NULL. */
static struct destination *find(const struct group *group, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	for (size_t i = 0; i < group->count; i++) {
		const void *other = &group->to[i]->address;

		if (group->family == AF_INET) {
			const struct sockaddr_in *to = other;

			if (to->sin_port == v4->sin_port &&
			    to->sin_addr.s_addr == v4->sin_addr.s_addr)
				return group->to[i];
		} else {
			const struct sockaddr_in6 *to = other;

			if (to->sin6_port == v6->sin6_port &&
			    !memcmp(&to->sin6_addr, &v6->sin6_addr, sizeof(v6->sin6_addr)))
				return group->to[i];
		}
	}
	return NULL;
}

/* Empty the group's error queue. An ICMP error names the destination of the datagram it is about. */
static void collect(const struct group *group)
{
	for (;;) {
		struct sockaddr_storage address = {0};
		struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof(address)};
		struct destination *to;

		if (recvmsg(group->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		to = find(group, &address);
		if (to)
			to->errors++;
	}
}

void rtp_sender_collect_errors(struct rtp_sender *sender)
{
	for (size_t i = 0; i < 2; i++) {
		if (sender->groups[i].fd >= 0)
			collect(&sender->groups[i]);
	}
}

static void send_to_group(struct group *group)
{
	unsigned int tries = 0;
	size_t at = 0;

	while (at < group->count) {
		size_t left = group->count - at;
		unsigned int n = left < MESSAGES_PER_CALL ? (unsigned int)left : MESSAGES_PER_CALL;
		int sent = sendmmsg(group->fd, group->messages + at, n, 0);

		if (sent > 0) {
			tries = 0;
			for (int i = 0; i < sent; i++)
				group->to[at++]->sent++;
			continue;
		}
		if (errno == EINTR)
			continue;
		collect(group);
		if (++tries < SEND_TRIES)
			continue;
		group->to[at++]->errors++;
		tries = 0;
	}
}

void rtp_sender_send(struct rtp_sender *sender, const uint8_t *data, size_t size)
{
	sender->datagram = (struct iovec){.iov_base = (void *)data, .iov_len = size};
	for (size_t i = 0; i < 2; i++) {
		if (sender->groups[i].count > 0)
			send_to_group(&sender->groups[i]);
	}
}
