/*
 * Stand-ins for what the manager drives. Called under the manager's lock only, so they need none.
 */
#include "fakes.h"

#include "ingest/report.h"
#include "media/remux.h"
#include "output/feed.h"
#include "output/srt_link.h"
#include "relay/channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fakes fakes;

/* Loops are only ever compared by address. */
static char loop_marks[3];
static struct tick_loop *const sender_loops[] = {(struct tick_loop *)&loop_marks[1],
                                                 (struct tick_loop *)&loop_marks[2]};

struct channel {
	char name[600];
	struct channel_counters counters;
	struct input_counters input_counters;
	struct rtp_counters rtp;
	struct channel_settings settings;
	unsigned int active;
};

struct feed {
	struct channel *channel;
	uint16_t program;
	struct remux_counters remuxed;
};

struct ingest_binding {
	char endpoint[96];
	uint16_t port;
};

struct output {
	char name[600];
	char where[300];
	struct output_counters counters;
	struct srt_counters srt;
};

static struct output *latest; /* the output that was made last, or NULL */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	size_t n = strlen(fakes.journal);
	va_list args;

	va_start(args, format);
	vsnprintf(fakes.journal + n, sizeof(fakes.journal) - n, format, args);
	va_end(args);
}

void fakes_reset(void)
{
	fakes = (struct fakes){.status = {.state = OUTPUT_CONNECTING}};
}

const char *fakes_journal(void)
{
	static char last[sizeof(fakes.journal)];

	memcpy(last, fakes.journal, sizeof(last));
	fakes.journal[0] = '\0';
	return last;
}

struct ingest *fakes_ingest(void)
{
	return (struct ingest *)&loop_marks[0];
}

struct senders *fakes_senders(void)
{
	return (struct senders *)&loop_marks[1];
}

struct tick_loop *ingest_loop(const struct ingest *ingest)
{
	(void)ingest;
	return (struct tick_loop *)&loop_marks[0];
}

struct tick_loop *const *senders_loops(const struct senders *senders, size_t *count)
{
	(void)senders;
	*count = 2;
	return sender_loops;
}

int ingest_bind(struct ingest_binding **out, struct ingest *ingest,
                const struct ingest_target *target, const struct ingest_filter *filter, char *why,
                size_t size)
{
	const struct in6_addr *address = &target->address;
	const uint16_t port = target->port;
	char text[INET6_ADDRSTRLEN];

	(void)ingest;
	if (fakes.bind_error && (!fakes.bind_error_port || fakes.bind_error_port == port)) {
		snprintf(why, size, "port %u: %s", port, strerror(-fakes.bind_error));
		return fakes.bind_error;
	}
	*out = calloc(1, sizeof(**out));
	if (IN6_IS_ADDR_V4MAPPED(address))
		inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof(text));
	else
		inet_ntop(AF_INET6, address, text, sizeof(text));
	(*out)->port = port;
	snprintf((*out)->endpoint, sizeof((*out)->endpoint), "%s%s:%u%s%s",
	         target->path ? "backup " : "", text, port, target->interface[0] ? "%" : "",
	         target->interface);
	note("bind %s", (*out)->endpoint);
	if (filter->source_count || filter->max_pps)
		note(" from %zu at %u", filter->source_count, filter->max_pps);
	note("; ");
	fakes.bindings++;
	return 0;
}

void ingest_unbind(struct ingest_binding *binding)
{
	if (!binding)
		return;
	note("unbind %s; ", binding->endpoint);
	fakes.bindings--;
	free(binding);
}

int ingest_set_filter(struct ingest_binding *binding, const struct ingest_filter *filter, char *why,
                      size_t size)
{
	if (fakes.filter_error && fakes.filter_error_port == binding->port) {
		snprintf(why, size, "port %u: no filter", binding->port);
		return fakes.filter_error;
	}
	note("filter %s %zu %u; ", binding->endpoint, filter->source_count, filter->max_pps);
	return 0;
}

const struct counter_info ingest_counter_table[] = {INGEST_COUNTERS(COUNTER_ROW)};

