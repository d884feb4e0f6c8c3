/*
 * A channel: inputs -> the one on the air, or both merged -> ring.
 *
 * Both inputs are received all the time; what the one that is not on the air emits is dropped here. So a
 * change is nothing but a number and a splice, and takes effect with the next datagram of the other one.
 */
#include "channel.h"

#include "failover.h"
#include "splice.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "base/prefetch.h"
#include "media/ts.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAUGE_PERIOD_NS (100 * NS_PER_MS)

_Static_assert((int)CHANNEL_PATHS == (int)INPUT_COUNT && (int)CHANNEL_PATHS == (int)RTP_PATHS,
               "a path is an input");

/* What every datagram needs comes first and together, as of hundreds of channels none stays in the cache. */
struct channel {
	struct ring *ring;
	struct channel_counters counters;
	struct channel_settings settings; /* in use, the ingest thread's */
	_Atomic unsigned int active; /* the input on the air; its writer is the ingest thread */
	int64_t now_ns; /* the ingest thread's: of the call in progress, for what it emits */
	_Atomic int64_t last_ns;
	struct input inputs[CHANNEL_PATHS];

	char *name;
	char id[40];
	char label[160]; /* what lines in log and events begin with */
	_Atomic struct channel_settings configured;
	_Atomic unsigned int selected; /* by hand: input + 1, 0 when nothing is to be done */
	/* The rest is the ingest thread's. */
	struct failover failover;
	struct splice splice;
	int64_t ticked_ns, gauges_due_ns;
	struct rate rate;
	bool receiving; /* as reported last */
};

const struct counter_info channel_counter_table[] = {CHANNEL_COUNTERS(COUNTER_ROW)};

static bool is_merging(const struct channel_settings *settings)
{
	return settings->backup && settings->merge;
}

static bool fails_over(const struct channel_settings *settings)
{
	return settings->backup && !settings->merge;
}

static unsigned int active_input(const struct channel *channel)
{
	return atomic_load_explicit(&channel->active, memory_order_relaxed);
}

/* Write TS packets that may need others before them, or whose PCRs may matter later. */
static void write_spliced(struct channel *channel, struct input *input, const uint8_t *packets,
                          size_t count)
{
	const uint32_t arrival_us = (uint32_t)(channel->now_ns / NS_PER_US);
	const bool on_air = input->path == active_input(channel);
	uint8_t inserted[TS_PACKET_BYTES];

	for (size_t i = 0; i < count; i++, packets += TS_PACKET_BYTES) {
		pcr_clock_push(&input->clock, packets);
		if (!on_air)
			continue;
		if (channel->splice.on &&
		    splice_packet(&channel->splice, &input->clock, packets, inserted)) {
			ring_write(channel->ring, inserted, 1, arrival_us);
			counter_add(&channel->counters.packets_inserted, 1);
		}
		ring_write(channel->ring, packets, 1, arrival_us);
	}
}

static void take_payload(void *context, const uint8_t *payload, size_t size, bool broken)
{
	struct input *input = context;
	struct channel *channel = input->channel;
	const size_t count = size / TS_PACKET_BYTES;

	(void)broken; /* the TS says so itself, by its continuity counters */
	if (channel->settings.backup || channel->splice.on)
		write_spliced(channel, input, payload, count);
	else
		ring_write(channel->ring, payload, count, (uint32_t)(channel->now_ns / NS_PER_US));
	if (input->path != active_input(channel))
		return;
	counter_add(&channel->counters.bytes_received, size);
	atomic_store_explicit(&channel->last_ns, channel->now_ns, memory_order_relaxed);
}

static const char *input_name(unsigned int path)
{
	return path == INPUT_BACKUP ? "backup" : "primary";
}

/* An input is named only where there are two. */
static void label_inputs(struct channel *channel)
{
	for (unsigned int i = 0; i < CHANNEL_PATHS; i++)
		snprintf(channel->inputs[i].label, sizeof(channel->inputs[i].label), "%s%s%s",
		         channel->label, channel->settings.backup ? ": " : "",
		         channel->settings.backup ? input_name(i) : "");
}

static void configure_streams(struct channel *channel, int64_t now_ns)
{
	const struct channel_settings *settings = &channel->settings;
	struct rtp_stream_options options = {.reorder_ms = settings->reorder_ms,
	                                     .fec = settings->fec};

	rtp_stream_configure(channel->inputs[INPUT_BACKUP].stream, &options, now_ns);
	options.merge_ms = is_merging(settings) ? settings->merge_ms : 0;
	rtp_stream_configure(channel->inputs[INPUT_PRIMARY].stream, &options, now_ns);
}

