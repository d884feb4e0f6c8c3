/*
 * An output's place at a listening port: which readers are its own, and whether it takes them.
 *
 * A reader's stream id decides which output it gets:
 *
 * 1. the one whose streamid is the reader's whole id;
 * 2. the one whose streamid is the resource that the id names (stream_id.h);
 * 3. the one without a streamid, if there is one, whatever the id.
 *
 * Internal to srt_port.c, whose lock the caller holds (all functions but init and fini).
 */
#ifndef OUTPUT_SRT_ROUTE_H
#define OUTPUT_SRT_ROUTE_H

#include "base/prefix.h"
#include "srt_options.h"
#include "stream_id.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

struct srt_port;

/* Embedded in an output, zero-initialised. */
struct srt_route {
	struct srt_route *next;
	struct srt_port *port; /* NULL: at none */
	const struct srt_options *options;
	struct prefix_set *sources; /* who may read; NULL: anybody */
	unsigned int readers;       /* taken and not yet returned */
	atomic_uint expected;       /* admitted and not yet taken */
};

/* options is borrowed until srt_route_fini. Errors: -ENOMEM. */
int srt_route_init(struct srt_route *route, const struct srt_options *options);
void srt_route_fini(struct srt_route *route);

/* Of a list of routes the one for the reader of an id; NULL: none. */
struct srt_route *srt_route_find(struct srt_route *routes, const struct stream_id *id);

/* Whether one of a list has that streamid. */
bool srt_route_named(const struct srt_route *routes, const char *name);

/* Whether a peer is one of those who may read. */
bool srt_route_serves(const struct srt_route *route, const struct sockaddr *peer);

#endif
