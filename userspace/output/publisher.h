/*
 * One RTMP publishing session on a connected socket. The only user of librtmp.
 *
 * librtmp does the handshake, connect, createStream and publish (Adobe RTMP 1.0, sections 5.2 and 7.2);
 * name resolution and connecting are done before, because librtmp does both badly.
 */
#ifndef OUTPUT_PUBLISHER_H
#define OUTPUT_PUBLISHER_H

#include "media/flv.h"
#include "url.h"

#include <stddef.h>

struct publisher;

/*
 * Handshake and publish, blocking for at most the socket's time limits.
 * Owns: fd becomes the publisher's in every case; *out is the caller's, freed by publisher_close; url is
 * borrowed while it lives. Errors: -EIO, -ENOMEM; why (size bytes) gets the server's words or ours.
 * Thread: the output's own (all four).
 */
int publisher_open(struct publisher **out, int fd, const struct output_url *url, char *why,
                   size_t size);

/*
 * Send one tag as an RTMP message with the time stamp given (ms, wraps at 32 bits as RTMP does).
 * Errors: -EIO, -ENOMEM.
 */
int publisher_send(struct publisher *publisher, const struct flv_tag *tag, uint32_t timestamp_ms);

/*
 * Read and answer what the server sent, without waiting; call it when the socket is readable. Errors: -EIO when the
 * connection is gone or the server says that publishing has failed; why then gets the reason.
 */
int publisher_receive(struct publisher *publisher, char *why, size_t size);

/* Unpublish if still connected, close, free. NULL is fine. */
void publisher_close(struct publisher *publisher);

#endif
