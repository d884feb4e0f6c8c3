/*
 * Datagrams through the kernel of the machine, over loopback: whole, in order, in their sizes, with and without
 * segmentation offload; what options ask for; what is refused.
 */
#include "output/datagram_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SEGMENT 1328u
#define WAIT_MS 20000

struct receiver {
	int fd;
	struct sockaddr_storage address;
	socklen_t length;
};

static const struct udp_options plain = {.tos = -1, .pkt_size = 1316};

static void set_on(int fd, int level, int option)
{
	const int on = 1;

	assert_int_equal(setsockopt(fd, level, option, &on, sizeof(on)), 0);
}

/* A socket on loopback that tells of each datagram how far it may go, and how it is marked. */
static struct receiver receiver_open(int family)
{
	struct receiver r = {.fd = socket(family, SOCK_DGRAM, 0), .length = sizeof(r.address)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const bool is_v6 = family == AF_INET6;

	assert_true(r.fd >= 0);
	assert_int_equal(bind(r.fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	                      is_v6 ? sizeof(v6) : sizeof(v4)),
	                 0);
	assert_int_equal(getsockname(r.fd, (struct sockaddr *)&r.address, &r.length), 0);
	set_on(r.fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL);
	set_on(r.fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_RECVTCLASS : IP_RECVTOS);
	return r;
}

static struct datagram_socket open_to(const struct receiver *r, const struct udp_options *options)
{
	struct datagram_socket s;
	const char *what = "";
	const int error = datagram_socket_open(&s, (const struct sockaddr *)&r->address, r->length,
	                                       options, &what);

	if (error)
		fail_msg("%s: %s", what, strerror(-error));
	return s;
}

static size_t receive(const struct receiver *r, uint8_t *out, size_t size)
{
	struct pollfd polled = {.fd = r->fd, .events = POLLIN};
	ssize_t got;

	assert_int_equal(poll(&polled, 1, WAIT_MS), 1);
	got = recv(r->fd, out, size, 0);
	assert_true(got >= 0);
	return (size_t)got;
}

/* Send a batch of count datagrams, the last of them last_bytes long, and get it back. */
static void pass(struct datagram_socket *s, const struct receiver *r, size_t count,
                 size_t last_bytes)
{
	static uint8_t sent[DATAGRAMS_MAX_BYTES];
	uint8_t got[2048];
	int error = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251 + count);
	assert_int_equal(datagram_socket_send(s, sent, SEGMENT, count, last_bytes, &error), count);
	for (size_t i = 0; i < count; i++) {
		const size_t size = receive(r, got, sizeof(got));

		assert_int_equal(size, i + 1 < count ? SEGMENT : last_bytes);
		assert_memory_equal(got, sent + i * SEGMENT, size);
	}
}

static void pass_all(int family, bool has_gso)
{
	struct receiver r = receiver_open(family);
	struct datagram_socket s = open_to(&r, &plain);

	s.has_gso = has_gso;
	pass(&s, &r, 1, SEGMENT);
	pass(&s, &r, 1, 200);
	pass(&s, &r, 2, SEGMENT);
	pass(&s, &r, 5, 200);
	pass(&s, &r, 48, SEGMENT);
	pass(&s, &r, 48, 12 + 188);
	assert_int_equal(s.has_gso, has_gso); /* loopback has it */
	datagram_socket_close(&s);
	datagram_socket_close(&s);
	close(r.fd);
}

static void test_batches(void **state)
{
	(void)state;
	pass_all(AF_INET, true);
	pass_all(AF_INET, false);
	pass_all(AF_INET6, true);
	pass_all(AF_INET6, false);
}

/* Segments over the MTU are refused by the kernel; the same batch leaves in fragments, and it is remembered. */
static void test_falls_back(void **state)
{
	static uint8_t data[2 * 65000];
	struct receiver r = receiver_open(AF_INET);
	struct datagram_socket s = open_to(&r, &plain);
	int error = 0;

	(void)state;
	s.peer_length = 1; /* no address at all: offload is not to blame */
	assert_int_equal(datagram_socket_send(&s, data, SEGMENT, 2, SEGMENT, &error), 0);
	assert_int_equal(error, -EINVAL);
	assert_true(s.has_gso);
	s.peer_length = r.length;
	assert_int_equal(setsockopt(s.fd, SOL_SOCKET, SO_NO_CHECK, &(int){1}, sizeof(int)), 0);
	assert_int_equal(datagram_socket_send(&s, data, SEGMENT, 2, SEGMENT, &error), 2);
	assert_false(s.has_gso); /* the kernel wants checksums for it */
	datagram_socket_close(&s);
	close(r.fd);
}

/* An ICMP error that comes back is not the next datagram's. */
static void test_nobody_listens(void **state)
{
	struct receiver r = receiver_open(AF_INET);
	struct datagram_socket s = open_to(&r, &plain);
	uint8_t data[2 * SEGMENT] = {0};
	int error = 0;

	(void)state;
	close(r.fd);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(datagram_socket_send(&s, data, SEGMENT, 1, 200, &error), 1);
		assert_int_equal(datagram_socket_send(&s, data, SEGMENT, 2, SEGMENT, &error), 2);
		assert_int_equal(datagram_socket_send_beside(&s, data, 200, 2), 0);
	}
	datagram_socket_close(&s);
}

