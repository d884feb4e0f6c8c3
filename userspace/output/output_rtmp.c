/*
 * RTMP outputs: a thread each, because connecting takes its time and a server may take the stream at any pace.
 *
 * The thread connects and publishes, then moves tags from its queue to the server until one of them is gone. Every wait
 * also looks at the stop descriptor, so it can be told to stop at any time; and it sleeps without a limit while there
 * is nothing to send. The object lives until both the thread and the feed have let go of it.
 */
#include "output_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/rate.h"
#include "base/thread.h"
#include "dial.h"
#include "feed.h"
#include "media/cue_message.h"
#include "publisher.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OPEN_LIMIT_MS \
	10000 /* from the name to the stream that is published, whatever each step takes */

struct output_rtmp {
	struct output base;
	struct rtmp_counters own;
	struct output_url url;
	struct rtmp_options options;
	struct tag_queue *queue;
	struct feed_subscriber subscriber;
	atomic_uint references; /* the thread's and the feed's */
	atomic_bool stop;
	int stop_event;
};

/* One connection, from the thread's point of view. */
struct connection {
	struct output_rtmp *output;
	struct stream stream;
	struct session *session;
	int64_t base_ms; /* of the channel's clock, where the connection's starts; INT64_MIN: not yet */
	uint64_t bytes_before; /* sent by earlier connections */
	struct rate rate;
	int64_t looked_ns; /* when the session was last looked at */
	bool waiting;      /* something is on its way to the server */
};

static void drop_reference(struct output_rtmp *o)
{
	if (atomic_fetch_sub(&o->references, 1) > 1)
		return;
	tag_queue_destroy(o->queue);
	close(o->stop_event);
	output_fini(&o->base);
	free(o);
}

static bool stopping(struct output_rtmp *o)
{
	return atomic_load_explicit(&o->stop, memory_order_acquire);
}

static void wait_for_stop(struct output_rtmp *o, int timeout_ms)
{
	struct pollfd polled = {.fd = o->stop_event, .events = POLLIN};

	poll(&polled, 1, timeout_ms);
}

/*
 * The tag's time in the connection's stream, which starts at 0 with its first frame. Negative: the frame
 * belongs before that.
 */
static int64_t stream_time(const struct flv_tag *tag, int64_t *base_ms)
{
	if (*base_ms == INT64_MIN && tag->header)
		return 0;
	if (*base_ms == INT64_MIN)
		*base_ms = tag->timestamp_ms;
	if (tag->header && tag->timestamp_ms < *base_ms)
		return 0;
	return tag->timestamp_ms - *base_ms;
}

/* Hand queued tags to the session, as many as it has room for. Returns whether there were any. */
static bool put_queued(struct connection *c)
{
	struct flv_tag *tag, *own;
	bool any = false;
	int64_t time_ms;

	while (session_has_room(c->session) && (tag = tag_queue_pop(c->output->queue))) {
		time_ms = stream_time(tag, &c->base_ms);
		/* As the connection's clock has it; without memory a cue message is lost. */
		own = cue_message_rebase(tag, c->base_ms);
		flv_tag_unref(tag);
		if (time_ms < 0 || !own) {
			flv_tag_unref(own);
			continue;
		}
		session_put(c->session, own, (uint32_t)time_ms); /* there is room */
		any = true;
	}
	return any;
}

/* Tell people which streams do not go out. */
static void update_note(struct output_rtmp *o)
{
	char note[sizeof(((struct output_status *)0)->note)];

	if (tag_queue_get_note(o->queue, note, sizeof(note)))
		output_set_note(&o->base, "%s", note);
}

/* Send what is queued, until the server takes no more. */
static int send_queued(struct connection *c, char *why, size_t size)
{
	struct output_rtmp *o = c->output;
	int error;

	tag_queue_clear(o->queue);
	update_note(o);
	do {
		c->waiting |= put_queued(c);
		error = session_send(c->session, why, size);
	} while (!error && !(session_events(c->session) & POLLOUT) && put_queued(c));
	counter_set(&o->base.counters.bytes_sent,
	            c->bytes_before + session_payload_bytes(c->session));
	return error;
}

static int look(struct connection *c, char *why, size_t size)
{
	struct output_rtmp *o = c->output;
	const int64_t now_ns = clock_now_ns();
	struct socket_progress progress;
	int error;

	if (now_ns - c->looked_ns < STALL_LOOK_MS * NS_PER_MS)
		return 0;
	c->looked_ns = now_ns;
	error = session_look(c->session, now_ns, &progress, &c->waiting, why, size);
	counter_set(&o->own.bytes_unacknowledged, progress.waiting_bytes);
	counter_set(&o->own.rtt_ms, progress.rtt_us);
	rate_update(&c->rate, now_ns, counter_get(&o->base.counters.bytes_sent),
	            &o->base.counters.bitrate_bps);
	return error;
}

