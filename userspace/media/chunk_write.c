/*
 * The chunk writer. Headers of type 2 are left out: they save 4 bytes on messages of equal size, which are rare. A
 * message that begins with type 3 is never written: what time it has is understood differently by different servers.
 */
#include "chunk_write.h"

#include "base/bytes.h"

#include <string.h>

#define DEFAULT_CHUNK_SIZE 128
#define EXTENDED_TIMESTAMP 0xffffffu

void chunk_writer_init(struct chunk_writer *writer)
{
	memset(writer, 0, sizeof(*writer));
	writer->chunk_size = DEFAULT_CHUNK_SIZE;
}

/* Section 5.3.1.2. time: of the message, or since the last one. Every chunk carries what does not fit 24 bits. */
static void write_header(struct chunk_cut *cut, uint8_t first, uint32_t time, uint8_t type,
                         size_t header_size)
{
	const bool extended = time >= EXTENDED_TIMESTAMP;

	cut->head[0] = first;
	store_be24(cut->head + 1, extended ? EXTENDED_TIMESTAMP : time);
	store_be24(cut->head + 4, (uint32_t)cut->body_size);
	cut->head[7] = type;
	cut->head_size = (uint8_t)header_size;
	cut->more[0] = (uint8_t)(0xc0 | (first & 0x3f));
	cut->more_size = 1;
	if (extended) {
		store_be32(cut->head + header_size, time);
		store_be32(cut->more + 1, time);
		cut->head_size += 4;
		cut->more_size += 4;
	}
}

void chunk_write(struct chunk_writer *writer, struct chunk_cut *cut, uint8_t id, uint8_t type,
                 uint32_t message_stream, uint32_t timestamp_ms, const uint8_t *body, size_t size)
{
	struct chunk_last *last = &writer->last[id % CHUNK_WRITE_STREAMS];
	const uint32_t delta = timestamp_ms - last->timestamp_ms;

	*cut = (struct chunk_cut){
		.chunk_size = writer->chunk_size, .body = body, .body_size = size};
	if (last->used && last->message_stream == message_stream && delta < EXTENDED_TIMESTAMP) {
		write_header(cut, (uint8_t)(0x40 | id), delta, type, 8);
	} else {
		for (unsigned int i = 0; i < 4; i++) /* the one little-endian field */
			cut->head[8 + i] = (uint8_t)(message_stream >> 8 * i);
		write_header(cut, id, timestamp_ms, type, 12);
	}
	*last = (struct chunk_last){true, message_stream, timestamp_ms};
}

size_t chunk_cut_bytes(const struct chunk_cut *cut)
{
	const size_t chunks = (cut->body_size + cut->chunk_size - 1) / cut->chunk_size;

	return cut->head_size + cut->body_size + (chunks ? chunks - 1 : 0) * cut->more_size;
}

/* A slice of a part that is size bytes long, of which the first *skip are not wanted. */
static size_t add_slice(struct iovec *parts, const uint8_t *data, size_t size, size_t *skip)
{
	if (*skip >= size) {
		*skip -= size;
		return 0;
	}
	*parts = (struct iovec){.iov_base = (void *)(uintptr_t)(data + *skip),
	                        .iov_len = size - *skip};
	*skip = 0;
	return 1;
}

size_t chunk_cut_gather(const struct chunk_cut *cut, size_t offset, struct iovec *parts, size_t max)
{
	const size_t period = (size_t)cut->chunk_size + cut->more_size;
	size_t at = 0, count = 0;

	if (!max)
		return 0;
	if (offset < cut->head_size) {
		count += add_slice(parts, cut->head, cut->head_size, &offset);
	} else {
		offset -= cut->head_size;
		at = offset / period * cut->chunk_size;
		offset %= period;
	}
	while (count < max && at < cut->body_size) {
		const size_t left = cut->body_size - at;
		const size_t size = left < cut->chunk_size ? left : cut->chunk_size;

		count += add_slice(parts + count, cut->body + at, size, &offset);
		at += size;
		if (count < max && at < cut->body_size)
			count += add_slice(parts + count, cut->more, cut->more_size, &offset);
	}
	return count;
}
