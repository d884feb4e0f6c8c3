/*
 * Callers on their way in: a short list, newest first.
 */
#include "srt_guests.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define GUESTS_MAX   256
#define UNDECIDED_NS (20 * NS_PER_MS)

/* Unlink the guest that *link points to. */
static struct srt_guest *remove_guest(struct srt_guests *guests, struct srt_guest **link)
{
	struct srt_guest *guest = *link;

	*link = guest->next;
	guests->count--;
	atomic_fetch_sub_explicit(&guest->route->expected, 1, memory_order_relaxed);
	return guest;
}

/* From now on another route waits for it. */
static void give_to(struct srt_guest *guest, struct srt_route *route)
{
	atomic_fetch_sub_explicit(&guest->route->expected, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&route->expected, 1, memory_order_relaxed);
	guest->route = route;
}

static void forget_oldest(struct srt_guests *guests)
{
	struct srt_guest **oldest = NULL;

	for (struct srt_guest **link = &guests->newest; *link; link = &(*link)->next)
		if (!(*link)->here)
			oldest = link;
	if (oldest)
		free(remove_guest(guests, oldest));
}

int srt_guests_add(struct srt_guests *guests, struct srt_route *route, int socket,
                   const char *stream_id, int64_t now_ns)
{
	struct srt_guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return -ENOMEM;
	if (guests->count >= GUESTS_MAX)
		forget_oldest(guests);
	guest->route = route;
	guest->admitted_ns = now_ns;
	guest->arrival.socket = socket;
	snprintf(guest->arrival.stream_id, sizeof(guest->arrival.stream_id), "%s", stream_id);
	guest->next = guests->newest;
	guests->newest = guest;
	guests->count++;
	atomic_fetch_add_explicit(&route->expected, 1, memory_order_relaxed);
	return 0;
}

/*
 * With a passphrase only who is here has shown that it knows it: were the others counted, a host that does not could keep
 * all readers out by calling again and again.
 */
unsigned int srt_guests_count(const struct srt_guests *guests, const struct srt_route *route,
                              int64_t now_ns)
{
	const int64_t undecided_ns = route->options->passphrase[0] ? 0 : UNDECIDED_NS;
	unsigned int count = 0;

	for (const struct srt_guest *g = guests->newest; g; g = g->next)
		count += g->route == route && !g->dismissed &&
		         (g->here || now_ns - g->admitted_ns < undecided_ns);
	return count;
}

bool srt_guests_seat(struct srt_guests *guests, int socket, const struct sockaddr_storage *peer)
{
	struct srt_guest **link = &guests->newest;

	while (*link && (*link)->arrival.socket != socket)
		link = &(*link)->next;
	if (!*link)
		return false;
	if ((*link)->dismissed) {
		free(remove_guest(guests, link));
		return false;
	}
	(*link)->here = true;
	(*link)->arrival.peer = *peer;
	return true;
}

void srt_guests_forget(struct srt_guests *guests, int64_t before_ns)
{
	struct srt_guest **link = &guests->newest;

	while (*link) {
		if (!(*link)->here && (*link)->admitted_ns < before_ns)
			free(remove_guest(guests, link));
		else
			link = &(*link)->next;
	}
}

struct srt_guest *srt_guests_take(struct srt_guests *guests, struct srt_route *route)
{
	struct srt_guest **first = NULL;

	for (struct srt_guest **link = &guests->newest; *link; link = &(*link)->next)
		if ((*link)->route == route && (*link)->here)
			first = link;
	return first ? remove_guest(guests, first) : NULL;
}

struct srt_guest *srt_guests_dismiss(struct srt_guests *guests, const struct srt_route *route,
                                     struct srt_route *heir)
{
	struct srt_guest **link = &guests->newest, *list = NULL, *guest;

	while ((guest = *link)) {
		if (guest->route != route) {
			link = &guest->next;
		} else if (guest->here) {
			remove_guest(guests, link);
			guest->next = list;
			list = guest;
		} else if (heir) {
			give_to(guest, heir);
			guest->dismissed = true;
			link = &guest->next;
		} else {
			free(remove_guest(guests, link));
		}
	}
	return list;
}
