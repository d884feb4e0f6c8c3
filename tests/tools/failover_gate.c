/*
 * failover_gate LISTEN HOST PRIMARY BACKUP SWITCHES RECORD <RELAYED: the network between two sources and a
 * distributor, which breaks one way after the other, and a stopwatch on what the distributor makes of it.
 *
 * RTP to 127.0.0.1:LISTEN goes to HOST:PRIMARY, to LISTEN + 1 to HOST:BACKUP; the TS packets of the latter get
 * transport_priority, so that they are told apart in RELAYED, the TS that the distributor sends, which is copied to
 * RECORD. Whichever source is relayed is cut off, until the other one is; then it is let through again. This is done
 * SWITCHES times. Prints for each "N to NAME gap_ms=X": from the last packet of the one to the first of the other in
 * RELAYED; and for all "switches=N longest_ms=X stood_ms=X mixed=N" (mixed: how often a source came back that was cut
 * off). From then on both are let through until RELAYED ends. Exit status 1 when a switch takes longer than 5 s.
 *
 * The stopwatch stands while the machine does (stood_ms): when this program, which sleeps LOOK_MS at most, was not woken.
 */
#include "network.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET     188
#define RTP_HEADER 12
#define SETTLE_MS  120.0 /* both sources have been let through for so long before one is cut off */
#define GIVE_UP_MS 5000.0
#define LOOK_MS    5
#define STOOD_MS   25.0 /* between two looks */

static double looked_ms, stood_ms;

static struct {
	int in[2], out;
	struct sockaddr_in to[2];
	bool came[2]; /* something of it */
	bool cut[2];
} network;

static struct {
	FILE *record;
	uint8_t packet[PACKET];
	size_t have;
	int source;         /* relayed now; -1: none yet */
	double last_ms[2];  /* when a packet of it was last relayed */
	double first_ms[2]; /* and the first since it is relayed */
	unsigned long mixed;
} relayed = {.source = -1};

static int open_network(char **argv)
{
	network.out = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < 2; i++) {
		const struct sockaddr_in from = make_address("127.0.0.1", atoi(argv[1]) + i);

		network.in[i] = socket(AF_INET, SOCK_DGRAM, 0);
		network.to[i] = make_address(argv[2], atoi(argv[3 + i]));
		if (bind(network.in[i], (const struct sockaddr *)&from, sizeof(from)))
			return -1;
	}
	return 0;
}

static void forward(int source)
{
	uint8_t datagram[2048];
	const ssize_t size = recv(network.in[source], datagram, sizeof(datagram), 0);

	network.came[source] = true;
	if (size <= RTP_HEADER || network.cut[source])
		return;
	for (ssize_t at = RTP_HEADER; at + PACKET <= size; at += PACKET)
		datagram[at + 1] = (uint8_t)((datagram[at + 1] & ~0x20) | (source ? 0x20 : 0));
	sendto(network.out, datagram, (size_t)size, 0, (const struct sockaddr *)&network.to[source],
	       sizeof(network.to[source]));
}

static void take_packet(double at_ms)
{
	const uint8_t *p = relayed.packet;
	const int source = p[1] & 0x20 ? 1 : 0;

	if ((p[3] & 0x30) == 0x20 && p[4] && p[5] & 0x80)
		return; /* announces a change, is of neither source */
	if (relayed.source != source) {
		/* Back to the one that is cut off? */
		relayed.mixed += network.cut[source];
		relayed.source = source;
		relayed.first_ms[source] = at_ms;
	}
	relayed.last_ms[source] = at_ms;
}

/* Returns false at the end of what is relayed. */
static bool take_relayed(void)
{
	uint8_t bytes[65536];
	const ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
	const double at_ms = now_ms() - stood_ms;

	if (size <= 0)
		return false;
	for (ssize_t i = 0; i < size; i++) {
		relayed.packet[relayed.have++] = bytes[i];
		if (relayed.have < PACKET)
			continue;
		fwrite(relayed.packet, 1, PACKET, relayed.record);
		take_packet(at_ms);
		relayed.have = 0;
	}
	return true;
}

/* Between two looks; what is longer, the machine has stood. */
static void look(void)
{
	const double now = now_ms(), since_ms = now - looked_ms;

	if (looked_ms > 0 && since_ms > STOOD_MS)
		stood_ms += since_ms - LOOK_MS;
	looked_ms = now;
}

/* Carry what comes for up to so many milliseconds, or until another source is relayed. */
static bool carry(double for_ms, int while_source)
{
	const double until_ms = now_ms() + for_ms;
	struct pollfd polled[] = {{.fd = network.in[0], .events = POLLIN},
	                          {.fd = network.in[1], .events = POLLIN},
	                          {.fd = STDIN_FILENO, .events = POLLIN}};
	double left_ms;

	while ((left_ms = until_ms - now_ms()) > 0) {
		if (while_source != -2 && relayed.source != while_source)
			return true;
		if (poll(polled, 3, left_ms < LOOK_MS ? (int)left_ms + 1 : LOOK_MS) < 0)
			return false;
		look();
		for (int i = 0; i < 2; i++)
			if (polled[i].revents)
				forward(i);
		if (polled[2].revents && !take_relayed())
			return false;
	}
	return while_source == -2;
}

int main(int argc, char **argv)
{
	double gap_ms, longest_ms = 0;
	int switches, done = 0;

	if (argc != 7 || !(relayed.record = fopen(argv[6], "wb")) || open_network(argv))
		return 2;
	switches = atoi(argv[5]);
	if (!carry(GIVE_UP_MS, -1))
		return 1;
	while (!network.came[0] || !network.came[1])
		if (!carry(SETTLE_MS, -2))
			return 1;
	while (done < switches && carry(SETTLE_MS, -2)) {
		const int dying = relayed.source;

		network.cut[dying] = true;
		if (!carry(GIVE_UP_MS, dying))
			break;
		network.cut[dying] = false;
		gap_ms = relayed.first_ms[!dying] - relayed.last_ms[dying];
		longest_ms = gap_ms > longest_ms ? gap_ms : longest_ms;
		printf("%d to %s gap_ms=%.1f\n", ++done, dying ? "primary" : "backup", gap_ms);
	}
	carry(500, -2);
	printf("switches=%d longest_ms=%.0f stood_ms=%.0f mixed=%lu\n", done, longest_ms, stood_ms,
	       relayed.mixed);
	fflush(stdout);
	fflush(relayed.record);
	while (done == switches && carry(GIVE_UP_MS, -2))
		fflush(relayed.record);
	return fclose(relayed.record) || done < switches;
}