void ingest_count(const struct ingest_binding *binding, struct ingest_counters *sum)
{
	if (binding)
		counter_add(&sum->dropped_stranger, 5);
}

size_t ingest_interfaces(const struct ingest *ingest, struct ingest_interface_info *infos,
                         size_t max)
{
	(void)ingest;
	if (max)
		infos[0] = (struct ingest_interface_info){
			.name = "eth0", .mode = "xdp", .queues = 2, .rx_dropped = 7};
	return 1;
}

/* An interface that was refused native XDP, with one queue. */
int ingest_report_interface(const struct ingest *ingest, size_t index, struct ingest_report *report)
{
	(void)ingest;
	if (index)
		return -ENOENT;
	*report = (struct ingest_report){
		.name = "eth0",
		.present = true,
		.mode = "xdp-generic",
		.reason = "no native XDP: too big",
		.facts = {.driver = "ena", .mtu = 9001},
		.finding_count = 1,
		.findings = {{PREFLIGHT_REFUSED, "too big", "ip link set eth0 mtu 3498",
	                      PREFLIGHT_MTU}},
		.step_count = 1,
		.steps = {{"xdp", {"too big", "ip link set eth0 mtu 3498"}}},
		.link = {.rx_packets = 11, .rx_missed = 3},
		.queues = {{.frames = 8192, .frames_received = 10, .rx_dropped = 7}},
		.queue_count = 1,
		.umem_bytes = 16777216,
		.verdicts = {[STEER_REDIRECTED] = 17},
	};
	return 0;
}

const struct ingest_config *ingest_get_config(const struct ingest *ingest)
{
	static const struct ingest_config config = {.tick_us = 1000, .frames = 8192};

	(void)ingest;
	return &config;
}

const struct counter_info channel_counter_table[] = {CHANNEL_COUNTERS(COUNTER_ROW)};
const struct counter_info rtp_counter_table[] = {RTP_COUNTERS(COUNTER_ROW)};

int channel_create(struct channel **out, const struct channel_config *config)
{
	if (fakes.channel_error)
		return fakes.channel_error;
	*out = calloc(1, sizeof(**out));
	snprintf((*out)->name, sizeof((*out)->name), "%s", config->name);
	counter_set(&(*out)->counters.bytes_received, 188);
	(*out)->settings = config->settings;
	fakes.channels++;
	return 0;
}

void channel_destroy(struct channel *channel)
{
	if (!channel)
		return;
	fakes.channels--;
	free(channel);
}

void channel_rtp_counters(const struct channel *channel, struct rtp_counters *out)
{
	(void)channel;
	counter_set(&out->rtp_lost, 9);
}

const struct rtp_counters *channel_input_rtp_counters(const struct channel *channel,
                                                      unsigned int path)
{
	(void)path;
	return &channel->rtp;
}

const struct input_counters *channel_input_counters(const struct channel *channel,
                                                    unsigned int path)
{
	(void)path;
	return &channel->input_counters;
}

const struct counter_info input_counter_table[] = {INPUT_COUNTERS(COUNTER_ROW)};

/* Noted only when something changes. */
void channel_configure(struct channel *channel, const struct channel_settings *settings)
{
	const struct channel_settings old = channel->settings;

	if (old.reorder_ms != settings->reorder_ms)
		note("reorder %u; ", (unsigned int)settings->reorder_ms);
	if (settings->backup && memcmp(&old, settings, sizeof(old)) != 0)
		note("%s %u %u %u %u; ", settings->merge ? "merge" : "failover",
		     (unsigned int)settings->merge_ms, (unsigned int)settings->timeout_ms,
		     (unsigned int)settings->returns, (unsigned int)settings->stable_ms);
	else if (old.backup && !settings->backup)
		note("one input; ");
	channel->settings = *settings;
}

void channel_select(struct channel *channel, unsigned int path)
{
	note("select %u; ", path);
	channel->active = path;
}

unsigned int channel_active(const struct channel *channel)
{
	return channel->active;
}

int64_t channel_input_last_ns(const struct channel *channel, unsigned int path)
{
	(void)channel;
	return fakes.input_last_ns[path];
}

