/*
 * Resolving: numeric addresses at once, names on a thread, bad names with a reason, and dropping a
 * request at any time. No test needs a name server.
 */
#include "base/clock.h"
#include "base/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PATIENCE_NS (60 * NS_PER_S)

static int wait_for(const struct resolve *resolve, struct resolve_result *result)
{
	const int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = NS_PER_MS};
	int error;

	while ((error = resolve_poll(resolve, result)) == -EAGAIN && clock_now_ns() < deadline_ns)
		nanosleep(&pause, NULL);
	return error;
}

static void check_address(const struct sockaddr_storage *address, socklen_t length,
                          const char *expected, uint16_t port)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const bool is_v4 = address->ss_family == AF_INET;
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop(address->ss_family,
	                          is_v4 ? (const void *)&v4->sin_addr : &v6->sin6_addr, text,
	                          sizeof(text)));
	assert_string_equal(text, expected);
	assert_int_equal(ntohs(is_v4 ? v4->sin_port : v6->sin6_port), port);
	assert_int_equal(length, is_v4 ? sizeof(*v4) : sizeof(*v6));
}

static void test_numeric(void **state)
{
	static const struct {
		const char *host, *expected;
		uint16_t port;
		int socktype;
	} cases[] = {
		{"127.0.0.1", "127.0.0.1", 1935, SOCK_STREAM},
		{"10.255.0.7", "10.255.0.7", 1, SOCK_DGRAM},
		{"::1", "::1", 65535, SOCK_STREAM},
		{"2001:db8::42", "2001:db8::42", 9000, SOCK_DGRAM},
		{"239.1.2.3", "239.1.2.3", 5000, SOCK_DGRAM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct resolve_result result;
		struct resolve *resolve;

		assert_int_equal(
			resolve_start(&resolve, cases[i].host, cases[i].port, cases[i].socktype),
			0);
		assert_int_equal(resolve_poll(resolve, &result), 0); /* at once */
		assert_int_equal(result.count, 1);
		check_address(&result.list[0].address, result.list[0].length, cases[i].expected,
		              cases[i].port);
		resolve_drop(resolve);
	}
}

static void test_localhost(void **state)
{
	struct resolve_result result;
	struct resolve *resolve;

	(void)state;
	assert_int_equal(resolve_start(&resolve, "localhost", 8080, SOCK_STREAM), 0);
	assert_int_equal(wait_for(resolve, &result), 0);
	assert_in_range(result.count, 1, RESOLVE_MAX);
	for (size_t i = 0; i < result.count; i++) {
		const bool v4 = result.list[i].address.ss_family == AF_INET;

		check_address(&result.list[i].address, result.list[i].length,
		              v4 ? "127.0.0.1" : "::1", 8080);
	}
	resolve_drop(resolve);
}

static void test_bad_names(void **state)
{
	char too_long[256];
	const char *const names[] = {"", "bad..name", "with space", too_long};

	(void)state;
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < COUNT(names); i++) {
		struct resolve_result result;
		struct resolve *resolve;

		assert_int_equal(resolve_start(&resolve, names[i], 1, SOCK_STREAM), 0);
		if (wait_for(resolve, &result) != -ENOENT)
			fail_msg("\"%s\" was resolved", names[i]);
		assert_true(strlen(resolve_error(resolve)) > 0);
		resolve_drop(resolve);
	}
}

/* Given up at once, while its thread may be anywhere. */
static void test_drop(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct resolve_result result;
		struct resolve *resolve;

		assert_int_equal(
			resolve_start(&resolve, i % 2 ? "localhost" : "bad..name", 1, SOCK_DGRAM),
			0);
		if (i % 3 == 0)
			resolve_poll(resolve, &result);
		if (i % 10 == 0)
			wait_for(resolve, &result);
		resolve_drop(resolve);
	}
	resolve_drop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_localhost),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
