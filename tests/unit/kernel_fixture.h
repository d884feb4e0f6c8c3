/*
 * Ingest, channels and senders for the tests of ingest through kernel sockets.
 */
#ifndef TESTS_KERNEL_FIXTURE_H
#define TESTS_KERNEL_FIXTURE_H

#include "base/address.h"
#include "base/clock.h"
#include "base/container.h"
#include "ingest/ingest.h"
#include "local_address.h"
#include "media/ts.h"

#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PATIENCE_NS (60 * NS_PER_S)
#define PACKETS     7 /* in each datagram */
#define MESSAGE     (PACKETS * TS_PACKET_BYTES)

static inline struct in6_addr parse(const char *text)
{
	struct in6_addr address = {0};

	assert_int_equal(address_parse(&address, text), 0);
	return address;
}

/* A UDP port that nobody has at this moment, kept by the socket that is returned. */
static inline int take_port(const char *address, uint16_t *port)
{
	struct sockaddr_storage local;
	socklen_t length = make_sockaddr(&local, address, 0);
	const int fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&local, length)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &length), 0);
	*port = ntohs(((struct sockaddr_in *)&local)->sin_port); /* at the same place in both */
	return fd;
}

static inline void send_bytes(const char *to, uint16_t port, const void *bytes, size_t size)
{
	struct sockaddr_storage address;
	const socklen_t length = make_sockaddr(&address, to, port);
	const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct ip_mreqn loopback = {.imr_ifindex = (int)if_nametoindex("lo")};

	assert_true(fd >= 0);
	if (address.ss_family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof(loopback));
	assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&address, length),
	                 (ssize_t)size);
	close(fd);
}

static inline void make_ts(uint8_t *bytes, size_t size)
{
	memset(bytes, 0, size);
	for (size_t i = 0; i < size; i += TS_PACKET_BYTES)
		bytes[i] = TS_SYNC_BYTE;
}

static inline void send_ts(const char *to, uint16_t port)
{
	uint8_t bytes[MESSAGE];

	make_ts(bytes, sizeof(bytes));
	send_bytes(to, port, bytes, sizeof(bytes));
}

static inline struct ingest *make_ingest(const char *interfaces)
{
	const struct ingest_config config = {
		.mode = INGEST_UDP, .interfaces = interfaces, .tick_us = 500};
	struct ingest *ingest;

	assert_int_equal(ingest_create(&ingest, &config), 0);
	return ingest;
}

static inline struct channel *make_channel(void)
{
	const struct channel_config config = {.name = "News", .ring_packets = 1024};
	struct channel *channel;

	assert_int_equal(channel_create(&channel, &config), 0);
	return channel;
}

static inline uint64_t received(const struct channel *channel)
{
	return counter_get(&channel_counters(channel)->datagrams_received);
}

/* Wait until the ring has got so many packets; only then is the last datagram dealt with. */
static inline void wait_packets(const struct channel *channel, uint64_t wanted)
{
	const struct ring *ring = channel_ring(channel);
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	while (ring_head(ring) < wanted) {
		if (clock_now_ns() > deadline_ns)
			fail_msg("%llu packets instead of %llu",
			         (unsigned long long)ring_head(ring), (unsigned long long)wanted);
		nanosleep(&pause, NULL);
	}
}

static inline void wait_datagrams(const struct channel *channel, uint64_t wanted)
{
	wait_packets(channel, wanted * PACKETS);
}

struct leaving {
	struct retirement retirement;
	struct channel *channel;
	struct tick_loop *loops[1];
	atomic_bool gone;
};

static inline void release_channel(struct retirement *retirement)
{
	struct leaving *leaving = container_of(retirement, struct leaving, retirement);

	channel_destroy(leaving->channel);
	atomic_store(&leaving->gone, true);
}

/* Free the channel after its binding, as a feed does, and wait until that has happened. */
static inline void retire_channel(struct ingest *ingest, struct channel *channel)
{
	struct leaving leaving = {.channel = channel, .loops = {ingest_loop(ingest)}};
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	retire(&leaving.retirement, leaving.loops, 1, release_channel);
	while (!atomic_load(&leaving.gone)) {
		assert_true(clock_now_ns() < deadline_ns);
		nanosleep(&pause, NULL);
	}
}

static inline struct ingest_binding *bind_channel(struct ingest *ingest, struct channel *channel,
                                                  const char *address, uint16_t port)
{
	const struct ingest_target target = {
		.channel = channel, .address = parse(address), .port = port};
	struct ingest_binding *binding;
	char why[200] = "";

	if (ingest_bind(&binding, ingest, &target, NULL, why, sizeof(why)))
		fail_msg("%s port %u: %s", address, port, why);
	return binding;
}

/* Send TS from an address of this machine. */
static inline void send_ts_from(const char *from, const char *to, uint16_t port, int count)
{
	struct sockaddr_storage local, address;
	const socklen_t local_length = make_sockaddr(&local, from, 0);
	const socklen_t length = make_sockaddr(&address, to, port);
	const int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t bytes[MESSAGE];

	make_ts(bytes, sizeof(bytes));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, local_length), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(
			sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&address, length),
			(ssize_t)sizeof(bytes));
	close(fd);
}

static inline struct ingest_filter make_filter(struct prefix *sources, const char *const *texts,
                                               uint32_t max_pps)
{
	struct ingest_filter filter = {.sources = sources, .max_pps = max_pps};

	for (; texts[filter.source_count]; filter.source_count++)
		assert_int_equal(
			prefix_parse(&sources[filter.source_count], texts[filter.source_count]), 0);
	return filter;
}

static inline struct ingest_binding *bind_filtered(struct ingest *ingest, struct channel *channel,
                                                   const char *address, uint16_t port,
                                                   const struct ingest_filter *filter)
{
	const struct ingest_target target = {
		.channel = channel, .address = parse(address), .port = port};
	struct ingest_binding *binding;
	char why[200] = "";

	if (ingest_bind(&binding, ingest, &target, filter, why, sizeof(why)))
		fail_msg("%s port %u: %s", address, port, why);
	return binding;
}

static inline struct ingest_counters counts(const struct ingest_binding *binding)
{
	struct ingest_counters sum = {0};

	ingest_count(binding, &sum);
	return sum;
}

/* Wait until the binding has dealt with so many datagrams: received or dropped. */
static inline void wait_dealt(const struct channel *channel, const struct ingest_binding *binding,
                              uint64_t wanted)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};

	for (;;) {
		struct ingest_counters c = counts(binding);
		const uint64_t dealt = received(channel) + counter_get(&c.dropped_stranger) +
		                       counter_get(&c.dropped_rate) +
		                       counter_get(&c.dropped_socket);

		if (dealt >= wanted)
			return;
		if (clock_now_ns() > deadline_ns)
			fail_msg("%llu datagrams instead of %llu", (unsigned long long)dealt,
			         (unsigned long long)wanted);
		nanosleep(&pause, NULL);
	}
}

#endif
