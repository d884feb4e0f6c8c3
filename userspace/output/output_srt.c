/*
 * SRT outputs that call their peer, or meet it (rendezvous).
 *
 * An output is a task of its sender thread: a small state machine that is ticked every 5 ms.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/rate.h"
#include "base/resolve.h"
#include "feed.h"
#include "srt_link.h"
#include "srt_share.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MARGIN_NS NS_PER_S /* beyond conntimeo, in case libsrt stays silent */
#define RENDEZVOUS_FACTOR 10       /* libsrt gives a rendezvous that many times conntimeo */

enum phase { PHASE_IDLE, PHASE_RESOLVING, PHASE_CONNECTING, PHASE_CONNECTED };

struct output_srt {
	/* What every tick touches comes first and together: with hundreds of outputs none of it is near. */
	struct sender_task task;
	enum phase phase; /* this and what follows to `addresses` is the sender thread's */
	int socket;
	int64_t due_ns; /* IDLE: next try; CONNECTING: give up; CONNECTED: next look */
	struct rate rate;
	struct srt_link link; /* CONNECTED */
	struct resolve *resolve;
	unsigned int attempt;
	unsigned int sharer; /* and the rate that it was joined with: while there is a socket */
	uint64_t sharer_bps;
	struct resolve_result addresses;
	struct output base;
	struct srt_counters own;
	struct channel *channel;
	struct output_url url;
};

static void close_socket(struct output_srt *s)
{
	if (s->socket == SRT_SOCKET_NONE)
		return;
	srt_socket_close(s->socket);
	srt_share_leave(s->sharer, s->sharer_bps);
	s->socket = SRT_SOCKET_NONE;
	srt_counters_set_gauges(&s->own, NULL);
}

static void retry(struct output_srt *s, int64_t now_ns, const char *reason)
{
	close_socket(s);
	s->phase = PHASE_IDLE;
	s->due_ns = now_ns + output_set_retrying(&s->base, "%s", reason) * NS_PER_MS;
}

static void begin_resolve(struct output_srt *s, int64_t now_ns)
{
	output_set_connecting(&s->base);
	if (resolve_start(&s->resolve, s->url.host, s->url.port, SOCK_DGRAM))
		retry(s, now_ns, "no memory to resolve the host name");
	else
		s->phase = PHASE_RESOLVING;
}

/* The next of the peer's addresses, each in its turn, of the adapter's family if there is one. */
static unsigned int choose_address(struct output_srt *s)
{
	const char *adapter = s->url.srt.adapter;
	const sa_family_t family = !adapter[0]            ? AF_UNSPEC
	                           : strchr(adapter, ':') ? AF_INET6
	                                                  : AF_INET;
	const unsigned int count = (unsigned int)s->addresses.count;

	for (unsigned int i = 0; family != AF_UNSPEC && i < count; i++) {
		if (s->addresses.list[s->attempt % count].address.ss_family == family)
			break;
		s->attempt++;
	}
	return s->attempt++ % count;
}

static int64_t patience_ns(const struct srt_options *options)
{
	const int64_t conntimeo_ns = options->conntimeo_ms * NS_PER_MS;

	return CONNECT_MARGIN_NS +
	       conntimeo_ns * (options->mode == SRT_MODE_RENDEZVOUS ? RENDEZVOUS_FACTOR : 1);
}

static void begin_connect(struct output_srt *s, int64_t now_ns)
{
	const unsigned int choice = choose_address(s);
	const struct sockaddr *address =
		(const struct sockaddr *)&s->addresses.list[choice].address;
	char why[SRT_REASON_BYTES];

	s->sharer_bps = counter_get(&channel_counters(s->channel)->bitrate_bps);
	s->sharer = srt_share_join(s->sharer_bps);
	if (srt_socket_connect(&s->socket, &s->url.srt, address, s->addresses.list[choice].length,
	                       s->sharer, s->sharer_bps, why)) {
		srt_share_leave(s->sharer, s->sharer_bps);
		retry(s, now_ns, why);
		return;
	}
	s->phase = PHASE_CONNECTING;
	s->due_ns = now_ns + patience_ns(&s->url.srt);
}

static void poll_resolve(struct output_srt *s, int64_t now_ns)
{
	const int error = resolve_poll(s->resolve, &s->addresses);
	char reason[128];

	if (error == -EAGAIN)
		return;
	if (error)
		snprintf(reason, sizeof(reason), "cannot resolve the host name: %s",
		         resolve_error(s->resolve));
	resolve_drop(s->resolve);
	s->resolve = NULL;
	if (error)
		retry(s, now_ns, reason);
	else
		begin_connect(s, now_ns);
}

