/*
 * Is the peer still reading? While it does, the right edge of its TCP window moves on (what is acknowledged, and the room
 * offered beyond); when it has stopped, its kernel goes on acknowledging into what room is left, but the edge stays.
 * A peer that is gone without a word moves nothing either.
 */
#ifndef OUTPUT_STALL_H
#define OUTPUT_STALL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long without progress. With the interval of looking, and the second in which the kernel of a frozen peer still
 * offers new room, it is noticed within 5 s.
 */
#define STALL_LIMIT_MS 3500
#define STALL_LOOK_MS  250

/* What a TCP socket tells (tcp(7), TCP_INFO). */
struct socket_progress {
	uint64_t acked_bytes;
	uint64_t room_bytes;    /* that the peer offers beyond those; 0 before Linux 5.4 */
	uint64_t waiting_bytes; /* given to the kernel, not acknowledged: estimated by segments */
	uint32_t rtt_us;
};

/* Errors: -errno, for what is no TCP socket. Thread: any. */
int socket_progress(int fd, struct socket_progress *progress);

/* Zero-initialise. */
struct stall {
	uint64_t edge_bytes, taken_bytes; /* at the last look */
	uint64_t taken_at_edge_bytes;     /* when the edge moved last */
	int64_t looked_ns;                /* 0: never */
	int64_t unmoved_ns; /* since the edge moved, pauses without anything to take left out */
};

/* One look. Both counts only grow with what the peer takes and offers. */
struct stall_sample {
	int64_t now_ns;
	uint64_t taken_bytes, room_bytes;
	bool waiting; /* there is something for the peer to take */
};

/*
 * Look again, every STALL_LOOK_MS. Returns whether the edge has not moved for limit_ms, although there was something to
 * take. Thread: one at a time.
 */
bool stall_look(struct stall *stall, const struct stall_sample *sample, unsigned int limit_ms);

#endif
