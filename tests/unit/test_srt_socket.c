/*
 * SRT sockets against libsrt itself over loopback: connecting in each mode, reasons in words, shared local ports,
 * admission to a listener, statistics.
 */
#include "output/srt_socket.h"

#include "output/srt_gather.h"
#include "srt_peer.h"

#include <errno.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum srt_progress wait_progress(int socket, char *why)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	enum srt_progress progress;

	while ((progress = srt_socket_progress(socket, why)) == SRT_PROGRESS_PENDING &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	return progress;
}

/* Begin to call a port of loopback. */
static int call(const struct srt_options *options, int family, uint16_t port, unsigned int sharer)
{
	struct sockaddr_storage peer;
	const socklen_t size = loopback(&peer, family, port);
	char why[SRT_REASON_BYTES] = "";
	int socket = SRT_SOCKET_NONE;

	if (srt_socket_connect(&socket, options, (struct sockaddr *)&peer, size, sharer, 5000000,
	                       why))
		fail_msg("%s", why);
	return socket;
}

static void assert_up(int socket)
{
	char why[SRT_REASON_BYTES] = "still connecting";

	if (wait_progress(socket, why) != SRT_PROGRESS_UP)
		fail_msg("%s", why);
}

static void assert_down(int socket, const char *reason)
{
	char why[SRT_REASON_BYTES] = "";

	assert_int_equal(wait_progress(socket, why), SRT_PROGRESS_DOWN);
	assert_non_null(strstr(why, reason));
}

static void assert_lost(int socket)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	static const uint8_t message[188] = {0x47};
	struct srt_statistics statistics;
	char why[SRT_REASON_BYTES] = "";
	int error;

	while ((error = srt_socket_send(socket, message, sizeof(message), 0)) == 0 &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_equal(error, -EPIPE);
	assert_int_equal(srt_socket_get_statistics(socket, &statistics), -EPIPE);
	assert_int_not_equal(srt_socket_progress(socket, why), SRT_PROGRESS_UP);
}

/* The statistics once the peer has acknowledged something, for which it takes 10 ms. */
static void await_acknowledgement(int socket, struct srt_statistics *out)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	do {
		pause_ms(2);
		assert_int_equal(srt_socket_get_statistics(socket, out), 0);
	} while (!out->pktRecvACK && clock_now_ns() < deadline_ns);
}

static void test_caller(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct srt_options options = default_options();
	uint8_t message[1316];
	char got[1500];

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		struct srt_statistics statistics;
		SRT_TRACEBSTATS before, after;
		uint16_t port, from;
		const SRTSOCKET listener = peer_listen(families[i], NULL, &port);
		const int socket = call(&options, families[i], port, 0);
		SRTSOCKET peer;

		assert_up(socket);
		peer = peer_accept(listener, &from);
		memset(message, 0x47 + (int)i, sizeof(message));
		assert_int_equal(srt_socket_send(socket, message, sizeof(message), 0), 0);
		assert_int_equal(peer_receive(peer, got, PEER_PATIENCE_NS), sizeof(message));
		assert_memory_equal(got, message, sizeof(message));
		assert_int_equal(srt_bstats(socket, &before, 0), 0);
		await_acknowledgement(socket, &statistics);
		assert_int_equal(srt_bstats(socket, &after, 0), 0);
		assert_int_equal(statistics.pktSentUnique, 1);
		/* None, unless the machine stood still before the peer could acknowledge it. */
		assert_in_range(statistics.pktRetrans, before.pktRetransTotal,
		                after.pktRetransTotal);
		assert_true(statistics.pktRecvACK > 0);
		assert_int_equal(statistics.byteSentUnique, sizeof(message) + 44);
		assert_int_equal(statistics.msSndTsbPdDelay, 120);
		srt_close(peer);
		assert_lost(socket);
		srt_socket_close(socket);
		srt_close(listener);
	}
}

