/*
 * Receivers for the benchmark: an RTMP server that takes any number of publishers (1024 at a time) and counts what they
 * deliver.
 *
 *	rtmp_sink ADDRESS PORT
 *
 * One thread reads all connections. packets, bytes: audio and video messages and what is in them; lost: jumps of
 * video time; dropped: connections that were closed or given up. See sink.h for what it prints.
 */
#include "rtmp_session.h"
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PEERS     1024
#define BACKLOG       256
#define BATCH         64
#define READ_BYTES    65536
#define READS_A_PEER  16 /* of one tick: 1 MB, so that one peer cannot hold up the others */
#define RECEIVE_BYTES (1 << 20)

struct peer {
	int fd;
	struct rtmp_session session;
};

struct rtmp_sink {
	int listener, epoll;
	size_t peer_count;
	struct peer *peers[MAX_PEERS];
	struct sink_counts gone; /* of connections that are closed */
};

static void add_counts(const struct rtmp_session *session, struct sink_counts *counts)
{
	counts->senders += session->messages > 0;
	counts->packets += session->messages;
	counts->bytes += session->bytes;
	counts->lost += session->gaps;
}

static void count_all(void *context, struct sink_counts *counts)
{
	const struct rtmp_sink *sink = context;

	*counts = sink->gone;
	for (size_t i = 0; i < sink->peer_count; i++)
		add_counts(&sink->peers[i]->session, counts);
}

/* Takes the connection with this descriptor. */
static int add_peer(struct rtmp_sink *sink, int fd)
{
	struct peer *peer = malloc(sizeof(*peer));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};

	if (!peer || sink->peer_count == MAX_PEERS ||
	    epoll_ctl(sink->epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(peer);
		return -ENOMEM;
	}
	peer->fd = fd;
	rtmp_session_init(&peer->session);
	sink->peers[sink->peer_count++] = peer;
	return 0;
}

static void remove_peer(struct rtmp_sink *sink, struct peer *peer)
{
	size_t i = 0;

	while (sink->peers[i] != peer)
		i++;
	sink->peers[i] = sink->peers[--sink->peer_count];
	add_counts(&peer->session, &sink->gone);
	sink->gone.senders = 0; /* only of those that are there */
	sink->gone.dropped++;
	close(peer->fd);
	free(peer);
}

static void accept_peers(struct rtmp_sink *sink)
{
	const int bytes = RECEIVE_BYTES;
	int fd;

	while ((fd = accept4(sink->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
		if (add_peer(sink, fd))
			close(fd);
	}
}

/* The answers are a few kilobytes: a peer that has no room for them reads nothing. */
static int answer(struct peer *peer)
{
	const size_t size = peer->session.out_size;

	peer->session.out_size = 0;
	if (size && send(peer->fd, peer->session.out, size, MSG_NOSIGNAL) != (ssize_t)size)
		return -EIO;
	return 0;
}

static int read_peer(struct peer *peer)
{
	static uint8_t data[READ_BYTES];

	for (int i = 0; i < READS_A_PEER; i++) {
		const ssize_t size = recv(peer->fd, data, sizeof(data), 0);

		if (size < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (!size)
			return -ECONNRESET;
		if (rtmp_session_take(&peer->session, data, (size_t)size) || answer(peer))
			return -EPROTO;
		if (size < (ssize_t)sizeof(data))
			return 0;
	}
	return 0;
}

static void read_all(void *context)
{
	struct rtmp_sink *sink = context;
	struct epoll_event events[BATCH];
	int count, rounds = MAX_PEERS / BATCH;

	accept_peers(sink);
	do {
		count = epoll_wait(sink->epoll, events, BATCH, 0);
		for (int i = 0; i < count; i++)
			if (read_peer(events[i].data.ptr))
				remove_peer(sink, events[i].data.ptr);
	} while (count == BATCH && --rounds);
}

static int open_listener(const char *address, const char *port)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &local.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&local, sizeof(local)) || listen(fd, BACKLOG))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static struct rtmp_sink sink;
	int error;

	if (argc != 3) {
		fprintf(stderr, "usage: rtmp_sink ADDRESS PORT\n");
		return 2;
	}
	sink.listener = open_listener(argv[1], argv[2]);
	sink.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (sink.listener < 0 || sink.epoll < 0) {
		perror("rtmp_sink");
		return 1;
	}
	error = sink_run(read_all, count_all, &sink);
	while (sink.peer_count)
		remove_peer(&sink, sink.peers[0]);
	close(sink.epoll);
	close(sink.listener);
	return error ? 1 : 0;
}
