/*
 * How long a datagram takes from its arrival at a channel to its departure from a udp:// output.
 *
 *	latency HOST PORT RECEIVE_PORT BITRATE_BPS SECONDS
 *
 * Sends RTP datagrams of 7 TS packets to the channel at HOST:PORT, each packet stamped with the time, and receives
 * what the channel's output sends to HOST:RECEIVE_PORT. The kernel says when that reached the socket, so the
 * receiver's own scheduling adds nothing; sending over loopback puts a datagram into the channel's queue at once.
 * A packet counts for itself: an output may pack them anew. What is sent in the first second does not count.
 *
 * Prints "sent=N received=N min_us=N median_us=N p90_us=N p99_us=N p999_us=N max_us=N", in TS packets. Exit status 1
 * when nothing came, or the sockets fail.
 */
#include "base/bytes.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TS_BYTES        188
#define TS_COUNT        7
#define RTP_BYTES       12
#define STAMP_OFFSET    4 /* in a TS packet: all that follows its header is payload */
#define MAX_SAMPLES     (1 << 22)
#define WARM_UP_NS      NS_PER_S
#define RECEIVE_WAIT_US 200000
#define TAIL_NS         (300 * NS_PER_MS) /* what is still on its way */

struct receiver {
	int fd;
	int64_t from_ns; /* stamps before this do not count */
	atomic_bool stopping;
	uint32_t *samples; /* microseconds */
	size_t count;
};

static void sleep_until(int64_t at_ns)
{
	const struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* When the kernel took the datagram in, on CLOCK_MONOTONIC: its own stamp is on CLOCK_REALTIME. */
static int64_t arrival_ns(struct msghdr *header)
{
	struct timespec real, stamp;
	int64_t now_ns;

	clock_gettime(CLOCK_REALTIME, &real);
	now_ns = clock_now_ns();
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		return now_ns - ((int64_t)(real.tv_sec - stamp.tv_sec) * NS_PER_S + real.tv_nsec -
		                 stamp.tv_nsec);
	}
	return now_ns;
}

static void take_datagram(struct receiver *r, const uint8_t *data, size_t size, int64_t at_ns)
{
	for (size_t i = 0; i + TS_BYTES <= size; i += TS_BYTES) {
		int64_t sent_ns;

		memcpy(&sent_ns, data + i + STAMP_OFFSET, sizeof(sent_ns));
		if (sent_ns >= r->from_ns && at_ns >= sent_ns && r->count < MAX_SAMPLES)
			r->samples[r->count++] = (uint32_t)((at_ns - sent_ns) / NS_PER_US);
	}
}

static void *receive(void *context)
{
	struct receiver *r = context;
	uint8_t data[2048], control[CMSG_SPACE(sizeof(struct timespec))];

	while (!atomic_load_explicit(&r->stopping, memory_order_relaxed)) {
		struct iovec vector = {data, sizeof(data)};
		struct msghdr header = {.msg_iov = &vector,
		                        .msg_iovlen = 1,
		                        .msg_control = control,
		                        .msg_controllen = sizeof(control)};
		const ssize_t size = recvmsg(r->fd, &header, 0);

		if (size > 0)
			take_datagram(r, data, (size_t)size, arrival_ns(&header));
	}
	return NULL;
}

static void fill_datagram(uint8_t *datagram, uint64_t number)
{
	const int64_t now_ns = clock_now_ns();

	store_be16(datagram + 2, (uint16_t)number);
	store_be32(datagram + 4, (uint32_t)(now_ns / NS_PER_US * 9 / 100));
	for (unsigned int i = 0; i < TS_COUNT; i++) {
		uint8_t *packet = datagram + RTP_BYTES + i * TS_BYTES;

		packet[3] = (uint8_t)(0x10 | (number * TS_COUNT + i) % 16);
		memcpy(packet + STAMP_OFFSET, &now_ns, sizeof(now_ns));
	}
}

