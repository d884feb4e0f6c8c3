/*
 * Tickets for the list of connections of ulfius. A handshake holds it from the handler until the
 * connection's own thread starts, or until its request is over without that; a goodbye holds it from
 * the last callback until its thread ends, which the destructor of a thread-specific value tells.
 */
#include "handshake.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <ulfius.h>
#include <unistd.h>

/*
 * Whoever holds the list for 2 s has lost it. They are waited for in steps: when the machine stands still, a step is over
 * for those who wait, and the holder, who did not run either, has the others left.
 */
#define PATIENCE_STEPS 40
#define STEP_NS        (50 * NS_PER_MS)

/*
 * libmicrohttpd 0.9.75 marks a connection closed before it takes the lock to say so; a listener that
 * goes through its connections just then, because another one was upgraded or closed, may free it in
 * between. With the list in hand nobody else does either, and after this time the listener is done.
 */
#define SETTLE_US 2000

static struct {
	pthread_mutex_t lock; /* guards the rest, but not once and key */
	pthread_cond_t free;
	bool taken;
	uint64_t ticket; /* of the one who holds the list, or held it last */
	pthread_once_t once;
	pthread_key_t key;
} list = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

/* The ticket that this thread took last. Thread ids would not do: they are used again at once. */
static _Thread_local uint64_t taken_here;

/*
 * Takes a connection off the list and frees it. Ulfius exports it but does not declare it; where it does
 * not exist, a lost connection stays on the list.
 */
int ulfius_clear_websocket(struct _websocket *websocket) __attribute__((weak));

static void thread_ends(void *value)
{
	handshake_leave((uintptr_t)value);
}

static void init(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&list.free, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_key_create(&list.key, thread_ends);
}

/* Wait until the list may be free; ETIMEDOUT after STEP_NS. Under the lock. */
static int wait_step(void)
{
	const int64_t until_ns = clock_now_ns() + STEP_NS;
	const struct timespec until = {.tv_sec = until_ns / NS_PER_S,
	                               .tv_nsec = until_ns % NS_PER_S};

	return pthread_cond_timedwait(&list.free, &list.lock, &until);
}

uint64_t handshake_enter(void)
{
	uint64_t ticket;
	int steps = 0;

	pthread_once(&list.once, init);
	pthread_mutex_lock(&list.lock);
	while (list.taken && steps < PATIENCE_STEPS)
		steps += wait_step() == ETIMEDOUT;
	list.taken = true;
	ticket = ++list.ticket;
	taken_here = ticket;
	pthread_mutex_unlock(&list.lock);
	return ticket;
}

void handshake_leave(uint64_t ticket)
{
	pthread_mutex_lock(&list.lock);
	if (list.taken && list.ticket == ticket) {
		list.taken = false;
		pthread_cond_signal(&list.free);
	}
	pthread_mutex_unlock(&list.lock);
}

/*
 * If the calling thread has taken the list and nobody has given it back, exchange its ticket for a new
 * one, so that from now on nobody else can. Returns the new ticket, or 0.
 */
static uint64_t exchange_ticket(void)
{
	uint64_t ticket = 0;

	pthread_mutex_lock(&list.lock);
	if (list.taken && list.ticket == taken_here)
		ticket = taken_here = ++list.ticket;
	pthread_mutex_unlock(&list.lock);
	return ticket;
}

bool handshake_abandon(void)
{
	uint64_t ticket = exchange_ticket();

	handshake_leave(ticket);
	return ticket != 0;
}

void handshake_hold_to_end(void)
{
	pthread_setspecific(list.key, (void *)(uintptr_t)handshake_enter());
	usleep(SETTLE_US);
}

void handshake_settle(void)
{
	handshake_leave(handshake_enter());
}

/* A connection on the list that never got to its upgrade, or NULL. */
static struct _websocket *find_lost(const struct _u_instance *instance)
{
	struct _websocket_handler *handler = instance->websocket_handler;
	struct _websocket *lost = NULL;

	pthread_mutex_lock(&handler->websocket_active_lock);
	for (size_t i = 0; i < handler->nb_websocket_active; i++) {
		if (!handler->websocket_active[i]->urh)
			lost = handler->websocket_active[i];
	}
	pthread_mutex_unlock(&handler->websocket_active_lock);
	return lost;
}

void handshake_request_completed(void *instance, struct MHD_Connection *connection, void **request,
                                 enum MHD_RequestTerminationCode code)
{
	uint64_t ticket = exchange_ticket();
	struct _websocket *lost = ticket ? find_lost(instance) : NULL;

	if (lost && ulfius_clear_websocket) {
		free(lost->websocket_manager_user_data); /* of websocket_accept */
		ulfius_clear_websocket(lost);
	}
	handshake_leave(ticket);
	mhd_request_completed(NULL, connection, request, code);
}
