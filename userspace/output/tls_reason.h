/*
 * Why TLS failed, in words for an operator. Internal to tls.c.
 */
#ifndef OUTPUT_TLS_REASON_H
#define OUTPUT_TLS_REASON_H

#include <gnutls/gnutls.h>
#include <stddef.h>

/*
 * Write into why (size bytes, cut) what error of GnuTLS means. host: who the certificate has to be for, during the
 * handshake of session; NULL: after it. What the certificate says is printed without control characters.
 * Thread: the session's.
 */
void tls_reason(gnutls_session_t session, int error, const char *host, char *why, size_t size);

#endif
