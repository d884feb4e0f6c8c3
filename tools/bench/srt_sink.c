/*
 * Receivers for the benchmark: SRT listeners that count what their callers deliver.
 *
 *	srt_sink ADDRESS PORT PORTS LATENCY_MS [PASSPHRASE]
 *
 * Listens on PORTS ports from PORT on, any number of callers each; all of them share a few threads of libsrt, and
 * are read by one. lost: packets that SRT found missing, sent again or not; dropped: those that came too late
 * or never. See sink.h for what it prints.
 */
#include "sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <srt/srt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LISTENERS 16
#define MAX_PEERS     1024
#define BACKLOG       256
#define MESSAGE_BYTES 1456

struct peer {
	SRTSOCKET socket; /* SRT_INVALID_SOCK when gone */
	struct sink_counts counts;
};

struct srt_sink {
	SRTSOCKET listeners[MAX_LISTENERS];
	unsigned int listener_count;
	struct peer peers[MAX_PEERS];
	unsigned int peer_count;
};

static bool set_int(SRTSOCKET socket, SRT_SOCKOPT option, int value)
{
	return srt_setsockflag(socket, option, &value, sizeof(value)) != SRT_ERROR;
}

static SRTSOCKET listen_on(const struct in_addr *address, uint16_t port, int latency_ms,
                           const char *passphrase)
{
	const struct sockaddr_in local = {
		.sin_family = AF_INET, .sin_addr = *address, .sin_port = htons(port)};
	const SRTSOCKET s = srt_create_socket();

	if (s == SRT_INVALID_SOCK || !set_int(s, SRTO_TRANSTYPE, SRTT_LIVE) ||
	    !set_int(s, SRTO_RCVSYN, 0) || !set_int(s, SRTO_LATENCY, latency_ms) ||
	    (passphrase && srt_setsockflag(s, SRTO_PASSPHRASE, passphrase,
	                                   (int)strlen(passphrase)) == SRT_ERROR) ||
	    srt_bind(s, (const struct sockaddr *)&local, sizeof(local)) == SRT_ERROR ||
	    srt_listen(s, BACKLOG) == SRT_ERROR)
		return SRT_INVALID_SOCK;
	return s;
}

static void accept_peers(struct srt_sink *sink, SRTSOCKET listener)
{
	while (sink->peer_count < MAX_PEERS) {
		const SRTSOCKET s = srt_accept(listener, NULL, NULL);

		if (s == SRT_INVALID_SOCK)
			return;
		sink->peers[sink->peer_count++] = (struct peer){.socket = s};
	}
}

/* What SRT says of a connection; it can be asked until the socket is closed. */
static void look_at(struct peer *peer)
{
	SRT_TRACEBSTATS statistics;

	if (srt_bstats(peer->socket, &statistics, 0) == SRT_ERROR)
		return;
	peer->counts.lost = (uint64_t)statistics.pktRcvLossTotal;
	peer->counts.dropped = (uint64_t)statistics.pktRcvDropTotal;
	peer->counts.repeated = (uint64_t)statistics.pktRcvRetrans;
}

static void read_peer(struct peer *peer)
{
	char message[MESSAGE_BYTES];
	int size;

	while ((size = srt_recvmsg(peer->socket, message, sizeof(message))) > 0) {
		peer->counts.packets++;
		peer->counts.bytes += (uint64_t)size;
	}
	if (srt_getlasterror(NULL) == SRT_EASYNCRCV)
		return;
	look_at(peer);
	srt_close(peer->socket);
	peer->socket = SRT_INVALID_SOCK;
}

static void read_all(void *context)
{
	struct srt_sink *sink = context;

	for (unsigned int i = 0; i < sink->listener_count; i++)
		accept_peers(sink, sink->listeners[i]);
	for (unsigned int i = 0; i < sink->peer_count; i++)
		if (sink->peers[i].socket != SRT_INVALID_SOCK)
			read_peer(&sink->peers[i]);
}

static void count_all(void *context, struct sink_counts *out)
{
	struct srt_sink *sink = context;

	for (unsigned int i = 0; i < sink->peer_count; i++) {
		struct peer *peer = &sink->peers[i];

		if (peer->socket != SRT_INVALID_SOCK)
			look_at(peer);
		out->senders += peer->counts.packets > 0;
		out->packets += peer->counts.packets;
		out->bytes += peer->counts.bytes;
		out->lost += peer->counts.lost;
		out->dropped += peer->counts.dropped;
		out->repeated += peer->counts.repeated;
	}
}

int main(int argc, char **argv)
{
	static struct srt_sink sink;
	struct in_addr address;
	unsigned int wanted;
	int error = 0;

	if (argc < 5 || argc > 6 || inet_pton(AF_INET, argv[1], &address) != 1) {
		fprintf(stderr, "usage: srt_sink ADDRESS PORT PORTS LATENCY_MS [PASSPHRASE]\n");
		return 2;
	}
	wanted = (unsigned int)atoi(argv[3]);
	srt_startup();
	srt_setloglevel(2 /* LOG_CRIT: an accept that finds nobody is an error to libsrt */);
	for (; !error && sink.listener_count < wanted && wanted <= MAX_LISTENERS;
	     sink.listener_count++) {
		const uint16_t port = (uint16_t)(atoi(argv[2]) + (int)sink.listener_count);

		sink.listeners[sink.listener_count] =
			listen_on(&address, port, atoi(argv[4]), argc > 5 ? argv[5] : NULL);
		if (sink.listeners[sink.listener_count] == SRT_INVALID_SOCK)
			error = -EADDRINUSE;
	}
	if (error)
		fprintf(stderr, "srt_sink: %s\n", srt_getlasterror_str());
	else
		error = sink_run(read_all, count_all, &sink);
	srt_cleanup();
	return error ? 1 : 0;
}
