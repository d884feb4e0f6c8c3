/*
 * Gathering: what is laid aside and what passes, that a flush sends all of it in each peer's order, and that nothing is
 * lost or doubled between a thread that fills and threads that send.
 */
#include "output/srt_gather.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADER  16
#define PAYLOAD 1316
#define PEERS   3
#define MANY    20000
#define AHEAD   200
#define FULL    512 /* a batch */
#define WAIT_MS 20000
#define CONTROL 0x80

/* Sockets of one family: one that sends, and some that receive. */
struct net {
	int sender, peers[PEERS];
	struct sockaddr_storage addresses[PEERS];
	socklen_t length;
};

static int open_socket(int family, struct sockaddr_storage *address, socklen_t *length)
{
	const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
	const int fd = socket(family, SOCK_DGRAM, 0), room = 8 << 20;

	*length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	*address = (struct sockaddr_storage){.ss_family = (sa_family_t)family};
	if (family == AF_INET)
		((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)address, *length), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, length), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

static void open_net(struct net *net, int family)
{
	struct sockaddr_storage own;

	net->sender = open_socket(family, &own, &net->length);
	for (int i = 0; i < PEERS; i++)
		net->peers[i] = open_socket(family, &net->addresses[i], &net->length);
}

static void close_net(struct net *net)
{
	close(net->sender);
	for (int i = 0; i < PEERS; i++)
		close(net->peers[i]);
}

/* As libsrt sends: a header, of which the first byte tells control from data, and a payload that begins with a number. */
static void send_packet(struct net *net, int peer, uint8_t first, uint32_t number, size_t payload)
{
	uint8_t header[HEADER] = {first}, data[PAYLOAD] = {0};
	struct iovec parts[2] = {{header, HEADER}, {data, payload}};
	struct msghdr message = {.msg_name = &net->addresses[peer],
	                         .msg_namelen = net->length,
	                         .msg_iov = parts,
	                         .msg_iovlen = 2};

	memcpy(data, &number, sizeof(number));
	memset(data + sizeof(number), (int)number, payload - sizeof(number));
	assert_int_equal(sendmsg(net->sender, &message, 0), HEADER + payload);
}

