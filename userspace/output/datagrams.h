/*
 * Several datagrams of a UDP socket to one peer, with one system call.
 *
 * They leave by UDP generic segmentation offload (UDP_SEGMENT, udp(7)): the kernel takes the headers' way once for all
 * of them. Where it cannot (a device without checksum offload, datagrams that need fragments) they leave by sendmmsg.
 */
#ifndef OUTPUT_DATAGRAMS_H
#define OUTPUT_DATAGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define DATAGRAMS_MAX       64    /* UDP_MAX_SEGMENTS of the kernel */
#define DATAGRAMS_MAX_BYTES 65000 /* what one IP packet could hold */

/*
 * Send count datagrams, a part each, all of the size of the first but the last, which may be shorter. At most
 * DATAGRAMS_MAX and DATAGRAMS_MAX_BYTES. Never blocks. *has_gso: offload has not yet been found wanting; updated.
 * Returns how many the kernel took; fewer than count: *error is why it refused the next, a negative errno, -EAGAIN
 * when there is no room just now. Thread: any.
 */
size_t datagrams_send(int fd, const struct sockaddr *peer, socklen_t length,
                      const struct iovec *parts, size_t count, bool *has_gso, int *error);

#endif
