/*
 * What happens to the machine's interfaces and addresses, as rtnetlink tells it (RFC 3549, rtnetlink(7)).
 *
 * Notifications are hints: some may be lost when many come at once, so who needs to be sure looks at the
 * interface itself after a LINK_WATCH_OVERRUN.
 */
#ifndef INGEST_LINK_WATCH_H
#define INGEST_LINK_WATCH_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum link_change_kind {
	LINK_WATCH_LINK,    /* an interface is new or has changed */
	LINK_WATCH_GONE,    /* an interface was removed, or went to another namespace */
	LINK_WATCH_ADDRESS, /* an address came or went */
	LINK_WATCH_OVERRUN, /* notifications were lost */
};

struct link_change {
	enum link_change_kind kind;
	unsigned int ifindex;   /* of link changes */
	char name[IF_NAMESIZE]; /* of link changes; "" when not told */
	bool up;                /* switched on (IFF_UP) */
	bool running;           /* and has a carrier (IFF_RUNNING) */
	uint32_t mtu;           /* 0 when not told */
};

typedef void (*link_change_fn)(void *context, const struct link_change *change);

struct link_watch;

/*
 * Owns: *out is the caller's, freed by link_watch_destroy. Errors: negative errno of socket and bind.
 * Thread: main.
 */
int link_watch_create(struct link_watch **out);

/* NULL is fine. Thread: main. */
void link_watch_destroy(struct link_watch *watch);

/*
 * Call changed for everything that happened since the last call; does not wait. Bounded to some hundred
 * datagrams. Returns how many changes there were. Thread: watch.
 */
size_t link_watch_read(struct link_watch *watch, link_change_fn changed, void *context);

/*
 * Call changed for each notification in the bytes of one netlink datagram; what is malformed ends it.
 * Returns how many. Thread: any.
 */
size_t link_watch_parse(const void *bytes, size_t size, link_change_fn changed, void *context);

#endif
