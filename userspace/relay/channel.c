/*
 * A channel: datagram -> RTP stream (order, duplicates, restarts) or bare TS -> ring.
 *
 * A TS packet starts with 0x47, whose top bits are RTP version 1, so the two cannot be mixed up.
 */
#include "channel.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rate.h"
#include "media/rtp_stream.h"
#include "media/rtp_ts.h"
#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_PERIOD_NS (10 * NS_PER_S)
#define GAUGE_PERIOD_NS  (100 * NS_PER_MS)

struct channel {
	char *name;
	struct ring *ring;
	struct channel_counters counters;
	struct rtp_stream *stream;
	_Atomic unsigned int recovery; /* as configured: 2 * reorder_ms + fec */
	unsigned int recovery_in_use;  /* the ingest thread's */
	int64_t now_ns;                /* of the call in progress, for what it emits */
	int64_t gauges_due_ns;
	struct rate rate;
	_Atomic int64_t last_ns;
	bool receiving;        /* as logged last */
	int64_t report_due_ns; /* of what was lost; 0: at the next loss */
	uint64_t reported_lost, reported_restarts;
};

const struct counter_info channel_counter_table[] = {CHANNEL_COUNTERS(COUNTER_ROW)};

static void take_payload(void *context, const uint8_t *payload, size_t size, bool broken)
{
	struct channel *channel = context;

	(void)broken; /* the TS says so itself, by its continuity counters */
	ring_write(channel->ring, payload, size / TS_PACKET_BYTES,
	           (uint32_t)(channel->now_ns / NS_PER_US));
	counter_add(&channel->counters.bytes_received, size);
	atomic_store_explicit(&channel->last_ns, channel->now_ns, memory_order_relaxed);
}

static int init_channel(struct channel *channel, const struct channel_config *config)
{
	const struct rtp_stream_config stream = {.options.reorder_ms = config->reorder_ms,
	                                         .options.fec = config->fec,
	                                         .emit = take_payload,
	                                         .context = channel};
	int error;

	channel->name = strdup(config->name);
	if (!channel->name)
		return -ENOMEM;
	channel_set_recovery(channel, config->reorder_ms, config->fec);
	channel->recovery_in_use = atomic_load(&channel->recovery);
	error = ring_create(&channel->ring,
	                    config->ring_packets ? config->ring_packets : RING_DEFAULT_PACKETS);
	return error ? error : rtp_stream_create(&channel->stream, &stream);
}

int channel_create(struct channel **out, const struct channel_config *config)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int error;

	if (!channel)
		return -ENOMEM;
	error = init_channel(channel, config);
	if (error) {
		channel_destroy(channel);
		return error;
	}
	*out = channel;
	return 0;
}

void channel_destroy(struct channel *channel)
{
	if (!channel)
		return;
	rtp_stream_destroy(channel->stream);
	ring_destroy(channel->ring);
	free(channel->name);
	free(channel);
}

void channel_set_recovery(struct channel *channel, unsigned int reorder_ms, bool fec)
{
	atomic_store_explicit(&channel->recovery, 2 * reorder_ms + fec, memory_order_relaxed);
}

/* Take over what the manager has set. */
static void update_recovery(struct channel *channel, int64_t now_ns)
{
	const unsigned int recovery =
		atomic_load_explicit(&channel->recovery, memory_order_relaxed);

	if (recovery == channel->recovery_in_use)
		return;
	channel->recovery_in_use = recovery;
	rtp_stream_configure(
		channel->stream,
		&(struct rtp_stream_options){.reorder_ms = recovery / 2, .fec = recovery % 2},
		now_ns);
}

static counter_t *fault_counter(struct channel_counters *counters, int fault)
{
	switch (fault) {
	case -RTP_TRUNCATED:
		return &counters->rejected_truncated;
	case -RTP_PADDING:
		return &counters->rejected_padding;
	case -RTP_TS_SIZE:
		return &counters->rejected_size;
	case -RTP_TS_SYNC:
		return &counters->rejected_sync;
	default:
		return &counters->rejected_version;
	}
}