/* A process that was stopped, or frozen with its machine, is interrupted when it goes on: the socket has a time limit. */
static ssize_t receive(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = recv(fd, data, size, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static bool anything(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
}

/* What has left is there at once, or when the kernel gets round to it. */
static bool has_arrived(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, WAIT_MS) == 1;
}

static void expect(int fd, uint32_t number, size_t payload)
{
	uint8_t data[HEADER + PAYLOAD + 1];
	uint32_t got;

	assert_int_equal(receive(fd, data, sizeof(data)), HEADER + payload);
	memcpy(&got, data + HEADER, sizeof(got));
	assert_int_equal(got, number);
	for (size_t i = HEADER + sizeof(got); i < HEADER + payload; i++)
		assert_int_equal(data[i], (uint8_t)number);
}

struct work {
	struct net *net;
	void (*run)(struct net *net);
};

static void *work_main(void *argument)
{
	struct work *work = argument;

	work->run(work->net);
	return NULL;
}

/* Run on a thread of that name, which the thread inherits from its maker, as with libsrt. */
static pthread_t start_named(const char *name, struct work *work)
{
	char before[16];
	pthread_t thread;

	pthread_getname_np(pthread_self(), before, sizeof(before));
	pthread_setname_np(pthread_self(), name);
	assert_int_equal(pthread_create(&thread, NULL, work_main, work), 0);
	pthread_setname_np(pthread_self(), before);
	return thread;
}

static void run_named(const char *name, struct net *net, void (*run)(struct net *net))
{
	struct work work = {.net = net, .run = run};

	pthread_join(start_named(name, &work), NULL);
}

static void send_one_data(struct net *net)
{
	send_packet(net, 0, 0, 1, PAYLOAD);
	assert_true(has_arrived(net->peers[0])); /* it has left within the call */
}

static void send_one_control(struct net *net)
{
	send_packet(net, 0, CONTROL, 1, PAYLOAD);
	assert_true(has_arrived(net->peers[0]));
}

static void test_passes(void **state)
{
	struct net net;

	(void)state;
	open_net(&net, AF_INET);
	run_named("SRT:SndQ:w1", &net, send_one_data); /* nobody flushes */
	expect(net.peers[0], 1, PAYLOAD);
	srt_gather_start();
	run_named("SRT:RcvQ:w1", &net, send_one_data);
	expect(net.peers[0], 1, PAYLOAD);
	run_named("SRT:SndQ:w1", &net, send_one_control);
	expect(net.peers[0], 1, PAYLOAD);
	srt_gather_stop();
	close_net(&net);
}

/* To three peers in turn, one of them shorter every fifth time, which ends a run of equal size. */
static size_t size_of(uint32_t number)
{
	return number % 5 == 4 ? PAYLOAD / 2 : PAYLOAD;
}

#define SOME 60

static void send_some(struct net *net)
{
	for (uint32_t i = 0; i < SOME; i++)
		send_packet(net, (int)(i % PEERS), 0, i, size_of(i));
	for (int i = 0; i < PEERS; i++)
		assert_false(anything(net->peers[i]));
	srt_gather_flush();
	for (int i = 0; i < PEERS; i++)
		assert_true(has_arrived(net->peers[i]));
}

/* Each size in its order: those of another size are another run. */
static void expect_some(struct net *net)
{
	for (int peer = 0; peer < PEERS; peer++) {
		uint32_t seen = 0, last[2] = {0, 0};

		while (seen++ < SOME / PEERS) {
			uint8_t data[HEADER + PAYLOAD];
			uint32_t number;
			const ssize_t size = receive(net->peers[peer], data, sizeof(data));

			assert_true(size > HEADER);
			memcpy(&number, data + HEADER, sizeof(number));
			assert_int_equal(number % PEERS, peer);
			assert_int_equal(size, HEADER + size_of(number));
			assert_true(number + 1 > last[size_of(number) == PAYLOAD]);
			last[size_of(number) == PAYLOAD] = number + 1;
		}
		assert_false(anything(net->peers[peer]));
	}
}

static void test_flush(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct net net;

	(void)state;
	srt_gather_start();
	for (size_t i = 0; i < 2; i++) {
		open_net(&net, families[i]);
		run_named("SRT:SndQ:w2", &net, send_some);
		expect_some(&net);
		close_net(&net);
	}
	srt_gather_stop();
}

static void send_and_end(struct net *net)
{
	send_packet(net, 1, 0, 7, PAYLOAD);
	assert_false(anything(net->peers[1]));
}

static void send_more_than_fits(struct net *net)
{
	for (uint32_t i = 0; i < FULL; i++)
		send_packet(net, 2, 0, i, sizeof(i));
	assert_false(anything(net->peers[2]));
	send_packet(net, 2, 0, FULL, sizeof(uint32_t));
	assert_true(has_arrived(net->peers[2]));
}

static void test_leaves_without_flush(void **state)
{
	struct net net;

	(void)state;
	open_net(&net, AF_INET);
	srt_gather_start();
	run_named("SRT:SndQ:w3", &net, send_and_end);
	expect(net.peers[1], 7, PAYLOAD);
	run_named("SRT:SndQ:w3", &net, send_more_than_fits);
	for (uint32_t i = 0; i <= FULL; i++)
		expect(net.peers[2], i, sizeof(i));
	srt_gather_stop();
	close_net(&net);
}

static atomic_bool ended;
static atomic_uint taken; /* by the receiver */

/* No further ahead than the receiver's socket has room for, however long its thread does not run. */
static void send_many(struct net *net)
{
	for (uint32_t i = 0; i < MANY; i++) {
		while (i - atomic_load(&taken) >= AHEAD)
			usleep(100);
		send_packet(net, 0, 0, i, sizeof(i));
	}
}

static void *flush_often(void *unused)
{
	while (!atomic_load(&ended))
		srt_gather_flush();
	return unused;
}

/* None is lost, none comes twice; those of one batch keep their order, and hardly any batch overtakes another. */
static void test_threads(void **state)
{
	static uint8_t seen[MANY];
	struct work work = {.run = send_many};
	pthread_t filler, flushers[2];
	struct net net;

	(void)state;
	open_net(&net, AF_INET);
	work.net = &net;
	srt_gather_start();
	filler = start_named("SRT:SndQ:w4", &work);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&flushers[i], NULL, flush_often, NULL), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		uint8_t data[HEADER + sizeof(uint32_t)];
		uint32_t number;

		assert_int_equal(receive(net.peers[0], data, sizeof(data)), sizeof(data));
		memcpy(&number, data + HEADER, sizeof(number));
		assert_true(number < MANY);
		assert_int_equal(seen[number]++, 0);
		atomic_fetch_add(&taken, 1);
	}
	pthread_join(filler, NULL);
	atomic_store(&ended, true);
	for (int i = 0; i < 2; i++)
		pthread_join(flushers[i], NULL);
	srt_gather_stop();
	assert_false(anything(net.peers[0]));
	close_net(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_leaves_without_flush),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("srt_gather", tests, NULL, NULL);
}
