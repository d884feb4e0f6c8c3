/*
 * The steps share one limit in time: a peer that uses it up in one of them has none left for the others.
 */
#include "dial.h"

#include "base/clock.h"
#include "base/resolve.h"
#include "tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define RESOLVE_LOOK_MS 10   /* the resolver tells nobody that it is done */
#define SILENCE_MS      5000 /* the kernel's own limit; the session notices before */

static int left_ms(int64_t deadline_ns)
{
	const int64_t left_ns = deadline_ns - clock_now_ns();

	return left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
}

static bool is_stopped(int stop_fd, int timeout_ms)
{
	struct pollfd polled = {.fd = stop_fd, .events = POLLIN};

	return poll(&polled, 1, timeout_ms) > 0;
}

static int resolve_host(struct resolve_result *addresses, const struct output_url *url,
                        int64_t deadline_ns, int stop_fd, char *why, size_t size)
{
	struct resolve *resolve;
	int error = resolve_start(&resolve, url->host, url->port, SOCK_STREAM);

	if (error) {
		snprintf(why, size, "no memory to resolve the host name");
		return error;
	}
	while ((error = resolve_poll(resolve, addresses)) == -EAGAIN) {
		if (is_stopped(stop_fd, RESOLVE_LOOK_MS))
			error = -ECANCELED;
		else if (!left_ms(deadline_ns))
			error = -ETIMEDOUT;
		if (error != -EAGAIN)
			break;
	}
	if (error == -ETIMEDOUT)
		snprintf(why, size, "the name server does not answer");
	else if (error && error != -ECANCELED)
		snprintf(why, size, "cannot resolve the host name: %s", resolve_error(resolve));
	resolve_drop(resolve);
	return error;
}

int dial_open(struct stream *stream, const struct output_url *url,
              const struct rtmp_options *options, int timeout_ms, int stop_fd, char *why,
              size_t size)
{
	const struct tls_config tls = {
		.host = url->host, .verify = options->tls_verify, .ca_file = options->tls_ca};
	const int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct resolve_result addresses;
	int fd;

	*stream = (struct stream){.fd = -1};
	fd = resolve_host(&addresses, url, deadline_ns, stop_fd, why, size);
	if (fd < 0)
		return fd;
	fd = tcp_open(&addresses, left_ms(deadline_ns), SILENCE_MS, stop_fd);
	if (fd < 0) {
		snprintf(why, size, "cannot connect: %s", strerror(-fd));
		return fd;
	}
	return stream_open(stream, fd, url->rtmp.tls ? &tls : NULL, left_ms(deadline_ns), stop_fd,
	                   why, size);
}