const struct channel_counters *channel_counters(const struct channel *channel)
{
	return &channel->counters;
}

int64_t channel_last_ns(const struct channel *channel)
{
	(void)channel;
	return fakes.last_ns;
}

int feed_create(struct feed **out, struct channel *channel, struct senders *senders)
{
	(void)senders;
	if (fakes.feed_error)
		return fakes.feed_error;
	*out = calloc(1, sizeof(**out));
	(*out)->channel = channel;
	counter_set(&(*out)->remuxed.damaged_units, 4);
	note("feed %s; ", channel->name);
	fakes.feeds++;
	return 0;
}

void feed_destroy(struct feed *feed, struct tick_loop *const *loops, size_t loop_count)
{
	if (!feed)
		return;
	note("unfeed %s", feed->channel->name);
	for (size_t i = 0; i < loop_count; i++)
		note(" %d", (int)((char *)loops[i] - loop_marks));
	note("; ");
	fakes.feeds--;
	channel_destroy(feed->channel);
	free(feed);
}

const struct remux_counters *feed_remux_counters(const struct feed *feed)
{
	return &feed->remuxed;
}

/* Noted only when it changes. */
void feed_set_program(struct feed *feed, uint16_t program)
{
	if (feed->program != program)
		note("program %u; ", program);
	feed->program = program;
}

struct channel *feed_channel(const struct feed *feed)
{
	return feed->channel;
}

const struct counter_info output_counter_table[] = {OUTPUT_COUNTERS(COUNTER_ROW)};

const char *output_state_name(enum output_state state)
{
	static const char *const names[] = {"stopped", "connecting", "connected", "retrying",
	                                    "error"};

	return names[state];
}

int output_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	(void)feed;
	if (fakes.output_error)
		return fakes.output_error;
	*out = calloc(1, sizeof(**out));
	snprintf((*out)->name, sizeof((*out)->name), "%s", config->name);
	snprintf((*out)->where, sizeof((*out)->where), "%s:%u", config->url.host, config->url.port);
	counter_set(&(*out)->counters.reconnects, 3);
	latest = *out;
	fakes.output_url = config->url;
	fakes.output_options = config->rtmp;
	note("output %s %s; ", config->name, (*out)->where);
	fakes.outputs++;
	return 0;
}

void output_destroy(struct output *output)
{
	if (!output)
		return;
	note("unoutput %s; ", output->name);
	fakes.outputs--;
	if (latest == output)
		latest = NULL;
	free(output);
}

void output_get_status(struct output *output, struct output_status *status)
{
	(void)output;
	*status = fakes.status;
}

const struct output_counters *output_counters(const struct output *output)
{
	return &output->counters;
}

const struct counter_info srt_counter_table[] = {SRT_COUNTERS(COUNTER_ROW)};

void fakes_grow(uint64_t by)
{
	for (size_t i = 0; latest && i < OUTPUT_COUNTER_COUNT; i++)
		counter_add((counter_t *)&latest->counters + i, by);
	for (size_t i = 0; latest && i < SRT_COUNTER_COUNT; i++)
		counter_add((counter_t *)&latest->srt + i, by);
}

const struct counter_info *output_own_table(enum output_scheme scheme, size_t *count)
{
	*count = scheme == OUTPUT_SRT ? SRT_COUNTER_COUNT : 0;
	return srt_counter_table;
}

const void *output_own_counters(const struct output *output)
{
	return &output->srt;
}

size_t output_get_readers(struct output *output, struct output_reader *out, size_t max)
{
	(void)output;
	for (size_t i = 0; i < fakes.reader_count && i < max; i++)
		out[i] = fakes.readers[i];
	return fakes.reader_count < max ? fakes.reader_count : max;
}

int output_kick_reader(struct output *output, uint32_t id)
{
	note("kick %s %u; ", output->name, id);
	return id ? 0 : -ENOENT;
}

size_t output_get_history(struct output *output, struct output_sample *out, size_t max)
{
	(void)output;
	for (size_t i = 0; i < fakes.sample_count && i < max; i++)
		out[i] = fakes.samples[i];
	return fakes.sample_count < max ? fakes.sample_count : max;
}
