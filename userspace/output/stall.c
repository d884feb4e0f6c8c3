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
		.waiting_bytes =
			(uint64_t)info.tcpi_unacked * info.tcpi_snd_mss + info.tcpi_notsent_bytes,
		.rtt_us = info.tcpi_rtt,
	};
	return 0;
}

bool stall_look(struct stall *stall, int64_t now_ns, uint64_t moved_bytes, bool waiting,
                unsigned int limit_ms)
{
	if (!stall->moved_ns || !waiting || moved_bytes != stall->moved_bytes) {
		stall->moved_bytes = moved_bytes;
		stall->moved_ns = now_ns;
		return false;
	}
	return now_ns - stall->moved_ns >= limit_ms * NS_PER_MS;
}
