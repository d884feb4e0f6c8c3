/*
 * Kernel sockets: one UDP socket per binding, all in one epoll instance, read with recvmmsg.
 *
 * epoll costs one system call a tick however many channels are silent; only sockets that hold something
 * are read. Senders and arrival times are asked for only where a filter needs them.
 */
#include "source.h"

#include "admission.h"
#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "membership.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH           32
#define DATAGRAM_BYTES  9216 /* a jumbo frame's */
#define READY_SOCKETS   64   /* looked at per epoll_wait */
#define ROUNDS_PER_TICK 64   /* bounds one tick to 2048 datagrams a socket */
#define BIND_TRIES      2000 /* of about a millisecond each */
#define BIND_PAUSE_NS   NS_PER_MS

struct kernel_source {
	struct packet_source base;
	int epoll;
	const char *interfaces;
	atomic_uint leaving;             /* sockets that were removed and are not closed yet */
	struct ingest_binding *bindings; /* those with a socket; the manager's thread */
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct sockaddr_in6 senders[BATCH]; /* or sockaddr_in */
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
	} controls[BATCH];
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

/* ---- Groups. ---- */

static int join_on(struct ingest_binding *binding, size_t index, unsigned int ifindex,
                   const struct ingest_filter *filter)
{
	unsigned int *joined = &binding->joined[index];

	if (*joined && *joined != ifindex) /* the interface of that name was another one */
		membership_leave(binding->socket, *joined, &binding->target.address);
	*joined = ifindex;
	return membership_set(binding->socket, ifindex, &binding->target.address, filter);
}

/*
 * Join the binding's group on the interfaces in use, or on its own, or only on `only` of these. One of them
 * that is not there is joined when it comes back.
 */
static int join_group(const struct kernel_source *source, struct ingest_binding *binding,
                      const struct ingest_filter *filter, const char *only)
{
	const char *own = binding->target.interface;
	char names[BINDING_MAX_JOINS * IF_NAMESIZE], *rest = names, *name;
	int error = 0;

	if (!own[0] && !source->interfaces)
		return only ? 0 : join_on(binding, 0, 0, filter);
	snprintf(names, sizeof(names), "%s", own[0] ? own : source->interfaces);
	for (size_t i = 0; !error && i < BINDING_MAX_JOINS && (name = strsep(&rest, ",")); i++) {
		const unsigned int ifindex = if_nametoindex(name);

		if (ifindex && (!only || !strcmp(name, only)))
			error = join_on(binding, i, ifindex, filter);
	}
	return error;
}

/* ---- Sockets. ---- */

static void set_options(int fd, sa_family_t family)
{
	const int on = 1, off = 0, bytes = INGEST_SOCKET_BYTES;

	/* More than net.core.rmem_max needs CAP_NET_ADMIN; without it take what is allowed. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	else /* only groups joined on this very socket */
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off));
}

/*
 * A port that was unbound just now is free again when the ingest thread has closed its socket. Tries are counted, not
 * time, which also passes while neither thread runs.
 */
static int bind_patiently(const struct kernel_source *source, int fd,
                          const struct sockaddr_storage *address, socklen_t length)
{
	const struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};

	for (int tries = 1;; tries++) {
		const bool is_own = atomic_load(&source->leaving); /* perhaps */

		if (!bind(fd, (const struct sockaddr *)address, length))
			return 0;
		if (errno != EADDRINUSE || !is_own || tries == BIND_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

static int describe_bind_error(int error, const struct ingest_target *target, char *why,
                               size_t size)
{
	if (error == -EADDRINUSE)
		snprintf(why, size, "UDP port %u is in use by another program", target->port);
	else if (error == -EADDRNOTAVAIL)
		snprintf(why, size, "the address is not one of this machine's");
	else if (error == -ENODEV && target->interface[0])
		snprintf(why, size, "there is no interface %s", target->interface);
	else if (error)
		snprintf(why, size, "cannot receive on UDP port %u: %s", target->port,
		         strerror(-error));
	return error;
}

static int bind_to_interface(int fd, const char *interface)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
	                  (socklen_t)strlen(interface) + 1)
	               ? -errno
	               : 0;
}

static int stamp_arrivals(int fd, bool wanted)
{
	const int on = wanted;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ? -errno : 0;
}

