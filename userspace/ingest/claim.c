/*
 * A claim is a listening Unix socket with an abstract name (unix(7)): the kernel keeps such names apart
 * by network namespace, as it does interfaces, tells who listens, and forgets them with the process. No
 * file is left behind, and nobody is asked whether a process of some id is alive. Who asks for the holder stays
 * in its queue, which nobody empties, so that has to be long.
 */
#include "claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t name_claim(struct sockaddr_un *name, const char *interface)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX}; /* sun_path[0] 0: abstract */
	snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1,
	         "medialive-distributor/interface/%s", interface);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name->sun_path + 1));
}

static bool find_holder(const struct sockaddr_un *name, socklen_t size, pid_t *holder)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {0};
	socklen_t peer_size = sizeof(peer);
	bool held;

	*holder = 0;
	if (fd < 0)
		return false;
	/* EAGAIN: its queue is full of those who have asked. */
	held = !connect(fd, (const struct sockaddr *)name, size) || errno == EAGAIN;
	if (held && !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size))
		*holder = peer.pid;
	close(fd);
	return held;
}

bool claim_is_held(const char *interface, pid_t *holder)
{
	struct sockaddr_un name;
	const socklen_t size = name_claim(&name, interface);

	return find_holder(&name, size, holder);
}

int claim_take(int *claim, const char *interface, pid_t *holder)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un name;
	const socklen_t size = name_claim(&name, interface);
	int error;

	*holder = 0;
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&name, size) || listen(fd, SOMAXCONN)) {
		error = -errno;
		close(fd);
		if (error == -EADDRINUSE)
			find_holder(&name, size, holder);
		return error;
	}
	*claim = fd;
	return 0;
}

void claim_release(int claim)
{
	if (claim >= 0)
		close(claim);
}
