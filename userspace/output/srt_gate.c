/*
 * One gate, shut for moments. While it is open, who passes looks at one flag.
 */
#include "srt_gate.h"

#include "base/address.h"
#include "base/clock.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

#define COMES_NS (500 * NS_PER_MS)
#define HELD_NS  NS_PER_S

static pthread_mutex_t users = PTHREAD_MUTEX_INITIALIZER; /* one at a time, from shut to open */

static struct {
	pthread_mutex_t lock; /* guards the rest; shut is read without it */
	pthread_cond_t changed;
	atomic_bool shut;
	bool held;
	struct sockaddr_storage local;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool is_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	struct in6_addr address_a, address_b;

	return address_from_sockaddr(&address_a, (const struct sockaddr *)a) &&
	       address_from_sockaddr(&address_b, (const struct sockaddr *)b) &&
	       IN6_ARE_ADDR_EQUAL(&address_a, &address_b) &&
	       ((const struct sockaddr_in *)a)->sin_port ==
	               ((const struct sockaddr_in *)b)->sin_port; /* at the same place in both */
}

/* Wait for a change, until then. False: there was none. Under the lock. */
static bool wait_until(int64_t until_ns)
{
	const struct timespec until = {.tv_sec = until_ns / NS_PER_S,
	                               .tv_nsec = until_ns % NS_PER_S};

	return !pthread_cond_clockwait(&gate.changed, &gate.lock, CLOCK_MONOTONIC, &until);
}

bool srt_gate_shut(const struct sockaddr_storage *local)
{
	const int64_t until_ns = clock_now_ns() + COMES_NS;
	bool held;

	pthread_mutex_lock(&users);
	pthread_mutex_lock(&gate.lock);
	gate.local = *local;
	gate.held = false;
	atomic_store(&gate.shut, true);
	while (!gate.held && wait_until(until_ns))
		;
	held = gate.held;
	pthread_mutex_unlock(&gate.lock);
	return held;
}

void srt_gate_open(void)
{
	pthread_mutex_lock(&gate.lock);
	atomic_store(&gate.shut, false);
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
	pthread_mutex_unlock(&users);
}

/* Who comes with a socket of that address waits. */
static void stop_at_gate(int fd)
{
	const int64_t until_ns = clock_now_ns() + HELD_NS;
	struct sockaddr_storage local = {0};
	socklen_t size = sizeof(local);

	if (getsockname(fd, (struct sockaddr *)&local, &size))
		return;
	pthread_mutex_lock(&gate.lock);
	if (gate.shut && is_same_address(&local, &gate.local)) {
		gate.held = true;
		pthread_cond_broadcast(&gate.changed);
		while (gate.shut && wait_until(until_ns))
			;
	}
	pthread_mutex_unlock(&gate.lock);
}

typedef ssize_t (*recvmsg_fn)(int fd, struct msghdr *message, int flags);

static recvmsg_fn next_recvmsg;
static pthread_once_t next_once = PTHREAD_ONCE_INIT;

static void find_next(void)
{
	*(void **)&next_recvmsg = dlsym(RTLD_NEXT, "recvmsg");
}

/* In the C library's place, for the whole program: see the header. */
__attribute__((visibility("default"))) ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	pthread_once(&next_once, find_next);
	if (atomic_load_explicit(&gate.shut, memory_order_acquire))
		stop_at_gate(fd);
	return next_recvmsg(fd, message, flags);
}
