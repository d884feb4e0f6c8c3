/*
 * Load for bench-ingest: many channels, each datagram a payload of seven TS packets.
 *
 *	ingest_load udp HOST PORT CHANNELS PPS SECONDS         RTP from a UDP socket
 *	ingest_load live INTERFACE PORT CHANNELS PPS SECONDS   bare TS to 10.77.0.2, as frames that the XDP
 *	                                                       program of INTERFACE is run on; PPS 0: all it can
 *
 * Channels are at PORT, PORT + 2, …. udp spreads them evenly over slices of a millisecond, as many encoders
 * would, and never makes up for more than ten slices. live gives the program, by BPF_PROG_TEST_RUN with live
 * frames, LIVE_BATCH of one channel at a time: they go on as if the driver had received them. Those have no
 * sequence number, as all frames of a run are alike.
 * Prints "sent=N elapsed_ms=N".
 */
#include "base/bytes.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CHANNELS 1024
#define MAX_SLICE    1024 /* datagrams of a millisecond */
#define SLICE_NS     NS_PER_MS
#define LATE_SLICES  10
#define RTP_BYTES    12
#define TS_BYTES     (7 * 188)
#define LIVE_BATCH   64
#define HEADER_BYTES (14 + 20 + 8)

struct load {
	const char *target;
	uint16_t port;
	unsigned int channels, pps;
	int64_t end_ns;
};

static void write_ts(uint8_t *out, unsigned int count)
{
	memset(out, 0xff, TS_BYTES);
	for (unsigned int i = 0; i < TS_BYTES / 188; i++) {
		out[188 * i] = 0x47;
		store_be16(out + 188 * i + 1, 0x100);
		out[188 * i + 3] = (uint8_t)(0x10 | (count + i) % 16);
	}
}

static void sleep_until(int64_t at_ns)
{
	const struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

/* ---- UDP ---- */

static struct sockaddr_in addresses[MAX_CHANNELS];
static uint8_t datagrams[MAX_SLICE][RTP_BYTES + TS_BYTES];
static struct mmsghdr messages[MAX_SLICE];
static struct iovec vectors[MAX_SLICE];

static void make_messages(const struct load *load)
{
	for (unsigned int i = 0; i < load->channels; i++) {
		addresses[i] = (struct sockaddr_in){.sin_family = AF_INET};
		addresses[i].sin_port = htons((uint16_t)(load->port + 2 * i));
		inet_pton(AF_INET, load->target, &addresses[i].sin_addr);
	}
	for (unsigned int i = 0; i < MAX_SLICE; i++) {
		datagrams[i][0] = 0x80;
		datagrams[i][1] = 33;
		write_ts(datagrams[i] + RTP_BYTES, 0);
		vectors[i] = (struct iovec){datagrams[i], sizeof(datagrams[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_namelen = sizeof(addresses[0]),
		                                      .msg_iov = &vectors[i],
		                                      .msg_iovlen = 1};
	}
}

/* Send `count` datagrams, the first being number `number` of the whole load. Errors: negative errno. */
static int send_slice(const struct load *load, int fd, uint64_t number, unsigned int count)
{
	unsigned int done = 0;

	for (unsigned int i = 0; i < count; i++) {
		const unsigned int channel = (unsigned int)((number + i) % load->channels);
		const uint64_t round = (number + i) / load->channels;

		store_be16(datagrams[i] + 2, (uint16_t)round);
		store_be32(datagrams[i] + 4,
		           (uint32_t)(round * 90000 * load->channels / load->pps));
		store_be32(datagrams[i] + 8, channel + 1);
		messages[i].msg_hdr.msg_name = &addresses[channel];
	}
	while (done < count) {
		const int sent = sendmmsg(fd, messages + done, count - done, 0);

		if (sent < 0)
			return -errno;
		done += (unsigned int)sent;
	}
	return 0;
}

/* Errors: negative errno; *sent is right in any case but that. */
static int run_udp(const struct load *load, uint64_t *sent)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = 4 << 20;
	int64_t slice_ns = clock_now_ns();
	uint64_t credit = 0;
	int error = fd < 0 ? -errno : 0;

	make_messages(load);
	if (!error && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)))
		error = -errno;
	while (!error && slice_ns < load->end_ns) {
		unsigned int count;

		credit += load->pps;
		count = (unsigned int)(credit / 1000);
		credit %= 1000;
		error = send_slice(load, fd, *sent, count);
		*sent += count;
		slice_ns += SLICE_NS;
		if (clock_now_ns() > slice_ns + LATE_SLICES * SLICE_NS)
			slice_ns = clock_now_ns();
		sleep_until(slice_ns);
	}
	close(fd);
	return error;
}

