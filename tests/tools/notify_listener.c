/*
 * notify_listener PATH: plays the service manager. Listens at a Unix socket and prints each message as a line: the
 * monotonic time in milliseconds, then its assignments, blanks between them.
 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char message[4096];
	ssize_t size;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: notify_listener PATH\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("notify_listener");
		return 1;
	}
	while ((size = recv(fd, message, sizeof(message) - 1, 0)) >= 0) {
		message[size] = '\0';
		for (char *at = message; (at = strchr(at, '\n')); at++)
			*at = ' ';
		printf("%lld %s\n", (long long)(clock_now_ns() / NS_PER_MS), message);
		fflush(stdout);
	}
	perror("notify_listener");
	return 1;
}
