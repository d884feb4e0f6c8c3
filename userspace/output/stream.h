/*
 * A connected stream of bytes that never waits: a TCP socket, plain or under TLS.
 *
 * Who uses it polls stream_fd() for stream_events(). TLS keeps up to one record inside on either side: what has come
 * and is not yet taken (stream_events() says so by `ready`), and what was taken to be sent and did not fit the
 * socket (POLLOUT is among the events then; a stream_send of nothing moves it on).
 */
#ifndef OUTPUT_STREAM_H
#define OUTPUT_STREAM_H

#include "tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Embed it; set up by stream_open, freed by stream_close. */
struct stream {
	int fd;          /* non-blocking, the stream's own; -1: none */
	struct tls *tls; /* NULL: plain */
};

/*
 * Make a stream of the connected socket fd, which becomes the stream's in every case and non-blocking. tls: shake
 * hands first, for at most timeout_ms or until stop_fd is readable; NULL: plain, at once. On error *stream has no
 * socket. Errors: those of tls_open, why (size bytes) gets the reason in words; -errno. Thread: the output's own (all).
 */
int stream_open(struct stream *stream, int fd, const struct tls_config *tls, int timeout_ms,
                int stop_fd, char *why, size_t size);

/*
 * Receive up to size bytes. Returns how many, 0: the server has closed; -EAGAIN: nothing there now; -EIO and other
 * negative errno: the connection is gone, see stream_error.
 */
ssize_t stream_receive(struct stream *stream, void *data, size_t size);

/*
 * Send the count parts (at most 1024) one after the other. Returns the bytes taken, which may be fewer than
 * given: go on from there when POLLOUT comes. What was taken need not be kept. With nothing to send it moves on what
 * TLS has inside, and returns 0 once that is gone. -EAGAIN: none was taken; other errors as above.
 */
ssize_t stream_send(struct stream *stream, const struct iovec *parts, size_t count);

/* What to poll for, POLLIN always; wanted: there is more to send. */
short stream_events(const struct stream *stream, bool wanted);

/* Bytes are there that poll() does not tell of: receive before polling. */
bool stream_has_bytes(const struct stream *stream);

/* Words for the last error of receive or send ("connection reset by peer"); error is what they returned. Borrowed. */
const char *stream_error(const struct stream *stream, int error);

/* Say goodbye without waiting, close the socket. Twice is fine, and never opened with fd = -1. */
void stream_close(struct stream *stream);

#endif
