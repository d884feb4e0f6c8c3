/*
 * TCP connections that can be given up at any moment.
 */
#ifndef OUTPUT_TCP_H
#define OUTPUT_TCP_H

#include "base/resolve.h"

/*
 * Connect to whichever address answers first (RFC 8305 section 5, "happy eyeballs"): families take turns, beginning
 * with that of the first address; each next attempt starts when the one before has failed or 250 ms have gone, and the
 * others end when one is through. Takes at most timeout_ms, and ends when stop_fd (-1: none) becomes readable.
 *
 * Returns a non-blocking descriptor of the caller's, without delay of small segments, on which a peer that acknowledges
 * nothing, or takes nothing with its window shut, for silence_ms counts as gone (TCP_USER_TIMEOUT).
 * Errors: -ECANCELED (stop_fd), -ETIMEDOUT, else a negative errno: why the attempt that failed last did.
 * Thread: any but a loop.
 */
int tcp_open(const struct resolve_result *addresses, int timeout_ms, int silence_ms, int stop_fd);

#endif
