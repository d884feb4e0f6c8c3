/*
 * Looking at a socket costs one system call, twice a second.
 */
#include "stall.h"

#include "base/clock.h"

#include <errno.h>
#include <linux/tcp.h> /* that of netinet/ ends before the counts of bytes */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#define MAX_STEP_NS (STALL_LOOK_MS * NS_PER_MS * 3 / 2)

/* A reading peer need not offer new room for every few bytes; for so many it does. */
#define ENOUGH_BYTES 16384

/* The edge has to move by at least one part in so many of what was taken. */
#define CREEP_SHARE 4

int socket_progress(int fd, struct socket_progress *progress)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return -errno;
	if (size < offsetof(struct tcp_info, tcpi_min_rtt))
		return -ENOTSUP; /* Linux before 4.6 */
	*progress = (struct socket_progress){
		.acked_bytes = info.tcpi_bytes_acked,
		.room_bytes =
			size >= offsetof(struct tcp_info, tcpi_snd_wnd) + sizeof(info.tcpi_snd_wnd)
				? info.tcpi_snd_wnd
				: 0,
		.waiting_bytes =
			(uint64_t)info.tcpi_unacked * info.tcpi_snd_mss + info.tcpi_notsent_bytes,
		.rtt_us = info.tcpi_rtt,
	};
	return 0;
}

/*
 * Since the last look. Kernels offer windows in units of up to 16 kB and round them up: the edge creeps by a little with
 * every acknowledgement though nobody reads. One who reads moves it by what has been taken.
 */
static bool edge_moved(const struct stall *stall, uint64_t edge, uint64_t taken_bytes)
{
	return edge > stall->edge_bytes && (edge - stall->edge_bytes) * CREEP_SHARE >= taken_bytes;
}

bool stall_look(struct stall *stall, const struct stall_sample *sample, unsigned int limit_ms)
{
	const uint64_t edge = sample->taken_bytes + sample->room_bytes;
	const uint64_t taken_bytes = sample->taken_bytes - stall->taken_bytes;
	int64_t step_ns = sample->now_ns - stall->looked_ns;

	if (step_ns > MAX_STEP_NS) /* nobody looked, for there was nothing to see */
		step_ns = MAX_STEP_NS;
	if (!stall->looked_ns || edge_moved(stall, edge, taken_bytes)) {
		stall->taken_at_edge_bytes = sample->taken_bytes;
		stall->unmoved_ns = 0;
	} else if (sample->waiting || taken_bytes) {
		stall->unmoved_ns += step_ns;
	}
	stall->edge_bytes = edge;
	stall->looked_ns = sample->now_ns;
	stall->taken_bytes = sample->taken_bytes;
	return stall->unmoved_ns >= limit_ms * NS_PER_MS &&
	       (sample->waiting ||
	        sample->taken_bytes - stall->taken_at_edge_bytes >= ENOUGH_BYTES);
}
