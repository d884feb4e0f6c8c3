/*
 * TLS against a server in a process of its own, with certificates made here: who is let in, why not who is not, and
 * that nothing waits longer than it may. Then the stream and the bridge above it.
 */
#include "output/bridge.h"
#include "output/stream.h"
#include "output/tls.h"

#include "running_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define DAY_S    86400
#define LIMIT_MS 30000

/* A key and its certificate. */
struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

/* What a certificate says. */
struct claim {
	const char *name; /* DNS name, or IP address when it has address */
	bool address;
	int from_days, to_days;        /* from now */
	const struct identity *issuer; /* NULL: itself */
	bool authority;
};

/* Authority that is trusted, one that is not, and servers. */
static struct identity authority, stranger, right, wrong_name, expired, future, self_signed,
	unknown, by_address;
static char ca_file[] = "/tmp/mld-test-ca-XXXXXX";

static void make(struct identity *out, const struct claim *claim)
{
	static unsigned char serial = 1;
	const struct identity *issuer = claim->issuer ? claim->issuer : out;
	const time_t now = time(NULL);
	uint8_t address[16];

	assert_int_equal(gnutls_x509_privkey_init(&out->key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(out->key, GNUTLS_PK_ECDSA,
	                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(gnutls_x509_crt_init(&out->certificate), 0);
	gnutls_x509_crt_set_version(out->certificate, 3);
	gnutls_x509_crt_set_serial(out->certificate, &serial, 1);
	serial++;
	gnutls_x509_crt_set_activation_time(out->certificate, now + claim->from_days * DAY_S);
	gnutls_x509_crt_set_expiration_time(out->certificate, now + claim->to_days * DAY_S);
	gnutls_x509_crt_set_dn_by_oid(out->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, claim->name,
	                              (unsigned int)strlen(claim->name));
	gnutls_x509_crt_set_key(out->certificate, out->key);
	gnutls_x509_crt_set_basic_constraints(out->certificate, claim->authority, -1);
	if (claim->authority)
		gnutls_x509_crt_set_key_usage(out->certificate,
		                              GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	else if (claim->address)
		gnutls_x509_crt_set_subject_alt_name(
			out->certificate, GNUTLS_SAN_IPADDRESS, address,
			inet_pton(AF_INET, claim->name, address) == 1 ? 4 : 0, 0);
	else
		gnutls_x509_crt_set_subject_alt_name(out->certificate, GNUTLS_SAN_DNSNAME,
		                                     claim->name, (unsigned int)strlen(claim->name),
		                                     0);
	assert_int_equal(gnutls_x509_crt_sign2(out->certificate, issuer->certificate, issuer->key,
	                                       GNUTLS_DIG_SHA256, 0),
	                 0);
}

static int make_all(void **state)
{
	uint8_t pem[4096];
	size_t size = sizeof(pem);
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	make(&authority, &(struct claim){"Test Authority", false, -30, 30, NULL, true});
	make(&stranger, &(struct claim){"Some Stranger", false, -30, 30, NULL, true});
	make(&right, &(struct claim){"live.example", false, -1, 1, &authority, false});
	make(&wrong_name, &(struct claim){"other.example", false, -1, 1, &authority, false});
	make(&expired, &(struct claim){"live.example", false, -9, -2, &authority, false});
	make(&future, &(struct claim){"live.example", false, 2, 9, &authority, false});
	make(&self_signed, &(struct claim){"live.example", false, -1, 1, NULL, false});
	make(&unknown, &(struct claim){"live.example", false, -1, 1, &stranger, false});
	make(&by_address, &(struct claim){"127.0.0.1", true, -1, 1, &authority, false});
	assert_int_equal(
		gnutls_x509_crt_export(authority.certificate, GNUTLS_X509_FMT_PEM, pem, &size), 0);
	fd = mkstemp(ca_file);
	assert_true(fd >= 0 && write(fd, pem, size) == (ssize_t)size && !close(fd));
	return 0;
}

static int free_all(void **state)
{
	struct identity *all[] = {&authority, &stranger,    &right,   &wrong_name, &expired,
	                          &future,    &self_signed, &unknown, &by_address};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		gnutls_x509_crt_deinit(all[i]->certificate);
		gnutls_x509_privkey_deinit(all[i]->key);
	}
	return unlink(ca_file);
}

/* What the server does once hands are shaken. */
enum play { ECHO, SEND_TICKETS_AND_ECHO, READ_NOTHING, CLOSE };

struct server {
	int fd, client;
	const struct identity *identity;
	const char *priority;
	enum play play;
	char name[64]; /* that the client asked for, "" for none */
	int stop;
	pthread_t thread;
};

static void echo(gnutls_session_t session)
{
	uint8_t data[16384];
	ssize_t count;

	while ((count = gnutls_record_recv(session, data, sizeof(data))) > 0 ||
	       count == GNUTLS_E_AGAIN || count == GNUTLS_E_INTERRUPTED) {
		for (ssize_t sent = 0, n; sent<count; sent += n> 0 ? n : 0) {
			n = gnutls_record_send(session, data + sent, (size_t)(count - sent));
			if (n < 0 && n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED)
				return;
		}
	}
}

static void play(struct server *server, gnutls_session_t session)
{
	struct pollfd stop = {.fd = server->stop, .events = POLLIN};
	unsigned int type;
	size_t size = sizeof(server->name);

	gnutls_server_name_get(session, server->name, &size, &type, 0);
	if (server->play == SEND_TICKETS_AND_ECHO)
		gnutls_session_ticket_send(session, 2, 0);
	if (server->play == ECHO || server->play == SEND_TICKETS_AND_ECHO)
		echo(session);
	else if (server->play == READ_NOTHING)
		poll(&stop, 1, 4 * LIMIT_MS);
}

static void *run_server(void *argument)
{
	struct server *server = argument;
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t ticket_key;
	gnutls_session_t session;
	int error;

	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_certificate_set_x509_key(
		credentials, &((struct identity *)(uintptr_t)server->identity)->certificate, 1,
		server->identity->key);
	gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(session, server->priority ? server->priority : "NORMAL", NULL);
	gnutls_session_ticket_key_generate(&ticket_key);
	if (server->play == SEND_TICKETS_AND_ECHO)
		gnutls_session_ticket_enable_server(session, &ticket_key);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, server->fd);
	do {
		error = gnutls_handshake(session);
	} while (error && !gnutls_error_is_fatal(error));
	if (!error)
		play(server, session);
	else /* tell why, as servers do */
		gnutls_alert_send_appropriate(session, error);
	shutdown(server->fd, SHUT_RDWR);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	gnutls_free(ticket_key.data);
	return NULL;
}

static void make_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
}

static void start(struct server *server, const struct identity *identity, enum play what,
                  const char *priority)
{
	int pair[2];

	make_pair(pair);
	*server = (struct server){.client = pair[0],
	                          .fd = pair[1],
	                          .identity = identity,
	                          .play = what,
	                          .priority = priority,
	                          .stop = eventfd(0, EFD_CLOEXEC)};
	assert_int_equal(pthread_create(&server->thread, NULL, run_server, server), 0);
}

/* The client's end is closed already. */
static void finish(struct server *server)
{
	eventfd_write(server->stop, 1);
	pthread_join(server->thread, NULL);
	close(server->stop);
	close(server->fd);
}

static const struct tls_config trusting = {"live.example", true, ca_file};

static void test_accepted(void **state)
{
	static const struct {
		const struct identity *identity;
		struct tls_config config;
		const char *asked_for, *priority;
	} cases[] = {
		{&right, {"live.example", true, ca_file}, "live.example", NULL},
		{&right, {"live.example.", true, ca_file}, "live.example", NULL},
		{&right, {"LIVE.example", true, ca_file}, "LIVE.example", NULL},
		{&right, {"live.example", true, ca_file}, "live.example", "NORMAL:-VERS-TLS1.3"},
		{&by_address, {"127.0.0.1", true, ca_file}, "", NULL},
		{&wrong_name, {"live.example", false, ""}, "live.example", NULL},
		{&expired, {"live.example", false, ""}, "live.example", NULL},
		{&self_signed, {"::1", false, ""}, "", NULL},
	};
	struct server server;
	struct tls *tls;
	char why[200] = "", got[8];
	const struct iovec part = {"hello", 5};
	struct pollfd polled;
	ssize_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&server, cases[i].identity, ECHO, cases[i].priority);
		if (tls_open(&tls, server.client, &cases[i].config, LIMIT_MS, -1, why, sizeof(why)))
			fail_msg("case %zu: %s", i, why);
		assert_int_equal(tls_send(tls, &part, 1), 5);
		polled = (struct pollfd){.fd = server.client, .events = POLLIN};
		while ((count = tls_receive(tls, got, sizeof(got))) == -EAGAIN)
			assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
		assert_int_equal(count, 5);
		assert_memory_equal(got, "hello", 5);
		tls_close(tls);
		close(server.client);
		finish(&server);
		assert_string_equal(server.name, cases[i].asked_for);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const struct identity *identity;
		struct tls_config config;
		const char *words[3];
	} cases[] = {
		{&wrong_name,
	         {"live.example", true, ca_file},
	         {"is not for live.example but for other.example"}},
		{&right, {"127.0.0.1", true, ca_file}, {"not for 127.0.0.1 but for live.example"}},
		{&by_address,
	         {"127.0.0.2", true, ca_file},
	         {"not for 127.0.0.2 but for 127.0.0.1"}},
		{&by_address, {"live.example", true, ca_file}, {"but for 127.0.0.1"}},
		{&expired, {"live.example", true, ca_file}, {"certificate has expired on 20"}},
		{&expired,
	         {"x.example", true, ca_file},
	         {"has expired on 20", "and it is not for x.example"}},
		{&future, {"live.example", true, ca_file}, {"certificate is not valid before 20"}},
		{&self_signed, {"live.example", true, ca_file}, {"certificate is self-signed"}},
		{&self_signed, {"live.example", true, ""}, {"certificate is self-signed"}},
		{&unknown,
	         {"live.example", true, ca_file},
	         {"is signed by \"Some Stranger\"", "no authority trusted here"}},
		{&right, {"live.example", true, ""}, {"is signed by \"Test Authority\""}},
		{&right, {"live.example", true, "/nonexistent/ca.pem"}, {"/nonexistent/ca.pem"}},
		{&right, {"live.example", true, "/dev/zero"}, {"cannot read", "/dev/zero"}},
		{&right, {"live.example", true, "/proc/self/cmdline"}, {"cannot read"}},
	};
	struct tls *const untouched = (struct tls *)(uintptr_t)1;
	struct server server;
	struct tls *tls;
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&server, cases[i].identity, ECHO, NULL);
		tls = untouched;
		assert_int_equal(tls_open(&tls, server.client, &cases[i].config, LIMIT_MS, -1, why,
		                          sizeof(why)),
		                 -EIO);
		assert_ptr_equal(tls, untouched);
		for (size_t w = 0; w < 3 && cases[i].words[w]; w++) {
			if (!strstr(why, cases[i].words[w]))
				fail_msg("case %zu: \"%s\" lacks \"%s\"", i, why,
				         cases[i].words[w]);
		}
		close(server.client);
		finish(&server);
	}
}

