/*
 * Connecting: non-blocking, with poll() on the socket and on the descriptor that says stop.
 */
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A peer that takes nothing for io_timeout_ms is dead, also when it keeps a zero window open. */
static void set_timeouts(int fd, int io_timeout_ms)
{
	const struct timeval timeout = {.tv_sec = io_timeout_ms / 1000,
	                                .tv_usec = io_timeout_ms % 1000 * 1000};
	const unsigned int user_timeout = (unsigned int)io_timeout_ms;
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof(user_timeout));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* 0 when connected, negative errno otherwise. */
static int wait_connected(int fd, int timeout_ms, int stop_fd)
{
	struct pollfd polled[2] = {{.fd = fd, .events = POLLOUT},
	                           {.fd = stop_fd, .events = POLLIN}};
	socklen_t size = sizeof(int);
	int error = 0, ready;

	do {
		ready = poll(polled, 2, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (polled[1].revents)
		return -ECANCELED;
	if (ready == 0)
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return -error;
}

static int connect_one(const struct sockaddr *address, socklen_t length, int timeout_ms,
                       int stop_fd)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, length))
		error = errno == EINPROGRESS ? wait_connected(fd, timeout_ms, stop_fd) : -errno;
	if (!error && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

int tcp_connect(const struct resolve_result *addresses, int timeout_ms, int io_timeout_ms,
                int stop_fd)
{
	int fd = -EDESTADDRREQ;

	for (size_t i = 0; i < addresses->count && fd < 0 && fd != -ECANCELED; i++)
		fd = connect_one((const struct sockaddr *)&addresses->list[i].address,
		                 addresses->list[i].length, timeout_ms, stop_fd);
	if (fd >= 0)
		set_timeouts(fd, io_timeout_ms);
	return fd;
}
