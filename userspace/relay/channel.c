/*
 * A channel: datagram -> RTP or bare TS -> ring.
 *
 * A TS packet starts with 0x47, whose top bits are RTP version 1, so the two cannot be mixed up.
 */
#include "channel.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rate.h"
#include "media/rtp.h"
#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_PERIOD_NS (10 * NS_PER_S)

struct channel {
	char *name;
	struct ring *ring;
	struct channel_counters counters;
	struct rtp_sequence sequence;
	struct rate rate;
	_Atomic int64_t last_ns;
	bool receiving;        /* as logged last */
	int64_t report_due_ns; /* of what was lost; 0: at the next loss */
	uint64_t reported_lost, reported_restarts;
};

const struct counter_info channel_counter_table[] = {CHANNEL_COUNTERS(COUNTER_ROW)};

int channel_create(struct channel **out, const struct channel_config *config)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int error;

	if (!channel)
		return -ENOMEM;
	channel->name = strdup(config->name);
	error = channel->name
	                ? ring_create(&channel->ring, config->ring_packets ? config->ring_packets
	                                                                   : RING_DEFAULT_PACKETS)
	                : -ENOMEM;
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
	ring_destroy(channel->ring);
	free(channel->name);
	free(channel);
}

static counter_t *fault_counter(struct channel_counters *counters, int fault)
{
	switch (fault) {
	case -RTP_TRUNCATED:
		return &counters->rejected_truncated;
	case -RTP_PADDING:
		return &counters->rejected_padding;
	default:
		return &counters->rejected_version;
	}
}

/* Count the packet's place in the sequence. Returns whether its payload is to be kept. */
static bool track_sequence(struct channel *channel, const struct rtp_packet *packet)
{
	uint64_t lost = 0;
	const enum rtp_verdict verdict = rtp_sequence_update(&channel->sequence, packet, &lost);

	counter_add(&channel->counters.rtp_lost, lost);
	if (verdict == RTP_LATE)
		counter_add(&channel->counters.rtp_reordered, 1);
	else if (verdict == RTP_DUPLICATE)
		counter_add(&channel->counters.rtp_duplicates, 1);
	else if (verdict == RTP_RESTART)
		counter_add(&channel->counters.rtp_restarts, 1);
	return verdict != RTP_DUPLICATE;
}

/* Is this whole TS packets? Counts the reason when not. */
static bool check_ts(struct channel *channel, const uint8_t *payload, size_t size)
{
	if (size == 0 || size % TS_PACKET_BYTES) {
		counter_add(&channel->counters.rejected_size, 1);
		return false;
	}
	for (size_t i = 0; i < size; i += TS_PACKET_BYTES) {
		if (!ts_has_sync(payload + i)) {
			counter_add(&channel->counters.rejected_sync, 1);
			return false;
		}
	}
	return true;
}

void channel_receive(struct channel *channel, const uint8_t *datagram, size_t size, int64_t now_ns)
{
	const bool bare_ts = size > 0 && datagram[0] == TS_SYNC_BYTE;
	struct rtp_packet packet = {.payload = datagram, .size = size};
	int fault;

	counter_add(&channel->counters.datagrams_received, 1);
	if (!bare_ts) {
		fault = rtp_parse(&packet, datagram, size);
		if (fault) {
			counter_add(fault_counter(&channel->counters, fault), 1);
			return;
		}
	}
	if (!check_ts(channel, packet.payload, packet.size))
		return;
	if (!bare_ts && !track_sequence(channel, &packet))
		return;
	ring_write(channel->ring, packet.payload, packet.size / TS_PACKET_BYTES,
	           (uint32_t)(now_ns / NS_PER_US));
	counter_add(&channel->counters.bytes_received, packet.size);
	atomic_store_explicit(&channel->last_ns, now_ns, memory_order_relaxed);
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
	const uint64_t lost = counter_get(&channel->counters.rtp_lost) - channel->reported_lost;
	const uint64_t restarts =
		counter_get(&channel->counters.rtp_restarts) - channel->reported_restarts;

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