static void test_no_agreement(void **state)
{
	static const struct {
		const char *priority, *word;
	} cases[] = {
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CCM-8",
	         "refused TLS: Handshake failed"},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.1:+SHA1", "older than TLS 1.2"},
	};
	struct server server;
	struct tls *tls;
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&server, &right, ECHO, cases[i].priority);
		assert_int_equal(
			tls_open(&tls, server.client, &trusting, LIMIT_MS, -1, why, sizeof(why)),
			-EIO);
		if (!strstr(why, cases[i].word))
			fail_msg("case %zu: %s", i, why);
		close(server.client);
		finish(&server);
	}
}

static void test_no_tls(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *word;
	} cases[] = {
		{"HTTP/1.1 400 Bad Request\r\n\r\n", 28, "does not speak TLS"},
		{"\3\0\0\0\0\0\0\0\0\0\0\0", 12, "does not speak TLS"}, /* RTMP's own handshake */
		{"", 0, "closed the connection"},
	};
	char why[200];
	struct tls *tls;
	int pair[2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_pair(pair);
		assert_int_equal(write(pair[1], cases[i].bytes, cases[i].size), cases[i].size);
		shutdown(pair[1], SHUT_WR);
		assert_int_equal(tls_open(&tls, pair[0], &trusting, LIMIT_MS, -1, why, sizeof(why)),
		                 -EIO);
		if (!strstr(why, cases[i].word))
			fail_msg("case %zu: %s", i, why);
		close(pair[0]);
		close(pair[1]);
	}
}

