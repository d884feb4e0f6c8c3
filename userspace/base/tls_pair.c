/*
 * GnuTLS is asked as libmicrohttpd does it, so that what is taken here is taken there; only afterwards which of the two
 * is to blame.
 */
#include "tls_pair.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){(unsigned char *)text, (unsigned int)strlen(text)};
}

static bool has_certificate(const char *text)
{
	const gnutls_datum_t datum = datum_of(text);
	gnutls_x509_crt_t *list;
	unsigned int count;

	if (gnutls_x509_crt_list_import2(&list, &count, &datum, GNUTLS_X509_FMT_PEM, 0) < 0)
		return false;
	for (unsigned int i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return count > 0;
}

/* 0 when the text has a key, else GnuTLS's error. */
static int try_key(const char *text)
{
	const gnutls_datum_t datum = datum_of(text);
	gnutls_privkey_t key;
	int error = gnutls_privkey_init(&key);

	if (error)
		return error;
	error = gnutls_privkey_import_x509_raw(key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_privkey_deinit(key);
	return error;
}

/* GnuTLS has refused the two with error. */
static void explain(const struct tls_pair *pair, int error, char *why, size_t size)
{
	const bool certificate = has_certificate(pair->cert);
	const int key = try_key(pair->key);

	if (!certificate && key && has_certificate(pair->key) && !try_key(pair->cert))
		snprintf(why, size,
		         "%s is a key and %s a certificate: --tls-cert and --tls-key are exchanged",
		         pair->cert_path, pair->key_path);
	else if (!certificate)
		snprintf(why, size, "there is no certificate (PEM) in %s", pair->cert_path);
	else if (key == GNUTLS_E_DECRYPTION_FAILED)
		snprintf(why, size, "the key in %s has a password; one without is wanted",
		         pair->key_path);
	else if (key)
		snprintf(why, size, "there is no key (PEM) in %s", pair->key_path);
	else if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		snprintf(why, size, "the key in %s is not that of the certificate in %s",
		         pair->key_path, pair->cert_path);
	else
		snprintf(why, size, "the certificate in %s and the key in %s cannot be used: %s",
		         pair->cert_path, pair->key_path, gnutls_strerror(error));
}

static void check_dates(gnutls_x509_crt_t certificate, const char *path, char *why, size_t size)
{
	const time_t now = time(NULL), from = gnutls_x509_crt_get_activation_time(certificate),
		     until = gnutls_x509_crt_get_expiration_time(certificate);
	const time_t when = until < now ? until : from;
	char text[40] = "";
	struct tm parts;

	if (until >= now && from <= now)
		return;
	if (gmtime_r(&when, &parts))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts);
	snprintf(why, size, "a certificate in %s %s %s: clients refuse it", path,
	         until < now ? "has expired on" : "is not valid before", text);
}

static void check_chain(gnutls_certificate_credentials_t credentials, const char *path, char *why,
                        size_t size)
{
	gnutls_x509_crt_t *chain;
	unsigned int count;

	if (gnutls_certificate_get_x509_crt(credentials, 0, &chain, &count) < 0)
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (!*why)
			check_dates(chain[i], path, why, size);
		gnutls_x509_crt_deinit(chain[i]);
	}
	gnutls_free(chain);
}

int tls_pair_check(const struct tls_pair *pair, char *why, size_t size)
{
	const gnutls_datum_t cert = datum_of(pair->cert), key = datum_of(pair->key);
	gnutls_certificate_credentials_t credentials;
	int error = gnutls_certificate_allocate_credentials(&credentials);

	why[0] = '\0';
	if (error) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	error = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (error < 0)
		explain(pair, error, why, size);
	else
		check_chain(credentials, pair->cert_path, why, size);
	gnutls_certificate_free_credentials(credentials);
	return error < 0 ? -EINVAL : 0;
}
