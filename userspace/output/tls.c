/*
 * TLS by GnuTLS on a non-blocking socket.
 *
 * The certificate is verified inside the handshake, so nothing is sent to a server that is not who it should be. The
 * authorities are given up after it (tls_trust.h).
 *
 * Parts to send are put together to records of 16 KB, so that many small ones cost one header, one
 * authentication and one system call. A record that the socket does not take whole stays inside, as GnuTLS wants it to
 * be asked for again with the same bytes.
 */
#include "tls.h"

#include "base/address.h"
#include "base/clock.h"
#include "tls_reason.h"
#include "tls_trust.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_BYTES 16384 /* the longest plain text of a record, RFC 8446 section 5.1 */

struct tls {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials; /* NULL once the hands are shaken */
	char host[256];
	gnutls_typed_vdata_st wanted[2]; /* of the certificate; GnuTLS borrows them */
	char error[200];                 /* words for the last -EIO */
	size_t unsent;                   /* bytes of record that GnuTLS has to be given once more */
	uint8_t record[RECORD_BYTES];    /* what is being sent */
};

static void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	if (tls->session)
		gnutls_deinit(tls->session);
	tls_trust_close(tls->credentials);
	free(tls);
}

/* The name is sent to a server of many names; an address is none (RFC 6066 section 3). */
static int set_host(struct tls *tls, const char *host)
{
	struct in6_addr address;
	size_t length;

	snprintf(tls->host, sizeof(tls->host), "%s", host);
	length = strlen(tls->host);
	if (length && tls->host[length - 1] == '.') /* of a name given down to the root */
		tls->host[--length] = '\0';
	if (!address_parse(&address, tls->host))
		return 0;
	return gnutls_server_name_set(tls->session, GNUTLS_NAME_DNS, tls->host, length);
}