/* TS without RTP. Errors: the negative of an rtp_ts_fault. */
static int take_bare_ts(struct channel *channel, const uint8_t *datagram, size_t size)
{
	const int fault = rtp_ts_check(datagram, size);

	if (!fault)
		take_payload(channel, datagram, size, false);
	return fault;
}

static void take_media(struct channel *channel, const uint8_t *datagram, size_t size,
                       int64_t now_ns)
{
	int fault;

	counter_add(&channel->counters.datagrams_received, 1);
	if (size && datagram[0] == TS_SYNC_BYTE)
		fault = take_bare_ts(channel, datagram, size);
	else
		fault = rtp_stream_push(channel->stream, 0, datagram, size, now_ns);
	if (fault)
		counter_add(fault_counter(&channel->counters, fault), 1);
}

void channel_receive(struct channel *channel, unsigned int path, enum channel_input input,
                     const uint8_t *datagram, size_t size, int64_t now_ns)
{
	if (path)
		return;
	channel->now_ns = now_ns;
	if (input == CHANNEL_MEDIA)
		take_media(channel, datagram, size, now_ns);
	else
		rtp_stream_push_fec(channel->stream,
		                    input == CHANNEL_FEC_COLUMN ? FEC_COLUMN : FEC_ROW, datagram,
		                    size, now_ns);
}

void channel_prefetch(const struct channel *channel)
{
	ring_prefetch(channel->ring);
}

/* One line when the stream comes and one when it goes. */
static void report_signal(struct channel *channel, int64_t now_ns)
{
	const int64_t last_ns = channel_last_ns(channel);
	const bool receiving = last_ns && now_ns - last_ns < CHANNEL_NO_SIGNAL_NS;

	if (receiving == channel->receiving)
		return;
	channel->receiving = receiving;
	if (receiving)
		log_info("channel \"%s\": receiving", channel->name);
	else
		log_warning("channel \"%s\": no signal for %lld s", channel->name,
		            CHANNEL_NO_SIGNAL_NS / NS_PER_S);
}

/* At most one line in REPORT_PERIOD_NS, however much is lost. */
static void report_losses(struct channel *channel, int64_t now_ns)
{
	const struct rtp_counters *counters = rtp_stream_counters(channel->stream);
	const uint64_t lost = counter_get(&counters->rtp_lost) - channel->reported_lost;
	const uint64_t restarts = counter_get(&counters->rtp_restarts) - channel->reported_restarts;

	if (now_ns < channel->report_due_ns || (!lost && !restarts))
		return;
	channel->report_due_ns = now_ns + REPORT_PERIOD_NS;
	channel->reported_lost += lost;
	channel->reported_restarts += restarts;
	if (lost)
		log_warning("channel \"%s\": %llu RTP packets lost on the network", channel->name,
		            (unsigned long long)lost);
	if (restarts)
		log_info("channel \"%s\": the source has restarted (%llu times)", channel->name,
		         (unsigned long long)restarts);
}

void channel_tick(struct channel *channel, int64_t now_ns)
{
	channel->now_ns = now_ns;
	update_recovery(channel, now_ns);
	rtp_stream_tick(channel->stream, now_ns);
	if (now_ns < channel->gauges_due_ns)
		return;
	channel->gauges_due_ns = now_ns + GAUGE_PERIOD_NS;
	report_signal(channel, now_ns);
	report_losses(channel, now_ns);
	rate_update(&channel->rate, now_ns, counter_get(&channel->counters.bytes_received),
	            &channel->counters.bitrate_bps);
}

const struct ring *channel_ring(const struct channel *channel)
{
	return channel->ring;
}

const char *channel_name(const struct channel *channel)
{
	return channel->name;
}

const struct channel_counters *channel_counters(const struct channel *channel)
{
	return &channel->counters;
}

int64_t channel_last_ns(const struct channel *channel)
{
	return atomic_load_explicit(&channel->last_ns, memory_order_relaxed);
}

const struct rtp_counters *channel_rtp_counters(const struct channel *channel)
{
	return rtp_stream_counters(channel->stream);
}