/* A socket bound as the target says; returns the descriptor or a negative error. */
static int open_socket(const struct kernel_source *source, const struct ingest_target *target)
{
	struct sockaddr_storage address;
	const socklen_t length = make_sockaddr(&address, &target->address, target->port);
	int fd, error = 0;

	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	set_options(fd, address.ss_family);
	if (target->interface[0])
		error = bind_to_interface(fd, target->interface);
	if (!error)
		error = bind_patiently(source, fd, &address, length);
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* What the filter needs of the socket: memberships, sooner than others are left; arrival times. */
static int apply_filter(const struct kernel_source *source, struct ingest_binding *binding,
                        const struct ingest_filter *filter)
{
	int error = stamp_arrivals(binding->socket, filter->max_pps > 0);

	if (!error && address_is_multicast(&binding->target.address))
		error = join_group(source, binding, filter, NULL);
	return error;
}

static void close_binding(struct ingest_binding *binding)
{
	if (binding->socket >= 0)
		close(binding->socket);
	binding->socket = -1;
	admission_destroy(binding->admission);
	binding->admission = NULL;
}

/* One that was never added has no socket. */
static void kernel_release(struct packet_source *source, struct ingest_binding *binding)
{
	const bool was_leaving = binding->socket >= 0;

	close_binding(binding);
	if (was_leaving)
		atomic_fetch_sub(&kernel_source(source)->leaving, 1);
}

static int kernel_add(struct packet_source *source, struct ingest_binding *binding, char *why,
                      size_t size)
{
	struct kernel_source *kernel = kernel_source(source);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = binding};
	int error = admission_create(&binding->admission, binding, &binding->filter);

	if (error)
		return describe_bind_error(error, &binding->target, why, size);
	binding->socket = open_socket(kernel, &binding->target);
	error = binding->socket < 0 ? binding->socket : 0;
	if (!error)
		error = apply_filter(kernel, binding, &binding->filter);
	if (!error && epoll_ctl(kernel->epoll, EPOLL_CTL_ADD, binding->socket, &event))
		error = -errno;
	if (error) {
		close_binding(binding);
		return describe_bind_error(error, &binding->target, why, size);
	}
	binding->next_socket = kernel->bindings;
	kernel->bindings = binding;
	return 0;
}

static int kernel_set_filter(struct packet_source *source, struct ingest_binding *binding,
                             const struct ingest_filter *filter, char *why, size_t size)
{
	struct admission *admission;
	int error = admission_create(&admission, binding, filter);

	if (error)
		return describe_bind_error(error, &binding->target, why, size);
	error = apply_filter(kernel_source(source), binding, filter);
	if (error) {
		apply_filter(kernel_source(source), binding, &binding->filter);
		admission_destroy(admission);
		return describe_bind_error(error, &binding->target, why, size);
	}
	tick_loop_post(ingest_loop(binding->ingest), &admission->replace);
	return 0;
}

static void kernel_remove(struct packet_source *source, struct ingest_binding *binding)
{
	struct kernel_source *kernel = kernel_source(source);
	struct ingest_binding **link = &kernel->bindings;

	while (*link && *link != binding)
		link = &(*link)->next_socket;
	if (*link)
		*link = binding->next_socket;
	epoll_ctl(kernel->epoll, EPOLL_CTL_DEL, binding->socket, NULL);
	atomic_fetch_add(&kernel->leaving, 1);
}

static void kernel_count(struct packet_source *source, const struct ingest_binding *binding,
                         struct ingest_counters *sum)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(memory);

	(void)source;
	counter_add(&sum->dropped_stranger, counter_get(&binding->dropped.dropped_stranger));
	counter_add(&sum->dropped_rate, counter_get(&binding->dropped.dropped_rate));
	if (!getsockopt(binding->socket, SOL_SOCKET, SO_MEMINFO, memory, &size))
		counter_add(&sum->dropped_socket, memory[SK_MEMINFO_DROPS]);
}

static void rejoin_one(const struct kernel_source *kernel, struct ingest_binding *binding,
                       const char *interface)
{
	const struct ingest_target *target = &binding->target;
	int error = 0;

	if (target->interface[0] && strcmp(target->interface, interface) != 0)
		return;
	if (target->interface[0])
		error = bind_to_interface(binding->socket, interface);
	if (!error && address_is_multicast(&target->address))
		error = join_group(kernel, binding, &binding->filter, interface);
	if (error)
		log_warning("interface %s: UDP port %u is not received there: %s", interface,
		            target->port, strerror(-error));
}

static void kernel_rejoin(struct packet_source *source, const char *interface)
{
	const struct kernel_source *kernel = kernel_source(source);

	for (struct ingest_binding *b = kernel->bindings; b; b = b->next_socket)
		rejoin_one(kernel, b, interface);
}

/* Have recvmmsg bring what the filter looks at. */
static void prepare_messages(struct kernel_source *kernel, const struct admission *admission)
{
	const bool sender = admission->sources, arrival = admission->ceiling.interval;

	for (int i = 0; i < BATCH; i++) {
		struct msghdr *header = &kernel->messages[i].msg_hdr;

		header->msg_name = sender ? &kernel->senders[i] : NULL;
		header->msg_namelen = sender ? sizeof(kernel->senders[i]) : 0;
		header->msg_control = arrival ? &kernel->controls[i] : NULL;
		header->msg_controllen = arrival ? sizeof(kernel->controls[i]) : 0;
	}
}

/* One recvmmsg; returns how many datagrams it brought. */
static int read_batch(struct kernel_source *kernel, struct ingest_binding *binding, int64_t now_ns)
{
	const struct ingest_target *target = &binding->target;
	int count;

	prepare_messages(kernel, binding->admission);
	count = recvmmsg(binding->socket, kernel->messages, BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
	for (int i = 0; i < count; i++) {
		const size_t size = kernel->messages[i].msg_len;

		if (!admission_admits(binding, &kernel->messages[i].msg_hdr))
			continue;
		/* MSG_TRUNC gives the datagram's true size: what is cut counts as truncated. */
		channel_receive(target->channel, target->path, target->input, kernel->buffers[i],
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
	.set_filter = kernel_set_filter,
	.remove = kernel_remove,
	.count = kernel_count,
	.rejoin = kernel_rejoin,
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