/* Looks are a second apart; those of outputs that connected together are not in the same tick. */
static void begin_sending(struct output_srt *s, int64_t now_ns)
{
	s->phase = PHASE_CONNECTED;
	s->due_ns = now_ns + (int64_t)random() % NS_PER_S;
	s->attempt = 0;
	srt_link_begin(&s->link, s->socket, &s->url.srt, s->channel, &s->base.counters, now_ns);
	output_set_connected(&s->base);
}

static void poll_connect(struct output_srt *s, int64_t now_ns)
{
	char why[SRT_REASON_BYTES];

	switch (srt_socket_progress(s->socket, why)) {
	case SRT_PROGRESS_UP:
		begin_sending(s, now_ns);
		break;
	case SRT_PROGRESS_DOWN:
		retry(s, now_ns, why);
		break;
	case SRT_PROGRESS_PENDING:
		if (now_ns > s->due_ns)
			retry(s, now_ns, "no answer from the peer (timeout)");
		break;
	}
}

static void add_sample(struct output_srt *s, uint64_t retransmitted, uint64_t lost)
{
	const struct output_sample sample = {
		.at_s = clock_wall_s(),
		.rtt_us = (uint32_t)counter_get(&s->own.msRTT),
		.send_buffer_ms = (uint32_t)counter_get(&s->own.msSndBuf),
		.retransmitted = (uint32_t)(counter_get(&s->own.pktRetransTotal) - retransmitted),
		.lost = (uint32_t)(counter_get(&s->own.pktSndLossTotal) - lost),
		.bitrate_kbps = (uint32_t)(counter_get(&s->base.counters.bitrate_bps) / 1000),
	};

	output_add_sample(&s->base, &sample);
}

static int look(struct output_srt *s)
{
	const uint64_t retransmitted = counter_get(&s->own.pktRetransTotal);
	const uint64_t lost = counter_get(&s->own.pktSndLossTotal);
	struct srt_counters present = {0};
	int error;

	error = srt_link_look(&s->link, &s->own, &present);
	if (!error) {
		srt_counters_set_gauges(&s->own, &present);
		add_sample(s, retransmitted, lost);
	}
	return error;
}

/* Why sending or looking failed. */
static void lose(struct output_srt *s, int64_t now_ns, int error)
{
	char why[SRT_REASON_BYTES];

	if (error == -ETIMEDOUT)
		snprintf(why, sizeof(why), "the peer has acknowledged nothing for %u ms",
		         s->url.srt.peeridletimeo_ms);
	else
		snprintf(why, sizeof(why),
		         "connection lost (closed by the peer, or it was silent for %u ms)",
		         s->url.srt.peeridletimeo_ms);
	retry(s, now_ns, why);
}

static void run_connected(struct output_srt *s, int64_t now_ns)
{
	int error = srt_link_run(&s->link, now_ns);

	if (!error && now_ns >= s->due_ns) {
		s->due_ns = now_ns + NS_PER_S;
		error = look(s);
	}
	if (error)
		lose(s, now_ns, error);
	else
		rate_update(&s->rate, now_ns, counter_get(&s->base.counters.bytes_sent),
		            &s->base.counters.bitrate_bps);
}

static void output_srt_tick(struct sender_task *task, int64_t now_ns)
{
	struct output_srt *s = container_of(task, struct output_srt, task);

	switch (s->phase) {
	case PHASE_IDLE:
		if (now_ns >= s->due_ns)
			begin_resolve(s, now_ns);
		break;
	case PHASE_RESOLVING:
		poll_resolve(s, now_ns);
		break;
	case PHASE_CONNECTING:
		poll_connect(s, now_ns);
		break;
	case PHASE_CONNECTED:
		run_connected(s, now_ns);
		break;
	}
}

static void output_srt_release(struct sender_task *task)
{
	struct output_srt *s = container_of(task, struct output_srt, task);

	close_socket(s);
	resolve_drop(s->resolve);
	output_fini(&s->base);
	free(s);
}

static void output_srt_give_up(struct output *output)
{
	sender_remove(&container_of(output, struct output_srt, base)->task);
}

static const struct output_ops srt_ops = {.give_up = output_srt_give_up};

int output_srt_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	struct output_srt *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	if (output_init(&s->base, config, channel_name(feed_channel(feed)), &srt_ops)) {
		free(s);
		return -ENOMEM;
	}
	s->channel = feed_channel(feed);
	s->url = config->url;
	s->base.own_counters = &s->own;
	s->socket = SRT_SOCKET_NONE;
	s->task.tick = output_srt_tick;
	s->task.release = output_srt_release;
	sender_add(senders_pick(feed_senders(feed)), &s->task);
	*out = &s->base;
	return 0;
}