static void test_reasons(void **state)
{
	static const struct {
		const char *ours, *theirs, *reason;
	} cases[] = {
		{"correct horse battery", "wrong horse battery", "wrong passphrase"},
		{"correct horse battery", NULL, "one side has a passphrase"},
		{"", "wrong horse battery", "one side has a passphrase"},
	};
	struct srt_options options = default_options();
	int socket;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t port;
		const SRTSOCKET listener = peer_listen(AF_INET, cases[i].theirs, &port);

		snprintf(options.passphrase, sizeof(options.passphrase), "%s", cases[i].ours);
		socket = call(&options, AF_INET, port, 0);
		assert_down(socket, cases[i].reason);
		srt_socket_close(socket);
		srt_close(listener);
	}
	options.passphrase[0] = '\0';
	options.conntimeo_ms = 1000;
	socket = call(&options, AF_INET, free_port("127.0.0.1"), 0);
	assert_down(socket, "timeout");
	srt_socket_close(socket);
}

static void test_encrypted(void **state)
{
	static const uint8_t key_lengths[] = {0, 16, 24, 32};
	struct srt_options options = default_options();
	uint8_t message[1316] = {0x47};
	char got[1500];

	(void)state;
	strcpy(options.passphrase, "correct horse battery");
	for (size_t i = 0; i < COUNT(key_lengths); i++) {
		int length = 0, size = sizeof(length);
		uint16_t port, from;
		const SRTSOCKET listener = peer_listen(AF_INET, options.passphrase, &port);
		SRTSOCKET peer;
		int socket;

		options.pbkeylen = key_lengths[i];
		socket = call(&options, AF_INET, port, 0);
		assert_up(socket);
		peer = peer_accept(listener, &from);
		assert_int_equal(srt_socket_send(socket, message, sizeof(message), 0), 0);
		assert_int_equal(peer_receive(peer, got, PEER_PATIENCE_NS), sizeof(message));
		assert_int_equal(srt_getsockflag(socket, SRTO_PBKEYLEN, &length, &size), 0);
		assert_int_equal(length, key_lengths[i] ? key_lengths[i] : 16);
		srt_socket_close(socket);
		srt_close(peer);
		srt_close(listener);
	}
}

/* What is set is what libsrt has. */
static void test_options(void **state)
{
	struct srt_options options = default_options();
	static const struct {
		SRT_SOCKOPT option;
		int value;
	} expected[] = {
		{SRTO_RCVLATENCY, 200}, {SRTO_PEERLATENCY, 300},     {SRTO_PEERIDLETIMEO, 7000},
		{SRTO_MSS, 1400},       {SRTO_PAYLOADSIZE, 1128},    {SRTO_IPTTL, 9},
		{SRTO_IPTOS, 0x88},     {SRTO_MINVERSION, 0x010300},
	};
	uint16_t port;
	const SRTSOCKET listener = peer_listen(AF_INET, NULL, &port);
	int64_t bandwidth = 0;
	int value, size, socket;
	char filter[128] = "";

	(void)state;
	options.latency_ms = 200;
	options.peerlatency_ms = 300;
	options.peeridletimeo_ms = 7000;
	options.mss = 1400;
	options.payloadsize = 1128;
	options.ttl = 9;
	options.tos = 0x88;
	options.minversion = 0x010300;
	options.maxbw = 3000000;
	strcpy(options.packetfilter, "fec,cols:10,rows:5");
	strcpy(options.streamid, "news");
	socket = call(&options, AF_INET, port, 0);
	for (size_t i = 0; i < COUNT(expected); i++) {
		value = 0;
		size = sizeof(value);
		assert_int_equal(srt_getsockflag(socket, expected[i].option, &value, &size), 0);
		assert_int_equal(value, expected[i].value);
	}
	size = sizeof(bandwidth);
	assert_int_equal(srt_getsockflag(socket, SRTO_MAXBW, &bandwidth, &size), 0);
	assert_int_equal(bandwidth, 3000000);
	size = sizeof(filter);
	assert_int_equal(srt_getsockflag(socket, SRTO_PACKETFILTER, filter, &size), 0);
	assert_int_equal(strncmp(filter, "fec,cols:10,rows:5", 18), 0);
	assert_up(socket);
	srt_socket_close(socket);
	srt_close(listener);
}

