/*
 * Notifications: a socket of the test's own plays the service manager.
 */
#include "base/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Listen at an abstract address of this process and name it in the environment, as systemd would. */
static int listen_here(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char name[64];
	const int length = snprintf(name, sizeof(name), "@mld-notify-%d", (int)getpid());

	assert_true(fd >= 0);
	memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
	                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)),
	                 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

/* The next message is that, and the only one. */
static void expect(int fd, const char *wanted)
{
	char got[1024];
	const ssize_t size = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(size > 0);
	got[size] = '\0';
	assert_string_equal(got, wanted);
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_messages(void **state)
{
	const int fd = listen_here();

	(void)state;
	notify_ready("serving");
	expect(fd, "READY=1\nSTATUS=serving");
	notify_alive();
	expect(fd, "WATCHDOG=1");
	notify_status("%d of %s", 3, "four");
	expect(fd, "STATUS=3 of four");
	notify_stopping();
	expect(fd, "STOPPING=1\nSTATUS=Stopping");
	close(fd);
}

/* What stands in a status cannot say anything else. */
static void test_status_is_one_line(void **state)
{
	const int fd = listen_here();
	char status[300], wanted[300];

	(void)state;
	notify_status("name\nMAINPID=%d", 1);
	expect(fd, "STATUS=name");
	notify_ready("a\nWATCHDOG=trigger");
	expect(fd, "READY=1\nSTATUS=a");
	memset(status, 'x', sizeof(status) - 1);
	status[sizeof(status) - 1] = '\0';
	notify_status("%s", status);
	snprintf(wanted, sizeof(wanted), "STATUS=%.255s", status);
	expect(fd, wanted);
	close(fd);
}

/* Without a service manager, or with one that is gone, nothing happens. */
static void test_nobody_listens(void **state)
{
	const int fd = listen_here();

	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	notify_ready("serving");
	notify_alive();
	notify_stopping();
	assert_int_equal(recv(fd, &(char){0}, 1, 0), -1);
	close(fd);
	assert_int_equal(setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1), 0);
	notify_ready("serving");
	notify_alive();
}

static void test_interval(void **state)
{
	static const struct {
		const char *interval, *pid; /* pid "": this process; NULL: not set */
		uint64_t wanted_us;
	} cases[] = {
		{"10000000", "", 10000000},
		{"10000000", NULL, 10000000},
		{"1", "", 1},
		{"10000000", "1", 0},
		{NULL, "", 0},
		{"0", "", 0},
		{"ten", "", 0},
		{"10000000", "one", 0},
	};
	char self[16];

	(void)state;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsetenv("WATCHDOG_USEC");
		unsetenv("WATCHDOG_PID");
		if (cases[i].interval)
			setenv("WATCHDOG_USEC", cases[i].interval, 1);
		if (cases[i].pid)
			setenv("WATCHDOG_PID", *cases[i].pid ? cases[i].pid : self, 1);
		assert_int_equal(notify_watchdog_us(), cases[i].wanted_us);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_status_is_one_line),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
