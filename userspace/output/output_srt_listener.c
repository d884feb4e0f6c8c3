/*
 * SRT listener outputs: others call and read, as many at a time as the output allows.
 *
 * An output is a task of its sender thread, and so are all its readers: each is a link of its own into the channel's
 * ring, and one that stalls or vanishes costs only itself. The port is shared with other outputs (srt_port.h). The
 * list of readers changes under status_lock, by the sender alone, so that the manager can look and kick.
 */
#include "output_base.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/rate.h"
#include "base/utf8.h"
#include "feed.h"
#include "srt_link.h"
#include "srt_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS NS_PER_S /* between two looks at the statistics */
#define BLOCKED_NS \
	NS_PER_S /* how long to wait for another output to go before it is worth a word */
#define AGAIN_NS   (50 * NS_PER_MS) /* between two tries meanwhile */
#define LASTING_NS (10 * NS_PER_S) /* reading for less than that is flapping: the log keeps quiet */

_Static_assert(sizeof(((struct output_reader *)0)->stream_id) == STREAM_ID_BYTES, "fits exactly");

struct reader {
	struct srt_link link;
	struct output_counters counters; /* the link's */
	uint64_t bytes_counted, lost_counted;
	atomic_bool kicked;
	struct output_reader info; /* status_lock guards it */
};

struct output_srt_listener {
	struct output base;
	struct srt_counters own;
	struct sender_task task;
	struct channel *channel;
	struct output_url url;
	/* Everything below is the sender thread's; readers change under status_lock. */
	struct srt_route route;
	bool listening;
	int64_t due_ns;                          /* the next try to listen, or the next look */
	int64_t blocked_ns;                      /* since when another output is in the way */
	struct reader *readers[SRT_MAX_READERS]; /* the first that came is the first here */
	size_t reader_count;
	uint32_t last_id;
	struct rate rate;
	uint64_t retrans_sampled, loss_sampled;
};

static void format_peer(char *out, size_t size, const struct sockaddr_storage *peer)
{
	const bool v6 = peer->ss_family == AF_INET6;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)peer;
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)peer;
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(peer->ss_family, v6 ? (const void *)&in6->sin6_addr : &in4->sin_addr, text,
	          sizeof(text));
	snprintf(out, size, v6 ? "[%s]:%u" : "%s:%u", text,
	         ntohs(v6 ? in6->sin6_port : in4->sin_port));
}

/* Connected since the first of those who read now came; without readers it goes on listening. */
static void report_readers(struct output_srt_listener *o, size_t before, int64_t now_ns)
{
	struct output *base = &o->base;

	if (!before && o->reader_count)
		output_set_connected(base);
	if (before && !o->reader_count) {
		base->flapping = now_ns - base->connected_ns < LASTING_NS;
		base->connected_ns = 0;
		output_set_connecting(base);
		if (!base->flapping)
			log_info("channel \"%s\": output \"%s\": nobody reads any more",
			         base->channel_name, base->name);
	}
	if (o->reader_count) {
		pthread_mutex_lock(&base->status_lock);
		base->status.connected_at_s = o->readers[0]->info.connected_at_s;
		pthread_mutex_unlock(&base->status_lock);
	}
}

static void log_reader(const struct output_srt_listener *o, const struct reader *reader,
                       const char *what)
{
	log_debug("channel \"%s\": output \"%s\": reader %s %s", o->base.channel_name, o->base.name,
	          reader->info.address, what);
}

static void add_reader(struct output_srt_listener *o, const struct srt_arrival *arrival,
                       int64_t now_ns)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader || o->reader_count == SRT_MAX_READERS) {
		free(reader);
		srt_socket_close(arrival->socket);
		srt_port_return(&o->route);
		return;
	}
	srt_link_begin(&reader->link, arrival->socket, &o->url.srt, o->channel, &reader->counters,
	               now_ns);
	reader->info.id = ++o->last_id;
	reader->info.connected_at_s = clock_wall_s();
	format_peer(reader->info.address, sizeof(reader->info.address), &arrival->peer);
	memcpy(reader->info.stream_id, arrival->stream_id, sizeof(reader->info.stream_id));
	utf8_repair(reader->info.stream_id);
	pthread_mutex_lock(&o->base.status_lock);
	o->readers[o->reader_count++] = reader;
	pthread_mutex_unlock(&o->base.status_lock);
	log_reader(o, reader, "connected");
	report_readers(o, o->reader_count - 1, now_ns);
}