static void test_refused_options(void **state)
{
	static const struct {
		const char *filter;
		uint32_t mss;
		const char *reason;
	} cases[] = {
		{"nonsense,x:1", 1500, "packetfilter"},
		{"", 1000, "payloadsize 1316 does not fit into mss 1000"},
	};
	struct sockaddr_storage peer;
	const socklen_t size = loopback(&peer, AF_INET, 9);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct srt_options options = default_options();
		char why[SRT_REASON_BYTES] = "";
		int socket = 1234;

		strcpy(options.packetfilter, cases[i].filter);
		options.mss = cases[i].mss;
		assert_int_equal(srt_socket_connect(&socket, &options, (struct sockaddr *)&peer,
		                                    size, 0, 0, why),
		                 -1);
		assert_non_null(strstr(why, cases[i].reason));
		assert_int_equal(socket, 1234);
	}
}

/* From which port a caller with these options comes. */
static uint16_t port_of_caller(const struct srt_options *options, int family, SRTSOCKET listener,
                               uint16_t port, unsigned int sharer, int *socket)
{
	uint16_t from;

	*socket = call(options, family, port, sharer);
	assert_up(*socket);
	peer_accept(listener, &from);
	return from;
}

static void test_sharing(void **state)
{
	struct srt_options same = default_options(), other[4];
	uint16_t port, port6, first, ports[COUNT(other)];
	const SRTSOCKET listener = peer_listen(AF_INET, NULL, &port);
	const SRTSOCKET listener6 = peer_listen(AF_INET6, NULL, &port6);
	const int no_v4 = 1, taken = socket(AF_INET6, SOCK_DGRAM, 0);
	int sockets[COUNT(other) * 2 + 4];
	struct sockaddr_in6 same_number = {.sin6_family = AF_INET6};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(other); i++)
		other[i] = same;
	other[0].ttl = 5;
	other[1].tos = 0x20;
	other[2].mss = 1450;
	strcpy(other[3].adapter, "127.0.0.1");
	first = port_of_caller(&same, AF_INET, listener, port, 3, &sockets[n++]);
	for (size_t i = 0; i < COUNT(other); i++) {
		ports[i] = port_of_caller(&other[i], AF_INET, listener, port, 3, &sockets[n++]);
		assert_int_not_equal(ports[i], first);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(ports[i], ports[k]);
	}
	for (size_t i = 0; i < COUNT(other); i++)
		assert_int_equal(
			port_of_caller(&other[i], AF_INET, listener, port, 3, &sockets[n++]),
			ports[i]);
	same.latency_ms = 500; /* no matter */
	assert_int_equal(port_of_caller(&same, AF_INET, listener, port, 3, &sockets[n++]), first);
	assert_int_not_equal(port_of_caller(&same, AF_INET, listener, port, 4, &sockets[n++]),
	                     first);
	/* The kernel may give the same number again for IPv6: not when it is taken. */
	same_number.sin6_port = htons(first);
	assert_int_equal(setsockopt(taken, IPPROTO_IPV6, IPV6_V6ONLY, &no_v4, sizeof(no_v4)), 0);
	assert_int_equal(bind(taken, (struct sockaddr *)&same_number, sizeof(same_number)), 0);
	assert_int_not_equal(port_of_caller(&same, AF_INET6, listener6, port6, 3, &sockets[n++]),
	                     first);
	close(taken);
	while (n)
		srt_socket_close(sockets[--n]);
	srt_close(listener);
	srt_close(listener6);
}

