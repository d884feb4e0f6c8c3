/*
 * A certificate and its key, before a server is given them.
 */
#ifndef BASE_TLS_PAIR_H
#define BASE_TLS_PAIR_H

#include <stddef.h>

struct tls_pair {
	const char *cert, *key; /* PEM: a chain that begins with its own certificate, and a key */
	const char *cert_path, *key_path; /* what messages call them */
};

/*
 * Can a server use them? why (size bytes) gets a sentence when it cannot, and when it can but clients will refuse it for
 * the dates of a certificate; else "". Errors: -EINVAL, -ENOMEM. Thread: any.
 */
int tls_pair_check(const struct tls_pair *pair, char *why, size_t size);

#endif