/* Whatever a server sends, the handshake ends by itself or with its time, and never succeeds. */
static void test_garbage(void **state)
{
	uint32_t random = 1;
	uint8_t bytes[300];
	char why[200];
	struct tls *tls;
	int pair[2], error;

	(void)state;
	for (int round = 0; round < 300; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
		if (round % 2) /* the head of a record, so that its content is read */
			memcpy(bytes,
			       round % 4 == 1 ? "\x16\3\3\0\x40\2\0\0\x3c\3\3" : "\x15\3\3\0\2\1",
			       6);
		make_pair(pair);
		assert_int_equal(write(pair[1], bytes, sizeof(bytes)), sizeof(bytes));
		error = tls_open(&tls, pair[0], &trusting, 20, -1, why, sizeof(why));
		assert_true(error == -EIO || error == -ETIMEDOUT);
		assert_true(why[0]);
		close(pair[0]);
		close(pair[1]);
	}
}

static void test_silent_server(void **state)
{
	char why[200];
	struct tls *tls;
	int64_t began_ns, ran_ns;
	int pair[2];

	(void)state;
	make_pair(pair);
	began_ns = clock_now_ns();
	ran_ns = running_ns();
	assert_int_equal(tls_open(&tls, pair[0], &trusting, 200, -1, why, sizeof(why)), -ETIMEDOUT);
	assert_true(clock_now_ns() - began_ns >= 200 * NS_PER_MS);
	assert_true(running_ns() - ran_ns < 2 * NS_PER_S);
	assert_non_null(strstr(why, "does not answer"));
	close(pair[0]);
	close(pair[1]);
}

