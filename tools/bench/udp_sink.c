/*
 * Receivers for the benchmark: UDP sockets that count RTP datagrams, and the gaps in their numbers.
 *
 *	udp_sink ADDRESS PORT PORTS PORT_STEP
 *
 * One socket for each of PORTS ports. lost: numbers that were jumped over; dropped: datagrams that found the
 * socket's queue full. bytes: without the RTP header. See sink.h for what it prints.
 */
#include "sink.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_PORTS      256
#define BATCH          64
#define DATAGRAM_BYTES 1500
#define RTP_BYTES      12
#define QUEUE_BYTES    (4 << 20)

struct port {
	int fd;
	uint16_t next; /* number expected */
	uint32_t dropped;
	struct sink_counts counts;
};

struct udp_sink {
	struct port ports[MAX_PORTS];
	unsigned int port_count;
};

static int open_port(const struct in_addr *address, uint16_t port)
{
	const struct sockaddr_in local = {
		.sin_family = AF_INET, .sin_addr = *address, .sin_port = htons(port)};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int bytes = QUEUE_BYTES, on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&local, sizeof(local)))
		return -errno;
	return fd;
}

static void count_datagram(struct port *port, const uint8_t *datagram, size_t size)
{
	const uint16_t number = size >= RTP_BYTES ? load_be16(datagram + 2) : 0;
	const uint16_t skipped = (uint16_t)(number - port->next);

	if (size < RTP_BYTES)
		return;
	if (port->counts.packets > 0 && skipped < 0x8000)
		port->counts.lost += skipped;
	port->next = (uint16_t)(number + 1);
	port->counts.packets++;
	port->counts.bytes += size - RTP_BYTES;
}

static void read_drops(struct port *port, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(&port->dropped, CMSG_DATA(c), sizeof(port->dropped));
}

static void read_port(struct port *port)
{
	static uint8_t datagrams[BATCH][DATAGRAM_BYTES], control[BATCH][CMSG_SPACE(4)];
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	int count;

	do {
		for (int i = 0; i < BATCH; i++) {
			vectors[i] = (struct iovec){datagrams[i], DATAGRAM_BYTES};
			messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i],
			                                      .msg_iovlen = 1,
			                                      .msg_control = control[i],
			                                      .msg_controllen = sizeof(control[i])};
		}
		count = recvmmsg(port->fd, messages, BATCH, 0, NULL);
		for (int i = 0; i < count; i++) {
			count_datagram(port, datagrams[i], messages[i].msg_len);
			read_drops(port, &messages[i].msg_hdr);
		}
	} while (count == BATCH);
}

static void read_all(void *context)
{
	struct udp_sink *sink = context;

	for (unsigned int i = 0; i < sink->port_count; i++)
		read_port(&sink->ports[i]);
}

static void count_all(void *context, struct sink_counts *out)
{
	struct udp_sink *sink = context;

	for (unsigned int i = 0; i < sink->port_count; i++) {
		const struct port *port = &sink->ports[i];

		out->senders += port->counts.packets > 0;
		out->packets += port->counts.packets;
		out->bytes += port->counts.bytes;
		out->lost += port->counts.lost;
		out->dropped += port->dropped;
	}
}

int main(int argc, char **argv)
{
	static struct udp_sink sink;
	struct in_addr address;
	unsigned int wanted;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &address) != 1 || atoi(argv[3]) < 1 ||
	    atoi(argv[3]) > MAX_PORTS) {
		fprintf(stderr, "usage: udp_sink ADDRESS PORT PORTS PORT_STEP\n");
		return 2;
	}
	wanted = (unsigned int)atoi(argv[3]);
	for (; sink.port_count < wanted; sink.port_count++) {
		const int port = atoi(argv[2]) + (int)sink.port_count * atoi(argv[4]);
		const int fd = open_port(&address, (uint16_t)port);

		if (fd < 0) {
			fprintf(stderr, "udp_sink: port %d: %s\n", port, strerror(-fd));
			return 1;
		}
		sink.ports[sink.port_count].fd = fd;
	}
	return sink_run(read_all, count_all, &sink) ? 1 : 0;
}
