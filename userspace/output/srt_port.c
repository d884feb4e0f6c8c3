/*
 * Listening ports: a list of ports, each with its routes and with the callers that were admitted.
 * Any route's sender fetches who has connected for all of the port; each takes its own.
 */
#include "srt_port.h"

#include "base/address.h"
#include "base/clock.h"
#include "srt_guests.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FETCHES_MAX 64             /* at once */
#define ARRIVAL_NS  (1 * NS_PER_S) /* then an admitted caller is not waited for any more */
#define ANY_IPV4    "0.0.0.0"

struct srt_port {
	struct srt_port *next;
	struct in6_addr address;
	uint16_t number;
	int listener;
	bool ready;    /* listens; else it is being opened or closed by one of the senders */
	bool fetching; /* one of the senders is at it */
	struct srt_route *routes;
	struct srt_guests guests;
	struct srt_options
		admitted; /* a copy for libsrt's thread, which uses it without the lock */
};

/* Guards all ports, their routes and guests. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct srt_port *ports;

static bool is_full(const struct srt_port *port, const struct srt_route *route, int64_t now_ns)
{
	return route->readers + srt_guests_count(&port->guests, route, now_ns) >=
	       route->options->maxreaders;
}

static enum srt_refusal decide(struct srt_port *port, int socket, const struct sockaddr *peer,
                               const char *text)
{
	const int64_t now_ns = clock_now_ns();
	struct srt_route *route;
	struct stream_id id;

	stream_id_parse(&id, text);
	route = srt_route_find(port->routes, &id);
	if (!route)
		return SRT_REFUSED_NOT_FOUND;
	if (!stream_id_is_request(&id) || !srt_route_serves(route, peer))
		return SRT_REFUSED_FORBIDDEN;
	if (is_full(port, route, now_ns) ||
	    srt_guests_add(&port->guests, route, socket, text, now_ns))
		return SRT_REFUSED_OVERLOADED;
	port->admitted = *route->options;
	return SRT_ADMITTED;
}

/*
 * On libsrt's thread, one at a time for each port, and not any more once srt_socket_close() has returned: the port
 * is alive, and so is what *options points to until libsrt has used it.
 */
static enum srt_refusal admit(void *context, int socket, const struct sockaddr *peer,
                              const char *stream_id, const struct srt_options **options)
{
	struct srt_port *port = context;
	enum srt_refusal refusal;

	pthread_mutex_lock(&lock);
	refusal = decide(port, socket, peer, stream_id);
	pthread_mutex_unlock(&lock);
	*options = &port->admitted;
	return refusal;
}

static struct srt_port *find_port(const struct in6_addr *address, uint16_t number)
{
	struct srt_port *port = ports;

	while (port && (port->number != number || !IN6_ARE_ADDR_EQUAL(&port->address, address)))
		port = port->next;
	return port;
}

static void remove_port(struct srt_port *port)
{
	struct srt_port **link = &ports;

	while (*link != port)
		link = &(*link)->next;
	*link = port->next;
}

static void add_route(struct srt_port *port, struct srt_route *route)
{
	route->port = port;
	route->next = port->routes;
	port->routes = route;
}

static void remove_route(struct srt_route *route)
{
	struct srt_route **link = &route->port->routes;

	while (*link != route)
		link = &(*link)->next;
	*link = route->next;
	route->port = NULL;
}

/* Join a port that is there already. */
static int share(struct srt_port *port, struct srt_route *route, char *why)
{
	if (!port->ready) {
		snprintf(why, SRT_REASON_BYTES, "port %u is just being opened or closed",
		         port->number);
		return -EAGAIN;
	}
	if (srt_route_named(port->routes, route->options->streamid)) {
		snprintf(why, SRT_REASON_BYTES,
		         "another output listens on port %u with the same stream id", port->number);
		return -EAGAIN;
	}
	add_route(port, route);
	return 0;
}

static socklen_t local_address(struct sockaddr_storage *out, const struct srt_port *port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (IN6_IS_ADDR_V4MAPPED(&port->address)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port->number);
		memcpy(&v4->sin_addr, &port->address.s6_addr[12], sizeof(v4->sin_addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port->number);
	v6->sin6_addr = port->address;
	return sizeof(*v6);
}

/* Let a new port listen; nobody else uses it before it is ready. */
static int open_port(struct srt_port *port, struct srt_route *route, char *why)
{
	struct sockaddr_storage local;
	const socklen_t size = local_address(&local, port);
	const int error = srt_socket_listen(&port->listener, route->options,
	                                    (struct sockaddr *)&local, size, admit, port, why);

	pthread_mutex_lock(&lock);
	if (error) {
		remove_route(route);
		remove_port(port);
	} else {
		port->ready = true;
	}
	pthread_mutex_unlock(&lock);
	if (!error)
		return 0;
	free(port);
	return -EADDRNOTAVAIL;
}

/* The port of that address, with the route at it: one that is there, or *fresh, which is NULL then. */
static int find_place(struct srt_port **out, struct srt_port **fresh, struct srt_route *route,
                      char *why)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	*out = find_port(&(*fresh)->address, (*fresh)->number);
	if (*out) {
		error = share(*out, route, why);
	} else {
		*out = *fresh;
		*fresh = NULL;
		(*out)->next = ports;
		ports = *out;
		add_route(*out, route);
	}
	pthread_mutex_unlock(&lock);
	return error;
}

