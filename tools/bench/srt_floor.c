/*
 * The floor of the benchmark: libsrt alone, used as it is cheapest.
 *
 *	srt_floor OUTPUTS BITRATE_BPS THREADS TICK_US ADDRESS PORT PORTS LATENCY_MS [PASSPHRASE PBKEYLEN]
 *
 * OUTPUTS callers, spread over PORTS listeners from PORT on, in THREADS threads whose callers share one local
 * port each. Every tick a thread hands each of its callers the messages of 7 TS packets that have become due at
 * the bit rate. Nothing is received, parsed or copied before: the messages are the same memory each time. Ends on
 * SIGTERM.
 */
#include "base/bytes.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <srt/srt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OUTPUTS      1024
#define MAX_THREADS      16
#define MESSAGE_BYTES    (7 * 188)
#define SRT_PACKET_BYTES 1456
#define FLOW_PACKETS     4096 /* far more than a second of what is sent */
#define LATE_TICKS       20   /* what was missed for longer than that is not made up for */

struct floor_config {
	unsigned int outputs, bitrate_bps, threads, tick_us, ports;
	struct sockaddr_in peer;
	int latency_ms, pbkeylen;
	const char *passphrase;
};

struct lane {
	pthread_t thread;
	const struct floor_config *config;
	SRTSOCKET sockets[MAX_OUTPUTS];
	unsigned int count;
	uint64_t refused; /* messages that a full buffer did not take */
};

static uint8_t message[MESSAGE_BYTES];
static atomic_bool stopping;

static bool set_int(SRTSOCKET socket, SRT_SOCKOPT option, int value)
{
	return srt_setsockflag(socket, option, &value, sizeof(value)) != SRT_ERROR;
}

/* Connect from local, which gets the port that was chosen if it had none. */
static SRTSOCKET connect_to(const struct floor_config *config, const struct sockaddr_in *peer,
                            struct sockaddr_in *local)
{
	const SRTSOCKET s = srt_create_socket();
	int size = sizeof(*local);

	if (s == SRT_INVALID_SOCK || !set_int(s, SRTO_TRANSTYPE, SRTT_LIVE) ||
	    !set_int(s, SRTO_SNDSYN, 0) || !set_int(s, SRTO_LATENCY, config->latency_ms) ||
	    !set_int(s, SRTO_FC, FLOW_PACKETS) ||
	    !set_int(s, SRTO_SNDBUF, FLOW_PACKETS * SRT_PACKET_BYTES) ||
	    !set_int(s, SRTO_RCVBUF, 32 * SRT_PACKET_BYTES))
		return SRT_INVALID_SOCK;
	if (config->passphrase && (!set_int(s, SRTO_PBKEYLEN, config->pbkeylen) ||
	                           srt_setsockflag(s, SRTO_PASSPHRASE, config->passphrase,
	                                           (int)strlen(config->passphrase)) == SRT_ERROR))
		return SRT_INVALID_SOCK;
	if (srt_bind(s, (const struct sockaddr *)local, sizeof(*local)) == SRT_ERROR ||
	    srt_getsockname(s, (struct sockaddr *)local, &size) == SRT_ERROR ||
	    srt_connect(s, (const struct sockaddr *)peer, sizeof(*peer)) == SRT_ERROR)
		return SRT_INVALID_SOCK;
	return s;
}

static int connect_lane(struct lane *lane, unsigned int index)
{
	const struct floor_config *config = lane->config;
	struct sockaddr_in local = {.sin_family = AF_INET};

	for (unsigned int i = index; i < config->outputs; i += config->threads) {
		struct sockaddr_in peer = config->peer;
		SRTSOCKET s;

		peer.sin_port = htons((uint16_t)(ntohs(peer.sin_port) + i % config->ports));
		s = connect_to(config, &peer, &local);
		if (s == SRT_INVALID_SOCK)
			return -ECONNREFUSED;
		lane->sockets[lane->count++] = s;
		local.sin_addr.s_addr = htonl(INADDR_ANY); /* as it was bound: else not shared */
	}
	return 0;
}

