/*
 * The authorities that servers' certificates are verified with, as GnuTLS keeps them. Internal to tls.c.
 */
#ifndef OUTPUT_TLS_TRUST_H
#define OUTPUT_TLS_TRUST_H

#include "tls.h"

#include <gnutls/gnutls.h>

/*
 * Credentials for one handshake as config wants them. Owns: *out is given up by tls_trust_close, and not changed before; it
 * is untouched on error. Errors: -ENOMEM; -EIO, there is no authority, why (size bytes) says where. Thread: any.
 */
int tls_trust_open(gnutls_certificate_credentials_t *out, const struct tls_config *config,
                   char *why, size_t size);

/* NULL is fine. Thread: any, once no session uses them. */
void tls_trust_close(gnutls_certificate_credentials_t credentials);

#endif
