/*
 * An RTMP session on a connected stream: messages out, the server's messages in and answered, and an eye on whether the
 * server still takes what is sent. Nothing here waits, but for the farewell.
 *
 * publisher_open makes one; it needs no librtmp any more then.
 */
#ifndef OUTPUT_SESSION_H
#define OUTPUT_SESSION_H

#include "media/amf_command.h"
#include "media/chunk.h"
#include "media/flv.h"
#include "stall.h"
#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* What server commands mean, while the session is being opened; without one, verdict_is_end alone decides. */
struct session_listener {
	/* 0, or a negative errno that ends the session; why (size bytes) then gets the reason. */
	int (*hear)(void *context, const struct chunk_message *message,
	            const struct amf_command *command, char *why, size_t size);
	void *context;
};

/*
 * A session on stream, which is borrowed. received_bytes: what the server had sent before (its half of the handshake),
 * for acknowledgements count from the very first byte. Owns: *out is the caller's. Errors: -ENOMEM. Thread: the
 * output's own (all).
 */
int session_create(struct session **out, struct stream *stream, uint64_t received_bytes);

void session_set_listener(struct session *session, const struct session_listener *listener);

/*
 * Publishing has started on message stream message_stream under the name key, which is borrowed. Chunks become large
 * from here on. Errors: -ENOMEM.
 */
int session_begin(struct session *session, uint32_t message_stream, const char *key);

/*
 * Read and answer what the server has sent, as far as it is there. Errors: -EIO and other negative errno when
 * the connection is gone or the server says that publishing has failed; why (size bytes) then gets the reason.
 */
int session_receive(struct session *session, char *why, size_t size);

/* May a tag be put? */
bool session_has_room(const struct session *session);

/*
 * Put a tag behind the others, with the time stamp given (ms, wraps at 32 bits as RTMP does), while there is room.
 * Owns: the reference to tag is the session's in every case. Errors: -ENOBUFS.
 */
int session_put(struct session *session, struct flv_tag *tag, uint32_t timestamp_ms);

/*
 * Write as much as the stream takes. Errors: as session_receive, whose reasons it looks for: a server that hangs up may
 * have said why.
 */
int session_send(struct session *session, char *why, size_t size);

/* What to poll the stream for; with session_has_bytes there is something to receive without polling. */
short session_events(const struct session *session);
bool session_has_bytes(const struct session *session);

/* Bytes of tags that were written whole. */
uint64_t session_payload_bytes(const struct session *session);

/*
 * Look whether the server still takes what is sent, every STALL_LOOK_MS. progress: of the socket, zeros where there is
 * none to be had. waiting: something is on its way, so look again. Errors: -ETIMEDOUT, and why (size bytes) says it.
 */
int session_look(struct session *session, int64_t now_ns, struct socket_progress *progress,
                 bool *waiting, char *why, size_t size);

/* Unpublish if all is well, in at most FAREWELL_MS; free. The stream stays open. NULL is fine. */
void session_destroy(struct session *session);

#define FAREWELL_MS 300

#endif