/* Many that wait at once share the system's authorities, and the last gives them up. */
static void *open_silent(void *argument)
{
	const struct tls_config config = {"live.example", true, ""};
	int *error = argument, pair[2];
	struct tls *tls;
	char why[200];

	make_pair(pair);
	*error = tls_open(&tls, pair[0], &config, 100, -1, why, sizeof(why));
	close(pair[0]);
	close(pair[1]);
	return NULL;
}

static void test_authorities_shared(void **state)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	int errors[THREADS];

	(void)state;
	if (access("/etc/ssl/certs/ca-certificates.crt", R_OK))
		skip();
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, open_silent, &errors[i]),
			                 0);
		for (size_t i = 0; i < THREADS; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(errors[i], -ETIMEDOUT);
		}
	}
}

/* Half-finished records and warnings one after the other do not move the limit. */
static void *trickle(void *argument)
{
	static const uint8_t warning[7] = {0x15, 3, 3, 0, 2, 1, 90};
	const int fd = *(int *)argument;

	while (send(fd, warning, sizeof(warning), MSG_NOSIGNAL) > 0)
		usleep(1000);
	return NULL;
}

static void test_trickling_server(void **state)
{
	char why[200];
	struct tls *tls;
	int64_t began_ns;
	pthread_t thread;
	int pair[2], error;

	(void)state;
	make_pair(pair);
	assert_int_equal(pthread_create(&thread, NULL, trickle, &pair[1]), 0);
	began_ns = running_ns();
	error = tls_open(&tls, pair[0], &trusting, 300, -1, why, sizeof(why));
	assert_true(error == -ETIMEDOUT || error == -EIO);
	assert_true(running_ns() - began_ns < 2 * NS_PER_S);
	close(pair[0]);
	pthread_join(thread, NULL);
	close(pair[1]);
}

static void *stop_soon(void *argument)
{
	usleep(100000);
	eventfd_write(*(int *)argument, 1);
	return NULL;
}

static void test_stop_while_shaking_hands(void **state)
{
	int pair[2], stop = eventfd(0, EFD_CLOEXEC);
	pthread_t thread;
	int64_t began_ns;
	char why[200];
	struct tls *tls;

	(void)state;
	make_pair(pair);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	began_ns = running_ns();
	assert_int_equal(tls_open(&tls, pair[0], &trusting, LIMIT_MS, stop, why, sizeof(why)),
	                 -ECANCELED);
	assert_true(running_ns() - began_ns < NS_PER_S);
	pthread_join(thread, NULL);
	close(stop);
	close(pair[0]);
	close(pair[1]);
}

/* Receive what is there into got, waiting for something. Returns false at the end of the stream. */
static bool receive_some(struct stream *stream, uint8_t *got, size_t size, size_t *at, bool wanted)
{
	struct pollfd polled = {.fd = stream->fd, .events = stream_events(stream, wanted)};
	ssize_t count;

	if (!stream_has_bytes(stream))
		assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
	count = stream_receive(stream, got + *at, size - *at);
	if (count == -EAGAIN)
		return true;
	assert_true(count >= 0);
	*at += (size_t)count;
	return count > 0;
}

