/*
 * The other end of an SRT connection, by libsrt itself: a receiver that listens on a free loopback port, or calls.
 */
#ifndef TESTS_SRT_PEER_H
#define TESTS_SRT_PEER_H

#include "base/clock.h"
#include "local_address.h"
#include "output/srt_options.h"

#include <setjmp.h>
#include <srt/access_control.h>
#include <srt/srt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PEER_PATIENCE_NS (60 * NS_PER_S)
#define PEER_CONNECT_MS  20000 /* a machine may stand still for seconds … */
#define PEER_IDLE_MS     20000 /* … and libsrt, while it clears away hundreds of sockets */

static inline void pause_ms(long ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * NS_PER_MS};

	nanosleep(&pause, NULL);
}

static inline struct srt_options default_options(void)
{
	return (struct srt_options){.latency_ms = 120,
	                            .conntimeo_ms = PEER_CONNECT_MS,
	                            .peeridletimeo_ms = PEER_IDLE_MS,
	                            .oheadbw = 25,
	                            .mss = 1500,
	                            .payloadsize = 1316,
	                            .tlpktdrop = true,
	                            .tos = -1,
	                            .maxreaders = SRT_MAX_READERS};
}

static inline socklen_t loopback(struct sockaddr_storage *out, int family, uint16_t port)
{
	return make_sockaddr(out, family == AF_INET6 ? "::1" : "127.0.0.1", port);
}

static inline uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
	                     ? ((const struct sockaddr_in6 *)address)->sin6_port
	                     : ((const struct sockaddr_in *)address)->sin_port);
}

static inline void peer_set(SRTSOCKET socket, SRT_SOCKOPT option, int value)
{
	assert_int_equal(srt_setsockflag(socket, option, &value, sizeof(value)), 0);
}

static inline void peer_stop_library(void)
{
	srt_cleanup();
}

/* As many ends as beginnings, or libsrt's threads outlive its data. */
static inline void peer_start_library(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	srt_startup();
	srt_setloglevel(2 /* LOG_CRIT */);
	atexit(peer_stop_library);
}

static inline SRTSOCKET peer_socket(const char *passphrase)
{
	SRTSOCKET socket;

	peer_start_library();
	socket = srt_create_socket();
	assert_int_not_equal(socket, SRT_INVALID_SOCK);
	peer_set(socket, SRTO_RCVSYN, 0);
	peer_set(socket, SRTO_CONNTIMEO, PEER_CONNECT_MS);
	peer_set(socket, SRTO_PEERIDLETIMEO, PEER_IDLE_MS);
	peer_set(socket, SRTO_TLPKTDROP, 0); /* what comes late is wanted all the same */
	if (passphrase)
		assert_int_equal(srt_setsockflag(socket, SRTO_PASSPHRASE, passphrase,
		                                 (int)strlen(passphrase)),
		                 0);
	return socket;
}

static inline void peer_begin_to_listen(SRTSOCKET listener, int family, uint16_t *port)
{
	struct sockaddr_storage address;
	int size = (int)loopback(&address, family, 0);

	if (family == AF_INET6)
		peer_set(listener, SRTO_IPV6ONLY, 1);
	assert_int_equal(srt_bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(srt_listen(listener, 64), 0);
	size = sizeof(address);
	assert_int_equal(srt_getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*port = port_of(&address);
}

/* Listen on a free port of 127.0.0.1 or ::1. */
static inline SRTSOCKET peer_listen(int family, const char *passphrase, uint16_t *port)
{
	const SRTSOCKET listener = peer_socket(passphrase);

	peer_begin_to_listen(listener, family, port);
	return listener;
}

/* The next caller, and where it calls from. */
static inline SRTSOCKET peer_accept(SRTSOCKET listener, uint16_t *from)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct sockaddr_storage address;
	int size = sizeof(address);
	SRTSOCKET socket;

	while ((socket = srt_accept(listener, (struct sockaddr *)&address, &size)) ==
	               SRT_INVALID_SOCK &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_not_equal(socket, SRT_INVALID_SOCK);
	*from = port_of(&address);
	return socket;
}

/* The next message, of at most 1500 bytes; 0: none in time. */
static inline int peer_receive(SRTSOCKET socket, char *out, int64_t patience_ns)
{
	const int64_t deadline_ns = clock_now_ns() + patience_ns;
	int size;

	while ((size = srt_recvmsg(socket, out, 1500)) <= 0 && clock_now_ns() < deadline_ns)
		pause_ms(1);
	return size > 0 ? size : 0;
}

#endif
