/*
 * The chunk reader: a header is collected byte by byte until it is whole, then the chunk's payload is
 * copied into its stream's message.
 */
#include "chunk.h"

#include "base/bytes.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_CHUNK_SIZE 128
#define SET_CHUNK_SIZE     1
#define ABORT_MESSAGE      2
#define EXTENDED_TIMESTAMP 0xffffffu
#define MAX_CHUNK_SIZE     0xffffffu

void chunk_reader_init(struct chunk_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
	reader->chunk_size = DEFAULT_CHUNK_SIZE;
}

/* Bytes of the basic header, section 5.3.1.1. */
static size_t basic_size(const uint8_t *header)
{
	const unsigned int id = header[0] & 0x3f;

	return id == 0 ? 2 : id == 1 ? 3 : 1;
}

static uint32_t stream_id(const uint8_t *header)
{
	switch (header[0] & 0x3f) {
	case 0:
		return header[1] + 64u;
	case 1:
		return header[2] * 256u + header[1] + 64u;
	default:
		return header[0] & 0x3fu;
	}
}

static struct chunk_stream *find_stream(struct chunk_reader *reader, uint32_t id)
{
	for (size_t i = 0; i < CHUNK_STREAMS; i++)
		if (reader->streams[i].id == id)
			return &reader->streams[i];
	return NULL;
}

/* A stream that was never used, or else one that is between messages. */
static struct chunk_stream *find_idle(struct chunk_reader *reader)
{
	struct chunk_stream *stream = find_stream(reader, 0);

	for (size_t i = 0; !stream && i < CHUNK_STREAMS; i++)
		if (!reader->streams[i].received)
			stream = &reader->streams[i];
	return stream;
}

/* The bytes that the header has, as far as it can be told from those that are there. */
static size_t header_wanted(struct chunk_reader *reader)
{
	static const size_t message_sizes[] = {11, 7, 3, 0};
	const uint8_t *header = reader->header;
	const size_t basic = reader->header_size ? basic_size(header) : 1;
	const struct chunk_stream *stream;
	size_t message;
	bool extended;

	if (reader->header_size < basic)
		return basic;
	message = message_sizes[header[0] >> 6];
	if (reader->header_size < basic + message)
		return basic + message;
	stream = find_stream(reader, stream_id(header));
	extended = message ? load_be24(header + basic) == EXTENDED_TIMESTAMP
	                   : stream && stream->extended;
	return basic + message + (extended ? 4 : 0);
}

/* A whole header: whose payload follows, and how much of it. */
static int begin_chunk(struct chunk_reader *reader)
{
	const uint8_t *message = reader->header + basic_size(reader->header);
	const unsigned int format = reader->header[0] >> 6;
	const uint32_t id = stream_id(reader->header);
	struct chunk_stream *stream = find_stream(reader, id);

	if (!stream && format == 0)
		stream = find_idle(reader);
	if (!stream)
		return -EBADMSG;
	if (format < 3 && stream->received)
		return -EBADMSG;
	stream->id = id;
	if (format < 3)
		stream->extended = load_be24(message) == EXTENDED_TIMESTAMP;
	if (format < 2) {
		stream->length = load_be24(message + 3);
		stream->type = message[6];
	}
	reader->stream = stream;
	reader->payload_left = stream->length - stream->received;
	if (reader->payload_left > reader->chunk_size)
		reader->payload_left = reader->chunk_size;
	reader->header_size = 0;
	return 0;
}

/* What the reader itself has to follow. */
static int follow_control(struct chunk_reader *reader, const struct chunk_message *message)
{
	struct chunk_stream *stream;

	if (message->type != SET_CHUNK_SIZE && message->type != ABORT_MESSAGE)
		return 0;
	if (message->size < 4)
		return -EBADMSG;
	if (message->type == SET_CHUNK_SIZE) {
		reader->chunk_size = load_be32(message->body);
		if (reader->chunk_size > MAX_CHUNK_SIZE && reader->chunk_size <= INT32_MAX)
			reader->chunk_size = MAX_CHUNK_SIZE; /* the same, as no message is longer */
		return reader->chunk_size >= 1 && reader->chunk_size <= MAX_CHUNK_SIZE ? 0
		                                                                       : -EBADMSG;
	}
	stream = find_stream(reader, load_be32(message->body));
	if (stream)
		stream->received = 0;
	return 0;
}

static int end_message(struct chunk_reader *reader, struct chunk_stream *stream,
                       chunk_message_fn handle, void *context)
{
	const struct chunk_message message = {
		.type = stream->type, .size = stream->length, .body = stream->body};
	int error;

	stream->received = 0;
	if (stream->length > CHUNK_MESSAGE_BYTES)
		return 0;
	error = follow_control(reader, &message);
	return error ? error : handle(context, &message);
}

/* Take payload of the current chunk; returns the bytes taken. */
static size_t take_payload(struct chunk_reader *reader, const uint8_t *data, size_t size)
{
	struct chunk_stream *stream = reader->stream;
	const size_t count = size < reader->payload_left ? size : reader->payload_left;

	if (stream->length <= CHUNK_MESSAGE_BYTES)
		memcpy(stream->body + stream->received, data, count);
	stream->received += (uint32_t)count;
	reader->payload_left -= (uint32_t)count;
	return count;
}

int chunk_reader_push(struct chunk_reader *reader, const uint8_t *data, size_t size,
                      chunk_message_fn handle, void *context)
{
	struct chunk_stream *stream;
	size_t count;
	int error = 0;

	while (!error && (size || (reader->stream && !reader->payload_left))) {
		if (!reader->stream) {
			reader->header[reader->header_size++] = *data++;
			size--;
			if (reader->header_size == header_wanted(reader))
				error = begin_chunk(reader);
			continue;
		}
		stream = reader->stream;
		count = take_payload(reader, data, size);
		data += count;
		size -= count;
		if (reader->payload_left)
			continue;
		reader->stream = NULL;
		if (stream->received == stream->length)
			error = end_message(reader, stream, handle, context);
	}
	return error;
}
