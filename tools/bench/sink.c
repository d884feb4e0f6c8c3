/*
 * See sink.h.
 */
#include "sink.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#define TICK_NS (20 * NS_PER_MS)

static volatile sig_atomic_t stopping, asked;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		asked++;
	else
		stopping = 1;
}

static int watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL) ||
	    sigaction(SIGUSR1, &action, NULL))
		return -errno;
	return 0;
}

static void print_counts(sink_count_fn count, void *context)
{
	struct sink_counts c = {0};

	count(context, &c);
	printf("senders=%" PRIu64 " packets=%" PRIu64 " bytes=%" PRIu64 " lost=%" PRIu64
	       " dropped=%" PRIu64 " repeated=%" PRIu64 "\n",
	       c.senders, c.packets, c.bytes, c.lost, c.dropped, c.repeated);
	fflush(stdout);
}

int sink_run(sink_read_fn read, sink_count_fn count, void *context)
{
	const struct timespec pause = {.tv_nsec = TICK_NS};
	sig_atomic_t answered = 0;
	const int error = watch_signals();

	if (error)
		return error;
	puts("ready");
	fflush(stdout);
	while (!stopping) {
		read(context);
		if (answered != asked) {
			answered = asked;
			print_counts(count, context);
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	read(context);
	print_counts(count, context);
	return 0;
}
