/*
 * Is the peer still taking what we send? It is as long as its TCP acknowledges bytes; a peer that has stopped reading, or
 * that is gone without a word, does not.
 */
#ifndef OUTPUT_STALL_H
#define OUTPUT_STALL_H

#include <stdbool.h>
#include <stdint.h>

#define STALL_LIMIT_MS \
	4000 /* without progress; with the interval of looking it is noticed within 5 s */
#define STALL_LOOK_MS 500

/* What a TCP socket tells (tcp(7), TCP_INFO). */
struct socket_progress {
	uint64_t acked_bytes;
	uint64_t
		waiting_bytes; /* handed to the kernel, not acknowledged; estimated from segments */
	uint32_t rtt_us;
};

/* Errors: -errno, for what is no TCP socket. Thread: any. */
int socket_progress(int fd, struct socket_progress *progress);

/* Zero-initialise. */
struct stall {
	uint64_t moved_bytes;
	int64_t moved_ns; /* when they last became more, or nothing was waiting; 0: never looked */
};

/*
 * Look again: moved_bytes is a count that grows with every byte the peer takes, waiting whether there is something
 * for it to take. Returns whether nothing has moved for limit_ms. Thread: one at a time.
 */
bool stall_look(struct stall *stall, int64_t now_ns, uint64_t moved_bytes, bool waiting,
                unsigned int limit_ms);

#endif