/* Returns 0 or a GnuTLS error. */
static int set_up(struct tls *tls, int fd, const struct tls_config *config)
{
	int error = gnutls_init(&tls->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (!error)
		error = gnutls_priority_set_direct(
			tls->session, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", NULL);
	if (!error)
		error = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE,
		                               tls->credentials);
	if (!error)
		error = set_host(tls, config->host);
	if (error)
		return error;
	tls->wanted[0].type = GNUTLS_DT_DNS_HOSTNAME; /* an address too */
	tls->wanted[0].data = (unsigned char *)tls->host;
	tls->wanted[1].type = GNUTLS_DT_KEY_PURPOSE_OID;
	tls->wanted[1].data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER;
	if (config->verify)
		gnutls_session_set_verify_cert2(tls->session, tls->wanted, 2, 0);
	gnutls_transport_set_int(tls->session, fd);
	return 0;
}

/* Until the handshake can go on, what (an error that is not fatal) has held it up. Errors: -ETIMEDOUT, -ECANCELED. */
static int wait_for_socket(struct tls *tls, int fd, int what, int64_t deadline_ns, int stop_fd)
{
	const int64_t left_ns = deadline_ns - clock_now_ns();
	const short events = gnutls_record_get_direction(tls->session) ? POLLOUT : POLLIN;
	struct pollfd polled[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};

	if (left_ns <= 0)
		return -ETIMEDOUT;
	/* Interrupts and warnings have nothing to wait for, but do not get around the limit. */
	poll(polled, 2, what == GNUTLS_E_AGAIN ? (int)(left_ns / NS_PER_MS) + 1 : 0);
	return polled[1].revents ? -ECANCELED : 0;
}

static int shake_hands(struct tls *tls, int fd, int64_t deadline_ns, int stop_fd, char *why,
                       size_t size)
{
	int error, waited = 0;

	while (!waited && (error = gnutls_handshake(tls->session)) != 0) {
		if (gnutls_error_is_fatal(error)) {
			tls_reason(tls->session, error, tls->host, why, size);
			return -EIO;
		}
		waited = wait_for_socket(tls, fd, error, deadline_ns, stop_fd);
	}
	if (waited)
		snprintf(
			why, size, "%s",
			waited == -ETIMEDOUT
				? "the server does not answer the TLS handshake (is it a port for TLS?)"
				: "stopped");
	return waited;
}

int tls_open(struct tls **out, int fd, const struct tls_config *config, int timeout_ms, int stop_fd,
             char *why, size_t size)
{
	const int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	struct tls *tls = calloc(1, sizeof(*tls));
	int error;

	if (!tls) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	error = tls_trust_open(&tls->credentials, config, why, size);
	if (error) {
		tls_free(tls);
		return error;
	}
	error = set_up(tls, fd, config);
	if (error) {
		snprintf(why, size, "cannot begin TLS: %s", gnutls_strerror(error));
		tls_free(tls);
		return error == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EIO;
	}
	error = shake_hands(tls, fd, deadline_ns, stop_fd, why, size);
	if (error) {
		tls_free(tls);
		return error;
	}
	gnutls_credentials_clear(tls->session);
	tls_trust_close(tls->credentials);
	tls->credentials = NULL;
	*out = tls;
	return 0;
}

/*
 * -EAGAIN for what is worth another try: session tickets and warnings too, for what is in the socket behind them poll()
 * tells. -EIO for the rest, with the words of the first such error, which is the cause of those after it.
 */
static int translate(struct tls *tls, ssize_t error)
{
	if (!gnutls_error_is_fatal((int)error))
		return -EAGAIN;
	if (!tls->error[0])
		tls_reason(tls->session, (int)error, NULL, tls->error, sizeof(tls->error));
	return -EIO;
}

ssize_t tls_receive(struct tls *tls, void *data, size_t size)
{
	const ssize_t count = gnutls_record_recv(tls->session, data, size);

	if (count == GNUTLS_E_PREMATURE_TERMINATION)
		return 0; /* many servers close without a goodbye */
	return count < 0 ? translate(tls, count) : count;
}

/* Give the record to GnuTLS, again if it has it already: 0 when it is gone, -EAGAIN, -EIO. */
static int send_record(struct tls *tls)
{
	size_t sent = 0;
	ssize_t count = 0;

	while (sent < tls->unsent) {
		count = gnutls_record_send(tls->session, tls->record + sent, tls->unsent - sent);
		if (count == GNUTLS_E_INTERRUPTED)
			continue;
		if (count < 0)
			break;
		sent += (size_t)count;
	}
	tls->unsent -= sent;
	if (tls->unsent && sent) /* a server with shorter records */
		memmove(tls->record, tls->record + sent, tls->unsent);
	return tls->unsent ? translate(tls, count) : 0;
}

/* Where the bytes to be sent next are. */
struct cursor {
	const struct iovec *parts;
	size_t count, offset; /* offset: into the first part */
};

/* Fill the record. Returns how many bytes it has. */
static size_t gather(struct tls *tls, struct cursor *from)
{
	size_t filled = 0, n;

	while (from->count && filled < RECORD_BYTES) {
		n = from->parts->iov_len - from->offset;
		if (n > RECORD_BYTES - filled)
			n = RECORD_BYTES - filled;
		if (n)
			memcpy(tls->record + filled,
			       (const uint8_t *)from->parts->iov_base + from->offset, n);
		filled += n;
		from->offset += n;
		if (from->offset == from->parts->iov_len) {
			from->parts++;
			from->count--;
			from->offset = 0;
		}
	}
	return filled;
}

ssize_t tls_send(struct tls *tls, const struct iovec *parts, size_t count)
{
	struct cursor from = {parts, count, 0};
	ssize_t taken = 0;
	int error = send_record(tls);

	while (!error && from.count) {
		tls->unsent = gather(tls, &from);
		taken += (ssize_t)tls->unsent;
		error = send_record(tls);
	}
	/* What was taken before an error is reported first; the error comes again with the next call. */
	return taken ? taken : error;
}

short tls_events(const struct tls *tls)
{
	return tls->unsent ? POLLIN | POLLOUT : POLLIN;
}

bool tls_has_bytes(const struct tls *tls)
{
	return gnutls_record_check_pending(tls->session) > 0;
}

const char *tls_error(const struct tls *tls)
{
	return tls->error;
}

void tls_close(struct tls *tls)
{
	if (!tls)
		return;
	gnutls_bye(tls->session, GNUTLS_SHUT_WR);
	tls_free(tls);
}
