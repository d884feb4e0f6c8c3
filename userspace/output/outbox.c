/*
 * The outbox: a ring of messages. Only its first one may be written in part.
 */
#include "outbox.h"

#include <errno.h>
#include <string.h>

#define MAX_PARTS 64 /* of one write: 32 messages of one chunk each */

void outbox_init(struct outbox *outbox)
{
	memset(outbox, 0, sizeof(*outbox));
	chunk_writer_init(&outbox->writer);
}

int outbox_put(struct outbox *outbox, struct outbox_address to, uint32_t timestamp_ms,
               struct flv_tag *body)
{
	struct outbox_message *message;

	if (outbox->count == OUTBOX_MESSAGES) {
		flv_tag_unref(body);
		return -ENOBUFS;
	}
	message = &outbox->messages[(outbox->first + outbox->count++) % OUTBOX_MESSAGES];
	message->body = body;
	chunk_write(&outbox->writer, &message->cut, to.chunk_stream, to.type, to.message_stream,
	            timestamp_ms, body->body, body->size);
	return 0;
}

static size_t gather(const struct outbox *outbox, struct iovec parts[MAX_PARTS])
{
	size_t count = 0, offset = outbox->offset;

	for (unsigned int i = 0; i < outbox->count && count < MAX_PARTS; i++) {
		count += chunk_cut_gather(
			&outbox->messages[(outbox->first + i) % OUTBOX_MESSAGES].cut, offset,
			parts + count, MAX_PARTS - count);
		offset = 0;
	}
	return count;
}

static void drop_first(struct outbox *outbox)
{
	flv_tag_unref(outbox->messages[outbox->first].body);
	outbox->first = (outbox->first + 1) % OUTBOX_MESSAGES;
	outbox->count--;
	outbox->offset = 0;
}

/* The stream has taken so many bytes. */
static void advance(struct outbox *outbox, size_t taken)
{
	outbox->wire_bytes += taken;
	outbox->offset += taken;
	while (outbox->count) {
		const struct chunk_cut *cut = &outbox->messages[outbox->first].cut;
		const size_t size = chunk_cut_bytes(cut), offset = outbox->offset;

		if (offset < size)
			return;
		outbox->payload_bytes += cut->body_size;
		drop_first(outbox);
		outbox->offset = offset - size;
	}
}

int outbox_send(struct outbox *outbox, struct stream *stream)
{
	struct iovec parts[MAX_PARTS];
	ssize_t taken;

	while (outbox->count) {
		taken = stream_send(stream, parts, gather(outbox, parts));
		if (taken < 0)
			return (int)taken;
		advance(outbox, (size_t)taken);
	}
	/* What TLS holds back goes with the next POLLOUT, which stream_events asks for. */
	taken = stream->tls ? stream_send(stream, NULL, 0) : 0;
	return taken < 0 && taken != -EAGAIN ? (int)taken : 0;
}

void outbox_clear(struct outbox *outbox)
{
	while (outbox->count)
		drop_first(outbox);
}