/* Until something is to be done. While all is quiet, and the counters say so, nothing wakes the thread. */
static void wait_for_work(struct connection *c)
{
	struct output_rtmp *o = c->output;
	const bool quiet = !c->waiting && !counter_get(&o->base.counters.bitrate_bps);
	struct pollfd polled[3] = {
		{.fd = c->stream.fd, .events = session_events(c->session)},
		{.fd = session_has_room(c->session) ? tag_queue_fd(o->queue) : -1,
	         .events = POLLIN},
		{.fd = o->stop_event, .events = POLLIN}};

	if (!session_has_bytes(c->session))
		poll(polled, 3, quiet ? -1 : STALL_LOOK_MS);
}

/* Returns when the connection or the output has come to its end; why then says what ended it. */
static void stream(struct connection *c, char *why, size_t size)
{
	while (!stopping(c->output)) {
		wait_for_work(c);
		if (session_receive(c->session, why, size) || send_queued(c, why, size) ||
		    look(c, why, size))
			return;
	}
}

static int open_connection(struct connection *c, char *why, size_t size)
{
	struct output_rtmp *o = c->output;
	const int64_t deadline_ns = clock_now_ns() + OPEN_LIMIT_MS * NS_PER_MS;
	int error = dial_open(&c->stream, &o->url, &o->options, OPEN_LIMIT_MS, o->stop_event, why,
	                      size);

	if (!error)
		error = publisher_open(&c->session, &c->stream, &o->url,
		                       (int)((deadline_ns - clock_now_ns()) / NS_PER_MS),
		                       o->stop_event, why, size);
	return error;
}

/* One connection from its beginning to its end. */
static void run_connection(struct output_rtmp *o, char *why, size_t size)
{
	struct connection c = {.output = o,
	                       .stream = {.fd = -1},
	                       .base_ms = INT64_MIN,
	                       .bytes_before = counter_get(&o->base.counters.bytes_sent)};

	output_set_connecting(&o->base);
	if (!open_connection(&c, why, size)) {
		tag_queue_open(o->queue); /* first: who sees that it is connected may send */
		output_set_connected(&o->base);
		stream(&c, why, size);
		tag_queue_close(o->queue);
		session_destroy(c.session);
	}
	stream_close(&c.stream);
	counter_set(&o->own.bytes_unacknowledged, 0);
	counter_set(&o->own.rtt_ms, 0);
}

static void *output_rtmp_main(void *argument)
{
	struct output_rtmp *o = argument;
	char why[200];

	while (!stopping(o)) {
		snprintf(why, sizeof(why), "connection lost");
		run_connection(o, why, sizeof(why));
		output_url_hide(why, &o->url);
		if (!stopping(o))
			wait_for_stop(o, (int)output_set_retrying(&o->base, "%s", why));
	}
	drop_reference(o);
	return NULL;
}

static void output_rtmp_release(struct feed_subscriber *subscriber)
{
	drop_reference(container_of(subscriber, struct output_rtmp, subscriber));
}

static void output_rtmp_give_up(struct output *output)
{
	struct output_rtmp *o = container_of(output, struct output_rtmp, base);

	atomic_store_explicit(&o->stop, true, memory_order_release);
	eventfd_write(o->stop_event, 1);
	feed_unsubscribe(&o->subscriber);
}

static const struct output_ops rtmp_ops = {.give_up = output_rtmp_give_up};

int output_rtmp_create(struct output **out, const struct output_config *config, struct feed *feed)
{
	struct output_rtmp *o = calloc(1, sizeof(*o));
	int error;

	if (!o)
		return -ENOMEM;
	o->url = config->url;
	o->options = config->rtmp;
	o->base.own_counters = &o->own;
	o->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&o->references, 2);
	error = o->stop_event < 0 ? -errno
	                          : output_init(&o->base, config, channel_name(feed_channel(feed)),
	                                        &rtmp_ops);
	if (error) {
		if (o->stop_event >= 0)
			close(o->stop_event);
		free(o);
		return error;
	}
	error = tag_queue_create(&o->queue, &config->rtmp.choice, config->rtmp.backlog_ms,
	                         &o->own.frames_dropped);
	if (!error)
		error = thread_start_detached(output_rtmp_main, o);
	if (error) {
		atomic_store(&o->references, 1);
		drop_reference(o);
		return error;
	}
	o->subscriber.queue = o->queue;
	o->subscriber.release = output_rtmp_release;
	feed_subscribe(feed, &o->subscriber);
	*out = &o->base;
	return 0;
}