static int find_or_open(struct srt_route *route, const struct in6_addr *address, uint16_t number,
                        char *why)
{
	struct srt_port *fresh = calloc(1, sizeof(*fresh)), *port;
	int error;

	if (!fresh) {
		snprintf(why, SRT_REASON_BYTES, "out of memory");
		return -ENOMEM;
	}
	fresh->address = *address;
	fresh->number = number;
	fresh->listener = SRT_SOCKET_NONE;
	error = find_place(&port, &fresh, route, why);
	if (!error && !fresh)
		error = open_port(port, route, why);
	free(fresh);
	return error;
}

int srt_port_join(struct srt_route *route, const struct output_url *url, char *why)
{
	const char *text = url->srt.adapter[0] ? url->srt.adapter : url->host;
	struct in6_addr address;
	int error;

	if (address_parse(&address, text[0] ? text : ANY_IPV4)) {
		snprintf(why, SRT_REASON_BYTES, "the address to listen on must be an IP address");
		return -EADDRNOTAVAIL;
	}
	if (srt_route_init(route, &url->srt)) {
		snprintf(why, SRT_REASON_BYTES, "out of memory");
		return -ENOMEM;
	}
	error = find_or_open(route, &address, url->port, why);
	if (error)
		srt_route_fini(route);
	return error;
}

/*
 * Fetch who has connected. Called with the lock, which is given up while libsrt is asked; the port stays, because the
 * route that asks is one of its own. -EPIPE is a caller that has gone again meanwhile: libsrt closes no listener by
 * itself.
 */
static void fetch(struct srt_port *port, int64_t now_ns)
{
	struct sockaddr_storage peer;
	int error = 0, socket;

	port->fetching = true;
	for (int i = 0; i < FETCHES_MAX && error != -EAGAIN; i++) {
		pthread_mutex_unlock(&lock);
		error = srt_socket_accept(port->listener, &socket, &peer);
		pthread_mutex_lock(&lock);
		if (!error && !srt_guests_seat(&port->guests, socket, &peer)) {
			pthread_mutex_unlock(&lock);
			srt_socket_close(
				socket); /* its output has left, or it was long in coming */
			pthread_mutex_lock(&lock);
		}
	}
	if (error == -EAGAIN)
		srt_guests_forget(&port->guests, now_ns - ARRIVAL_NS);
	port->fetching = false;
}

int srt_port_take(struct srt_route *route, struct srt_arrival *out, int64_t now_ns)
{
	struct srt_guest *guest;
	bool full = false;

	if (!atomic_load_explicit(&route->expected, memory_order_relaxed))
		return -EAGAIN;
	pthread_mutex_lock(&lock);
	if (!route->port->fetching)
		fetch(route->port, now_ns);
	guest = srt_guests_take(&route->port->guests, route);
	if (guest) {
		full = route->readers >= route->options->maxreaders;
		route->readers += !full;
	}
	pthread_mutex_unlock(&lock);
	if (!guest)
		return -EAGAIN;
	*out = guest->arrival;
	free(guest);
	if (!full)
		return 0;
	srt_socket_close(out->socket); /* several called at once */
	return -EAGAIN;
}

void srt_port_return(struct srt_route *route)
{
	pthread_mutex_lock(&lock);
	route->readers--;
	pthread_mutex_unlock(&lock);
}

static void close_guests(struct srt_guest *list)
{
	struct srt_guest *next;

	for (; list; list = next) {
		next = list->next;
		srt_socket_close(list->arrival.socket);
		free(list);
	}
}

static void close_port(struct srt_port *port)
{
	srt_socket_close(port->listener);
	pthread_mutex_lock(&lock);
	remove_port(port);
	pthread_mutex_unlock(&lock);
	free(port);
}

void srt_port_leave(struct srt_route *route)
{
	struct srt_port *port = route->port;
	struct srt_guest *guests;
	bool last;

	if (!port)
		return;
	pthread_mutex_lock(&lock);
	remove_route(route);
	guests = srt_guests_dismiss(&port->guests, route, port->routes);
	last = !port->routes;
	if (last)
		port->ready = false;
	pthread_mutex_unlock(&lock);
	close_guests(guests);
	if (last)
		close_port(port);
	srt_route_fini(route);
}
