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

#define TAG_QUEUE_MAX_BACKLOG_MS 30000

struct tag_queue;

/*
 * choice: what the connection wants, copied. backlog_ms: of stream that a slow consumer may be behind, at most
 * TAG_QUEUE_MAX_BACKLOG_MS. dropped: counts the tags that the consumer was too slow for, borrowed; the
 * producer writes it. Owns: *out is the caller's. Errors: -ENOMEM, -EMFILE (event descriptor). Thread: any.
 */
int tag_queue_create(struct tag_queue **out, const struct remux_choice *choice, uint32_t backlog_ms,
                     counter_t *dropped);

/* NULL is fine. Thread: any, when neither side uses it any more. */
void tag_queue_destroy(struct tag_queue *queue);

/*
 * Offer a tag; the queue takes a reference if it wants it. remuxer: whose tag it is, for the headers.
 * Thread: producer.
 */
void tag_queue_push(struct tag_queue *queue, struct flv_tag *tag, const struct remuxer *remuxer);

/* What the connection wants; borrowed. Thread: any. */
const struct remux_choice *tag_queue_choice(const struct tag_queue *queue);

/*
 * Tell the consumer which of the streams it does not get, for people; "" for none. Without memory it is not
 * told. Thread: producer.
 */
void tag_queue_set_note(struct tag_queue *queue, const char *text);

/*
 * The newest note, cut to size bytes with its 0, if there is one since the last call; the descriptor becomes
 * readable for it too. Returns whether there is. Thread: consumer.
 */
bool tag_queue_get_note(struct tag_queue *queue, char *text, size_t size);

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
