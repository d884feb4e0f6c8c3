/*
 * A UDP socket to one peer: opened as its options say, closed.
 */
#include "datagram_socket.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#define SEND_BUFFER_BYTES (1 << 20) /* two large batches; the kernel may give less */

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static bool is_group(const struct sockaddr *peer)
{
	struct in6_addr address;

	return address_from_sockaddr(&address, peer) && address_is_multicast(&address);
}

/* How far and marked how datagrams go. Option 0 of a level and -1 leave the system's. */
static int set_marks(int fd, const struct sockaddr *peer, const struct udp_options *options)
{
	const bool is_v6 = peer->sa_family == AF_INET6;
	const int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int hops = is_v6 ? IPV6_UNICAST_HOPS : IP_TTL, error = 0;

	if (is_group(peer))
		hops = is_v6 ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL;
	if (options->ttl)
		error = set_int(fd, level, hops, options->ttl);
	if (!error && options->tos >= 0)
		error = set_int(fd, level, is_v6 ? IPV6_TCLASS : IP_TOS, options->tos);
	return error;
}

/* A link-local address means nothing without its link. */
static void set_scope(struct sockaddr_storage *peer, const struct udp_options *options)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)peer;

	if (peer->ss_family == AF_INET6 && !v6->sin6_scope_id && options->interface[0] &&
	    (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&v6->sin6_addr)))
		v6->sin6_scope_id = if_nametoindex(options->interface);
}

/* Through which interface. For a group without one, that of the local address. */
static int set_interface(int fd, const struct sockaddr *peer, const struct udp_options *options)
{
	const bool is_v6 = peer->sa_family == AF_INET6;
	struct ip_mreqn request = {0};
	unsigned int index;

	if (!options->interface[0]) {
		if (is_v6 || !is_group(peer) || !options->adapter[0])
			return 0;
		inet_pton(AF_INET, options->adapter, &request.imr_address);
	} else {
		index = if_nametoindex(options->interface);
		if (!index)
			return -ENODEV;
		if (is_v6)
			return is_group(peer)
			               ? set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index)
			               : set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_IF,
			                         (int)htonl(index));
		if (!is_group(peer))
			return set_int(fd, IPPROTO_IP, IP_UNICAST_IF, (int)htonl(index));
		request.imr_ifindex = (int)index;
	}
	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request)) ? -errno : 0;
}

static int bind_local(int fd, int family, const struct udp_options *options)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(options->localport)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(options->localport)};
	void *address = family == AF_INET6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr;
	const bool is_v6 = family == AF_INET6;

	if (options->adapter[0] && inet_pton(family, options->adapter, address) != 1)
		return -EAFNOSUPPORT;
	if (!options->adapter[0] && !options->localport)
		return 0;
	return bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	            is_v6 ? sizeof(v6) : sizeof(v4))
	               ? -errno
	               : 0;
}

/* connect() looks the route up and sends nothing; undone, the socket is as before. */
static int check_route(int fd, const struct sockaddr *peer, socklen_t length)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	if (connect(fd, peer, length) || connect(fd, &nobody, sizeof(nobody)))
		return -errno;
	return 0;
}

static int prepare(int fd, const struct sockaddr *peer, socklen_t length,
                   const struct udp_options *options, const char **what)
{
	int error;

	/* Whatever comes back is not read: it shall take no memory. More to send than fits waits in the ring. */
	set_int(fd, SOL_SOCKET, SO_RCVBUF, 0);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES);
	*what = "cannot use the interface";
	error = set_interface(fd, peer, options);
	if (error)
		return error;
	*what = "cannot set ttl or tos";
	error = set_marks(fd, peer, options);
	if (error)
		return error;
	*what = "cannot use the local address or port";
	error = bind_local(fd, peer->sa_family, options);
	if (error)
		return error;
	*what = "cannot send there";
	return check_route(fd, peer, length);
}

int datagram_socket_open(struct datagram_socket *out, const struct sockaddr *peer, socklen_t length,
                         const struct udp_options *options, const char **what)
{
	int error;

	*out = (struct datagram_socket){.fd = -1, .has_gso = true, .peer_length = length};
	memcpy(&out->peer, peer, length);
	set_scope(&out->peer, options);
	*what = "no socket";
	out->fd = socket(peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->fd < 0)
		return -errno;
	error = prepare(out->fd, (const struct sockaddr *)&out->peer, length, options, what);
	if (error)
		datagram_socket_close(out);
	return error;
}

void datagram_socket_close(struct datagram_socket *socket)
{
	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = -1;
}

size_t datagram_socket_send(struct datagram_socket *socket, const uint8_t *data, size_t segment,
                            size_t count, size_t last_bytes, int *error)
{
	struct iovec parts[DATAGRAMS_MAX];

	for (size_t i = 0; i < count; i++)
		parts[i] = (struct iovec){.iov_base = (void *)(data + i * segment),
		                          .iov_len = i + 1 < count ? segment : last_bytes};
	return datagrams_send(socket->fd, (const struct sockaddr *)&socket->peer,
	                      socket->peer_length, parts, count, &socket->has_gso, error);
}

int datagram_socket_send_beside(struct datagram_socket *socket, const uint8_t *data, size_t size,
                                uint16_t port_offset)
{
	struct sockaddr_storage to = socket->peer;
	in_port_t *port = &((struct sockaddr_in *)&to)->sin_port;

	if (to.ss_family == AF_INET6)
		port = &((struct sockaddr_in6 *)&to)->sin6_port;
	*port = htons((uint16_t)(ntohs(*port) + port_offset));
	return sendto(socket->fd, data, size, 0, (struct sockaddr *)&to, socket->peer_length) < 0
	               ? -errno
	               : 0;
}
