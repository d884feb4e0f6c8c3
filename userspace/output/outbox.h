/*
 * Messages on their way into a stream: a few, as slices of the tags that all outputs of a channel share, written
 * together, and continued where the last write stopped.
 */
#ifndef OUTPUT_OUTBOX_H
#define OUTPUT_OUTBOX_H

#include "media/chunk_write.h"
#include "media/flv.h"
#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_MESSAGES \
	32 /* written together at most; 8 of them are kept for answers to the server */

struct outbox_message {
	struct chunk_cut cut;
	struct flv_tag *body; /* a reference of the outbox's */
};

/* Embed it; set up by outbox_init, emptied by outbox_clear. */
struct outbox {
	struct chunk_writer writer;
	struct outbox_message messages[OUTBOX_MESSAGES];
	unsigned int first, count; /* in messages, a ring */
	size_t offset;             /* bytes of the first message that are written */
	uint64_t payload_bytes;    /* of messages that are written whole */
	uint64_t wire_bytes;       /* taken by the stream */
};

/* Where a message belongs, see chunk_write. */
struct outbox_address {
	uint8_t chunk_stream, type;
	uint32_t message_stream;
};

/* Thread: one at a time (all). */
void outbox_init(struct outbox *outbox);

/* Is there room for a message of the channel's? */
static inline bool outbox_has_room(const struct outbox *outbox)
{
	return outbox->count < OUTBOX_MESSAGES - 8;
}

/*
 * Put a message behind the others. Owns: the reference to body is the outbox's in every case. Errors: -ENOBUFS, and body
 * is dropped.
 */
int outbox_put(struct outbox *outbox, struct outbox_address to, uint32_t timestamp_ms,
               struct flv_tag *body);

/*
 * Write as much as the stream takes now. Returns 0 when everything is written, -EAGAIN when some is left: poll for
 * POLLOUT and call again; what stream_send returned otherwise.
 */
int outbox_send(struct outbox *outbox, struct stream *stream);

/* Drop what is left. */
void outbox_clear(struct outbox *outbox);

#endif