static void test_local_port(void **state)
{
	struct srt_options options = default_options();
	struct sockaddr_storage peer, local;
	uint16_t port;
	const SRTSOCKET listener = peer_listen(AF_INET, NULL, &port);
	const socklen_t size = loopback(&peer, AF_INET, port);
	char why[SRT_REASON_BYTES] = "";
	int first, second, third = SRT_SOCKET_NONE, fd;

	(void)state;
	options.localport = free_port("127.0.0.1");
	assert_int_equal(port_of_caller(&options, AF_INET, listener, port, 0, &first),
	                 options.localport);
	/* Another sender's caller shares it, but not one whose options differ. */
	assert_int_equal(port_of_caller(&options, AF_INET, listener, port, 1, &second),
	                 options.localport);
	options.ttl = 3;
	assert_int_equal(
		srt_socket_connect(&third, &options, (struct sockaddr *)&peer, size, 0, 0, why),
		-1);
	assert_non_null(strstr(why, "in use here with another"));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	loopback(&local, AF_INET, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&local, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&local, &(socklen_t){sizeof(local)}),
	                 0);
	options.localport = port_of(&local);
	assert_int_equal(
		srt_socket_connect(&third, &options, (struct sockaddr *)&peer, size, 0, 0, why),
		-1);
	assert_non_null(strstr(why, "in use by another program"));
	options.localport = 0;
	strcpy(options.adapter, "192.0.2.77");
	assert_int_equal(
		srt_socket_connect(&third, &options, (struct sockaddr *)&peer, size, 0, 0, why),
		-1);
	assert_non_null(strstr(why, "no address of this machine"));
	strcpy(options.adapter, "::1");
	assert_int_equal(
		srt_socket_connect(&third, &options, (struct sockaddr *)&peer, size, 0, 0, why),
		-1);
	assert_non_null(strstr(why, "no IPv4 address"));
	close(fd);
	srt_socket_close(first);
	srt_socket_close(second);
	srt_close(listener);
}

/* Both ends are ours: each meets the other on its port. */
static void test_rendezvous(void **state)
{
	struct srt_options options[2] = {default_options(), default_options()};
	uint16_t ports[2] = {free_port("127.0.0.1"), free_port("127.0.0.1")};
	uint8_t message[188] = {0x47};
	int sockets[2];
	char got[1500];

	(void)state;
	for (int i = 0; i < 2; i++) {
		options[i].mode = SRT_MODE_RENDEZVOUS;
		strcpy(options[i].adapter, "127.0.0.1");
		strcpy(options[i].passphrase, "correct horse battery");
		options[i].localport = ports[i];
		sockets[i] = call(&options[i], AF_INET, ports[!i], (unsigned int)i);
	}
	assert_up(sockets[0]);
	assert_up(sockets[1]);
	assert_int_equal(srt_socket_send(sockets[0], message, sizeof(message), 0), 0);
	assert_int_equal(peer_receive(sockets[1], got, PEER_PATIENCE_NS), sizeof(message));
	srt_socket_close(sockets[0]);
	srt_socket_close(sockets[1]);
}

/* What a listener's admit function answers, by stream id. */
struct doorman {
	struct srt_options options;
	int asked;
	char stream_id[513];
};

static enum srt_refusal admit(void *context, int socket, const struct sockaddr *peer,
                              const char *stream_id, const struct srt_options **options)
{
	struct doorman *doorman = context;

	assert_int_not_equal(socket, SRT_SOCKET_NONE);
	assert_int_equal(peer->sa_family, AF_INET);
	doorman->asked++;
	snprintf(doorman->stream_id, sizeof(doorman->stream_id), "%s", stream_id);
	*options = &doorman->options;
	if (!strcmp(stream_id, "none"))
		return SRT_REFUSED_NOT_FOUND;
	if (!strcmp(stream_id, "secret"))
		return SRT_REFUSED_FORBIDDEN;
	return strcmp(stream_id, "full") ? SRT_ADMITTED : SRT_REFUSED_OVERLOADED;
}