static void sleep_until(int64_t at_ns)
{
	const struct timespec at = {.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static void send_due(struct lane *lane, uint64_t due)
{
	for (unsigned int i = 0; i < lane->count; i++)
		for (uint64_t n = 0; n < due; n++)
			if (srt_sendmsg2(lane->sockets[i], (const char *)message, MESSAGE_BYTES,
			                 NULL) == SRT_ERROR)
				lane->refused++;
}

static void *run_lane(void *context)
{
	struct lane *lane = context;
	const int64_t tick_ns = lane->config->tick_us * NS_PER_US;
	int64_t start_ns = clock_now_ns(), next_ns = start_ns;
	uint64_t sent = 0;

	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		const int64_t now_ns = clock_now_ns();
		uint64_t due;

		if (now_ns - next_ns > LATE_TICKS * tick_ns) {
			start_ns += now_ns - next_ns;
			next_ns = now_ns;
		}
		due = (uint64_t)((double)(now_ns - start_ns) / NS_PER_S *
		                 lane->config->bitrate_bps / 8 / MESSAGE_BYTES);
		if (due > sent) {
			send_due(lane, due - sent);
			sent = due;
		}
		next_ns += tick_ns;
		sleep_until(next_ns);
	}
	return NULL;
}

static int run(const struct floor_config *config)
{
	static struct lane lanes[MAX_THREADS];
	unsigned int started = 0;
	uint64_t refused = 0;
	sigset_t ends;
	int error = 0, signal;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	for (unsigned int i = 0; !error && i < config->threads; i++) {
		lanes[i].config = config;
		error = connect_lane(&lanes[i], i);
	}
	for (; !error && started < config->threads; started++)
		error = -pthread_create(&lanes[started].thread, NULL, run_lane, &lanes[started]);
	if (!error)
		sigwait(&ends, &signal);
	atomic_store(&stopping, true);
	for (unsigned int i = 0; i < started; i++) {
		pthread_join(lanes[i].thread, NULL);
		refused += lanes[i].refused;
	}
	printf("refused=%llu\n", (unsigned long long)refused);
	return error;
}

static int parse(struct floor_config *config, int argc, char **argv)
{
	if (argc != 9 && argc != 11)
		return -EINVAL;
	*config = (struct floor_config){
		.outputs = (unsigned int)atoi(argv[1]),
		.bitrate_bps = (unsigned int)atoi(argv[2]),
		.threads = (unsigned int)atoi(argv[3]),
		.tick_us = (unsigned int)atoi(argv[4]),
		.ports = (unsigned int)atoi(argv[7]),
		.latency_ms = atoi(argv[8]),
		.passphrase = argc > 9 ? argv[9] : NULL,
		.pbkeylen = argc > 9 ? atoi(argv[10]) : 0,
		.peer = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[6]))}};
	if (inet_pton(AF_INET, argv[5], &config->peer.sin_addr) != 1 || !config->outputs ||
	    config->outputs > MAX_OUTPUTS || !config->threads || config->threads > MAX_THREADS ||
	    !config->tick_us || !config->ports)
		return -EINVAL;
	return 0;
}

int main(int argc, char **argv)
{
	struct floor_config config;
	int error;

	if (parse(&config, argc, argv)) {
		fprintf(stderr, "usage: srt_floor OUTPUTS BITRATE_BPS THREADS TICK_US ADDRESS PORT "
		                "PORTS LATENCY_MS [PASSPHRASE PBKEYLEN]\n");
		return 2;
	}
	for (unsigned int i = 0; i < MESSAGE_BYTES; i++)
		message[i] = i % 188 == 0 ? 0x47 : (uint8_t)i;
	srt_startup();
	srt_setloglevel(2 /* LOG_CRIT */);
	error = run(&config);
	if (error)
		fprintf(stderr, "srt_floor: %s\n", srt_getlasterror_str());
	srt_cleanup();
	return error ? 1 : 0;
}
