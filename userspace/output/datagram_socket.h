/*
 * A UDP socket that sends to one peer, many datagrams with one system call.
 *
 * It is never connected: so an ICMP error that comes back (nobody listens there) is no error here, as it should be
 * with UDP, and every batch takes the route that there is at that moment. How a batch leaves: see datagrams.h.
 * Thread: one at a time.
 */
#ifndef OUTPUT_DATAGRAM_SOCKET_H
#define OUTPUT_DATAGRAM_SOCKET_H

#include "datagrams.h"
#include "udp_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* All fields but peer and batches are private. */
struct datagram_socket {
	int fd;       /* -1: not open */
	bool has_gso; /* not yet found wanting */
	struct sockaddr_storage peer;
	socklen_t peer_length;
};

/*
 * Open for one peer, and see that there is a route to it. Used of options: ttl, tos, adapter, interface, localport.
 * A multicast group's datagrams are also given to receivers on this machine. out->fd is -1 on error, and *what
 * says in a few words what failed (a constant), NULL when errno's words do.
 * Errors: negative errno, among them -EAFNOSUPPORT for an adapter of the peer's other family.
 */
int datagram_socket_open(struct datagram_socket *out, const struct sockaddr *peer, socklen_t length,
                         const struct udp_options *options, const char **what);

/* Not open is fine. */
void datagram_socket_close(struct datagram_socket *socket);

/*
 * Send count datagrams that lie one behind the other at data, each of segment bytes but the last, of last_bytes, which
 * may be less. At most DATAGRAMS_MAX and DATAGRAMS_MAX_BYTES. Never blocks. Returns how many the kernel took;
 * fewer than count: *error is why it refused the next, a negative errno, -EAGAIN when there is no room just now.
 */
size_t datagram_socket_send(struct datagram_socket *socket, const uint8_t *data, size_t segment,
                            size_t count, size_t last_bytes, int *error);

/* Send one datagram to another port of the peer, port_offset above its own. Never blocks. Errors: negative errno. */
int datagram_socket_send_beside(struct datagram_socket *socket, const uint8_t *data, size_t size,
                                uint16_t port_offset);

#endif
