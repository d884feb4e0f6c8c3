/*
 * The AF_XDP socket of one receive queue, with memory of its own. The only user of libxdp.
 */
#ifndef INGEST_QUEUE_SOCKET_H
#define INGEST_QUEUE_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_SOCKET_FRAMES      8192 /* the default */
#define QUEUE_SOCKET_FRAME_BYTES 2048 /* 1792 of them usable: 256 are the kernel's headroom */

struct queue_socket;

struct queue_socket_config {
	const char *interface;
	uint32_t queue;
	uint32_t
		frames; /* a power of two, 0: 8192; the receive ring is as deep, the fill ring twice */
	uint32_t frame_bytes; /* 2048 (also 0) or 4096 */
	bool zero_copy;       /* try it before copying */
};

/* What a socket lost; all only grow. */
struct queue_socket_losses {
	uint64_t dropped;    /* no frame in the fill ring, or a packet too big for a frame */
	uint64_t ring_full;  /* the receive ring was full */
	uint64_t fill_empty; /* of dropped: no frame in the fill ring */
};

#define QUEUE_BATCH 64

struct queue_frame {
	const uint8_t *data;
	size_t size;
};

/* Takes up to QUEUE_BATCH frames, borrowed for the call; the first bytes of each are on their way to the cache. */
typedef void (*queue_frames_fn)(void *context, const struct queue_frame *frames, size_t count);

/*
 * A socket whose frames are already the kernel's to fill. A queue whose last socket was just closed stays
 * busy for some 50 ms: tried again for up to one second. Where zero-copy is refused, frames are copied.
 * Owns: *out is the caller's, freed by queue_socket_destroy. Errors: -EPERM without CAP_NET_RAW, -ENOBUFS
 * when RLIMIT_MEMLOCK is too small, -EBUSY, other negative errno. Thread: main, watch.
 */
int queue_socket_create(struct queue_socket **out, const struct queue_socket_config *config);

/* NULL is fine. Thread: main, watch; nobody drains it any more. */
void queue_socket_destroy(struct queue_socket *socket);

/*
 * 0 when frames are not copied, else why they are: what the driver said, -EOPNOTSUPP and the like, or
 * -ECANCELED when zero-copy was not asked for. Thread: any.
 */
int queue_socket_copy_reason(const struct queue_socket *socket);

/* The descriptor, borrowed. Thread: any. */
int queue_socket_fd(const struct queue_socket *socket);

/*
 * Call receive with every waiting frame, at most as many as the ring holds, and give the frames back to
 * the kernel. Returns the number of frames. Thread: ingest.
 */
size_t queue_socket_drain(struct queue_socket *socket, queue_frames_fn receive, void *context);

/* Thread: any. */
void queue_socket_get_losses(const struct queue_socket *socket, struct queue_socket_losses *out);

/* Frames received so far. Thread: any. */
uint64_t queue_socket_received(const struct queue_socket *socket);

#endif
