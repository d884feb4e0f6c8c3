/*
 * A plain socket or TLS, behind the same few functions.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int stream_open(struct stream *stream, int fd, const struct tls_config *tls, int timeout_ms,
                int stop_fd, char *why, size_t size)
{
	struct tls *opened = NULL;
	int error = 0;

	*stream = (struct stream){.fd = -1};
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)) {
		error = -errno;
		snprintf(why, size, "%s", strerror(-error));
	}
	if (!error && tls)
		error = tls_open(&opened, fd, tls, timeout_ms, stop_fd, why, size);
	if (error) {
		close(fd);
		return error;
	}
	*stream = (struct stream){.fd = fd, .tls = opened};
	return 0;
}

ssize_t stream_receive(struct stream *stream, void *data, size_t size)
{
	ssize_t count;

	if (stream->tls)
		return tls_receive(stream->tls, data, size);
	count = recv(stream->fd, data, size, MSG_DONTWAIT);
	if (count < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return count;
}

ssize_t stream_send(struct stream *stream, const struct iovec *parts, size_t count)
{
	const struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
	                               .msg_iovlen = count};
	ssize_t sent;

	if (stream->tls)
		return tls_send(stream->tls, parts, count);
	sent = count ? sendmsg(stream->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (sent < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return sent;
}

short stream_events(const struct stream *stream, bool wanted)
{
	const short inside = stream->tls ? tls_events(stream->tls) : POLLIN;

	return wanted ? inside | POLLOUT : inside;
}

bool stream_has_bytes(const struct stream *stream)
{
	return stream->tls && tls_has_bytes(stream->tls);
}

const char *stream_error(const struct stream *stream, int error)
{
	if (!stream->tls)
		return strerrordesc_np(-error);
	return tls_error(stream->tls);
}

void stream_close(struct stream *stream)
{
	tls_close(stream->tls);
	stream->tls = NULL;
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}
