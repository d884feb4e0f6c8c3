/*
 * Kernel sockets: one UDP socket per binding, all in one epoll instance, read with recvmmsg.
 *
 * epoll costs one system call a tick however many channels are silent; only sockets that hold something
 * are read.
 */
#include "source.h"

#include "base/clock.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH               32
#define DATAGRAM_BYTES      9216 /* a jumbo frame's */
#define READY_SOCKETS       64   /* looked at per epoll_wait */
#define ROUNDS_PER_TICK     64   /* bounds one tick to 2048 datagrams a socket */
#define RECEIVE_QUEUE_BYTES (4 << 20)
#define BIND_PATIENCE_NS    (100 * NS_PER_MS)
#define BIND_PAUSE_NS       NS_PER_MS

struct kernel_source {
	struct packet_source base;
	int epoll;
	const char *interfaces;
	int64_t removed_ns; /* when a binding was last removed; the manager's thread */
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t buffers[BATCH][DATAGRAM_BYTES];
};

static struct kernel_source *kernel_source(struct packet_source *source)
{
	return (struct kernel_source *)source;
}

/* address:port as the kernel wants it; returns the size of what was written. */
static socklen_t make_sockaddr(struct sockaddr_storage *out, const struct in6_addr *address,
                               uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, &address->s6_addr[12], 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	v6->sin6_addr = *address;
	return sizeof(*v6);
}

static int join_group(int fd, const struct sockaddr_storage *group, socklen_t length,
                      unsigned int interface)
{
	struct group_req request = {.gr_interface = interface};
	const int level = group->ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

	memcpy(&request.gr_group, group, length);
	return setsockopt(fd, level, MCAST_JOIN_GROUP, &request, sizeof(request)) ? -errno : 0;
}

/* Join on every interface in use (RFC 3376, RFC 3810: the kernel speaks IGMP and MLD for us). */
static int join_everywhere(const struct kernel_source *source, int fd,
                           const struct sockaddr_storage *group, socklen_t length)
{
	char names[512], *rest = names, *name;
	int error = 0;

	if (!source->interfaces)
		return join_group(fd, group, length, 0);
	snprintf(names, sizeof(names), "%s", source->interfaces);
	while (!error && (name = strsep(&rest, ",")))
		error = join_group(fd, group, length, if_nametoindex(name));
	return error;
}

static void set_options(int fd, sa_family_t family)
{
	const int on = 1, off = 0, bytes = RECEIVE_QUEUE_BYTES;

	/* More than net.core.rmem_max needs CAP_NET_ADMIN; without it take what is allowed. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	else /* only groups joined on this very socket */
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
}

/* A port that was unbound just now is free again when the ingest thread has closed its socket. */
static int bind_patiently(const struct kernel_source *source, int fd,
                          const struct sockaddr_storage *address, socklen_t length)
{
	const int64_t deadline_ns = source->removed_ns + BIND_PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};

	while (bind(fd, (const struct sockaddr *)address, length)) {
		if (errno != EADDRINUSE || clock_now_ns() > deadline_ns)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int describe_bind_error(int error, uint16_t port, char *why, size_t size)
{
	if (error == -EADDRINUSE)
		snprintf(why, size, "UDP port %u is in use by another program", port);
	else if (error == -EADDRNOTAVAIL)
		snprintf(why, size, "the address is not one of this machine's");
	else
		snprintf(why, size, "cannot receive on UDP port %u: %s", port, strerror(-error));
	return error;
}

static int kernel_add(struct packet_source *source, struct ingest_binding *binding, char *why,
                      size_t size)
{
	struct kernel_source *kernel = kernel_source(source);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = binding};
	struct sockaddr_storage address;
	socklen_t length = make_sockaddr(&address, &binding->target.address, binding->target.port);
	int fd, error;

	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return describe_bind_error(-errno, binding->target.port, why, size);
	set_options(fd, address.ss_family);
	error = bind_patiently(kernel, fd, &address, length);
	if (!error && address_is_multicast(&binding->target.address))
		error = join_everywhere(kernel, fd, &address, length);
	binding->socket = fd; /* before the ingest thread can see it */
	if (!error && epoll_ctl(kernel->epoll, EPOLL_CTL_ADD, fd, &event))
		error = -errno;
	if (error) {
		close(fd);
		binding->socket = -1;
		return describe_bind_error(error, binding->target.port, why, size);
	}
	return 0;
}

static void kernel_remove(struct packet_source *source, struct ingest_binding *binding)
{
	struct kernel_source *kernel = kernel_source(source);

	epoll_ctl(kernel->epoll, EPOLL_CTL_DEL, binding->socket, NULL);
	kernel->removed_ns = clock_now_ns();
}

static void kernel_release(struct packet_source *source, struct ingest_binding *binding)
{
	(void)source;
	if (binding->socket >= 0)
		close(binding->socket);
	binding->socket = -1;
}

/* One recvmmsg; returns how many datagrams it brought. */
static int read_batch(struct kernel_source *kernel, struct ingest_binding *binding, int64_t now_ns)
{
	int count =
		recvmmsg(binding->socket, kernel->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);

	for (int i = 0; i < count; i++) {
		size_t size = kernel->messages[i].msg_len;

		/* MSG_TRUNC gives the datagram's true size: what is cut counts as truncated. */
		channel_receive(binding->target.channel, binding->target.path,
		                binding->target.input, kernel->buffers[i],
		                size > DATAGRAM_BYTES ? 0 : size, now_ns);
	}
	return count;
}

static void kernel_drain(struct packet_source *source, const struct binding_table *table,
                         int64_t now_ns)
{
	struct kernel_source *kernel = kernel_source(source);
	struct epoll_event events[READY_SOCKETS];
	int ready, full = 1;

	(void)table; /* a socket knows its binding */
	for (int round = 0; full && round < ROUNDS_PER_TICK; round++) {
		full = 0;
		ready = epoll_wait(kernel->epoll, events, READY_SOCKETS, 0);
		for (int i = 0; i < ready; i++)
			full |= read_batch(kernel, events[i].data.ptr, now_ns) == BATCH;
		full |= ready == READY_SOCKETS;
	}
}

static void kernel_destroy(struct packet_source *source)
{
	struct kernel_source *kernel = kernel_source(source);

	close(kernel->epoll);
	free(kernel);
}

static const struct source_ops kernel_ops = {
	.add = kernel_add,
	.remove = kernel_remove,
	.release = kernel_release,
	.drain = kernel_drain,
	.destroy = kernel_destroy,
};

int kernel_source_create(struct packet_source **out, const char *interfaces)
{
	struct kernel_source *kernel = calloc(1, sizeof(*kernel));
	int error;

	if (!kernel)
		return -ENOMEM;
	kernel->base.ops = &kernel_ops;
	kernel->interfaces = interfaces;
	kernel->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (kernel->epoll < 0) {
		error = -errno;
		free(kernel);
		return error;
	}
	for (int i = 0; i < BATCH; i++) {
		kernel->vectors[i] = (struct iovec){kernel->buffers[i], DATAGRAM_BYTES};
		kernel->messages[i].msg_hdr =
			(struct msghdr){.msg_iov = &kernel->vectors[i], .msg_iovlen = 1};
	}
	*out = &kernel->base;
	return 0;
}
