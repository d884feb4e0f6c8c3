/*
 * Connecting over several addresses of the loopback interface: which one wins, and how long it takes when some do not
 * answer. A listener whose queue is full stands for a host that does not answer.
 */
#include "output/tcp.h"

#include "running_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS   30000
#define SILENCE_MS 5000
#define FILLERS    4

/* A server that answers, one that does not, and a port where nobody is. */
struct hosts {
	int server, silent, fillers[FILLERS];
	uint16_t server_port, silent_port, closed_port;
	bool has_ipv6;
};

static void add(struct resolve_result *to, const char *address, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&to->list[to->count].address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)v4;

	memset(v6, 0, sizeof(*v6));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		to->list[to->count].length = sizeof(*v4);
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		to->list[to->count].length = sizeof(*v6);
	}
	to->count++;
}

static int listen_on(int queue, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	if (queue >= 0)
		assert_int_equal(listen(fd, queue), 0);
	return fd;
}

static int set_up(void **state)
{
	static struct hosts hosts;
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
	                                      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd;

	hosts.server = listen_on(64, &hosts.server_port);
	hosts.silent = listen_on(0, &hosts.silent_port);
	address.sin_port = htons(hosts.silent_port);
	for (int i = 0; i < FILLERS; i++) {
		hosts.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(hosts.fillers[i], (struct sockaddr *)&address, sizeof(address));
	}
	close(listen_on(-1, &hosts.closed_port));
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	hosts.has_ipv6 = fd >= 0 && !bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback));
	close(fd);
	*state = &hosts;
	return 0;
}

static int tear_down(void **state)
{
	struct hosts *hosts = *state;

	close(hosts->server);
	close(hosts->silent);
	for (int i = 0; i < FILLERS; i++)
		close(hosts->fillers[i]);
	return 0;
}

static uint16_t port_of_peer(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	assert_int_equal(getpeername(fd, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(address.sin_family, AF_INET);
	return ntohs(address.sin_port);
}

/* Connect, which must take from low_ms to below high_ms. */
static int open_timed(const struct resolve_result *addresses, int limit_ms, int low_ms, int high_ms)
{
	const int64_t began_ns = clock_now_ns(), ran_ns = running_ns();
	const int fd = tcp_open(addresses, limit_ms, SILENCE_MS, -1);
	const int64_t took_ms = (clock_now_ns() - began_ns) / NS_PER_MS;

	if (took_ms < low_ms || (running_ns() - ran_ns) / NS_PER_MS >= high_ms)
		fail_msg("took %d ms, not %d to %d", (int)took_ms, low_ms, high_ms);
	return fd;
}

static void test_options(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};
	unsigned int silence = 0;
	int fd, on = 0;
	socklen_t size = sizeof(on);

	add(&addresses, "127.0.0.1", hosts->server_port);
	fd = open_timed(&addresses, LIMIT_MS, 0, 1000);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_true(on);
	size = sizeof(silence);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, &size), 0);
	assert_int_equal(silence, SILENCE_MS);
	close(fd);
}

/* One that refuses costs no time, one that is silent a quarter of a second. */
static void test_next_address(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};
	int fd;

	add(&addresses, "127.0.0.1", hosts->closed_port);
	add(&addresses, "127.0.0.1", hosts->closed_port);
	add(&addresses, "127.0.0.1", hosts->server_port);
	fd = open_timed(&addresses, LIMIT_MS, 0, 240);
	assert_true(fd >= 0);
	assert_int_equal(port_of_peer(fd), hosts->server_port);
	close(fd);

	addresses.count = 0;
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->server_port);
	fd = open_timed(&addresses, LIMIT_MS, 500, 1500);
	assert_true(fd >= 0);
	assert_int_equal(port_of_peer(fd), hosts->server_port);
	close(fd);
}

/* The families take turns: of two silent ones in front only one is waited for. */
static void test_families(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};
	int fd;

	if (!hosts->has_ipv6)
		skip();
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->server_port);
	add(&addresses, "::1", hosts->closed_port);
	add(&addresses, "::1", hosts->closed_port);
	/* In turn: silent, closed, silent, closed, silent, server; each refusal lets the next start at once. */
	fd = open_timed(&addresses, LIMIT_MS, 500, 1500);
	assert_true(fd >= 0);
	close(fd);
}

static void test_failures(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};

	assert_int_equal(tcp_open(&addresses, LIMIT_MS, SILENCE_MS, -1), -EDESTADDRREQ);
	add(&addresses, "127.0.0.1", hosts->closed_port);
	assert_int_equal(open_timed(&addresses, LIMIT_MS, 0, 1000), -ECONNREFUSED);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	/* The limit is of all of them together. */
	assert_int_equal(open_timed(&addresses, 400, 400, 1400), -ETIMEDOUT);
}

static void *stop_soon(void *argument)
{
	usleep(100000);
	eventfd_write(*(int *)argument, 1);
	return NULL;
}

static void test_stop(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};
	int stop = eventfd(0, EFD_CLOEXEC);
	const int64_t began_ns = running_ns();
	pthread_t thread;

	for (int i = 0; i < RESOLVE_MAX; i++)
		add(&addresses, "127.0.0.1", hosts->silent_port);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	assert_int_equal(tcp_open(&addresses, LIMIT_MS, SILENCE_MS, stop), -ECANCELED);
	assert_true(running_ns() - began_ns < NS_PER_S);
	pthread_join(thread, NULL);
	close(stop);
}

/* Nothing stays open but what is returned. */
static void test_descriptors(void **state)
{
	const struct hosts *hosts = *state;
	struct resolve_result addresses = {0};
	const int before = dup(0);
	int fd;

	close(before);
	add(&addresses, "127.0.0.1", hosts->silent_port);
	add(&addresses, "127.0.0.1", hosts->closed_port);
	add(&addresses, "127.0.0.1", hosts->server_port);
	fd = tcp_open(&addresses, LIMIT_MS, SILENCE_MS, -1);
	assert_true(fd >= 0);
	close(fd);
	addresses.count = 2;
	assert_int_equal(tcp_open(&addresses, 300, SILENCE_MS, -1), -ETIMEDOUT);
	fd = dup(0);
	assert_int_equal(fd, before);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),  cmocka_unit_test(test_next_address),
		cmocka_unit_test(test_families), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_stop),     cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
