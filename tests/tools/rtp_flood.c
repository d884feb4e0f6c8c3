/*
 * rtp_flood HOST PORT COUNT PER_SECOND SSRC: what a hostile or broken sender would add to a good stream whose
 * numbers lie between 0 and 19999 and whose source is SSRC. COUNT times, in slices of a millisecond:
 *
 *	- an RTP packet of TS from a source that is never heard of again;
 *	- one of SSRC itself with a number far off, never two that follow each other;
 *	- column and row FEC (PORT + 2 and + 4, SMPTE 2022-1) that is wrong: L or D of 0 or too many, more packets
 *	  than there are numbers, a mask, an extension, a base far off or near by, any length.
 *
 * The sequence is the same each time. Prints "strays=N fec=N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define RTP_HEADER 12
#define FEC_HEADER 16
#define TS_BYTES   188
#define BYTES      (RTP_HEADER + FEC_HEADER + 7 * TS_BYTES)
#define FAR        25000u /* from here on a number is far off */

static uint32_t state = 12345;

/* xorshift32. */
static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void put(uint8_t *out, uint32_t value, int bytes)
{
	while (bytes-- > 0)
		*out++ = (uint8_t)(value >> (8 * bytes));
}

static size_t make_media(uint8_t *out, uint32_t ssrc, uint32_t number)
{
	memset(out, 0xff, RTP_HEADER + TS_BYTES);
	put(out, 0x8021, 2);
	put(out + 2, number, 2);
	put(out + 4, next_random(), 4);
	put(out + 8, ssrc, 4);
	put(out + RTP_HEADER, 0x47010010, 4);
	return RTP_HEADER + TS_BYTES;
}

/* Fields of the header as in SMPTE 2022-1 section 8.1, each wrong now and then. */
static size_t make_fec(uint8_t *out, int row)
{
	static const uint8_t sizes[] = {0, 1, 5, 8, 20, 21, 255};
	uint8_t *fec = out + RTP_HEADER;

	for (size_t i = 0; i < BYTES; i++)
		out[i] = (uint8_t)next_random();
	put(out, next_random() % 8 ? 0x8060 : 0x4060, 2);
	put(fec, next_random() % 2 ? next_random() % 20000 : next_random(), 2);
	put(fec + 4, next_random() % 4 ? 0x80000000u : next_random(), 4);
	fec[12] = (uint8_t)(next_random() % 4 ? (uint32_t)row << 6 : next_random());
	fec[13] = row && next_random() % 4 ? 1 : sizes[next_random() % sizeof(sizes)];
	fec[14] = sizes[next_random() % sizeof(sizes)];
	fec[15] = next_random() % 4 ? 0 : 7;
	return next_random() % 8 ? BYTES : next_random() % BYTES;
}

static void pause_until(struct timespec *at)
{
	at->tv_nsec += 1000000;
	if (at->tv_nsec >= 1000000000) {
		at->tv_nsec -= 1000000000;
		at->tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL) == EINTR)
		;
}

int main(int argc, char **argv)
{
	const int out = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to[3];
	unsigned long count, per_slice, sent[2] = {0};
	uint8_t datagram[BYTES];
	struct timespec at;

	if (argc != 6 || (per_slice = strtoul(argv[4], NULL, 10) / 1000) == 0)
		return 2;
	count = strtoul(argv[3], NULL, 10);
	for (int i = 0; i < 3; i++) {
		to[i] = (struct sockaddr_in){.sin_family = AF_INET};
		to[i].sin_port = htons((uint16_t)(atoi(argv[2]) + 2 * i));
		inet_pton(AF_INET, argv[1], &to[i].sin_addr);
	}
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (unsigned long i = 0; i < count; i++) {
		const int kind = (int)(i % 4); /* source, number, column, row */
		const int port = kind < 2 ? 0 : kind - 1;
		size_t size;

		if (kind == 0)
			size = make_media(datagram, 0x10000000u + (uint32_t)i, next_random());
		else if (kind == 1)
			size = make_media(datagram, (uint32_t)strtoul(argv[5], NULL, 0),
			                  FAR + (uint32_t)(i * 7 % 20000));
		else
			size = make_fec(datagram, kind == 3);
		if (sendto(out, datagram, size, 0, (const struct sockaddr *)&to[port],
		           sizeof(to[port])) == (ssize_t)size)
			sent[port > 0]++;
		if (i % per_slice == per_slice - 1)
			pause_until(&at);
	}
	printf("strays=%lu fec=%lu\n", sent[0], sent[1]);
	return 0;
}
