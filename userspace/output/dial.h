/*
 * From a URL to a connected stream: the host's name resolved, TCP, and TLS where the URL asks for it.
 */
#ifndef OUTPUT_DIAL_H
#define OUTPUT_DIAL_H

#include "rtmp_options.h"
#include "stream.h"
#include "url.h"

#include <stddef.h>

/*
 * Connect, for at most timeout_ms in all, or until stop_fd is readable. Owns: *stream is the caller's, ended by
 * stream_close; on error it has no socket. Errors: -ETIMEDOUT, -ECANCELED, -ENOENT (no such name) and other negative
 * errno; why (size bytes) gets the reason. Thread: the output's own.
 */
int dial_open(struct stream *stream, const struct output_url *url,
              const struct rtmp_options *options, int timeout_ms, int stop_fd, char *why,
              size_t size);

#endif