static void drop_reader(struct output_srt_listener *o, size_t index, int64_t now_ns)
{
	struct reader *reader = o->readers[index];
	struct srt_counters present = {0};

	(void)srt_link_look(&reader->link, &o->own, &present); /* a dead one cannot say */
	srt_socket_close(reader->link.socket);
	srt_port_return(&o->route);
	log_reader(o, reader, atomic_load(&reader->kicked) ? "disconnected by hand" : "gone");
	pthread_mutex_lock(&o->base.status_lock);
	o->reader_count--;
	memmove(&o->readers[index], &o->readers[index + 1],
	        (o->reader_count - index) * sizeof(o->readers[0]));
	pthread_mutex_unlock(&o->base.status_lock);
	free(reader);
	report_readers(o, o->reader_count + 1, now_ns);
}

/* Send what waits, and count it for the output as well. Errors: -EPIPE, -ECANCELED: it has been kicked. */
static int run_reader(struct output_srt_listener *o, struct reader *reader, int64_t now_ns)
{
	struct output_counters *sum = &o->base.counters;
	uint64_t bytes, lost;
	int error;

	if (atomic_load_explicit(&reader->kicked, memory_order_relaxed))
		return -ECANCELED;
	error = srt_link_run(&reader->link, now_ns);
	bytes = counter_get(&reader->counters.bytes_sent);
	lost = counter_get(&reader->counters.packets_lost);
	counter_add(&sum->bytes_sent, bytes - reader->bytes_counted);
	counter_add(&sum->packets_lost, lost - reader->lost_counted);
	reader->bytes_counted = bytes;
	reader->lost_counted = lost;
	return error;
}

static void run_readers(struct output_srt_listener *o, int64_t now_ns)
{
	for (size_t i = 0; i < o->reader_count;) {
		if (run_reader(o, o->readers[i], now_ns))
			drop_reader(o, i, now_ns);
		else
			i++;
	}
}

static void publish_reader(struct output_srt_listener *o, struct reader *reader)
{
	const struct srt_statistics *seen = &reader->link.seen;
	struct output_reader *info = &reader->info;

	pthread_mutex_lock(&o->base.status_lock);
	info->bytes_sent = reader->bytes_counted;
	info->packets_lost = reader->lost_counted;
	info->pktRetrans = seen->pktRetrans;
	info->pktSndLoss = seen->pktSndLoss;
	info->byteSndDrop = seen->byteSndDrop;
	info->rtt_us = seen->rtt_us;
	info->msSndBuf = seen->msSndBuf;
	pthread_mutex_unlock(&o->base.status_lock);
}

/* A second of the past; while nobody reads there is nothing to tell. */
static void add_sample(struct output_srt_listener *o)
{
	const uint64_t retrans = counter_get(&o->own.pktRetransTotal);
	const uint64_t loss = counter_get(&o->own.pktSndLossTotal);
	const struct output_sample sample = {
		.at_s = clock_wall_s(),
		.rtt_us = (uint32_t)counter_get(&o->own.msRTT), /* in thousandths */
		.send_buffer_ms = (uint32_t)counter_get(&o->own.msSndBuf),
		.retransmitted = (uint32_t)(retrans - o->retrans_sampled),
		.lost = (uint32_t)(loss - o->loss_sampled),
		.bitrate_kbps = (uint32_t)(counter_get(&o->base.counters.bitrate_bps) / 1000),
	};

	o->retrans_sampled = retrans;
	o->loss_sampled = loss;
	if (o->reader_count)
		output_add_sample(&o->base, &sample);
}

static void look(struct output_srt_listener *o, int64_t now_ns)
{
	struct srt_counters present = {0};

	for (size_t i = 0; i < o->reader_count;) {
		if (srt_link_look(&o->readers[i]->link, &o->own, &present))
			drop_reader(o, i, now_ns);
		else
			publish_reader(o, o->readers[i++]);
	}
	srt_counters_set_gauges(&o->own, &present);
	add_sample(o);
}

