/*
 * A running channel as its outputs see it: the channel's ring, the sender threads, and one remuxer
 * that runs only while an RTMP output is subscribed.
 */
#ifndef OUTPUT_FEED_H
#define OUTPUT_FEED_H

#include "relay/channel.h"
#include "sender.h"
#include "tag_queue.h"

struct feed;

/*
 * Take over channel, whose receiving side must be bound by the caller (ingest_bind).
 * Owns: *out is the caller's, given up by feed_destroy; the channel is the feed's on success.
 * Errors: -ENOMEM. Thread: manager.
 */
int feed_create(struct feed **out, struct channel *channel, struct senders *senders);

/*
 * Give up the feed and its channel once ingest has been unbound and every output destroyed. Returns at
 * once; both are freed when every loop (loops: ingest, then the senders; at most 32; copied) has passed.
 * NULL is fine. Thread: manager.
 */
void feed_destroy(struct feed *feed, struct tick_loop *const *loops, size_t loop_count);

/*
 * Remux the program of that number, 0 (as at first) for the first of the PAT; from the next tick on, with
 * outputs running too. Thread: any.
 */
void feed_set_program(struct feed *feed, uint16_t number);

/*
 * What the remuxer has counted since the feed was created. Borrowed, valid until feed_destroy. Thread: any.
 */
const struct remux_counters *feed_remux_counters(const struct feed *feed);

/* Borrowed, valid until feed_destroy. Thread: any. */
struct channel *feed_channel(const struct feed *feed);
struct senders *feed_senders(const struct feed *feed);

/* One reader of the feed's FLV tags; embed it. */
struct feed_subscriber {
	struct command subscribe, unsubscribe;
	struct feed *feed;
	struct feed_subscriber *next;
	struct tag_queue *queue; /* the tags that its choice wants go there; borrowed */
	void (*release)(struct feed_subscriber *subscriber); /* called last, on a sender's thread */
};

/*
 * Fill subscriber->queue with the channel's FLV tags from now on. The subscriber is the feed's until
 * subscriber->release was called, which happens after feed_unsubscribe. Thread: manager (both).
 */
void feed_subscribe(struct feed *feed, struct feed_subscriber *subscriber);
void feed_unsubscribe(struct feed_subscriber *subscriber);

#endif
