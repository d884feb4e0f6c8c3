/*
 * two_paths LISTEN HOST FIRST SECOND SEED0 SEED1 FAULTY REFERENCE: carry RTP from 127.0.0.1:LISTEN to
 * HOST:FIRST and to HOST:SECOND, as two networks would that have nothing to do with each other (SMPTE 2022-7):
 * each loses 5 % of the datagrams, sends 3 % twice and holds 5 % back for up to 20 ms, by a pseudo-random
 * sequence of its own; the second is 15 ms slower. Of the datagrams only those from the 50th to number FAULTY
 * suffer so. REFERENCE gets the TS of every datagram that at least one path carried. Ends on SIGTERM, printing
 * "datagrams=N lost0=N lost1=N both=N duplicated=N held=N"; both: lost on both.
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

#define PATHS       2
#define CLEAN_START 50
#define RTP_HEADER  12
#define QUEUE       1024
#define SLOWER_MS   15

struct held {
	double due_ms;
	size_t size; /* 0: a free place */
	uint8_t data[1500];
};

static struct path {
	struct sockaddr_in to;
	uint32_t state;
	int delay_ms;
	struct held queue[QUEUE];
	unsigned long lost;
} paths[PATHS];

static unsigned long duplicated, held_back;
static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* 0 to 99, by Numerical Recipes' generator: a sequence, not a secret. */
static unsigned int percent(struct path *path)
{
	path->state = path->state * 1664525u + 1013904223u;
	return (path->state >> 10) % 100;
}

static void put(struct path *path, const uint8_t *data, size_t size, double due_ms)
{
	for (size_t i = 0; i < QUEUE; i++) {
		if (path->queue[i].size)
			continue;
		path->queue[i].due_ms = due_ms;
		path->queue[i].size = size;
		memcpy(path->queue[i].data, data, size);
		return;
	}
}

/* Returns whether the path carries it. Three numbers are drawn for each, whatever becomes of it. */
static bool carry(struct path *path, const uint8_t *data, size_t size, bool clean)
{
	const double due_ms = now_ms() + path->delay_ms;
	const bool lost = percent(path) < 5 && !clean, twice = percent(path) < 3 && !clean;
	const unsigned int hold = percent(path);

	if (lost) {
		path->lost++;
		return false;
	}
	held_back += hold < 5 && !clean;
	put(path, data, size, due_ms + (hold < 5 && !clean ? 4 + 4 * hold : 0));
	duplicated += twice;
	if (twice)
		put(path, data, size, due_ms + 2);
	return true;
}

/* Send what is due, the earliest first. */
static void send_due(int out)
{
	const double now = now_ms();

	for (int i = 0; i < PATHS; i++) {
		struct held *next;

		do {
			next = NULL;
			for (struct held *h = paths[i].queue; h < paths[i].queue + QUEUE; h++)
				if (h->size && h->due_ms <= now &&
				    (!next || h->due_ms < next->due_ms))
					next = h;
			if (next) {
				sendto(out, next->data, next->size, 0,
				       (const struct sockaddr *)&paths[i].to, sizeof(paths[i].to));
				next->size = 0;
			}
		} while (next);
	}
}

int main(int argc, char **argv)
{
	struct pollfd in = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
	const int out = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in from;
	unsigned long datagrams = 0, both = 0, faulty;
	uint8_t data[1500];
	const int room =
		16 << 20; /* this process may be kept waiting, and loses nothing of its own */
	bool carried;
	FILE *reference;
	ssize_t size;

	if (argc != 9 || !(reference = fopen(argv[8], "wb")))
		return 2;
	faulty = strtoul(argv[7], NULL, 10);
	signal(SIGTERM, on_signal);
	if (setsockopt(in.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		return 1;
	from = make_address("127.0.0.1", atoi(argv[1]));
	if (bind(in.fd, (const struct sockaddr *)&from, sizeof(from)))
		return 1;
	for (int i = 0; i < PATHS; i++) {
		paths[i].to = make_address(argv[2], atoi(argv[3 + i]));
		paths[i].state = (uint32_t)atoi(argv[5 + i]);
		paths[i].delay_ms = i * SLOWER_MS;
	}
	while (!ended) {
		if (poll(&in, 1, 1) > 0 &&
		    (size = recv(in.fd, data, sizeof(data), 0)) > RTP_HEADER) {
			const bool clean = ++datagrams <= CLEAN_START || datagrams > faulty;

			carried = carry(&paths[0], data, (size_t)size, clean);
			carried |= carry(&paths[1], data, (size_t)size, clean);
			both += !carried;
			if (carried)
				fwrite(data + RTP_HEADER, 1, (size_t)size - RTP_HEADER, reference);
		}
		send_due(out);
	}
	printf("datagrams=%lu lost0=%lu lost1=%lu both=%lu duplicated=%lu held=%lu\n", datagrams,
	       paths[0].lost, paths[1].lost, both, duplicated, held_back);
	return fclose(reference) ? 1 : 0;
}
