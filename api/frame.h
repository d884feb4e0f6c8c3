/*
 * WebSocket frames (RFC 6455 section 5), the server's side. No sockets, no threads.
 */
#ifndef API_FRAME_H
#define API_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_TEXT  0x1
#define FRAME_CLOSE 0x8
#define FRAME_PING  0x9
#define FRAME_PONG  0xa

#define FRAME_HEADER_BYTES  10     /* longest header of a server */
#define FRAME_CONTROL_BYTES 125    /* longest payload of a control frame */
#define FRAME_MAX_BYTES     65536u /* longest payload that a client may send */

/* Status codes of a close frame (section 7.4.1). */
#define FRAME_GOING_AWAY     1001
#define FRAME_PROTOCOL_ERROR 1002
#define FRAME_TOO_BIG        1009
#define FRAME_TRY_LATER      1013

/* Write the header of an unfragmented frame, FRAME_HEADER_BYTES bytes; returns its length. Thread: any. */
size_t frame_header(uint8_t *out, uint8_t opcode, uint64_t size);

/* A client's frames as they come in; zero-initialise. */
struct frame_reader {
	uint8_t header[14];
	size_t header_bytes; /* how much of it is here */
	uint64_t size, done; /* payload of the present frame */
	uint8_t control[FRAME_CONTROL_BYTES];
};

/* Called for each complete control frame, its payload unmasked and borrowed. */
typedef void (*frame_control_fn)(void *context, uint8_t opcode, const uint8_t *data, size_t size);

/*
 * Take size bytes from a client. Payloads of text and binary frames are skipped: this service has nothing
 * to be told. Returns 0, or the status code to close with; the reader is of no use then. Thread: one.
 */
int frame_read(struct frame_reader *reader, const uint8_t *data, size_t size,
               frame_control_fn control, void *context);

#endif