/* Call the listener as `stream_id`. */
static int reader_call(const char *stream_id, const char *passphrase, uint16_t port, int limit_ms)
{
	const SRTSOCKET reader = peer_socket(passphrase);
	struct sockaddr_storage address;
	const int size = (int)loopback(&address, AF_INET, port);

	peer_set(reader, SRTO_CONNTIMEO, limit_ms);
	srt_setsockflag(reader, SRTO_STREAMID, stream_id, (int)strlen(stream_id));
	assert_int_equal(srt_connect(reader, (struct sockaddr *)&address, size), 0);
	return reader;
}

static void test_listener(void **state)
{
	static const struct {
		const char *stream_id, *passphrase;
		int reject;
	} cases[] = {
		{"none", "correct horse battery", SRT_REJX_NOTFOUND},
		{"secret", "correct horse battery", SRT_REJX_FORBIDDEN},
		{"full", "correct horse battery", SRT_REJX_OVERLOAD},
		{"#!::r=news", "wrong horse battery", SRT_REJ_BADSECRET},
		{"#!::r=news", NULL, SRT_REJ_UNSECURE},
	};
	struct srt_options options = default_options();
	struct doorman doorman = {.options = default_options()};
	uint8_t message[1316] = {0x47};
	char why[SRT_REASON_BYTES] = "", got[1500];
	struct sockaddr_storage local, from;
	const uint16_t port = free_port("127.0.0.1");
	const socklen_t size = loopback(&local, AF_INET, port);
	int listener, again = SRT_SOCKET_NONE, socket = SRT_SOCKET_NONE;
	int64_t deadline_ns;
	SRTSOCKET reader;

	(void)state;
	strcpy(doorman.options.passphrase, "correct horse battery");
	doorman.options.peerlatency_ms = 333;
	assert_int_equal(srt_socket_listen(&listener, &options, (struct sockaddr *)&local, size,
	                                   admit, &doorman, why),
	                 0);
	assert_int_equal(srt_socket_listen(&again, &options, (struct sockaddr *)&local, size, admit,
	                                   &doorman, why),
	                 -1);
	assert_non_null(strstr(why, "another listener"));
	assert_int_equal(srt_socket_accept(listener, &socket, &from), -EAGAIN);
	for (size_t i = 0; i < COUNT(cases); i++) {
		reader =
			reader_call(cases[i].stream_id, cases[i].passphrase, port, PEER_CONNECT_MS);
		assert_int_equal(wait_progress(reader, why), SRT_PROGRESS_DOWN);
		assert_int_equal(srt_getrejectreason(reader), cases[i].reject);
		assert_string_equal(doorman.stream_id, cases[i].stream_id);
		srt_close(reader);
	}
	assert_int_equal(srt_socket_accept(listener, &socket, &from), -EAGAIN);
	reader = reader_call("#!::r=news", "correct horse battery", port, PEER_CONNECT_MS);
	assert_up(reader);
	deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	while (srt_socket_accept(listener, &socket, &from) && clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_equal(srt_socket_send(socket, message, sizeof(message), 0), 0);
	assert_int_equal(peer_receive(reader, got, PEER_PATIENCE_NS), sizeof(message));
	{
		struct srt_statistics statistics;

		assert_int_equal(srt_socket_get_statistics(socket, &statistics), 0);
		assert_int_equal(statistics.msSndTsbPdDelay, 333);
	}
	srt_socket_close(listener);
	doorman.asked = 0;
	srt_socket_close(socket);
	srt_close(reader);
	/* A listener that is closed asks nobody any more. */
	reader = reader_call("#!::r=news", "correct horse battery", port, 1000);
	assert_int_equal(wait_progress(reader, why), SRT_PROGRESS_DOWN);
	assert_int_equal(doorman.asked, 0);
	srt_close(reader);
}

static enum srt_refusal admit_all(void *context, int socket, const struct sockaddr *peer,
                                  const char *stream_id, const struct srt_options **options)
{
	(void)socket;
	(void)peer;
	(void)stream_id;
	*options = context;
	return SRT_ADMITTED;
}

/* At every moment of their calling: libsrt 1.5.4 hangs in some. */
static void test_closed_while_called(void **state)
{
	struct srt_options options = default_options();
	const uint16_t port = free_port("127.0.0.1");
	struct sockaddr_storage local;
	const socklen_t size = loopback(&local, AF_INET, port);
	SRTSOCKET callers[4];
	char why[SRT_REASON_BYTES];
	int listener;

	(void)state;
	for (unsigned int round = 0; round < 150; round++) {
		assert_int_equal(srt_socket_listen(&listener, &options, (struct sockaddr *)&local,
		                                   size, admit_all, &options, why),
		                 0);
		for (size_t i = 0; i < COUNT(callers); i++)
			callers[i] = reader_call("news", NULL, port, 1000);
		usleep(round % 30 * 200);
		srt_socket_close(listener);
		for (size_t i = 0; i < COUNT(callers); i++)
			srt_close(callers[i]);
	}
}

/* The cap follows the channel, unless the options say otherwise. */
static void test_cap(void **state)
{
	struct srt_options options = default_options();
	uint16_t port;
	const SRTSOCKET listener = peer_listen(AF_INET, NULL, &port);
	int64_t before = 0, after = 0, fixed = 0;
	int size = sizeof(before), socket = call(&options, AF_INET, port, 0);

	(void)state;
	assert_up(socket);
	srt_socket_set_bitrate(socket, &options, 10000000);
	assert_int_equal(srt_getsockflag(socket, SRTO_INPUTBW, &before, &size), 0);
	srt_socket_set_bitrate(socket, &options, 20000000);
	assert_int_equal(srt_getsockflag(socket, SRTO_INPUTBW, &after, &size), 0);
	assert_true(before > 10000000 / 8);
	assert_int_equal(after, 2 * before);
	options.inputbw = 700000;
	srt_socket_set_bitrate(socket, &options, 20000000);
	assert_int_equal(srt_getsockflag(socket, SRTO_INPUTBW, &fixed, &size), 0);
	assert_int_equal(fixed, after);
	srt_socket_close(socket);
	socket = call(&options, AF_INET, port, 0);
	assert_int_equal(srt_getsockflag(socket, SRTO_INPUTBW, &fixed, &size), 0);
	assert_int_equal(fixed, 700000);
	srt_socket_close(socket);
	srt_close(listener);
}

/* That this libsrt's data packets come by: laid aside until somebody sends them, while the connection lives on. */
static void test_gathered(void **state)
{
	const struct srt_options options = default_options();
	static const uint8_t message[1316] = {0x47};
	char got[1500];
	uint16_t port, from;
	const SRTSOCKET listener = peer_listen(AF_INET, NULL, &port);
	SRTSOCKET peer;
	int socket;

	(void)state;
	srt_gather_start();
	socket = call(&options, AF_INET, port, 0);
	assert_up(socket);
	peer = peer_accept(listener, &from);
	assert_int_equal(srt_socket_send(socket, message, sizeof(message), 0), 0);
	assert_int_equal(peer_receive(peer, got, 300 * NS_PER_MS), 0);
	srt_gather_flush();
	assert_int_equal(peer_receive(peer, got, PEER_PATIENCE_NS), sizeof(message));
	srt_gather_stop();
	srt_socket_close(socket);
	srt_close(peer);
	srt_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caller),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_refused_options),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_local_port),
		cmocka_unit_test(test_rendezvous),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_closed_while_called),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_gathered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
