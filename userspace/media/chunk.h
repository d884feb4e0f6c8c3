/*
 * RTMP chunk streams, the receiving side (Adobe RTMP 1.0, section 5.3): bytes in, messages out.
 *
 * For what servers send to a publisher: short commands and protocol control. Longer messages are skipped,
 * not kept; the memory is fixed.
 */
#ifndef MEDIA_CHUNK_H
#define MEDIA_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNK_STREAMS       8    /* that a server may use at the same time; most use 3 */
#define CHUNK_MESSAGE_BYTES 1500 /* a longer message is skipped */

struct chunk_message {
	uint8_t type;        /* message type id, section 6.1 */
	size_t size;         /* of body, 0 to CHUNK_MESSAGE_BYTES */
	const uint8_t *body; /* borrowed for the call */
};

/* Returns 0, or a negative errno that ends the reading and is passed on. */
typedef int (*chunk_message_fn)(void *context, const struct chunk_message *message);

struct chunk_stream {
	uint32_t id;               /* chunk stream id, 2 to 65599; 0: free */
	uint32_t length, received; /* of the message */
	uint8_t type;
	bool extended; /* its time stamp has 4 further bytes, on every chunk */
	uint8_t body[CHUNK_MESSAGE_BYTES];
};

/* Embed it; zero-initialise with chunk_reader_init. */
struct chunk_reader {
	uint32_t chunk_size;         /* that the server has announced, 1 to 16777215 */
	uint8_t header[3 + 11 + 4];  /* of the chunk that is being read */
	size_t header_size;          /* bytes of it that are there */
	struct chunk_stream *stream; /* whose payload is being read, or NULL: header */
	uint32_t payload_left;       /* of this chunk */
	struct chunk_stream streams[CHUNK_STREAMS];
};

/* Thread: one at a time (both). */
void chunk_reader_init(struct chunk_reader *reader);

/*
 * Take size bytes, cut anywhere, and call handle with every message that they complete. Set Chunk Size and
 * Abort (section 5.4) are followed before they are handed on. Errors: -EBADMSG for what is no chunk stream
 * (a continuation of nothing, a new message inside another, more than CHUNK_STREAMS); what handle returned.
 */
int chunk_reader_push(struct chunk_reader *reader, const uint8_t *data, size_t size,
                      chunk_message_fn handle, void *context);

#endif
