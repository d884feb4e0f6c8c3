/*
 * Connecting: attempts side by side, non-blocking, and one poll() on all of them and on the descriptor that says
 * stop.
 */
#include "tcp.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEPALIVE_IDLE_S     30
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES     2
#define ATTEMPT_DELAY_NS     (250 * NS_PER_MS) /* RFC 8305 section 8 */

struct race {
	const struct resolve_result *addresses;
	size_t order[RESOLVE_MAX]; /* indexes of addresses, as they are to be tried */
	size_t started;            /* attempts so far; attempt i is of order[i] */
	size_t pending;            /* of them under way */
	int fds[RESOLVE_MAX];      /* of the attempts under way; -1: over */
	int64_t next_ns;           /* when the next one may start */
	int error;                 /* of the attempt that failed last */
};

/* Families take turns, each in the order of the resolver (RFC 8305 section 4). */
static void set_order(struct race *race)
{
	const struct resolve_result *from = race->addresses;
	bool used[RESOLVE_MAX] = {false};
	int last_family = AF_UNSPEC;

	for (size_t n = 0; n < from->count; n++) {
		size_t next = from->count;

		for (size_t i = from->count; i-- > 0;) {
			if (used[i])
				continue;
			if (next == from->count || from->list[i].address.ss_family != last_family ||
			    from->list[next].address.ss_family == last_family)
				next = i;
		}
		used[next] = true;
		race->order[n] = next;
		last_family = from->list[next].address.ss_family;
	}
}

static void end_attempt(struct race *race, size_t i, int error)
{
	close(race->fds[i]);
	race->fds[i] = -1;
	race->pending--;
	race->error = error;
	race->next_ns = 0; /* no need to wait for this one */
}

/* Start the next attempt. Returns whether it is through at once, as on the loopback interface. */
static bool start_attempt(struct race *race, int64_t now_ns)
{
	const size_t i = race->started++, at = race->order[i];
	const struct sockaddr *address =
		(const struct sockaddr *)&race->addresses->list[at].address;
	const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	race->fds[i] = fd;
	if (fd < 0) {
		race->error = -errno;
		return false;
	}
	race->pending++;
	race->next_ns = now_ns + ATTEMPT_DELAY_NS;
	if (!connect(fd, address, race->addresses->list[at].length))
		return true;
	if (errno != EINPROGRESS)
		end_attempt(race, i, -errno);
	return false;
}

/* Whether the attempt whose socket has something to say is through; a failed one is over. */
static bool has_connected(struct race *race, size_t i)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(race->fds[i], SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	if (error)
		end_attempt(race, i, -error);
	return !error;
}

/* Wait for one of the attempts. Returns the one that is through, -1 for none, or -ECANCELED. */
static int wait_attempts(struct race *race, int timeout_ms, int stop_fd)
{
	struct pollfd polled[RESOLVE_MAX + 1];

	for (size_t i = 0; i < race->started; i++)
		polled[i] = (struct pollfd){.fd = race->fds[i], .events = POLLOUT};
	polled[race->started] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	if (poll(polled, race->started + 1, timeout_ms) <= 0)
		return -1; /* an interrupt is looked after by the next round */
	if (polled[race->started].revents)
		return -ECANCELED;
	for (size_t i = 0; i < race->started; i++) {
		if (polled[i].revents && has_connected(race, i))
			return (int)i;
	}
	return -1;
}

/* The attempt that is through, or a negative error. */
static int run_race(struct race *race, int64_t deadline_ns, int stop_fd)
{
	const size_t count = race->addresses->count;

	for (;;) {
		const int64_t now_ns = clock_now_ns();
		int64_t until_ns = deadline_ns;
		int first;

		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		if (race->started < count && (!race->pending || now_ns >= race->next_ns)) {
			if (start_attempt(race, now_ns))
				return (int)race->started - 1;
			continue;
		}
		if (!race->pending)
			return race->error;
		if (race->started < count && race->next_ns < until_ns)
			until_ns = race->next_ns;
		first = wait_attempts(race, (int)((until_ns - now_ns) / NS_PER_MS) + 1, stop_fd);
		if (first >= 0 || first == -ECANCELED)
			return first;
	}
}

int tcp_open(const struct resolve_result *addresses, int timeout_ms, int silence_ms, int stop_fd)
{
	const unsigned int silence = (unsigned int)silence_ms;
	struct race race = {.addresses = addresses, .error = -EDESTADDRREQ};
	const int on = 1, idle_s = KEEPALIVE_IDLE_S, interval_s = KEEPALIVE_INTERVAL_S;
	const int probes = KEEPALIVE_PROBES;
	int winner, fd;

	set_order(&race);
	winner = run_race(&race, clock_now_ns() + timeout_ms * NS_PER_MS, stop_fd);
	for (size_t i = 0; i < race.started; i++) {
		if (race.fds[i] >= 0 && (int)i != winner)
			close(race.fds[i]);
	}
	if (winner < 0)
		return winner;
	fd = race.fds[winner];
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* A connection that has nothing to send is asked after too. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	return fd;
}
