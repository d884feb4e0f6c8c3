/*
 * A socket for a library that insists on one, when the peer is behind TLS or must not block us: librtmp's.
 *
 * The library gets one end of a local socket pair. While a blocking call of it runs, on a thread that lives as long
 * as the call, the output's own thread carries the bytes between the pair and the stream: with a limit
 * in time, and an ear for the stop descriptor. Afterwards the library may still write (small) messages, which
 * bridge_flush carries on; what the server says is read from the stream.
 */
#ifndef OUTPUT_BRIDGE_H
#define OUTPUT_BRIDGE_H

#include "stream.h"

#include <stddef.h>

/* Embed it; set up by bridge_open, freed by bridge_close. */
struct bridge {
	int library_fd; /* blocking; the library's to read and write, the bridge's to close */
	int own_fd;     /* non-blocking */
};

/* Errors: -errno (no descriptors). Thread: the output's own (all). */
int bridge_open(struct bridge *bridge);

/* Blocks on library_fd as it likes; what it returns is passed on. Thread: one of its own. */
typedef int (*bridge_call_fn)(void *argument);

/*
 * Run call(argument), and carry bytes both ways until it returns; of what the server sends, at most receive_bytes, so
 * that nothing is left in between (the server's half of an RTMP handshake is 1 + 2 * 1536 bytes). What the call wrote
 * is with the stream then. After timeout_ms, a stop (stop_fd readable) or a broken stream the pair is shut down, which
 * ends a read or write of the call, so it returns at once; the bridge is of no use then but to be closed.
 * Errors: what call returned; -ETIMEDOUT, -ECANCELED, -ECONNRESET (closed by the server), those of stream_send and
 * stream_receive, -EAGAIN (no thread).
 */
int bridge_call(struct bridge *bridge, struct stream *stream, size_t receive_bytes,
                bridge_call_fn call, void *argument, int timeout_ms, int stop_fd);

/* Carry what the library has written to the stream, waiting as above. Errors: as above. */
int bridge_flush(struct bridge *bridge, struct stream *stream, int timeout_ms, int stop_fd);

/* Twice is fine. */
void bridge_close(struct bridge *bridge);

#endif
