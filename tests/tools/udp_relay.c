/*
 * udp_relay PORT PEER_PORT [OPTION...]: a bad network for one SRT conversation, on 127.0.0.1. What comes to PORT
 * goes to PEER_PORT and answers go back to whoever sent last, through a queue each way:
 *
 *	delay=MS    on its way for so long (0)
 *	loss=N      per cent lost at random, both ways (0)
 *	seed=N      of the pseudo-random sequences, one each way (1)
 *	rate=BPS    bits a second each way, half a second's worth may wait, what is beyond is lost (0: any)
 *	nak=N       with each acknowledgement that the peer sends, N forged loss reports follow it, asking again for
 *	            the last packets that were seen (0)
 *
 * The network breaks down on SIGUSR1 (everything is swallowed, nothing is said to anybody) and works again on
 * SIGUSR2. On SIGTERM it prints "forth PASSED LOST back PASSED LOST naks FORGED".
 *
 * Headers are draft-sharabayko-srt-01, sections 3.1 (data), 3.2 (control), 3.2.5 (NAK) and appendix A (loss list).
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

#define QUEUE         8192 /* datagrams each way */
#define DATAGRAM      1536
#define SOCKET_BUFFER (4 << 20)
#define RATE_QUEUE_MS 500
#define HEADER        16
#define CONTROL       0x80000000u
#define TYPE_ACK      (CONTROL | 2u << 16)
#define TYPE_NAK      (CONTROL | 3u << 16)
#define FIRST_OF_MANY 0x80000000u /* in a loss list: up to the next number */
#define ASK_AGAIN     50u         /* packets a forged report asks for */

struct datagram {
	double leaves_ms;
	size_t size;
	uint8_t bytes[DATAGRAM];
};

struct way {
	int in, out;
	struct sockaddr_in to; /* for out; no port: nobody to send to yet */
	struct datagram *queue;
	size_t first, count;
	double busy_until_ms; /* with rate */
	uint32_t state;       /* of the pseudo-random sequence */
	unsigned long passed, lost;
};

static struct {
	uint32_t delay, loss, seed, rate, nak;
} options = {.seed = 1};

static volatile sig_atomic_t ended, broken;
static uint32_t newest_data; /* sequence number of the last data packet that came */
static unsigned long forged;

static void on_signal(int number)
{
	if (number == SIGTERM)
		ended = 1;
	else
		broken = number == SIGUSR1;
}

static bool parse_options(int argc, char **argv)
{
	for (int i = 3; i < argc; i++) {
		if (sscanf(argv[i], "delay=%u", &options.delay) != 1 &&
		    sscanf(argv[i], "loss=%u", &options.loss) != 1 &&
		    sscanf(argv[i], "seed=%u", &options.seed) != 1 &&
		    sscanf(argv[i], "rate=%u", &options.rate) != 1 &&
		    sscanf(argv[i], "nak=%u", &options.nak) != 1) {
			fprintf(stderr, "udp_relay: what is %s?\n", argv[i]);
			return false;
		}
	}
	return true;
}

/* Numerical Recipes' linear congruential generator: a sequence, not a secret. */
static bool is_lost(struct way *way)
{
	way->state = way->state * 1664525u + 1013904223u;
	return (uint64_t)way->state * 100 >> 32 < options.loss;
}

/* When a datagram that comes now has passed the bottleneck, or -1: it does not get in. */
static double pass_bottleneck(struct way *way, size_t size, double now)
{
	double start = way->busy_until_ms > now ? way->busy_until_ms : now;

	if (!options.rate)
		return now;
	if (start - now > RATE_QUEUE_MS)
		return -1;
	way->busy_until_ms = start + (double)size * 8 * 1000 / options.rate;
	return way->busy_until_ms;
}

