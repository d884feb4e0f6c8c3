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

typedef void (*queue_frame_fn)(void *context, const uint8_t *frame, size_t size);

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
 * the kernel. The frame is borrowed for the call. Returns the number of frames. Thread: ingest.
 */
size_t queue_socket_drain(struct queue_socket *socket, queue_frame_fn receive, void *context);

/*
 * As queue_socket_drain, and prepare is called with most frames shortly before receive is: it can have the memory
 * brought near that receive will need. Thread: ingest.
 */
size_t queue_socket_drain_ahead(struct queue_socket *socket, queue_frame_fn prepare,
                                queue_frame_fn receive, void *context);

/* Thread: any. */
void queue_socket_get_losses(const struct queue_socket *socket, struct queue_socket_losses *out);

/* Frames received so far. Thread: any. */
uint64_t queue_socket_received(const struct queue_socket *socket);

#endif
