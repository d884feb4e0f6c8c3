/*
 * The local ports on which SRT outputs listen.
 *
 * Outputs with the same local address and port share one listener: the first opens it, the last closes it. Each of
 * them is a route, and a reader's stream id decides which one it gets:
 *
 * 1. the output whose streamid is the reader's whole id;
 * 2. the output whose streamid is the resource that the id names (stream_id.h);
 * 3. the output without a streamid, if there is one, whatever the id.
 *
 * The same streamid (or none) twice on one port is a conflict: the later output waits for the earlier to go. What
 * libsrt fixes for a port as a whole (mss, ttl, tos, buffers) is as the output says that opened it; the rest is each
 * output's own.
 *
 * libsrt's threads ask for admission, sender threads fetch who was admitted. One lock guards the ports and routes;
 * no call of libsrt is made under it (docs/adr/001).
 */
#ifndef OUTPUT_SRT_PORT_H
#define OUTPUT_SRT_PORT_H

#include "srt_guests.h"
#include "srt_route.h"
#include "srt_socket.h"
#include "url.h"

#include <stdint.h>

/*
 * Listen at the URL's adapter or host ("": any IPv4 address) and port; url is borrowed until srt_port_leave.
 * Errors, with the reason in why (SRT_REASON_BYTES): -EAGAIN: in the way is something that may be gone in a moment;
 * -EADDRNOTAVAIL, -ENOMEM. Thread: the output's sender (all but where it says otherwise).
 */
int srt_port_join(struct srt_route *route, const struct output_url *url, char *why);

/* Listen no more; the readers taken stay connected and are the caller's. At no port is fine. */
void srt_port_leave(struct srt_route *route);

/*
 * The next reader; its socket is the caller's, to be closed before srt_port_return. Costs an atomic load while none is
 * expected. Errors: -EAGAIN.
 */
int srt_port_take(struct srt_route *route, struct srt_arrival *out, int64_t now_ns);

/* A reader that was taken is gone: its place is free for another. */
void srt_port_return(struct srt_route *route);

#endif
