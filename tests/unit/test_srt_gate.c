/*
 * The gate: who receives at its address is held, nobody else, and not for ever.
 */
#include "output/srt_gate.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS (20 * NS_PER_S) /* for what will come */
#define HELD_NS \
	(800 *  \
	 NS_PER_MS) /* is somebody held for certain: longer, if the machine does not stand still */

struct receiver {
	int fd;
	struct sockaddr_storage local;
	socklen_t size;
	pthread_t thread;
	atomic_uint received;
	atomic_bool end;
};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* As a receiving thread of libsrt does. */
static void *receive(void *argument)
{
	struct receiver *r = argument;
	uint8_t data[10];
	struct iovec part = {data, sizeof(data)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	while (!atomic_load(&r->end))
		if (recvmsg(r->fd, &message, 0) == 1)
			atomic_fetch_add(&r->received, 1);
	return NULL;
}

static void begin(struct receiver *r, int family)
{
	const struct timeval limit = {.tv_usec = 10000};

	memset(r, 0, sizeof(*r));
	r->local.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		((struct sockaddr_in *)&r->local)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&r->local)->sin6_addr = in6addr_loopback;
	r->size = sizeof(r->local);
	r->fd = socket(family, SOCK_DGRAM, 0);
	assert_int_equal(
		bind(r->fd, (struct sockaddr *)&r->local,
	             family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)),
		0);
	assert_int_equal(getsockname(r->fd, (struct sockaddr *)&r->local, &r->size), 0);
	assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}

static void end(struct receiver *r)
{
	atomic_store(&r->end, true);
	pthread_join(r->thread, NULL);
	close(r->fd);
}

static void send_one(const struct receiver *r)
{
	assert_int_equal(sendto(r->fd, "x", 1, 0, (const struct sockaddr *)&r->local, r->size), 1);
}

static void expect_received(struct receiver *r, unsigned int count)
{
	const int64_t until_ns = clock_now_ns() + WAIT_NS;

	while (atomic_load(&r->received) < count && clock_now_ns() < until_ns)
		pause_ms(1);
	assert_int_equal(atomic_load(&r->received), count);
}

/* Shut it until the thread has come; a machine that stands still may keep it for longer than the gate waits. */
static void shut(const struct receiver *r)
{
	const int64_t until_ns = clock_now_ns() + WAIT_NS;
	bool held;

	while (!(held = srt_gate_shut(&r->local)) && clock_now_ns() < until_ns)
		srt_gate_open();
	assert_true(held);
}

static void test_holds(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct receiver held, other;
	int64_t shut_ns;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(&held, families[i]);
		begin(&other, families[i]);
		send_one(&held);
		expect_received(&held, 1);
		shut_ns = clock_now_ns();
		shut(&held);
		send_one(&held);
		send_one(&other);
		expect_received(&other, 1);
		pause_ms(50);
		assert_true(atomic_load(&held.received) == 1 || clock_now_ns() - shut_ns > HELD_NS);
		srt_gate_open();
		expect_received(&held, 2);
		end(&other);
		end(&held);
	}
}

static void test_nobody_comes(void **state)
{
	struct sockaddr_storage local = {.ss_family = AF_INET};
	struct receiver other;

	(void)state;
	begin(&other, AF_INET);
	assert_false(srt_gate_shut(&local));
	srt_gate_open();
	local = other.local;
	local.ss_family = AF_INET6;
	assert_false(srt_gate_shut(&local));
	srt_gate_open();
	end(&other);
}

/* Whoever shut it does not come back: the thread goes on. */
static void test_left_shut(void **state)
{
	struct receiver held;

	(void)state;
	begin(&held, AF_INET);
	shut(&held);
	send_one(&held);
	expect_received(&held, 1);
	srt_gate_open();
	end(&held);
}

static void test_errors_pass(void **state)
{
	struct msghdr message = {0};

	(void)state;
	assert_int_equal(recvmsg(-1, &message, 0), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds),
		cmocka_unit_test(test_nobody_comes),
		cmocka_unit_test(test_left_shut),
		cmocka_unit_test(test_errors_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
