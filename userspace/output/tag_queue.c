/*
 * The tag queue: a ring of pointers, each with the number of the connection it was queued for. What the
 * producer queued for an earlier connection is discarded by the consumer, so that neither has to wait
 * for the other when a connection ends.
 */
#include "tag_queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PREROLL 64u /* audio frames: 1.3 s at 48 kHz, more than a multiplexer sends audio ahead */

/* Per second of backlog at least: 60 frames and 50 audio frames take 110. A power of two in all. */
#define SLOTS_PER_S 240u
#define MIN_SLOTS   1024u

/* Between two frames of a kind. What is more is a gap in the source or a jump of its time stamps: there nothing waits. */
#define MAX_STEP_MS 250

struct slot {
	struct flv_tag *tag;
	unsigned int connection;
	int64_t position_ms; /* where the stream was with it */
};

/* Of audio or video. */
struct progress {
	int64_t timestamp_ms, position_ms;
};

struct tag_queue {
	int event;
	struct remux_choice choice;
	int64_t backlog_ms;
	counter_t *dropped;
	_Atomic(char *) note;    /* set and not got yet, or NULL; whoever takes it out owns it */
	atomic_uint connection;  /* odd: open; the consumer counts it up */
	_Atomic int64_t sent_ms; /* position of the last tag popped; INT64_MIN: none yet */
	atomic_uint head, tail;  /* next to write, next to read */
	/* The producer's own: */
	unsigned int serving; /* the connection that was started, or 0: wait for a key frame */
	unsigned int seen;    /* the connection last looked at */
	bool overflowed;      /* what is skipped up to the next key frame counts as dropped */
	bool unflushed;
	int64_t position_ms;              /* how much of the stream there was in all */
	int64_t drained_ms;               /* position when nothing was seen to wait last */
	struct progress progress[2];      /* of audio and of video */
	struct flv_tag *preroll[PREROLL]; /* newest audio while a key frame is waited for */
	unsigned int preroll_count;
	unsigned int slot_count;
	struct slot slots[];
};

static unsigned int count_slots(uint32_t backlog_ms)
{
	unsigned int count = MIN_SLOTS;

	while (count < (uint64_t)backlog_ms * SLOTS_PER_S / 1000)
		count *= 2;
	return count;
}

int tag_queue_create(struct tag_queue **out, const struct remux_choice *choice, uint32_t backlog_ms,
                     counter_t *dropped)
{
	struct tag_queue *queue;
	unsigned int count;
	int error;

	if (backlog_ms > TAG_QUEUE_MAX_BACKLOG_MS)
		backlog_ms = TAG_QUEUE_MAX_BACKLOG_MS;
	count = count_slots(backlog_ms);
	queue = calloc(1, sizeof(*queue) + count * sizeof(queue->slots[0]));
	if (!queue)
		return -ENOMEM;
	queue->choice = *choice;
	queue->backlog_ms = backlog_ms;
	queue->slot_count = count;
	queue->dropped = dropped;
	queue->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->event < 0) {
		error = -errno;
		free(queue);
		return error;
	}
	*out = queue;
	return 0;
}

/* Returns false when the queue is empty. */
static bool take(struct tag_queue *queue, struct slot *slot)
{
	const unsigned int tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&queue->head, memory_order_acquire))
		return false;
	*slot = queue->slots[tail % queue->slot_count];
	atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
	return true;
}

static void discard(struct tag_queue *queue)
{
	struct slot slot;

	while (take(queue, &slot))
		flv_tag_unref(slot.tag);
}

static void forget_preroll(struct tag_queue *queue)
{
	while (queue->preroll_count > 0)
		flv_tag_unref(queue->preroll[--queue->preroll_count]);
}

void tag_queue_destroy(struct tag_queue *queue)
{
	if (!queue)
		return;
	discard(queue);
	forget_preroll(queue);
	free(atomic_load_explicit(&queue->note, memory_order_acquire));
	close(queue->event);
	free(queue);
}

static unsigned int queued(const struct tag_queue *queue)
{
	return atomic_load_explicit(&queue->head, memory_order_relaxed) -
	       atomic_load_explicit(&queue->tail, memory_order_acquire);
}

static bool is_frame(const struct flv_tag *tag)
{
	return !tag->header && tag->type != FLV_SCRIPT;
}

/*
 * Where the stream is with a frame. Audio and video go by their own time stamps, because a multiplexer may send one of
 * them seconds before the other; one that was away for a while is again where the other is.
 */
static int64_t position_with(const struct tag_queue *queue, const struct flv_tag *frame)
{
	const struct progress *progress = &queue->progress[frame->type == FLV_VIDEO];
	const int64_t step_ms = frame->timestamp_ms - progress->timestamp_ms;

	if (step_ms < 0)
		return queue->position_ms;
	if (step_ms <= MAX_STEP_MS)
		return progress->position_ms + step_ms;
	return progress->position_ms + MAX_STEP_MS > queue->position_ms
	               ? progress->position_ms + MAX_STEP_MS
	               : queue->position_ms;
}

/* Also by a frame that is dropped: those before it get no younger. */
static void advance(struct tag_queue *queue, const struct flv_tag *frame)
{
	const int64_t position_ms = position_with(queue, frame);

	queue->progress[frame->type == FLV_VIDEO] =
		(struct progress){frame->timestamp_ms, position_ms};
	if (position_ms > queue->position_ms)
		queue->position_ms = position_ms;
}

/* Takes over the reference. */
static void put(struct tag_queue *queue, struct flv_tag *tag)
{
	const unsigned int head = atomic_load_explicit(&queue->head, memory_order_relaxed);

	queue->slots[head % queue->slot_count] =
		(struct slot){tag, queue->serving, queue->position_ms};
	atomic_store_explicit(&queue->head, head + 1, memory_order_release);
	queue->unflushed = true;
}

