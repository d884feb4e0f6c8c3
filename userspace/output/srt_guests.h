/*
 * Who was admitted to a listening port and has not been taken by an output yet.
 *
 * libsrt asks for admission before it checks the passphrase, and does not say what became of a caller: those that
 * connect come out of srt_socket_accept() a moment later, the others never do. So who is admitted is noted, and
 * forgotten when it has not come after a while. The caller holds the lock of srt_port.c (all functions).
 */
#ifndef OUTPUT_SRT_GUESTS_H
#define OUTPUT_SRT_GUESTS_H

#include "srt_route.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* One who was admitted and has connected. */
struct srt_arrival {
	int socket;
	struct sockaddr_storage peer;
	char stream_id[STREAM_ID_BYTES];
};

struct srt_guest {
	struct srt_guest *next;
	struct srt_route *route; /* whose reader it is to be */
	int64_t admitted_ns;
	bool here;      /* has connected */
	bool dismissed; /* is to be closed when it comes */
	struct srt_arrival arrival;
};

/* Zero-initialise. */
struct srt_guests {
	struct srt_guest *newest;
	unsigned int count;
};

/* Note a caller; when there are very many, the oldest that is not here is forgotten. Errors: -ENOMEM. */
int srt_guests_add(struct srt_guests *guests, struct srt_route *route, int socket,
                   const char *stream_id, int64_t now_ns);

/* A route's: those here, and without a passphrase those admitted so lately that they may be. */
unsigned int srt_guests_count(const struct srt_guests *guests, const struct srt_route *route,
                              int64_t now_ns);

/* A socket has connected. Returns whether it is welcome. */
bool srt_guests_seat(struct srt_guests *guests, int socket, const struct sockaddr_storage *peer);

/* Forget those admitted before a time and not here. */
void srt_guests_forget(struct srt_guests *guests, int64_t before_ns);

/* Take the route's that came first of those here; NULL: none. Freed by free(). */
struct srt_guest *srt_guests_take(struct srt_guests *guests, struct srt_route *route);

/*
 * A route has left: returned is the list of its guests that are here, each to be closed and freed by free(). Those
 * that may still come are looked after by heir, another route of the port, if there is one.
 */
struct srt_guest *srt_guests_dismiss(struct srt_guests *guests, const struct srt_route *route,
                                     struct srt_route *heir);

#endif
