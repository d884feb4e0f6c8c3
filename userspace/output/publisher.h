/*
 * Opening an RTMP publishing session on a connected stream. The only user of librtmp.
 *
 * librtmp does the handshake, connect, createStream and publish (Adobe RTMP 1.0, sections 5.2 and 7.2); name resolution
 * and connecting are done before, because librtmp does both badly, and sending after it, because librtmp blocks.
 */
#ifndef OUTPUT_PUBLISHER_H
#define OUTPUT_PUBLISHER_H

#include "session.h"
#include "url.h"

#include <stddef.h>

/*
 * Shake hands and publish, for at most timeout_ms, or until stop_fd is readable. Owns: *out is the caller's, freed by
 * session_destroy; stream and url are borrowed while it lives. Errors: -ETIMEDOUT, -ECANCELED, -EIO, -ENOMEM, those of
 * the stream; why (size bytes) gets the server's words or ours. Thread: the output's own.
 */
int publisher_open(struct session **out, struct stream *stream, const struct output_url *url,
                   int timeout_ms, int stop_fd, char *why, size_t size);

#endif
