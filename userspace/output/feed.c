/*
 * The feed: owner of a running channel, and the task that remuxes it for RTMP.
 *
 * The task sits on one sender thread and does nothing without subscribers. The first one starts a
 * remuxer at the newest packet, the last one takes it away.
 */
#include "feed.h"

#include "base/clock.h"
#include "base/container.h"
#include "media/ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LOOPS        32
#define PACKETS_PER_READ 64
#define READS_PER_TICK   256 /* bounds a tick to the whole ring */
#define NOTE_BYTES       200
#define SILENCE_NS       (500 * NS_PER_MS) /* then an access unit that waits for its end is complete */

struct feed {
	struct channel *channel;
	struct senders *senders;
	struct retirement retirement;
	struct tick_loop *loops[MAX_LOOPS]; /* for the retirement */
	struct sender_task task;            /* the rest is its sender's */
	struct remuxer *remuxer;
	uint64_t position;
	int64_t newest_ns; /* when packets last came; 0: flushed since */
	struct feed_subscriber *subscribers;
	bool choices_stale;    /* the subscribers are others than the remuxer knows */
	unsigned int revision; /* of the remuxer, when the subscribers got their notes */
	uint16_t program;      /* that the remuxer follows */
	_Atomic uint16_t program_wanted;
	struct remux_counters counters; /* of all remuxers there were, and … */
	struct remux_counters before;   /* … of those before the present one */
};

static void emit_tag(void *context, struct flv_tag *tag)
{
	struct feed *feed = context;

	for (struct feed_subscriber *s = feed->subscribers; s; s = s->next)
		tag_queue_push(s->queue, tag, feed->remuxer);
	flv_tag_unref(tag);
}

/* Remux everything that is in the ring. Returns whether there was anything. */
static bool remux_waiting(struct feed *feed)
{
	uint8_t packets[PACKETS_PER_READ * TS_PACKET_BYTES];
	uint64_t lost = 0;
	size_t count = 1;
	bool any = false;

	for (int i = 0; count && i < READS_PER_TICK; i++) {
		count = ring_read(channel_ring(feed->channel), &feed->position, packets,
		                  PACKETS_PER_READ, NULL, &lost);
		if (lost) {
			remuxer_discontinuity(feed->remuxer);
			lost = 0;
		}
		remuxer_push(feed->remuxer, packets, count);
		any |= count > 0;
	}
	return any;
}

/* At the newest packet. Without memory it is tried again every tick. Errors: -ENOMEM. */
static int start_remuxer(struct feed *feed)
{
	const int error = remuxer_create(&feed->remuxer, emit_tag, feed);

	if (error)
		feed->remuxer = NULL;
	feed->position = ring_head(channel_ring(feed->channel));
	feed->program = 0;
	feed->choices_stale = true;
	return error;
}

static void stop_remuxer(struct feed *feed)
{
	remuxer_destroy(feed->remuxer);
	feed->remuxer = NULL;
	feed->before = feed->counters;
}

/* Tell the remuxer what the subscribers want. Without memory it is tried again the next tick. */
static void update_choices(struct feed *feed)
{
	struct remux_choice *choices;
	size_t count = 0;

	for (struct feed_subscriber *s = feed->subscribers; s; s = s->next)
		count++;
	choices = calloc(count, sizeof(*choices));
	if (!choices)
		return;
	count = 0;
	for (struct feed_subscriber *s = feed->subscribers; s; s = s->next)
		choices[count++] = *tag_queue_choice(s->queue);
	feed->choices_stale = remuxer_set_choices(feed->remuxer, choices, count) < 0;
	free(choices);
}

static void update_program(struct feed *feed)
{
	const uint16_t wanted = atomic_load_explicit(&feed->program_wanted, memory_order_relaxed);

	if (wanted == feed->program)
		return;
	feed->program = wanted;
	remuxer_set_program(feed->remuxer, wanted);
}

static void send_notes(struct feed *feed)
{
	char text[NOTE_BYTES];

	if (feed->revision == remuxer_revision(feed->remuxer))
		return;
	feed->revision = remuxer_revision(feed->remuxer);
	for (struct feed_subscriber *s = feed->subscribers; s; s = s->next) {
		remuxer_describe(feed->remuxer, tag_queue_choice(s->queue), text, sizeof(text));
		tag_queue_set_note(s->queue, text);
	}
}

