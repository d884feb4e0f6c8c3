/*
 * lossy_relay LISTEN_PORT HOST PORT LOSS SEED LOG REFERENCE: forward UDP from 127.0.0.1:LISTEN_PORT to
 * HOST:PORT, and the FEC ports + 2 and + 4 alike (SMPTE 2022-1), as a network would that loses packets.
 *
 * LOSS: "3%" of the datagrams, or "burst:8": runs of 1 to 8 at a time, 3 % altogether. Media, column and row
 * FEC each have a pseudo-random sequence of their own, so that a pattern depends on SEED and on nothing that
 * the machine's timing decides. The first CLEAN_START media datagrams pass, and FEC until then.
 *
 * LOG gets a line for every datagram, in the order of arrival:
 *
 *	media SEQUENCE PAYLOAD_BYTES passed|dropped
 *	column|row SNBASE OFFSET NA passed|dropped
 *
 * column and row are what the D bit of the FEC header says, not the port. REFERENCE gets the TS of every
 * media datagram, dropped or not. Ends on SIGTERM.
 */
#include "network.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS           3 /* media, column FEC, row FEC */
#define CLEAN_START     300
#define RTP_HEADER      12
#define FEC_HEADER      16
#define BURST_PER_MILLE 30
#define SOCKET_BUFFER   (4 << 20)

struct loss {
	uint32_t per_mille;    /* of the datagrams, by and by */
	uint32_t longest;      /* run of them */
	uint32_t state[PORTS]; /* of the pseudo-random sequences */
	uint32_t left[PORTS];  /* of a run that has begun */
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* Numerical Recipes' linear congruential generator: a sequence, not a secret. Below limit. */
static uint32_t next_random(uint32_t *state, uint32_t limit)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)*state * limit) >> 32);
}

static bool loss_parse(struct loss *loss, const char *text, uint32_t seed)
{
	*loss = (struct loss){.longest = 1};
	if (sscanf(text, "burst:%u", &loss->longest) == 1)
		loss->per_mille = BURST_PER_MILLE;
	else if (sscanf(text, "%u%%", &loss->per_mille) == 1)
		loss->per_mille *= 10;
	for (uint32_t i = 0; i < PORTS; i++)
		loss->state[i] = (seed * PORTS + i) * 2654435761u;
	return loss->per_mille > 0 && loss->longest > 0;
}

/* Runs begin so often that per_mille are lost, a run being (1 + longest) / 2 long on average. */
static bool is_lost(struct loss *loss, int port)
{
	const uint32_t per_run = 1000 * (1 + loss->longest);

	if (loss->left[port] == 0 && next_random(&loss->state[port], per_run) < 2 * loss->per_mille)
		loss->left[port] = 1 + next_random(&loss->state[port], loss->longest);
	if (loss->left[port] == 0)
		return false;
	loss->left[port]--;
	return true;
}

static unsigned int be16(const uint8_t *p)
{
	return (unsigned int)(p[0] << 8 | p[1]);
}

/* SMPTE 2022-1 section 8.1: after the RTP header SNBase at 0, D at 12, offset at 13, NA at 14. */
static void log_datagram(FILE *log, int port, const uint8_t *datagram, size_t size, bool lost)
{
	const uint8_t *fec = datagram + RTP_HEADER;
	const char *what = lost ? "dropped" : "passed";

	if (port == 0)
		fprintf(log, "media %u %zu %s\n", be16(datagram + 2), size - RTP_HEADER, what);
	else
		fprintf(log, "%s %u %u %u %s\n", fec[12] & 0x40 ? "row" : "column", be16(fec),
		        fec[13], fec[14], what);
}

static bool open_sockets(struct pollfd *polled, int first_port)
{
	const int bytes = SOCKET_BUFFER;

	for (int i = 0; i < PORTS; i++) {
		const struct sockaddr_in from = make_address("127.0.0.1", first_port + 2 * i);

		polled[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		setsockopt(polled[i].fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
		setsockopt(polled[i].fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
		if (bind(polled[i].fd, (const struct sockaddr *)&from, sizeof(from)))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const int out = socket(AF_INET, SOCK_DGRAM, 0); /* not bound to loopback */
	struct pollfd polled[PORTS];
	uint8_t datagram[2048];
	unsigned long media = 0;
	struct loss loss;
	FILE *log, *reference;

	if (argc != 8 || !loss_parse(&loss, argv[4], (uint32_t)atoi(argv[5])) ||
	    !(log = fopen(argv[6], "w")) || !(reference = fopen(argv[7], "wb")))
		return 2;
	signal(SIGTERM, on_signal);
	if (!open_sockets(polled, atoi(argv[1])))
		return 1;
	while (!ended) {
		if (poll(polled, PORTS, 100) <= 0)
			continue;
		for (int i = 0; i < PORTS; i++) {
			const struct sockaddr_in to = make_address(argv[2], atoi(argv[3]) + 2 * i);
			ssize_t size = 0;
			bool lost;

			if (polled[i].revents)
				size = recv(polled[i].fd, datagram, sizeof(datagram), 0);
			if (size <= RTP_HEADER + (i ? FEC_HEADER : 0))
				continue;
			media += i == 0;
			lost = media > CLEAN_START && is_lost(&loss, i);
			log_datagram(log, i, datagram, (size_t)size, lost);
			if (i == 0)
				fwrite(datagram + RTP_HEADER, 1, (size_t)size - RTP_HEADER,
				       reference);
			if (!lost)
				sendto(out, datagram, (size_t)size, 0, (const struct sockaddr *)&to,
				       sizeof(to));
		}
	}
	return fclose(log) || fclose(reference) ? 1 : 0;
}