static void begin_listening(struct output_srt_listener *o, int64_t now_ns)
{
	struct output *base = &o->base;

	o->listening = true;
	o->blocked_ns = 0;
	o->due_ns = now_ns + LOOK_NS;
	base->backoff = (struct backoff){0};
	base->logged[0] = '\0';
	output_set_connecting(base);
	pthread_mutex_lock(&base->status_lock);
	base->status.last_error[0] = '\0';
	pthread_mutex_unlock(&base->status_lock);
	log_info("channel \"%s\": output \"%s\": listening on port %u", base->channel_name,
	         base->name, o->url.port);
}

/* What is in the way for a moment only, such as the output that this one replaces, is not worth a word. */
static void try_to_listen(struct output_srt_listener *o, int64_t now_ns)
{
	char why[SRT_REASON_BYTES] = "";
	const int error = srt_port_join(&o->route, &o->url, why);

	if (!error) {
		begin_listening(o, now_ns);
		return;
	}
	if (error == -EAGAIN && !o->blocked_ns)
		o->blocked_ns = now_ns;
	if (error == -EAGAIN && now_ns - o->blocked_ns < BLOCKED_NS)
		o->due_ns = now_ns + AGAIN_NS;
	else
		o->due_ns = now_ns + output_set_retrying(&o->base, "%s", why) * NS_PER_MS;
}

static void take_readers(struct output_srt_listener *o, int64_t now_ns)
{
	struct srt_arrival arrival;

	while (srt_port_take(&o->route, &arrival, now_ns) == 0)
		add_reader(o, &arrival, now_ns);
}

static void listener_tick(struct sender_task *task, int64_t now_ns)
{
	struct output_srt_listener *o = container_of(task, struct output_srt_listener, task);

	if (!o->listening) {
		if (now_ns >= o->due_ns)
			try_to_listen(o, now_ns);
		return;
	}
	take_readers(o, now_ns);
	run_readers(o, now_ns);
	rate_update(&o->rate, now_ns, counter_get(&o->base.counters.bytes_sent),
	            &o->base.counters.bitrate_bps);
	if (now_ns >= o->due_ns) {
		o->due_ns = now_ns + LOOK_NS;
		look(o, now_ns);
	}
}

static void listener_release(struct sender_task *task)
{
	struct output_srt_listener *o = container_of(task, struct output_srt_listener, task);

	srt_port_leave(&o->route);
	for (size_t i = 0; i < o->reader_count; i++) {
		srt_socket_close(o->readers[i]->link.socket);
		free(o->readers[i]);
	}
	output_fini(&o->base);
	free(o);
}

static void listener_give_up(struct output *output)
{
	sender_remove(&container_of(output, struct output_srt_listener, base)->task);
}

static size_t listener_get_readers(struct output *output, struct output_reader *out, size_t max)
{
	struct output_srt_listener *o = container_of(output, struct output_srt_listener, base);
	size_t count;

	pthread_mutex_lock(&output->status_lock);
	for (count = 0; count < o->reader_count && count < max; count++)
		out[count] = o->readers[count]->info;
	pthread_mutex_unlock(&output->status_lock);
	return count;
}

static int listener_kick_reader(struct output *output, uint32_t id)
{
	struct output_srt_listener *o = container_of(output, struct output_srt_listener, base);
	int error = -ENOENT;

	pthread_mutex_lock(&output->status_lock);
	for (size_t i = 0; i < o->reader_count; i++) {
		if (o->readers[i]->info.id != id)
			continue;
		atomic_store(&o->readers[i]->kicked, true);
		error = 0;
	}
	pthread_mutex_unlock(&output->status_lock);
	return error;
}

static const struct output_ops listener_ops = {
	.give_up = listener_give_up,
	.get_readers = listener_get_readers,
	.kick_reader = listener_kick_reader,
};

int output_srt_listener_create(struct output **out, const struct output_config *config,
                               struct feed *feed)
{
	struct output_srt_listener *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	if (output_init(&o->base, config, channel_name(feed_channel(feed)), &listener_ops)) {
		free(o);
		return -ENOMEM;
	}
	o->channel = feed_channel(feed);
	o->url = config->url;
	o->base.own_counters = &o->own;
	o->task.tick = listener_tick;
	o->task.release = listener_release;
	sender_add(senders_pick(feed_senders(feed)), &o->task);
	*out = &o->base;
	return 0;
}
