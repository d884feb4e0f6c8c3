/*
 * The FLV tags on their way to one RTMP connection: one producer (the feed), one consumer (the
 * connection's thread), lock-free and bounded in number and in time.
 *
 * The consumer opens the queue for each connection. The producer then starts with the headers and a key
 * frame; when the consumer falls behind the bound, what does not fit is dropped up to the next key
 * frame, and counted.
 */
#ifndef OUTPUT_TAG_QUEUE_H
#define OUTPUT_TAG_QUEUE_H

#include "base/counter.h"
#include "media/flv.h"
#include "media/remux.h"

#include <stdbool.h>

#define TAG_QUEUE_MAX_MS 4000 /* of stream that a slow peer may be behind */

struct tag_queue;

/*
 * dropped: counts the tags that the consumer was too slow for, borrowed; the producer writes it.
 * Owns: *out is the caller's. Errors: -ENOMEM, -EMFILE (event descriptor). Thread: any.
 */
int tag_queue_create(struct tag_queue **out, counter_t *dropped);

/* NULL is fine. Thread: any, when neither side uses it any more. */
void tag_queue_destroy(struct tag_queue *queue);

/*
 * Offer a tag; the queue takes a reference if it wants it. remuxer: for the headers. Thread: producer.
 */
void tag_queue_push(struct tag_queue *queue, struct flv_tag *tag, const struct remuxer *remuxer);

/* Wake the consumer if there is something new since the last call. Thread: producer. */
void tag_queue_flush(struct tag_queue *queue);

/* Start afresh, for a new connection, or stop taking tags. Thread: consumer (both). */
void tag_queue_open(struct tag_queue *queue);
void tag_queue_close(struct tag_queue *queue);

/* The next tag of this connection, a reference of the caller's, or NULL. Thread: consumer. */
struct flv_tag *tag_queue_pop(struct tag_queue *queue);

/*
 * A descriptor that is readable after tag_queue_flush; read it with tag_queue_clear before popping.
 * Thread: consumer.
 */
int tag_queue_fd(const struct tag_queue *queue);
void tag_queue_clear(struct tag_queue *queue);

#endif
