/*
 * media-source: sends a transport stream the way a live encoder does, with faults when asked.
 *
 *	ts_loop ──► RTP header ──► impair ──► rtp_sender ──► every destination
 *	                              └──► record
 *
 * One thread: read the next datagram's packets, sleep until its deadline, send. Deadlines are absolute,
 * reckoned from the start, so delays do not add up.
 */
#include "impair.h"
#include "options.h"
#include "report.h"
#include "rtp_sender.h"
#include "ts_loop.h"

#include "base/clock.h"
#include "media/rtp.h"
#include "media/ts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MAX_SLEEP_NS (100 * NS_PER_MS) /* a signal just before a sleep is seen after this */
#define MAX_LATE_NS  (500 * NS_PER_MS) /* later than this, the pace begins anew */

struct source {
	struct options options;
	struct ts_loop *loop;
	struct rtp_sender *sender;
	struct impair *impair;
	FILE *record;
	size_t header_bytes;        /* before the TS packets */
	uint16_t sequence;          /* the next */
	uint64_t ts_packets, bytes; /* not dropped */
	uint64_t packets_read;
	int64_t start_ns, began_ns; /* began_ns: as start_ns, but not moved by pauses */
	int64_t late_max_ns, next_report_ns;
	uint64_t pauses;
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		return -errno;
	return 0;
}

/* Write a datagram's packets to the record; failure shows in ferror(). */
static void record(struct source *source, const uint8_t *datagram, size_t size)
{
	if (source->record)
		fwrite(datagram + source->header_bytes, 1, size - source->header_bytes,
		       source->record);
}

/* A datagram leaves: impair_emit_fn. */
static void on_emit(void *context, const uint8_t *data, size_t size, bool copy)
{
	struct source *source = context;

	if (source->options.plain_udp && !copy)
		record(source, data, size);
	rtp_sender_send(source->sender, data, size);
}

static void print_report(struct source *source, bool final)
{
	uint32_t play_packets = ts_loop_info(source->loop).packets;
	struct report report = {
		.final = final,
		.plays = (source->packets_read + play_packets - 1) / play_packets,
		.counts = impair_counts(source->impair),
		.ts_packets = source->ts_packets,
		.bytes = source->bytes,
		.plain_udp = source->options.plain_udp,
		.first_sequence = source->options.sequence,
		.last_sequence = (uint16_t)(source->sequence - 1),
		.ssrc = source->options.ssrc,
		.elapsed_s = (double)(clock_now_ns() - source->began_ns) / NS_PER_S,
		.late_max_ms = (double)source->late_max_ns / NS_PER_MS,
		.pauses = source->pauses,
		.destinations = &source->options.destinations,
	};

	rtp_sender_collect_errors(source->sender);
	if (report_print(stdout, &report, source->options.json))
		fprintf(stderr, "media-source: cannot write the summary\n");
}

/* Print the summary every so often, if wanted; what was missed is not made up for. */
static void report_when_due(struct source *source)
{
	int64_t now = clock_now_ns();

	if (source->options.report_s <= 0 || now < source->next_report_ns)
		return;
	print_report(source, false);
	source->next_report_ns = now + (int64_t)(source->options.report_s * NS_PER_S);
}

/* When the datagram leaves that begins at stream time `time` (27 MHz). */
static int64_t deadline_ns(const struct source *source, uint64_t time)
{
	double seconds;

	if (source->options.speed > 0)
		seconds = (double)time / TS_PCR_HZ / source->options.speed;
	else
		seconds = (double)source->packets_read * TS_PACKET_BYTES * 8 /
		          (double)source->options.max_bitrate_bps;
	return source->start_ns + (int64_t)(seconds * NS_PER_S);
}

/* Sleep until the deadline, or a signal. */
static void wait_until(struct source *source, int64_t deadline)
{
	int64_t now = clock_now_ns();

	while (!stopping && now < deadline) {
		int64_t wake = deadline - now > MAX_SLEEP_NS ? now + MAX_SLEEP_NS : deadline;
		struct timespec at = {.tv_sec = wake / NS_PER_S, .tv_nsec = wake % NS_PER_S};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		now = clock_now_ns();
	}
	if (now - deadline > source->late_max_ns)
		source->late_max_ns = now - deadline;
	if (now - deadline > MAX_LATE_NS) {
		source->start_ns += now - deadline;
		source->pauses++;
	}
}