/* Returns how many datagrams were sent after the first second. */
static uint64_t send_all(int fd, uint64_t bitrate_bps, int64_t from_ns, int64_t end_ns)
{
	uint8_t datagram[RTP_BYTES + TS_COUNT * TS_BYTES] = {0x80, 33};
	const int64_t start_ns = clock_now_ns();
	uint64_t counted = 0;

	store_be32(datagram + 8, 1);
	for (unsigned int i = 0; i < TS_COUNT; i++) {
		memset(datagram + RTP_BYTES + i * TS_BYTES, 0xff, TS_BYTES);
		datagram[RTP_BYTES + i * TS_BYTES] = 0x47;
		store_be16(datagram + RTP_BYTES + i * TS_BYTES + 1, 0x100);
	}
	for (uint64_t n = 0; clock_now_ns() < end_ns; n++) {
		sleep_until(start_ns + (int64_t)((double)n * TS_COUNT * TS_BYTES * 8 * NS_PER_S /
		                                 bitrate_bps));
		fill_datagram(datagram, n);
		if (send(fd, datagram, sizeof(datagram), 0) > 0 && clock_now_ns() >= from_ns)
			counted++;
	}
	return counted;
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void print_result(struct receiver *r, uint64_t datagrams)
{
	const struct {
		const char *name;
		double share;
	} points[] = {{"min", 0},    {"median", 0.5}, {"p90", 0.9},
	              {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};

	qsort(r->samples, r->count, sizeof(r->samples[0]), compare);
	printf("sent=%llu received=%zu", (unsigned long long)datagrams * TS_COUNT, r->count);
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		printf(" %s_us=%u", points[i].name,
		       r->samples[(size_t)(points[i].share * (double)(r->count - 1))]);
	printf("\n");
}

/* Errors: negative errno. */
static int open_sockets(const char *host, int port, int receive_port, int *sender, int *receiver)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in here = {.sin_family = AF_INET,
	                           .sin_port = htons((uint16_t)receive_port)};
	const struct timeval wait = {.tv_usec = RECEIVE_WAIT_US};
	const int on = 1;

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		return -EINVAL;
	here.sin_addr = to.sin_addr;
	*sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*sender < 0 || *receiver < 0 || connect(*sender, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(*receiver, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) ||
	    setsockopt(*receiver, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    bind(*receiver, (struct sockaddr *)&here, sizeof(here)))
		return -errno;
	return 0;
}

static int run(int sender, uint64_t bitrate_bps, double seconds, struct receiver *r)
{
	const int64_t start_ns = clock_now_ns();
	pthread_t thread;
	uint64_t datagrams;
	int error;

	r->from_ns = start_ns + WARM_UP_NS;
	r->samples = calloc(MAX_SAMPLES, sizeof(r->samples[0]));
	if (!r->samples)
		return -ENOMEM;
	error = -pthread_create(&thread, NULL, receive, r);
	if (!error) {
		datagrams = send_all(sender, bitrate_bps, r->from_ns,
		                     r->from_ns + (int64_t)(seconds * NS_PER_S));
		sleep_until(clock_now_ns() + TAIL_NS);
		atomic_store(&r->stopping, true);
		pthread_join(thread, NULL);
		error = r->count ? 0 : -ENODATA;
	}
	if (!error)
		print_result(r, datagrams);
	free(r->samples);
	return error;
}

int main(int argc, char **argv)
{
	static struct receiver receiver;
	int sender = -1, error;

	if (argc != 6 || atof(argv[4]) < 1 || atof(argv[5]) <= 0) {
		fprintf(stderr, "usage: latency HOST PORT RECEIVE_PORT BITRATE_BPS SECONDS\n");
		return 2;
	}
	error = open_sockets(argv[1], atoi(argv[2]), atoi(argv[3]), &sender, &receiver.fd);
	if (!error)
		error = run(sender, (uint64_t)atof(argv[4]), atof(argv[5]), &receiver);
	if (error)
		fprintf(stderr, "latency: %s\n", strerror(-error));
	return error ? 1 : 0;
}
