/*
 * TLS as a client, over a connected TCP socket, by GnuTLS. The only user of GnuTLS.
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
	const char
		*host; /* name or address that the certificate must be for; borrowed for the call */
	bool verify;
	const char *ca_file; /* PEM; "": the system's authorities */
};

/*
 * Shake hands on the non-blocking socket fd, which stays the caller's, for at most timeout_ms, or until stop_fd is
 * readable. Owns: *out is the caller's, freed by tls_close; untouched on error. Errors: -EIO, -ENOMEM, -ETIMEDOUT,
 * -ECANCELED; why (size bytes) gets the reason in words ("the certificate has expired"). Thread: the output's own (all).
 */
int tls_open(struct tls **out, int fd, const struct tls_config *config, int timeout_ms, int stop_fd,
             char *why, size_t size);

/*
 * Receive or send without waiting. Return the bytes moved, 0 (receive): the end; -EAGAIN: poll for tls_events()
 * and call again, a send with the same bytes; -EIO.
 */
ssize_t tls_receive(struct tls *tls, void *data, size_t size);
ssize_t tls_send(struct tls *tls, const struct iovec *parts, size_t count);

/* Say goodbye without waiting, free. NULL is fine; fd stays open. */
void tls_close(struct tls *tls);

#endif
