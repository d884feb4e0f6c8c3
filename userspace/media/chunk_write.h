/*
 * RTMP chunk streams, the sending side (Adobe RTMP 1.0, section 5.3): a message in, slices of memory out.
 *
 * Nothing is copied: a message becomes one header, its body where it lies, and a short header before each further
 * chunk of it. The slices are made for any offset, so a write that took a part of them is simply continued.
 */
#ifndef MEDIA_CHUNK_WRITE_H
#define MEDIA_CHUNK_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define CHUNK_WRITE_STREAMS 8 /* chunk stream ids 2 to 7 are written */

/* What the receiver remembers of a chunk stream. */
struct chunk_last {
	bool used;
	uint32_t message_stream, timestamp_ms;
};

/* Embed it; set up by chunk_writer_init. */
struct chunk_writer {
	uint32_t
		chunk_size; /* for messages to come, 1 to 16777215; tell the receiver before it is changed */
	struct chunk_last last[CHUNK_WRITE_STREAMS];
};

/* A message in chunks. */
struct chunk_cut {
	uint8_t head[16]; /* basic and message header, extended time stamp */
	uint8_t more[5];  /* before each further chunk */
	uint8_t head_size, more_size;
	uint32_t chunk_size;
	const uint8_t *body; /* borrowed */
	size_t body_size;
};

/* With the chunk size that every connection begins with, 128. Thread: one at a time (all). */
void chunk_writer_init(struct chunk_writer *writer);

/*
 * Cut the next message of chunk stream id (2 to 7): its type (section 6.1), message stream and time stamp. The header
 * is of type 0 or, when the message stream stays and time goes on, of type 1. body, size bytes up to 16777215, is
 * borrowed as long as the cut is in use. Messages are to be sent whole, in the order of these calls.
 */
void chunk_write(struct chunk_writer *writer, struct chunk_cut *cut, uint8_t id, uint8_t type,
                 uint32_t message_stream, uint32_t timestamp_ms, const uint8_t *body, size_t size);

/* Bytes that the message has on the wire. */
size_t chunk_cut_bytes(const struct chunk_cut *cut);

/*
 * Write slices of the message from byte offset on to parts, at most max of them; returns how many. They borrow cut
 * and its body.
 */
size_t chunk_cut_gather(const struct chunk_cut *cut, size_t offset, struct iovec *parts,
                        size_t max);

#endif
