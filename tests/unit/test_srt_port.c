/*
 * Listening ports: which reader goes to which output, who is refused and why, and what becomes of those on their way
 * in. libsrt is played by this test.
 */
#include "base/clock.h"
#include "output/srt_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LISTENER     7
#define SOCKETS      1000

/* Time passes only as a test lets it: how soon one call follows another is not up to the machine. */
static int64_t now_ns = NS_PER_S;

int clock_gettime(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){.tv_sec = now_ns / NS_PER_S, .tv_nsec = now_ns % NS_PER_S};
	return 0;
}

/* The one listener, as libsrt would have it. */
static struct {
	bool open, refuse;
	srt_admit_fn admit;
	void *context;
	struct sockaddr_storage local;
	int queue[SOCKETS]; /* connected, to be accepted */
	size_t queued;
	int last_socket;
	bool closed[SOCKETS];
	unsigned int accepts;
} library;

int srt_socket_listen(int *out, const struct srt_options *options, const struct sockaddr *local,
                      socklen_t size, srt_admit_fn admit, void *context, char *why)
{
	(void)options;
	assert_false(library.open);
	if (library.refuse) {
		snprintf(why, SRT_REASON_BYTES, "taken");
		return -1;
	}
	memcpy(&library.local, local, size);
	library.open = true;
	library.admit = admit;
	library.context = context;
	*out = LISTENER;
	return 0;
}

int srt_socket_accept(int listener, int *out, struct sockaddr_storage *peer)
{
	assert_int_equal(listener, LISTENER);
	assert_true(library.open);
	library.accepts++;
	if (!library.queued)
		return -EAGAIN;
	*out = library.queue[0];
	memmove(library.queue, library.queue + 1, --library.queued * sizeof(library.queue[0]));
	*peer = (struct sockaddr_storage){.ss_family = AF_INET};
	return 0;
}

void srt_socket_close(int socket)
{
	if (socket == LISTENER)
		library.open = false;
	else
		library.closed[socket] = true;
}

/* Somebody calls; when admitted, the passphrase is right or not. */
static enum srt_refusal call_from(const char *address, const char *stream_id, bool connects)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(40000)};
	const struct srt_options *options = NULL;
	const int socket = ++library.last_socket;
	enum srt_refusal refusal;

	assert_true(socket < SOCKETS);
	inet_pton(AF_INET, address, &peer.sin_addr);
	refusal = library.admit(library.context, socket, (struct sockaddr *)&peer, stream_id,
	                        &options);
	if (refusal == SRT_ADMITTED) {
		assert_non_null(options);
		if (connects)
			library.queue[library.queued++] = socket;
	}
	return refusal;
}

static enum srt_refusal call(const char *stream_id)
{
	return call_from("192.0.2.1", stream_id, true);
}

static struct output_url url_of(const char *stream_id)
{
	struct output_url url = {.scheme = OUTPUT_SRT, .port = 9000};

	url.srt.mode = SRT_MODE_LISTENER;
	url.srt.maxreaders = SRT_MAX_READERS;
	snprintf(url.srt.streamid, sizeof(url.srt.streamid), "%s", stream_id);
	return url;
}

static int setup(void **state)
{
	(void)state;
	memset(&library, 0, sizeof(library));
	library.last_socket = LISTENER;
	return 0;
}

static void join(struct srt_route *route, const struct output_url *url)
{
	char why[SRT_REASON_BYTES];

	assert_int_equal(srt_port_join(route, url, why), 0);
}

static void expect_reader(struct srt_route *route, const char *stream_id)
{
	struct srt_arrival arrival;

	assert_int_equal(srt_port_take(route, &arrival, clock_now_ns()), 0);
	assert_string_equal(arrival.stream_id, stream_id);
	assert_int_equal(arrival.peer.ss_family, AF_INET);
}

static void expect_nobody(struct srt_route *route)
{
	struct srt_arrival arrival;

	assert_int_equal(srt_port_take(route, &arrival, clock_now_ns()), -EAGAIN);
}

static void test_routing(void **state)
{
	struct output_url urls[] = {url_of("news"), url_of("#!::r=news,u=alice"), url_of("sport")};
	static const struct {
		const char *id;
		int route; /* -1: not found */
	} cases[] = {
		{"news", 0},
		{"#!::r=news", 0},
		{"#!::m=request,r=news", 0},
		{"#!::r=news,u=bob", 0},
		{"#!::r=news,u=alice", 1},
		{"#!::u=alice,r=news", 0},
		{"sport", 2},
		{"", -1},
		{"new", -1},
		{"newsreel", -1},
		{"#!::r=", -1},
		{"#!::u=alice", -1},
		{"#!::r=news,r=sport", -1},
	};
	struct srt_route routes[3] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(routes); i++)
		join(&routes[i], &urls[i]);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(call(cases[i].id),
		                 cases[i].route < 0 ? SRT_REFUSED_NOT_FOUND : SRT_ADMITTED);
		for (int r = 0; r < (int)COUNT(routes); r++)
			if (r != cases[i].route)
				expect_nobody(&routes[r]);
		if (cases[i].route >= 0)
			expect_reader(&routes[cases[i].route], cases[i].id);
	}
	for (size_t i = 0; i < COUNT(routes); i++)
		srt_port_leave(&routes[i]);
	assert_false(library.open);
}