static void check_marks(int family, int ttl_type, int tos_type)
{
	const struct udp_options marked = {.ttl = 7, .tos = 0xb8, .pkt_size = 1316};
	struct receiver r = receiver_open(family);
	struct datagram_socket s = open_to(&r, &marked);
	uint8_t byte = 1, control[256];
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	int error = 0, ttl = 0, tos = 0;

	assert_int_equal(datagram_socket_send(&s, &byte, 1, 1, 1, &error), 1);
	assert_int_equal(recvmsg(r.fd, &message, 0), 1);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_type == ttl_type)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
		if (c->cmsg_type == tos_type)
			memcpy(&tos, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	}
	assert_int_equal(ttl, 7);
	assert_int_equal(tos, 0xb8);
	datagram_socket_close(&s);
	close(r.fd);
}

static void test_marks(void **state)
{
	(void)state;
	check_marks(AF_INET, IP_TTL, IP_TOS);
	check_marks(AF_INET6, IPV6_HOPLIMIT, IPV6_TCLASS);
}

static void test_local_address(void **state)
{
	struct udp_options local = plain;
	struct receiver r = receiver_open(AF_INET), other = receiver_open(AF_INET);
	struct sockaddr_in from = {0};
	socklen_t length = sizeof(from);
	struct datagram_socket s;
	const char *what = NULL;
	uint8_t byte = 1;
	int error = 0;

	(void)state;
	strcpy(local.adapter, "127.0.0.7");
	local.localport = ntohs(((struct sockaddr_in *)&other.address)->sin_port);
	close(other.fd); /* a port that was free just now */
	s = open_to(&r, &local);
	assert_int_equal(datagram_socket_send(&s, &byte, 1, 1, 1, &error), 1);
	assert_int_equal(recvfrom(r.fd, &byte, 1, 0, (struct sockaddr *)&from, &length), 1);
	assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7f000007);
	assert_int_equal(ntohs(from.sin_port), local.localport);
	datagram_socket_close(&s);
	strcpy(local.adapter, "::1");
	assert_int_equal(
		datagram_socket_open(&s, (struct sockaddr *)&r.address, r.length, &local, &what),
		-EAFNOSUPPORT);
	assert_int_equal(s.fd, -1);
	assert_non_null(what);
	close(r.fd);
}

static void test_port_in_use(void **state)
{
	struct udp_options local = plain;
	struct receiver r = receiver_open(AF_INET);
	struct datagram_socket s;
	const char *what = NULL;

	(void)state;
	strcpy(local.adapter, "127.0.0.1");
	local.localport = ntohs(((struct sockaddr_in *)&r.address)->sin_port);
	assert_int_equal(
		datagram_socket_open(&s, (struct sockaddr *)&r.address, r.length, &local, &what),
		-EADDRINUSE);
	close(r.fd);
}

static void test_no_such_interface(void **state)
{
	struct udp_options options = plain;
	struct receiver r = receiver_open(AF_INET);
	struct datagram_socket s;
	const char *what = NULL;

	(void)state;
	strcpy(options.interface, "none-such");
	assert_int_equal(
		datagram_socket_open(&s, (struct sockaddr *)&r.address, r.length, &options, &what),
		-ENODEV);
	assert_string_equal(what, "cannot use the interface");
	close(r.fd);
}

/*
 * A group's datagrams reach receivers on this machine, through the interface named. IPv6 has no groups on loopback:
 * tests/integration/test_udp_output.sh has them.
 */
static void test_group(void **state)
{
	struct udp_options options = plain;
	struct receiver r = receiver_open(AF_INET);
	struct sockaddr_in *to = (struct sockaddr_in *)&r.address;
	struct ip_mreqn group = {.imr_ifindex = (int)if_nametoindex("lo")};
	struct datagram_socket s;
	uint8_t byte = 42;
	int error = 0;

	(void)state;
	strcpy(options.interface, "lo");
	options.ttl = 3;
	close(r.fd);
	r.fd = socket(AF_INET, SOCK_DGRAM, 0);
	to->sin_addr.s_addr = group.imr_multiaddr.s_addr = htonl(0xefff0c22); /* 239.255.12.34 */
	assert_int_equal(bind(r.fd, (struct sockaddr *)to, sizeof(*to)), 0);
	assert_int_equal(setsockopt(r.fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
	s = open_to(&r, &options);
	assert_int_equal(datagram_socket_send(&s, &byte, 1, 1, 1, &error), 1);
	byte = 0;
	assert_int_equal(receive(&r, &byte, 1), 1);
	assert_int_equal(byte, 42);
	datagram_socket_close(&s);
	close(r.fd);
}

static void test_beside(void **state)
{
	struct receiver r = receiver_open(AF_INET6);
	struct receiver below = r;
	struct sockaddr_in6 *port = (struct sockaddr_in6 *)&below.address;
	struct datagram_socket s;
	uint8_t byte = 9;

	(void)state;
	port->sin6_port = htons((uint16_t)(ntohs(port->sin6_port) - 4));
	s = open_to(&below, &plain);
	assert_int_equal(datagram_socket_send_beside(&s, &byte, 1, 4), 0);
	byte = 0;
	assert_int_equal(receive(&r, &byte, 1), 1);
	assert_int_equal(byte, 9);
	datagram_socket_close(&s);
	close(r.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_falls_back),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_no_such_interface),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
