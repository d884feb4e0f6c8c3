/*
 * udp_receiver ADDRESS PORT FILE ts|rtp [INTERFACE]: an independent receiver of MPEG-TS over UDP or RTP (RFC 3550),
 * sharing nothing with what it tests. ADDRESS is one to bind to, or a group to join on INTERFACE.
 *
 * FILE gets the TS in the order of arrival. FILE.times gets a line for each datagram: when the kernel received it, in
 * microseconds since 1970, its TS packets, and its RTP time stamp. On SIGTERM it prints
 *
 *	datagrams=N bytes=N short=N malformed=N sources=N gaps=N backwards=N
 *
 * short: of fewer than 7 TS packets. malformed: not whole TS packets, or no plain RTP header of payload type 33.
 * sources: SSRCs seen. gaps: sequence numbers that do not follow. backwards: time stamps that go back.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PACKET        188
#define FULL          7
#define RTP_HEADER    12
#define SOCKET_BUFFER (8 << 20)

struct report {
	unsigned long datagrams, bytes, shorter, malformed, sources, gaps, backwards;
};

struct stream {
	bool started;
	uint16_t sequence;
	uint32_t ssrc, timestamp;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Bound, and in the group if it is one; -1 when that fails. */
static int open_receiver(const char *host, int port, const char *interface)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	const bool is_v6 = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
	const int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	const int bytes = SOCKET_BUFFER, on = 1;
	const unsigned int index = interface ? if_nametoindex(interface) : 0;
	int bad = 0;

	if (!is_v6 && inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	bad |= setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	bad |= bind(fd, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	            is_v6 ? sizeof(v6) : sizeof(v4));
	if (is_v6 && IN6_IS_ADDR_MULTICAST(&v6.sin6_addr)) {
		const struct ipv6_mreq group = {.ipv6mr_multiaddr = v6.sin6_addr,
		                                .ipv6mr_interface = index};

		bad |= setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof(group));
	} else if (!is_v6 && IN_MULTICAST(ntohl(v4.sin_addr.s_addr))) {
		const struct ip_mreqn group = {.imr_multiaddr = v4.sin_addr,
		                               .imr_ifindex = (int)index};

		bad |= setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group));
	}
	return bad ? -1 : fd;
}

/* A datagram and when it came, in microseconds; its size, 0 when there is none. */
static size_t receive(int fd, uint8_t *out, size_t size, int64_t *at_us)
{
	char control[256];
	struct iovec part = {out, size};
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	struct timespec at = {0};
	const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); got > 0 && c;
	     c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&at, CMSG_DATA(c), sizeof(at));
	}
	*at_us = (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
	return got > 0 ? (size_t)got : 0;
}

static void check_rtp(struct stream *s, struct report *report, const uint8_t *p)
{
	const uint16_t sequence = (uint16_t)(p[2] << 8 | p[3]);
	const uint32_t timestamp = be32(p + 4), ssrc = be32(p + 8);

	if (!s->started || ssrc != s->ssrc) {
		*s = (struct stream){true, sequence, ssrc, timestamp};
		report->sources++;
		return;
	}
	report->gaps += (uint16_t)(s->sequence + 1) != sequence;
	report->backwards += (int32_t)(timestamp - s->timestamp) < 0;
	s->sequence = sequence;
	s->timestamp = timestamp;
}

int main(int argc, char **argv)
{
	const bool rtp = argc > 4 && !strcmp(argv[4], "rtp");
	const size_t header = rtp ? RTP_HEADER : 0;
	struct report report = {0};
	struct stream stream = {0};
	char times_name[4096];
	FILE *file, *times;
	int fd;

	if (argc < 5 || argc > 6)
		return 2;
	snprintf(times_name, sizeof(times_name), "%s.times", argv[3]);
	file = fopen(argv[3], "wb");
	times = fopen(times_name, "w");
	fd = open_receiver(argv[1], atoi(argv[2]), argc > 5 ? argv[5] : NULL);
	if (!file || !times || fd < 0) {
		perror("udp_receiver");
		return 1;
	}
	signal(SIGTERM, on_signal);
	while (!ended) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		uint8_t datagram[2048];
		int64_t at_us;
		size_t size;

		if (poll(&polled, 1, 100) <= 0)
			continue;
		while ((size = receive(fd, datagram, sizeof(datagram), &at_us)) > 0) {
			report.datagrams++;
			if (size <= header || (size - header) % PACKET ||
			    datagram[header] != 0x47 ||
			    (rtp && (datagram[0] != 0x80 || datagram[1] != 33))) {
				report.malformed++;
				continue;
			}
			if (rtp)
				check_rtp(&stream, &report, datagram);
			report.bytes += size - header;
			report.shorter += (size - header) / PACKET < FULL;
			fwrite(datagram + header, 1, size - header, file);
			fprintf(times, "%lld %zu %u\n", (long long)at_us, (size - header) / PACKET,
			        stream.timestamp);
		}
	}
	printf("datagrams=%lu bytes=%lu short=%lu malformed=%lu sources=%lu gaps=%lu backwards=%lu\n",
	       report.datagrams, report.bytes, report.shorter, report.malformed, report.sources,
	       report.gaps, report.backwards);
	return fclose(file) || fclose(times) ? 1 : 0;
}