static void test_without_stream_id(void **state)
{
	struct output_url any_url = url_of(""), news_url = url_of("news");
	struct srt_route any = {0}, news = {0};

	(void)state;
	join(&any, &any_url);
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&any, "news");
	join(&news, &news_url);
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_nobody(&any);
	expect_reader(&news, "news");
	assert_int_equal(call(""), SRT_ADMITTED);
	expect_reader(&any, "");
	assert_int_equal(call("#!::r=other"), SRT_ADMITTED);
	expect_reader(&any, "#!::r=other");
	srt_port_leave(&any);
	assert_int_equal(call(""), SRT_REFUSED_NOT_FOUND);
	srt_port_leave(&news);
}

static void test_forbidden(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route route = {0};

	(void)state;
	assert_int_equal(prefix_parse(&url.srt.sources[0], "192.0.2.0/24"), 0);
	assert_int_equal(prefix_parse(&url.srt.sources[1], "198.51.100.7"), 0);
	url.srt.source_count = 2;
	join(&route, &url);
	assert_int_equal(call_from("192.0.2.255", "news", true), SRT_ADMITTED);
	assert_int_equal(call_from("198.51.100.7", "news", true), SRT_ADMITTED);
	assert_int_equal(call_from("198.51.100.8", "news", true), SRT_REFUSED_FORBIDDEN);
	assert_int_equal(call_from("198.51.100.8", "other", true), SRT_REFUSED_NOT_FOUND);
	assert_int_equal(call("#!::r=news,m=publish"), SRT_REFUSED_FORBIDDEN);
	assert_int_equal(call("#!::r=news,m=bidirectional"), SRT_REFUSED_FORBIDDEN);
	srt_port_leave(&route);
}

/* Those who were admitted but do not connect keep others out for a moment only. */
static void test_maximum(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route route = {0};

	(void)state;
	url.srt.maxreaders = 2;
	join(&route, &url);
	assert_int_equal(call("news"), SRT_ADMITTED);
	assert_int_equal(call("news"), SRT_ADMITTED);
	assert_int_equal(call("news"), SRT_REFUSED_OVERLOADED);
	expect_reader(&route, "news");
	expect_reader(&route, "news");
	assert_int_equal(call("news"), SRT_REFUSED_OVERLOADED);
	srt_port_return(&route);
	assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	assert_int_equal(call("news"), SRT_REFUSED_OVERLOADED);
	now_ns += 20 * NS_PER_MS;
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&route, "news");
	srt_port_leave(&route);
}

/* And not at all where they may have a wrong passphrase: several who have the right one connect, one is kept. */
static void test_maximum_with_passphrase(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route route = {0};

	(void)state;
	url.srt.maxreaders = 1;
	strcpy(url.srt.passphrase, "0123456789abc");
	join(&route, &url);
	for (int i = 0; i < 20; i++)
		assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	assert_int_equal(call("news"), SRT_ADMITTED);
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&route, "news");
	expect_nobody(&route);
	assert_true(library.closed[library.last_socket]);
	assert_int_equal(call("news"), SRT_REFUSED_OVERLOADED);
	srt_port_leave(&route);
}

/* Undecided for so long that two others were admitted: one too many connects, and is closed. */
static void test_late_decision(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route route = {0};
	int late;

	(void)state;
	url.srt.maxreaders = 1;
	join(&route, &url);
	assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	late = library.last_socket;
	now_ns += 20 * NS_PER_MS;
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&route, "news");
	library.queue[library.queued++] = late;
	expect_nobody(&route);
	assert_true(library.closed[late]);
	assert_false(library.closed[late + 1]);
	srt_port_leave(&route);
}

/* Who never comes is waited for a second, and what comes after that is closed. */
static void test_forgotten(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route route = {0};
	struct srt_arrival arrival;
	int forgotten;

	(void)state;
	join(&route, &url);
	assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	forgotten = library.last_socket;
	expect_nobody(&route);
	assert_int_equal(library.accepts, 1);
	assert_int_equal(srt_port_take(&route, &arrival, clock_now_ns() + 2 * NS_PER_S), -EAGAIN);
	assert_int_equal(library.accepts, 2);
	expect_nobody(&route); /* without asking libsrt */
	assert_int_equal(library.accepts, 2);
	library.queue[library.queued++] = forgotten;
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&route, "news");
	assert_true(library.closed[forgotten]);
	srt_port_leave(&route);
}

