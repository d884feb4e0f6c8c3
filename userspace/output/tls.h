/*
 * TLS as a client, over a connected TCP socket, by GnuTLS. The only user of GnuTLS, with tls_reason.h and tls_trust.h.
 *
 * The server's name is sent (RFC 6066 section 3) and its certificate verified against it (RFC 6125) and against the
 * system's authorities or those of a file. TLS 1.2 and 1.3.
 */
#ifndef OUTPUT_TLS_H
#define OUTPUT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct tls;

struct tls_config {
	const char *host; /* name or IP address that the certificate must be for */
	bool verify;
	const char *ca_file; /* PEM; "": the system's authorities */
};

/*
 * Shake hands on the non-blocking socket fd, which stays the caller's, for at most timeout_ms, or until stop_fd is
 * readable (-1: none). The members of config are borrowed for the call. Owns: *out is the caller's, freed by tls_close;
 * untouched on error. Errors: -EIO, -ENOMEM, -ETIMEDOUT, -ECANCELED; why (size bytes) gets the reason in words ("the
 * certificate has expired …"). Thread: the output's own (all).
 */
int tls_open(struct tls **out, int fd, const struct tls_config *config, int timeout_ms, int stop_fd,
             char *why, size_t size);

/*
 * Receive without waiting. Returns the bytes received, 0: the server has closed; -EAGAIN: poll for tls_events() and
 * call again; -EIO, see tls_error.
 */
ssize_t tls_receive(struct tls *tls, void *data, size_t size);

/*
 * Send the count parts, one after the other, without waiting. Returns the bytes taken; the last record of them may not
 * have left yet, and stays inside: tls_events() has POLLOUT until further calls, maybe with no parts, have moved it
 * on (0: it is gone). -EAGAIN: none was taken; -EIO, see tls_error.
 */
ssize_t tls_send(struct tls *tls, const struct iovec *parts, size_t count);

/* What to poll the socket for: POLLIN, and POLLOUT while something that was taken has not left. */
short tls_events(const struct tls *tls);

/* Decrypted bytes are inside, of which poll() does not know. */
bool tls_has_bytes(const struct tls *tls);

/* Words for the last -EIO of tls_receive or tls_send. Borrowed. */
const char *tls_error(const struct tls *tls);

/* Say goodbye without waiting, free. NULL is fine; fd stays open. */
void tls_close(struct tls *tls);

#endif