static int init_channel(struct channel *channel, const struct channel_config *config)
{
	int error = 0;

	channel->name = strdup(config->name);
	if (!channel->name)
		return -ENOMEM;
	snprintf(channel->id, sizeof(channel->id), "%s", config->id ? config->id : "");
	snprintf(channel->label, sizeof(channel->label), "channel \"%.120s\"", config->name);
	for (unsigned int i = 0; i < CHANNEL_PATHS && !error; i++)
		error = input_init(&channel->inputs[i], channel, i, take_payload);
	if (!error)
		error = ring_create(&channel->ring, config->ring_packets ? config->ring_packets
		                                                         : RING_DEFAULT_PACKETS);
	if (error)
		return error;
	channel_configure(channel, &config->settings);
	channel->settings = config->settings;
	channel->settings.backup = false; /* the first tick begins with it */
	label_inputs(channel);
	configure_streams(channel, 0);
	return 0;
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
	for (unsigned int i = 0; i < CHANNEL_PATHS; i++)
		input_clear(&channel->inputs[i]);
	ring_destroy(channel->ring);
	free(channel->name);
	free(channel);
}

void channel_configure(struct channel *channel, const struct channel_settings *settings)
{
	atomic_store_explicit(&channel->configured, *settings, memory_order_relaxed);
}

void channel_select(struct channel *channel, unsigned int path)
{
	atomic_store_explicit(&channel->selected, path + 1, memory_order_release);
}

/* Put an input on the air. */
static void switch_to(struct channel *channel, unsigned int path, enum log_level level,
                      const char *why)
{
	atomic_store_explicit(&channel->active, path, memory_order_relaxed);
	splice_begin(&channel->splice);
	counter_add(&channel->counters.input_switches, 1);
	event_add(level, "input_switched", channel->id, "%s: switched to %s: %s", channel->label,
	          input_name(path), why);
}

static struct failover_settings failover_settings(const struct channel_settings *settings)
{
	return (struct failover_settings){.timeout_ms = settings->timeout_ms,
	                                  .returns = settings->returns,
	                                  .stable_ms = settings->stable_ms};
}

static void switch_for(struct channel *channel, enum failover_cause cause)
{
	const struct failover_settings settings = failover_settings(&channel->settings);
	const bool failed = cause == FAILOVER_NOTHING || cause == FAILOVER_NULLS;
	char why[80];

	if (!cause)
		return;
	failover_explain(why, sizeof(why), cause, &settings);
	switch_to(channel, channel->failover.active, failed ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	          why);
}

/* From here on the inputs are sources by themselves. */
static void begin_failover(struct channel *channel, int64_t now_ns)
{
	const struct failover_settings settings = failover_settings(&channel->settings);

	input_reset(&channel->inputs[INPUT_BACKUP]);
	failover_begin(&channel->failover, &settings, now_ns);
	if (channel->failover.active == active_input(channel))
		return;
	input_reset(&channel->inputs[INPUT_PRIMARY]); /* it went on with the backup's source */
	switch_for(channel, FAILOVER_NOTHING);
}

/* From here on there is the primary alone, or both as one. */
static void end_failover(struct channel *channel)
{
	if (active_input(channel) != INPUT_PRIMARY)
		switch_to(channel, INPUT_PRIMARY, LOG_LEVEL_INFO,
		          channel->settings.backup ? "the inputs are merged now"
		                                   : "there is no backup any more");
	input_reset(&channel->inputs[INPUT_BACKUP]);
}

/* Take over what the manager has set. */
static void update_settings(struct channel *channel, int64_t now_ns)
{
	const struct channel_settings was = channel->settings;
	const struct channel_settings next =
		atomic_load_explicit(&channel->configured, memory_order_relaxed);

	if (!memcmp(&was, &next, sizeof(was)))
		return;
	channel->settings = next;
	label_inputs(channel);
	configure_streams(channel, now_ns);
	if (!next.backup) {
		failover_forget(&channel->failover, INPUT_BACKUP);
		atomic_store_explicit(&channel->inputs[INPUT_BACKUP].media_ns, 0,
		                      memory_order_relaxed);
	}
	if (!fails_over(&next))
		atomic_store_explicit(&channel->selected, 0, memory_order_relaxed);
	if (fails_over(&next) && !fails_over(&was))
		begin_failover(channel, now_ns);
	else if (!fails_over(&next) && fails_over(&was))
		end_failover(channel);
}

/* The RTP stream that takes what comes on a path. */
static struct rtp_stream *stream_of(struct channel *channel, unsigned int path)
{
	return channel->inputs[is_merging(&channel->settings) ? INPUT_PRIMARY : path].stream;
}

static void take_media(struct channel *channel, unsigned int path, const uint8_t *datagram,
                       size_t size, int64_t now_ns)
{
	struct input *input = &channel->inputs[path];
	const bool two = channel->settings.backup;
	enum input_news news;
	int fault;

	counter_add(&channel->counters.datagrams_received, 1);
	fault = input_receive(input, stream_of(channel, path), two, datagram, size, now_ns, &news);
	input_count_fault(&channel->counters.rejected_truncated, fault);
	if (two && news != INPUT_NOTHING)
		failover_note(&channel->failover, path, news == INPUT_TS, now_ns);
	if (news == INPUT_TS)
		atomic_store_explicit(&input->media_ns, now_ns, memory_order_relaxed);
}

