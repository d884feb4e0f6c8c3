/*
 * lossy_relay LISTEN_PORT HOST PORT EVERY REFERENCE: forward UDP from 127.0.0.1:LISTEN_PORT to HOST:PORT, and
 * the FEC ports + 2 and + 4 alike (SMPTE 2022-1), as a network would that loses media packets. After the first
 * 300, EVERY-th media datagram on average is dropped, by a fixed pseudo-random sequence; FEC is not. REFERENCE
 * gets the TS of every media datagram, dropped or not. Ends on SIGTERM, printing "forwarded=N dropped=N".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTS       3
#define CLEAN_START 300
#define RTP_HEADER  12

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static struct sockaddr_in make_address(const char *host, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, host, &address.sin_addr);
	return address;
}

/* Numerical Recipes' linear congruential generator: a sequence, not a secret. */
static int is_dropped(uint32_t *state, uint32_t every)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % every == 0;
}

int main(int argc, char **argv)
{
	struct pollfd polled[PORTS];
	struct sockaddr_in to[PORTS];
	uint8_t datagram[2048];
	unsigned long media = 0, forwarded = 0, dropped = 0;
	uint32_t state = 7;
	const int out = socket(AF_INET, SOCK_DGRAM, 0); /* not bound to loopback */
	FILE *reference;

	if (argc != 6 || !(reference = fopen(argv[5], "wb")))
		return 2;
	signal(SIGTERM, on_signal);
	for (int i = 0; i < PORTS; i++) {
		const struct sockaddr_in from = make_address("127.0.0.1", atoi(argv[1]) + 2 * i);

		polled[i] = (struct pollfd){.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
		to[i] = make_address(argv[2], atoi(argv[3]) + 2 * i);
		if (bind(polled[i].fd, (const struct sockaddr *)&from, sizeof(from)))
			return 1;
	}
	while (!ended) {
		if (poll(polled, PORTS, 100) <= 0)
			continue;
		for (int i = 0; i < PORTS; i++) {
			ssize_t size = 0;

			if (polled[i].revents)
				size = recv(polled[i].fd, datagram, sizeof(datagram), 0);
			if (size <= RTP_HEADER)
				continue;
			if (i == 0) {
				fwrite(datagram + RTP_HEADER, 1, (size_t)size - RTP_HEADER,
				       reference);
				if (++media > CLEAN_START &&
				    is_dropped(&state, (uint32_t)atoi(argv[4]))) {
					dropped++;
					continue;
				}
			}
			forwarded++;
			sendto(out, datagram, (size_t)size, 0, (const struct sockaddr *)&to[i],
			       sizeof(to[i]));
		}
	}
	printf("forwarded=%lu dropped=%lu\n", forwarded, dropped);
	return fclose(reference) ? 1 : 0;
}