/* Pass one datagram of `packets` TS packets on, its header still unwritten. */
static void pass_datagram(struct source *source, uint8_t *datagram, unsigned int packets,
                          uint64_t time)
{
	size_t size = source->header_bytes + (size_t)packets * TS_PACKET_BYTES;

	if (!source->options.plain_udp)
		rtp_write_header(datagram, RTP_PAYLOAD_TYPE_TS, source->sequence,
		                 source->options.timestamp + (uint32_t)(time / 300),
		                 source->options.ssrc);
	source->sequence++;
	if (!impair_submit(source->impair, datagram, size))
		return;
	source->ts_packets += packets;
	source->bytes += (uint64_t)packets * TS_PACKET_BYTES;
	if (!source->options.plain_udp)
		record(source, datagram, size);
}

static void run(struct source *source)
{
	const struct options *options = &source->options;
	uint8_t datagram[IMPAIR_MAX_BYTES];
	uint64_t made = 0, time = 0;

	source->start_ns = source->began_ns = clock_now_ns();
	source->next_report_ns = source->start_ns + (int64_t)(options->report_s * NS_PER_S);
	while (!stopping && (options->datagrams == 0 || made < options->datagrams)) {
		unsigned int packets = ts_loop_read(source->loop, datagram + source->header_bytes,
		                                    options->packets_per_datagram, &time);

		if (packets == 0)
			break;
		if (options->duration_s > 0 && (double)time >= options->duration_s * TS_PCR_HZ)
			break;
		wait_until(source, deadline_ns(source, time));
		if (stopping)
			break;
		source->packets_read += packets;
		pass_datagram(source, datagram, packets, time);
		made++;
		report_when_due(source);
	}
	impair_flush(source->impair);
}

/* Errors: negative errno, having said why. */
static int open_source(struct source *source)
{
	const struct options *options = &source->options;
	struct rtp_sender_config config = {
		.destinations = options->destinations.items,
		.destination_count = options->destinations.count,
		.sources = options->sources,
		.source_count = options->source_count,
		.interface = options->interface,
		.ttl = (int)options->ttl,
	};
	char why[256];
	int err = ts_loop_load(&source->loop, options->file, &options->loop, why, sizeof(why));

	if (err) {
		fprintf(stderr, "media-source: %s: %s\n", options->file, why);
		return err;
	}
	if (ts_loop_info(source->loop).split_cues > 0)
		fprintf(stderr,
		        "media-source: %s: %u SCTE-35 sections keep their times in every "
		        "play (longer than a packet)\n",
		        options->file, ts_loop_info(source->loop).split_cues);
	err = rtp_sender_create(&source->sender, &config, why, sizeof(why));
	if (err) {
		fprintf(stderr, "media-source: %s\n", why);
		return err;
	}
	err = impair_create(&source->impair, &options->impair, on_emit, source);
	if (err) {
		fprintf(stderr, "media-source: fault pattern: %s\n", strerror(-err));
		return err;
	}
	if (options->record) {
		source->record = fopen(options->record, "wb");
		if (!source->record) {
			err = -errno;
			fprintf(stderr, "media-source: %s: %s\n", options->record, strerror(-err));
		}
	}
	return err;
}

/* Errors: -EIO when the record is not whole, having said so. */
static int close_source(struct source *source)
{
	int err = 0;

	if (source->record) {
		err = ferror(source->record) ? -EIO : 0;
		if (fclose(source->record) || err) {
			fprintf(stderr, "media-source: %s: write failed\n", source->options.record);
			err = -EIO;
		}
	}
	impair_destroy(source->impair);
	rtp_sender_destroy(source->sender);
	ts_loop_destroy(source->loop);
	options_free(&source->options);
	return err;
}

int main(int argc, char **argv)
{
	struct source source = {0};
	enum options_result result = options_parse(&source.options, argc, argv);
	int err;

	if (result != OPTIONS_RUN) {
		options_free(&source.options);
		return result == OPTIONS_HELP ? 0 : 2;
	}
	source.header_bytes = source.options.plain_udp ? 0 : RTP_HEADER_BYTES;
	source.sequence = source.options.sequence;
	err = watch_signals();
	if (!err)
		err = open_source(&source);
	if (!err) {
		run(&source);
		print_report(&source, true);
	}
	if (close_source(&source) && !err)
		err = -EIO;
	return err ? 1 : 0;
}
