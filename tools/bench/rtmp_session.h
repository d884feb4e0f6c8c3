/*
 * The server's side of one RTMP connection (Adobe RTMP 1.0) for the benchmark's receivers: it accepts every publisher and
 * counts what comes, without keeping it.
 *
 * It knows no sockets: bytes are handed in, and what is to be answered waits in out. Bounded: a connection needs
 * sizeof(struct rtmp_session), and a peer that does what no publisher does is given up.
 */
#ifndef BENCH_RTMP_SESSION_H
#define BENCH_RTMP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTMP_SESSION_STREAMS 64
#define RTMP_SESSION_OUT     8192
#define RTMP_SESSION_KEPT    2048

/* A chunk stream: the last message header on it (section 5.3.1.2). */
struct rtmp_chunk_stream {
	uint32_t time_ms, delta_ms;
	uint32_t length, left; /* of the message, and what of it is to come */
	uint8_t type;
	bool extended;
};

struct rtmp_session {
	enum { RTMP_HELLO, RTMP_ECHO, RTMP_HEADER, RTMP_PAYLOAD } phase;
	struct rtmp_chunk_stream streams[RTMP_SESSION_STREAMS];
	struct rtmp_chunk_stream *current;
	uint32_t chunk_size, chunk_left;
	uint8_t header[18];
	size_t header_have;
	uint8_t kept[RTMP_SESSION_KEPT]; /* C0 and C1, then messages that are more than counted */
	size_t kept_have;
	uint8_t out
		[RTMP_SESSION_OUT]; /* to be sent; the caller takes it away by resetting out_size */
	size_t out_size;

	/* What has come: audio and video messages, their bytes, and jumps of over 100 ms in video time. */
	uint64_t messages, bytes, gaps;
	uint32_t last_video_ms;
	bool has_video;
};

/* Thread: any, one at a time (both). */
void rtmp_session_init(struct rtmp_session *session);

/* Take size bytes from the peer. Errors: -EPROTO, and the connection is to be closed. */
int rtmp_session_take(struct rtmp_session *session, const uint8_t *data, size_t size);

#endif
