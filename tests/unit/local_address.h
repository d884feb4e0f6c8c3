/*
 * Addresses of this machine, and ports of theirs.
 */
#ifndef TESTS_LOCAL_ADDRESS_H
#define TESTS_LOCAL_ADDRESS_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Returns the size of what was written. */
static inline socklen_t make_sockaddr(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/*
 * A UDP port that nobody uses just now, another one each time; 0 where there is no such address. The kernel gives it to
 * nobody who does not name it.
 */
static inline uint16_t free_port(const char *address)
{
	static unsigned int next;
	struct sockaddr_storage local;
	int error, tries = 0;
	uint16_t port;

	next = next ? next : (unsigned int)getpid();
	do {
		socklen_t length;
		int fd;

		assert_true(tries++ < 10000);
		port = (uint16_t)(20000 + next++ % 10000);
		length = make_sockaddr(&local, address, port);
		fd = socket(local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		error = fd < 0 || bind(fd, (struct sockaddr *)&local, length) ? errno : 0;
		if (fd >= 0)
			close(fd);
	} while (error == EADDRINUSE);
	return error ? 0 : port;
}

#endif