static void enqueue(struct way *way, const uint8_t *bytes, size_t size)
{
	const double passed = pass_bottleneck(way, size, now_ms());
	struct datagram *d = &way->queue[(way->first + way->count) % QUEUE];

	if (broken || passed < 0 || way->count == QUEUE || is_lost(way)) {
		way->lost++;
		return;
	}
	d->leaves_ms = passed + options.delay;
	d->size = size;
	memcpy(d->bytes, bytes, size);
	way->count++;
}

static void send_due(struct way *way)
{
	const double now = now_ms();

	for (; way->count && way->queue[way->first].leaves_ms <= now; way->count--) {
		const struct datagram *d = &way->queue[way->first];

		if (!broken && way->to.sin_port &&
		    sendto(way->out, d->bytes, d->size, 0, (const struct sockaddr *)&way->to,
		           sizeof(way->to)) == (ssize_t)d->size)
			way->passed++;
		else
			way->lost++;
		way->first = (way->first + 1) % QUEUE;
	}
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t value)
{
	value = htonl(value);
	memcpy(p, &value, sizeof(value));
}

/* Loss reports in the peer's name: its time stamp and whom it talks to are those of its acknowledgement. */
static void forge_naks(struct way *back, const uint8_t *ack)
{
	uint8_t nak[HEADER + 8];

	memcpy(nak, ack, HEADER);
	put32(nak, TYPE_NAK);
	put32(nak + 4, 0);
	put32(nak + HEADER, FIRST_OF_MANY | ((newest_data - ASK_AGAIN) & ~FIRST_OF_MANY));
	put32(nak + HEADER + 4, newest_data);
	for (uint32_t i = 0; i < options.nak; i++, forged++)
		enqueue(back, nak, sizeof(nak));
}

/* Take what has come. forth: from who opened the conversation, whose address is learnt here. */
static void receive(struct way *way, struct way *answers, bool forth)
{
	uint8_t bytes[DATAGRAM];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t size;

	while ((size = recvfrom(way->in, bytes, sizeof(bytes), MSG_DONTWAIT,
	                        (struct sockaddr *)&from, &length)) > 0) {
		if (forth)
			answers->to = from;
		if (forth && size >= HEADER && !(get32(bytes) & CONTROL))
			newest_data = get32(bytes);
		enqueue(way, bytes, (size_t)size);
		if (!forth && size >= HEADER && get32(bytes) == TYPE_ACK && newest_data)
			forge_naks(way, bytes);
	}
}

static int open_socket(int port)
{
	const struct sockaddr_in local = make_address("127.0.0.1", port);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = SOCKET_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return bind(fd, (const struct sockaddr *)&local, sizeof(local)) ? -1 : fd;
}

static void run(struct way *forth, struct way *back)
{
	struct pollfd polled[2] = {{.fd = forth->in, .events = POLLIN},
	                           {.fd = back->in, .events = POLLIN}};

	while (!ended) {
		poll(polled, 2, forth->count || back->count ? 1 : 100);
		receive(forth, back, true);
		receive(back, forth, false);
		send_due(forth);
		send_due(back);
	}
}

int main(int argc, char **argv)
{
	struct way forth = {0}, back = {0};

	if (argc < 3 || !parse_options(argc, argv))
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	forth.in = back.out = open_socket(atoi(argv[1]));
	back.in = forth.out = open_socket(0);
	forth.to = make_address("127.0.0.1", atoi(argv[2]));
	forth.queue = calloc(QUEUE, sizeof(*forth.queue));
	back.queue = calloc(QUEUE, sizeof(*back.queue));
	if (forth.in < 0 || back.in < 0 || !forth.queue || !back.queue)
		return 1;
	forth.state = options.seed * 2654435761u;
	back.state = (options.seed + 1) * 2246822519u;
	run(&forth, &back);
	printf("forth %lu %lu back %lu %lu naks %lu\n", forth.passed, forth.lost, back.passed,
	       back.lost, forged);
	free(forth.queue);
	free(back.queue);
	close(forth.in);
	close(back.in);
	return 0;
}