/* A lot in odd parts through a small socket comes back byte for byte, tickets in between. */
static void echo_much(struct stream *stream)
{
	enum { SIZE = 3000000, PARTS = 7 };
	static const size_t lengths[PARTS] = {1, 4096, 0, 20000, 3, 16384, 12};
	uint8_t *sent = malloc(SIZE), *got = malloc(SIZE);
	struct iovec parts[PARTS];
	size_t out = 0, in = 0;
	ssize_t count;

	assert_non_null(sent);
	assert_non_null(got);
	for (size_t i = 0; i < SIZE; i++)
		sent[i] = (uint8_t)(i * 2654435761u >> 13);
	while (in < SIZE) {
		size_t n = 0, at = out;

		for (; n < PARTS && at + lengths[n] <= SIZE; at += lengths[n++])
			parts[n] = (struct iovec){sent + at, lengths[n]};
		if (!n && out < SIZE)
			parts[n++] = (struct iovec){sent + at, SIZE - at};
		count = stream_send(stream, parts, n);
		assert_true(count >= 0 || count == -EAGAIN);
		out += count > 0 ? (size_t)count : 0;
		assert_true(receive_some(stream, got, SIZE, &in, out < SIZE));
	}
	assert_memory_equal(sent, got, SIZE);
	free(sent);
	free(got);
}

static void test_stream_tls(void **state)
{
	static const char *const priorities[] = {"NORMAL", "NORMAL:-VERS-TLS1.3"};
	const int small = 8192;
	struct stream stream;
	struct server server;
	char why[200];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		start(&server, &right, SEND_TICKETS_AND_ECHO, priorities[i]);
		setsockopt(server.client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		assert_int_equal(stream_open(&stream, server.client, &trusting, LIMIT_MS, -1, why,
		                             sizeof(why)),
		                 0);
		echo_much(&stream);
		stream_close(&stream);
		stream_close(&stream);
		finish(&server);
	}
}

static void *echo_plain(void *argument)
{
	const int fd = *(int *)argument;
	uint8_t data[4096];
	ssize_t count;

	while ((count = recv(fd, data, sizeof(data), 0)) > 0)
		if (send(fd, data, (size_t)count, MSG_NOSIGNAL) != count)
			break;
	return NULL;
}

static void test_stream_plain(void **state)
{
	struct stream stream;
	pthread_t thread;
	char why[200];
	int pair[2];

	(void)state;
	make_pair(pair);
	assert_int_equal(pthread_create(&thread, NULL, echo_plain, &pair[1]), 0);
	assert_int_equal(stream_open(&stream, pair[0], NULL, 0, -1, why, sizeof(why)), 0);
	echo_much(&stream);
	stream_close(&stream);
	pthread_join(thread, NULL);
	close(pair[1]);
}

static void test_stalled_server(void **state)
{
	static uint8_t data[100000];
	const struct iovec part = {data, sizeof(data)};
	struct stream stream;
	struct server server;
	char why[200];
	ssize_t count;
	size_t taken = 0;

	(void)state;
	start(&server, &right, READ_NOTHING, NULL);
	assert_int_equal(
		stream_open(&stream, server.client, &trusting, LIMIT_MS, -1, why, sizeof(why)), 0);
	while ((count = stream_send(&stream, &part, 1)) > 0)
		taken += (size_t)count;
	assert_int_equal(count, -EAGAIN);
	assert_true(taken > 16384 && taken < 2000000);
	assert_int_equal(stream_events(&stream, false), POLLIN | POLLOUT);
	assert_int_equal(stream_send(&stream, NULL, 0), -EAGAIN);
	stream_close(&stream); /* does not wait either */
	finish(&server);
}

static void test_closed_by_server(void **state)
{
	const struct iovec part = {"x", 1};
	struct pollfd polled;
	struct stream stream;
	struct server server;
	char why[200], got[8];
	ssize_t count;

	(void)state;
	start(&server, &right, CLOSE, NULL);
	assert_int_equal(
		stream_open(&stream, server.client, &trusting, LIMIT_MS, -1, why, sizeof(why)), 0);
	polled = (struct pollfd){.fd = stream.fd, .events = POLLIN};
	while ((count = stream_receive(&stream, got, sizeof(got))) == -EAGAIN)
		assert_int_equal(poll(&polled, 1, LIMIT_MS), 1);
	assert_int_equal(count, 0);
	finish(&server);
	while ((count = stream_send(&stream, &part, 1)) > 0)
		;
	assert_int_equal(count, -EIO);
	assert_string_equal(stream_error(&stream, (int)count), "the server closed the connection");
	stream_close(&stream);
}