void channel_receive(struct channel *channel, unsigned int path, enum channel_input input,
                     const uint8_t *datagram, size_t size, int64_t now_ns)
{
	if (path >= CHANNEL_PATHS)
		return;
	if (path && !channel->settings.backup) {
		update_settings(channel, now_ns); /* it was bound since the last tick */
		if (!channel->settings.backup)
			return;
	}
	channel->now_ns = now_ns;
	if (input == CHANNEL_MEDIA)
		take_media(channel, path, datagram, size, now_ns);
	else
		rtp_stream_push_fec(stream_of(channel, path),
		                    input == CHANNEL_FEC_COLUMN ? FEC_COLUMN : FEC_ROW, datagram,
		                    size, now_ns);
}

void channel_prefetch(const struct channel *channel)
{
	prefetch_range(channel, offsetof(struct channel, inputs[INPUT_PRIMARY].clock));
	__builtin_prefetch(&channel->splice.on);
}

void channel_prefetch_stream(const struct channel *channel)
{
	rtp_stream_prefetch(channel->inputs[INPUT_PRIMARY].stream);
	ring_prefetch(channel->ring);
}

void channel_prefetch_ring(const struct channel *channel)
{
	ring_prefetch_slots(channel->ring);
}

/* Which input is to be on the air? */
static void choose_input(struct channel *channel, int64_t now_ns)
{
	const struct failover_settings settings = failover_settings(&channel->settings);
	unsigned int selected = atomic_load_explicit(&channel->selected, memory_order_acquire);

	if (selected) {
		switch_for(channel, failover_select(&channel->failover, selected - 1, now_ns));
		/* Not if another one has been selected meanwhile. */
		atomic_compare_exchange_strong(&channel->selected, &selected, 0);
	}
	switch_for(channel, failover_decide(&channel->failover, &settings, now_ns));
}

static void report_input(struct channel *channel, struct input *input, int64_t now_ns)
{
	input_report(input, now_ns);
	if (channel->settings.backup)
		input_report_signal(&input->receiving, "input", channel->id, input->label,
		                    channel_input_last_ns(channel, input->path), now_ns);
}

/* Bring gauges up to date and tell what is worth telling. */
static void report(struct channel *channel, int64_t now_ns)
{
	for (unsigned int i = 0; i <= channel->settings.backup; i++)
		report_input(channel, &channel->inputs[i], now_ns);
	input_report_signal(&channel->receiving, "signal", channel->id, channel->label,
	                    channel_last_ns(channel), now_ns);
	rate_update(&channel->rate, now_ns, counter_get(&channel->counters.bytes_received),
	            &channel->counters.bitrate_bps);
}

void channel_tick(struct channel *channel, int64_t now_ns)
{
	if (now_ns == channel->ticked_ns)
		return;
	channel->ticked_ns = channel->now_ns = now_ns;
	update_settings(channel, now_ns);
	rtp_stream_tick(channel->inputs[INPUT_PRIMARY].stream, now_ns);
	if (channel->settings.backup)
		rtp_stream_tick(channel->inputs[INPUT_BACKUP].stream, now_ns);
	if (fails_over(&channel->settings))
		choose_input(channel, now_ns);
	if (now_ns < channel->gauges_due_ns)
		return;
	channel->gauges_due_ns = now_ns + GAUGE_PERIOD_NS;
	report(channel, now_ns);
}

unsigned int channel_active(const struct channel *channel)
{
	const unsigned int selected =
		atomic_load_explicit(&channel->selected, memory_order_acquire);

	return selected ? selected - 1 : active_input(channel);
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

const struct input_counters *channel_input_counters(const struct channel *channel,
                                                    unsigned int path)
{
	return &channel->inputs[path].counters;
}

const struct rtp_counters *channel_input_rtp_counters(const struct channel *channel,
                                                      unsigned int path)
{
	return rtp_stream_counters(channel->inputs[path].stream);
}

void channel_rtp_counters(const struct channel *channel, struct rtp_counters *out)
{
	const struct rtp_counters *active =
		channel_input_rtp_counters(channel, active_input(channel));
	counter_t *sum = (counter_t *)out;
	uint64_t value;

	for (size_t i = 0; i < RTP_COUNTER_COUNT; i++) {
		value = counter_at(active, i);
		if (rtp_counter_table[i].type == COUNTER_TOTAL)
			value = counter_at(channel_input_rtp_counters(channel, INPUT_PRIMARY), i) +
			        counter_at(channel_input_rtp_counters(channel, INPUT_BACKUP), i);
		counter_set(&sum[i], value);
	}
}

int64_t channel_last_ns(const struct channel *channel)
{
	return atomic_load_explicit(&channel->last_ns, memory_order_relaxed);
}

int64_t channel_input_last_ns(const struct channel *channel, unsigned int path)
{
	return atomic_load_explicit(&channel->inputs[path].media_ns, memory_order_relaxed);
}
