/*
 * An input: datagram -> RTP stream (order, duplicates, restarts) or bare TS.
 *
 * A TS packet starts with 0x47, whose top bits are RTP version 1, so the two cannot be mixed up.
 */
#include "input.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "media/rtp_ts.h"
#include "media/ts.h"

#include <stdio.h>

#define REPORT_PERIOD_NS (10 * NS_PER_S)

const struct counter_info input_counter_table[] = {INPUT_COUNTERS(COUNTER_ROW)};

int input_init(struct input *input, struct channel *channel, unsigned int path, rtp_emit_fn emit)
{
	const struct rtp_stream_config config = {.emit = emit, .context = input};

	input->channel = channel;
	input->path = path;
	input->emit = emit;
	return rtp_stream_create(&input->stream, &config);
}

void input_clear(struct input *input)
{
	rtp_stream_destroy(input->stream);
	input->stream = NULL;
}

void input_reset(struct input *input)
{
	rtp_stream_reset(input->stream);
	pcr_clock_reset(&input->clock);
}

_Static_assert(RTP_TRUNCATED == 1 && RTP_VERSION == 2 && RTP_PADDING == 3 && RTP_TS_SIZE == 4 &&
                       RTP_TS_SYNC == 5,
               "as REJECTED_COUNTERS has them");

void input_count_fault(counter_t *rejected, int fault)
{
	if (fault)
		counter_add(&rejected[-fault - 1], 1);
}

/* Whether whole TS packets are null packets, all of them; none are too. */
static bool is_null(const uint8_t *packets, size_t size)
{
	for (size_t i = 0; i < size; i += TS_PACKET_BYTES)
		if (ts_get_pid(packets + i) != TS_PID_NULL)
			return false;
	return true;
}

/* TS without RTP. It has no sequence that two paths could be merged by. */
static int take_bare_ts(struct input *input, const struct rtp_stream *stream,
                        const uint8_t *datagram, size_t size)
{
	int fault = rtp_ts_check(datagram, size);

	if (!fault && stream != input->stream)
		fault = -RTP_VERSION;
	if (!fault)
		input->emit(input, datagram, size, false);
	return fault;
}

/* Packets that were here already; when merging, that is what a path is expected to bring. */
static uint64_t repeats(const struct rtp_stream *stream)
{
	const struct rtp_counters *counters = rtp_stream_counters(stream);

	if (rtp_stream_merges(stream))
		return 0;
	return counter_get(&counters->rtp_duplicates) + counter_get(&counters->rtp_late);
}

int input_receive(struct input *input, struct rtp_stream *stream, bool looks,
                  const uint8_t *datagram, size_t size, int64_t now_ns, enum input_news *news)
{
	const uint64_t repeats_before = repeats(stream);
	struct rtp_packet packet = {.payload = datagram, .size = size};
	int result;

	counter_add(&input->counters.datagrams_received, 1);
	counter_add(&input->counters.bytes_received, size);
	if (size && datagram[0] == TS_SYNC_BYTE)
		result = take_bare_ts(input, stream, datagram, size);
	else
		result = rtp_stream_push(stream, stream == input->stream ? 0 : 1, datagram, size,
		                         now_ns);
	*news = INPUT_NOTHING;
	if (result > 0) /* not believed */
		return 0;
	input_count_fault(&input->counters.rejected_truncated, result);
	if (result || repeats(stream) != repeats_before)
		return result;
	if (looks && datagram[0] != TS_SYNC_BYTE)
		(void)rtp_parse(&packet, datagram, size); /* the stream has found no fault in it */
	*news = looks && is_null(packet.payload, packet.size) ? INPUT_NULLS : INPUT_TS;
	return 0;
}

/* At most one line in REPORT_PERIOD_NS, however much is lost. */
static void report_losses(struct input *input, int64_t now_ns)
{
	const struct rtp_counters *counters = rtp_stream_counters(input->stream);
	const uint64_t lost = counter_get(&counters->rtp_lost) - input->reported_lost;
	const uint64_t restarts = counter_get(&counters->rtp_restarts) - input->reported_restarts;

	if (now_ns < input->report_due_ns || (!lost && !restarts))
		return;
	input->report_due_ns = now_ns + REPORT_PERIOD_NS;
	input->reported_lost += lost;
	input->reported_restarts += restarts;
	if (lost)
		log_warning("%s: %llu RTP packets have not come", input->label,
		            (unsigned long long)lost);
	if (restarts)
		log_info("%s: the source has restarted (%llu times)", input->label,
		         (unsigned long long)restarts);
}

void input_report(struct input *input, int64_t now_ns)
{
	report_losses(input, now_ns);
	rate_update(&input->rate, now_ns, counter_get(&input->counters.bytes_received),
	            &input->counters.bitrate_bps);
}

void input_report_signal(bool *receiving, const char *type, const char *subject, const char *what,
                         int64_t last_ns, int64_t now_ns)
{
	const bool now = last_ns && now_ns - last_ns < CHANNEL_NO_SIGNAL_NS;
	char name[32];

	if (now == *receiving)
		return;
	*receiving = now;
	snprintf(name, sizeof(name), "%s_%s", type, now ? "back" : "lost");
	if (now)
		event_add(LOG_LEVEL_INFO, name, subject, "%s: receiving", what);
	else
		event_add(LOG_LEVEL_WARNING, name, subject, "%s: no signal for %lld s", what,
		          CHANNEL_NO_SIGNAL_NS / NS_PER_S);
}