/* A library that says hello, waits for the echo of it, and says goodbye. */
struct library {
	int fd;
	int result;
	char got[6];
};

static int talk(void *argument)
{
	struct library *library = argument;

	if (send(library->fd, "hello", 5, 0) != 5 ||
	    recv(library->fd, library->got, 5, MSG_WAITALL) != 5)
		return -EPROTO;
	return send(library->fd, "bye", 3, 0) == 3 ? library->result : -EPROTO;
}

static void open_bridge(struct bridge *bridge, struct stream *stream, int fd,
                        const struct tls_config *config, struct library *library, int result)
{
	char why[200];

	assert_int_equal(stream_open(stream, fd, config, LIMIT_MS, -1, why, sizeof(why)), 0);
	assert_int_equal(bridge_open(bridge), 0);
	*library = (struct library){.fd = bridge->library_fd, .result = result};
}

static void test_bridge(void **state)
{
	struct library library;
	struct server server;
	struct stream stream;
	struct bridge bridge;
	uint8_t got[16];
	size_t at = 0;

	(void)state;
	start(&server, &right, SEND_TICKETS_AND_ECHO, NULL);
	open_bridge(&bridge, &stream, server.client, &trusting, &library, 0);
	assert_int_equal(bridge_call(&bridge, &stream, 5, talk, &library, LIMIT_MS, -1), 0);
	assert_string_equal(library.got, "hello");
	assert_int_equal(send(library.fd, "more", 4, 0), 4);
	assert_int_equal(bridge_flush(&bridge, &stream, LIMIT_MS, -1), 0);
	while (at < 7) /* what came after the limit stayed in the stream */
		assert_true(receive_some(&stream, got, sizeof(got), &at, false));
	assert_memory_equal(got, "byemore", 7);
	assert_int_equal(bridge_call(&bridge, &stream, 0, talk, &library, 100, -1), -ETIMEDOUT);
	bridge_close(&bridge);
	bridge_close(&bridge);
	stream_close(&stream);
	finish(&server);
}

static void test_bridge_ends(void **state)
{
	int pair[2], stop = eventfd(0, EFD_CLOEXEC);
	struct library library;
	struct stream stream;
	struct bridge bridge;
	int64_t began_ns;
	pthread_t thread;

	(void)state;
	make_pair(pair);
	open_bridge(&bridge, &stream, pair[0], NULL, &library, 0);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
	began_ns = running_ns();
	assert_int_equal(bridge_call(&bridge, &stream, 5, talk, &library, LIMIT_MS, stop),
	                 -ECANCELED);
	assert_true(running_ns() - began_ns < NS_PER_S);
	pthread_join(thread, NULL);
	bridge_close(&bridge);
	stream_close(&stream);
	close(pair[1]);
	close(stop);

	make_pair(pair);
	open_bridge(&bridge, &stream, pair[0], NULL, &library, 0);
	shutdown(pair[1], SHUT_WR);
	assert_int_equal(bridge_call(&bridge, &stream, 5, talk, &library, LIMIT_MS, -1),
	                 -ECONNRESET);
	bridge_close(&bridge);
	stream_close(&stream);
	close(pair[1]);

	make_pair(pair);
	open_bridge(&bridge, &stream, pair[0], NULL, &library, -EXDEV);
	assert_int_equal(send(pair[1], "hallo", 5, 0), 5);
	assert_int_equal(bridge_call(&bridge, &stream, 5, talk, &library, LIMIT_MS, -1), -EXDEV);
	bridge_close(&bridge);
	stream_close(&stream);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_agreement),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_authorities_shared),
		cmocka_unit_test(test_trickling_server),
		cmocka_unit_test(test_stop_while_shaking_hands),
		cmocka_unit_test(test_stream_tls),
		cmocka_unit_test(test_stream_plain),
		cmocka_unit_test(test_stalled_server),
		cmocka_unit_test(test_closed_by_server),
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_bridge_ends),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