static void update_counters(struct feed *feed)
{
	static const struct counter_info table[] = {REMUX_COUNTERS(COUNTER_ROW)};
	const struct remux_counters *now = remuxer_counters(feed->remuxer);
	counter_t *sums = (counter_t *)&feed->counters;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		counter_set(&sums[i], counter_at(now, i) + (table[i].type == COUNTER_TOTAL
		                                                    ? counter_at(&feed->before, i)
		                                                    : 0));
}

static void feed_tick(struct sender_task *task, int64_t now_ns)
{
	struct feed *feed = container_of(task, struct feed, task);

	if (!feed->subscribers || (!feed->remuxer && start_remuxer(feed)))
		return;
	if (feed->choices_stale)
		update_choices(feed);
	update_program(feed);
	if (remux_waiting(feed)) {
		update_counters(feed);
		feed->newest_ns = now_ns;
	} else if (feed->newest_ns && now_ns - feed->newest_ns > SILENCE_NS) {
		remuxer_flush(feed->remuxer);
		feed->newest_ns = 0;
	}
	send_notes(feed);
	for (struct feed_subscriber *s = feed->subscribers; s; s = s->next)
		tag_queue_flush(s->queue);
}

/* Nobody else knows the feed any more when its task is gone; retire() frees it. */
static void feed_task_release(struct sender_task *task)
{
	struct feed *feed = container_of(task, struct feed, task);

	stop_remuxer(feed);
}

int feed_create(struct feed **out, struct channel *channel, struct senders *senders)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		return -ENOMEM;
	feed->channel = channel;
	feed->senders = senders;
	feed->task.tick = feed_tick;
	feed->task.release = feed_task_release;
	sender_add(senders_pick(senders), &feed->task);
	*out = feed;
	return 0;
}

static void feed_release(struct retirement *retirement)
{
	struct feed *feed = container_of(retirement, struct feed, retirement);

	channel_destroy(feed->channel);
	free(feed);
}

void feed_destroy(struct feed *feed, struct tick_loop *const *loops, size_t loop_count)
{
	if (!feed)
		return;
	if (loop_count > MAX_LOOPS)
		loop_count = MAX_LOOPS;
	memcpy(feed->loops, loops, loop_count * sizeof(loops[0]));
	sender_remove(&feed->task);
	retire(&feed->retirement, feed->loops, loop_count, feed_release);
}

void feed_set_program(struct feed *feed, uint16_t number)
{
	atomic_store_explicit(&feed->program_wanted, number, memory_order_relaxed);
}

const struct remux_counters *feed_remux_counters(const struct feed *feed)
{
	return &feed->counters;
}

struct channel *feed_channel(const struct feed *feed)
{
	return feed->channel;
}

struct senders *feed_senders(const struct feed *feed)
{
	return feed->senders;
}

static void run_subscribe(struct command *command)
{
	struct feed_subscriber *s = container_of(command, struct feed_subscriber, subscribe);
	struct feed *feed = s->feed;

	s->next = feed->subscribers;
	feed->subscribers = s;
	feed->choices_stale = true;
}

static void run_unsubscribe(struct command *command)
{
	struct feed_subscriber *s = container_of(command, struct feed_subscriber, unsubscribe);
	struct feed *feed = s->feed;
	struct feed_subscriber **link = &feed->subscribers;

	while (*link && *link != s)
		link = &(*link)->next;
	if (*link)
		*link = s->next;
	feed->choices_stale = true;
	if (!feed->subscribers)
		stop_remuxer(feed);
	s->release(s);
}

void feed_subscribe(struct feed *feed, struct feed_subscriber *subscriber)
{
	subscriber->feed = feed;
	subscriber->subscribe.run = run_subscribe;
	subscriber->unsubscribe.run = run_unsubscribe;
	sender_post(feed->task.sender, &subscriber->subscribe);
}

void feed_unsubscribe(struct feed_subscriber *subscriber)
{
	sender_post(subscriber->feed->task.sender, &subscriber->unsubscribe);
}