/* ---- live frames ---- */

/* The program attached to an interface. Errors: negative errno. */
static int open_program(unsigned int ifindex)
{
	uint32_t id = 0;
	const int error = bpf_xdp_query_id((int)ifindex, 0, &id);

	if (error)
		return error;
	return id ? bpf_prog_get_fd_by_id(id) : -ENOENT;
}

static size_t make_frame(uint8_t *frame)
{
	uint8_t *ip = frame + ETH_HLEN, *udp = ip + 20;
	uint32_t sum = 0;

	memset(frame, 0, HEADER_BYTES);
	store_be16(frame + 12, ETH_P_IP);
	ip[0] = 0x45;
	store_be16(ip + 2, 20 + 8 + TS_BYTES);
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	inet_pton(AF_INET, "10.77.0.1", ip + 12);
	inet_pton(AF_INET, "10.77.0.2", ip + 16);
	for (int i = 0; i < 20; i += 2)
		sum += load_be16(ip + i);
	store_be16(ip + 10, (uint16_t) ~(sum + (sum >> 16)));
	store_be16(udp, 4000);
	store_be16(udp + 4, 8 + TS_BYTES);
	return HEADER_BYTES + TS_BYTES;
}

static int run_live(const struct load *load, uint64_t *sent)
{
	const unsigned int ifindex = if_nametoindex(load->target);
	const int program = ifindex ? open_program(ifindex) : -errno;
	const int64_t start_ns = clock_now_ns();
	uint8_t frame[HEADER_BYTES + TS_BYTES];
	const uint32_t size = (uint32_t)make_frame(frame);
	int error = program < 0 ? program : 0;

	for (unsigned int batch = 0; !error && clock_now_ns() < load->end_ns; batch++) {
		struct xdp_md context = {.data_end = size, .ingress_ifindex = ifindex};
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = size,
		            .ctx_in = &context, .ctx_size_in = sizeof(context),
		            .repeat = LIVE_BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

		write_ts(frame + HEADER_BYTES, batch);
		store_be16(frame + ETH_HLEN + 20 + 2,
		           (uint16_t)(load->port + 2 * (batch % load->channels)));
		error = bpf_prog_test_run_opts(program, &options);
		if (!error)
			*sent += LIVE_BATCH;
		if (load->pps)
			sleep_until(start_ns + (int64_t)(*sent * NS_PER_S / load->pps));
	}
	if (program >= 0)
		close(program);
	return error;
}

int main(int argc, char **argv)
{
	const int64_t start_ns = clock_now_ns();
	struct load load = {0};
	uint64_t sent = 0;
	int error;

	if (argc == 7) {
		load = (struct load){.target = argv[2],
		                     .port = (uint16_t)atoi(argv[3]),
		                     .channels = (unsigned int)atoi(argv[4]),
		                     .pps = (unsigned int)atoi(argv[5]),
		                     .end_ns = start_ns + (int64_t)(atof(argv[6]) * NS_PER_S)};
	}
	if (!load.channels || load.channels > MAX_CHANNELS || load.pps / 1000 + 1 > MAX_SLICE) {
		fprintf(stderr, "usage: ingest_load udp|live TARGET PORT CHANNELS PPS SECONDS\n");
		return 2;
	}
	if (!strcmp(argv[1], "live"))
		error = run_live(&load, &sent);
	else
		error = load.pps ? run_udp(&load, &sent) : -EINVAL;
	printf("sent=%llu elapsed_ms=%lld\n", (unsigned long long)sent,
	       (long long)((clock_now_ns() - start_ns) / NS_PER_MS));
	if (error)
		fprintf(stderr, "ingest_load: %s\n", strerror(-error));
	return error ? 1 : 0;
}