/* A flood of callers with wrong passphrases is noted up to a limit, and the good one among them gets in. */
static void test_flood(void **state)
{
	struct output_url url = url_of("news"), other_url = url_of("other");
	struct srt_route route = {0}, other = {0};

	(void)state;
	url.srt.maxreaders = SOCKETS;
	join(&route, &url);
	join(&other, &other_url);
	assert_int_equal(call("other"), SRT_ADMITTED);
	expect_reader(&other, "other");
	for (int i = 0; i < 600; i++)
		assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	assert_in_range(atomic_load(&route.expected), 1, 256);
	assert_int_equal(call("news"), SRT_ADMITTED);
	expect_reader(&route, "news");
	srt_port_leave(&route);
	srt_port_leave(&other);
}

/* An output that leaves: its readers in the queue are closed, also those who connect only after that. */
static void test_leaving(void **state)
{
	struct output_url news_url = url_of("news"), sport_url = url_of("sport");
	struct srt_route news = {0}, sport = {0};
	int here, late;

	(void)state;
	join(&news, &news_url);
	join(&sport, &sport_url);
	assert_int_equal(call("news"), SRT_ADMITTED);
	here = library.last_socket;
	assert_int_equal(call("sport"), SRT_ADMITTED);
	expect_reader(&sport, "sport"); /* fetches both */
	assert_int_equal(call_from("192.0.2.1", "news", false), SRT_ADMITTED);
	late = library.last_socket;
	srt_port_leave(&news);
	assert_true(library.closed[here]);
	assert_int_equal(call("news"), SRT_REFUSED_NOT_FOUND);
	library.queue[library.queued++] = late;
	expect_nobody(&sport);
	assert_true(library.closed[late]);
	assert_int_equal(atomic_load(&sport.expected), 0);
	srt_port_leave(&sport);
	srt_port_leave(&sport); /* nothing any more */
	assert_false(library.open);
}

static void test_conflict(void **state)
{
	struct output_url url = url_of("news");
	struct srt_route first = {0}, second = {0};
	char why[SRT_REASON_BYTES];

	(void)state;
	join(&first, &url);
	assert_int_equal(srt_port_join(&second, &url, why), -EAGAIN);
	assert_non_null(strstr(why, "same stream id"));
	srt_port_leave(&first);
	join(&second, &url);
	srt_port_leave(&second);
	url.srt.streamid[0] = '\0';
	join(&first, &url);
	assert_int_equal(srt_port_join(&second, &url, why), -EAGAIN);
	srt_port_leave(&first);
}

static void test_addresses(void **state)
{
	struct output_url url = url_of("");
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&library.local;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&library.local;
	struct srt_route route = {0};
	char why[SRT_REASON_BYTES];

	(void)state;
	join(&route, &url);
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(v4->sin_addr.s_addr, htonl(INADDR_ANY));
	assert_int_equal(ntohs(v4->sin_port), 9000);
	srt_port_leave(&route);
	strcpy(url.host, "::");
	join(&route, &url);
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr));
	srt_port_leave(&route);
	strcpy(url.srt.adapter, "127.0.0.1");
	join(&route, &url);
	assert_int_equal(v4->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	srt_port_leave(&route);
	strcpy(url.srt.adapter, "localhost");
	assert_int_equal(srt_port_join(&route, &url, why), -EADDRNOTAVAIL);
	assert_non_null(strstr(why, "IP address"));
	url.srt.adapter[0] = '\0';
	library.refuse = true;
	assert_int_equal(srt_port_join(&route, &url, why), -EADDRNOTAVAIL);
	assert_string_equal(why, "taken");
	library.refuse = false;
	join(&route, &url);
	srt_port_leave(&route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_routing, setup),
		cmocka_unit_test_setup(test_without_stream_id, setup),
		cmocka_unit_test_setup(test_forbidden, setup),
		cmocka_unit_test_setup(test_maximum, setup),
		cmocka_unit_test_setup(test_maximum_with_passphrase, setup),
		cmocka_unit_test_setup(test_late_decision, setup),
		cmocka_unit_test_setup(test_forgotten, setup),
		cmocka_unit_test_setup(test_flood, setup),
		cmocka_unit_test_setup(test_leaving, setup),
		cmocka_unit_test_setup(test_conflict, setup),
		cmocka_unit_test_setup(test_addresses, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
