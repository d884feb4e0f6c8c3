/*
 * The insides of ingest that its files share: ingest.c (bindings, the ingest thread) and interfaces.c
 * (serving interfaces), interface_watch.c (the watch thread) and interface_report.c.
 *
 * A source is used by two sides: who adds and removes bindings, and the ingest thread, which drains it. It
 * joins and leaves the first under the lock, the second by command, and is freed once both have let go.
 */
#ifndef INGEST_INGEST_BASE_H
#define INGEST_INGEST_BASE_H

#include "attach.h"
#include "ingest.h"
#include "interface_names.h"
#include "link_watch.h"
#include "source.h"

#include <pthread.h>
#include <stdatomic.h>

/* An interface that was asked for. */
struct served_interface {
	struct ingest *ingest;
	char name[IF_NAMESIZE];
	struct command begin, end;      /* to the ingest thread: drain a source, let go of it */
	struct packet_source *to_drain; /* what begin is about; NULL: kernel sockets do */
	atomic_bool let_go;             /* end has run */

	/* The watch thread's. */
	bool leaving;                  /* end was posted, and not seen to have run */
	struct packet_source *to_free; /* once it has run */
	bool quiet;                    /* it was there all the time: its return is no event */
	bool switched_on;              /* IFF_UP */

	/* Written by the watch thread under the lock, read by others under it. */
	unsigned int ifindex; /* 0: there is no such interface */
	bool up;
	struct attachment attachment;
	uint64_t past_dropped, past_ring_full; /* of sockets that are gone */
};

struct ingest {
	struct ingest_config config;
	char *interface_names; /* as configured; the kernel source borrows it */
	struct tick_loop *loop, *watch_loop;
	struct link_watch *watch;
	bool addresses_changed; /* the watch thread's */
	struct served_interface interfaces[INGEST_MAX_INTERFACES];
	size_t interface_count;

	/* The ingest thread's: sources to drain, the kernel's first, then each interface's or NULL. */
	struct packet_source *draining[1 + INGEST_MAX_INTERFACES];
	struct binding_table table;

	/*
	 * Guards what follows and what served_interface says: between the manager, which binds, and the
	 * watch thread, which brings interfaces and takes them away. The ingest thread never takes it.
	 */
	pthread_mutex_t lock;
	struct packet_source *sources[1 + INGEST_MAX_INTERFACES]; /* in use, the kernel's first */
	size_t source_count;
	struct ingest_binding *bound; /* list of all bindings */
};

/*
 * Serve the configured interfaces. Errors: negative errno; the reason was logged. Thread: main, before others
 * exist.
 */
int interfaces_open(struct ingest *ingest);

/*
 * Attach to an interface that is absent, under its present index. Errors: those of the strict modes; kernel
 * sockets receive then. Thread: main, watch.
 */
int interface_serve(struct served_interface *interface, unsigned int ifindex);

/* The mode and the reasons for it, as an event. Thread: main, watch. */
void interface_tell_mode(const struct served_interface *interface);

/* Let go of an interface that is served; it is leaving then. Thread: watch. */
void interface_withdraw(struct served_interface *interface);

/* End its leaving once let_go is set: it is absent then. Thread: watch. */
void interface_free_source(struct served_interface *interface);

/* Begin to watch them. Errors: as tick_loop_create. Thread: main, with the ingest thread running. */
int interfaces_watch(struct ingest *ingest);

/* Stop watching. Thread: main, with the ingest thread running. */
void interfaces_stop(struct ingest *ingest);

/* Free what serves them. Thread: main, after the ingest thread has ended. */
void interfaces_close(struct ingest *ingest);

#endif