/*
 * Room for the tag that the stream has come to, and for the headers, cue messages and pre-roll that may go with it.
 */
static bool has_room(struct tag_queue *queue)
{
	const unsigned int count = queued(queue);
	const int64_t sent_ms = atomic_load_explicit(&queue->sent_ms, memory_order_relaxed);

	if (count == 0)
		queue->drained_ms = queue->position_ms;
	if (count > queue->slot_count - 4 - REMUX_MAX_CUES - PREROLL)
		return false;
	if (sent_ms == INT64_MIN)
		return true;
	return queue->position_ms - (sent_ms > queue->drained_ms ? sent_ms : queue->drained_ms) <=
	       queue->backlog_ms;
}

/* A place to start at: a key frame, or any audio frame while the channel has no video. */
static bool is_start(const struct flv_tag *tag, const struct remuxer *remuxer)
{
	if (tag->header)
		return false;
	return tag->type == FLV_VIDEO ? tag->key
	                              : tag->type == FLV_AUDIO && !remuxer_has_video(remuxer);
}

/* Audio that is not sent yet, but may belong behind the key frame to come. */
static void remember(struct tag_queue *queue, struct flv_tag *tag)
{
	if (tag->header || tag->type != FLV_AUDIO)
		return;
	if (queue->preroll_count == PREROLL) {
		flv_tag_unref(queue->preroll[0]);
		queue->preroll_count--;
		memmove(queue->preroll, queue->preroll + 1,
		        queue->preroll_count * sizeof(queue->preroll[0]));
	}
	queue->preroll[queue->preroll_count++] = flv_tag_ref(tag);
}

/*
 * The headers, the first frame, the splices that were announced before, and the audio that came before the frame but is
 * due after it.
 */
static void start(struct tag_queue *queue, unsigned int connection, struct flv_tag *first,
                  const struct remuxer *remuxer)
{
	struct flv_tag *headers[3], *cues[REMUX_MAX_CUES];
	const size_t count = remuxer_get_headers(remuxer, &queue->choice, headers);
	const size_t cue_count =
		remuxer_get_cues(remuxer, &queue->choice, first->timestamp_ms, cues);

	queue->serving = connection;
	queue->overflowed = false;
	for (size_t i = 0; i < count; i++)
		put(queue, headers[i]);
	put(queue, flv_tag_ref(first));
	for (size_t i = 0; i < cue_count; i++)
		put(queue, cues[i]);
	for (unsigned int i = 0; i < queue->preroll_count; i++)
		if (queue->preroll[i]->timestamp_ms >= first->timestamp_ms)
			put(queue, flv_tag_ref(queue->preroll[i]));
	forget_preroll(queue);
}

void tag_queue_push(struct tag_queue *queue, struct flv_tag *tag, const struct remuxer *remuxer)
{
	const unsigned int connection =
		atomic_load_explicit(&queue->connection, memory_order_acquire);
	bool room;

	if (connection != queue->seen) {
		queue->seen = connection;
		queue->serving = 0;
		queue->overflowed = false;
		forget_preroll(queue);
	}
	if (connection % 2 == 0 || !remuxer_wants(remuxer, tag, &queue->choice))
		return;
	if (is_frame(tag))
		advance(queue, tag);
	room = has_room(queue);
	if (!room) {
		queue->serving = 0;
		queue->overflowed = true;
	}
	if (queue->serving) {
		put(queue, flv_tag_ref(tag));
	} else if (is_start(tag, remuxer) && room) {
		start(queue, connection, tag, remuxer);
	} else if (queue->overflowed) {
		counter_add(queue->dropped, 1);
	} else {
		remember(queue, tag);
	}
}

const struct remux_choice *tag_queue_choice(const struct tag_queue *queue)
{
	return &queue->choice;
}

void tag_queue_set_note(struct tag_queue *queue, const char *text)
{
	char *note = strdup(text);

	if (!note)
		return;
	free(atomic_exchange_explicit(&queue->note, note, memory_order_acq_rel));
	queue->unflushed = true;
}

bool tag_queue_get_note(struct tag_queue *queue, char *text, size_t size)
{
	char *note = atomic_exchange_explicit(&queue->note, NULL, memory_order_acq_rel);

	if (!note)
		return false;
	snprintf(text, size, "%s", note);
	free(note);
	return true;
}

void tag_queue_flush(struct tag_queue *queue)
{
	if (queue->unflushed && eventfd_write(queue->event, 1) == 0)
		queue->unflushed = false;
}

void tag_queue_open(struct tag_queue *queue)
{
	atomic_store_explicit(&queue->sent_ms, INT64_MIN, memory_order_relaxed);
	atomic_fetch_add_explicit(&queue->connection, 1, memory_order_release);
}

/* What is left would only be in the way of the next connection; pop deals with what comes late. */
void tag_queue_close(struct tag_queue *queue)
{
	atomic_fetch_add_explicit(&queue->connection, 1, memory_order_release);
	discard(queue);
}

struct flv_tag *tag_queue_pop(struct tag_queue *queue)
{
	const unsigned int open = atomic_load_explicit(&queue->connection, memory_order_relaxed);
	struct slot slot;

	while (take(queue, &slot)) {
		if (slot.connection == open) {
			atomic_store_explicit(&queue->sent_ms, slot.position_ms,
			                      memory_order_relaxed);
			return slot.tag;
		}
		flv_tag_unref(slot.tag);
	}
	return NULL;
}

int tag_queue_fd(const struct tag_queue *queue)
{
	return queue->event;
}

void tag_queue_clear(struct tag_queue *queue)
{
	eventfd_t value;

	eventfd_read(queue->event, &value); /* -1 with EAGAIN when nothing is new */
}
