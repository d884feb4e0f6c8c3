/*
 * Words for what GnuTLS reports: the faults of a certificate all of them, with what the certificate itself says
 * (whose it is, who signed it, until when), then alerts, and what is no TLS at all.
 */
#include "tls_reason.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_BYTES  80 /* of a name in a certificate that is shown */
#define NAMES_SHOWN 3

/* A sentence that grows. */
struct words {
	char *text;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
	va_list args;
	int n;

	if (words->length + 1 >= words->size)
		return;
	va_start(args, format);
	n = vsnprintf(words->text + words->length, words->size - words->length, format, args);
	va_end(args);
	words->length += n > 0 ? (size_t)n : 0;
}

/* Names come from the wire: whatever is not printable ASCII becomes '?'. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
	}
}

/* An entry of the alternative names as text; false when it is neither a host name nor an address. */
static bool read_name(gnutls_x509_crt_t certificate, unsigned int i, char out[NAME_BYTES],
                      bool *end)
{
	char raw[NAME_BYTES] = "";
	size_t size = sizeof(raw) - 1;
	const int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, raw, &size, NULL);

	*end = type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	if (type == GNUTLS_SAN_DNSNAME) {
		snprintf(out, NAME_BYTES, "%s", raw);
		make_printable(out);
		return true;
	}
	return type == GNUTLS_SAN_IPADDRESS && (size == 4 || size == 16) &&
	       inet_ntop(size == 4 ? AF_INET : AF_INET6, raw, out, NAME_BYTES);
}

/* The common name of the subject or the issuer, or how else it calls itself. */
static void read_common_name(gnutls_x509_crt_t certificate, bool issuer, char out[NAME_BYTES])
{
	size_t size = NAME_BYTES;
	const int error =
		issuer ? gnutls_x509_crt_get_issuer_dn_by_oid(
				 certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, out, &size)
		       : gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
	                                               0, out, &size);

	if (error)
		strcpy(out, "no name");
	make_printable(out);
}

/* Which names the certificate has; its common name counts only where there is no other (RFC 6125 section 6.4.4). */
static void add_names(struct words *words, gnutls_x509_crt_t certificate)
{
	char name[NAME_BYTES];
	unsigned int shown = 0;
	bool end = false;

	for (unsigned int i = 0; !end; i++) {
		if (!read_name(certificate, i, name, &end))
			continue;
		if (shown == NAMES_SHOWN) {
			add(words, ", …");
			return;
		}
		add(words, "%s%s", shown ? ", " : "", name);
		shown++;
	}
	if (!shown) {
		read_common_name(certificate, false, name);
		add(words, "%s", name);
	}
}

static void add_time(struct words *words, time_t when)
{
	char text[40];
	struct tm parts;

	if (when != (time_t)-1 && gmtime_r(&when, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts))
		add(words, " %s", text);
}

static void add_untrusted(struct words *words, gnutls_x509_crt_t leaf)
{
	char name[NAME_BYTES];

	if (gnutls_x509_crt_check_issuer(leaf, leaf)) {
		add(words, "is self-signed");
		return;
	}
	read_common_name(leaf, true, name);
	add(words, "is signed by \"%s\", which is no authority trusted here", name);
}

static void add_owner(struct words *words, gnutls_x509_crt_t leaf, const char *host)
{
	add(words, "is not for %s but for ", host);
	add_names(words, leaf);
}

/* One fault of the certificate; false when there is nothing of our own to say of it. */
static bool add_fault(struct words *words, gnutls_x509_crt_t leaf, unsigned int fault,
                      const char *host)
{
	switch (fault) {
	case GNUTLS_CERT_EXPIRED:
		add(words, "has expired on");
		add_time(words, gnutls_x509_crt_get_expiration_time(leaf));
		return true;
	case GNUTLS_CERT_NOT_ACTIVATED:
		add(words, "is not valid before");
		add_time(words, gnutls_x509_crt_get_activation_time(leaf));
		return true;
	case GNUTLS_CERT_UNEXPECTED_OWNER:
		add_owner(words, leaf, host);
		return true;
	case GNUTLS_CERT_REVOKED:
		add(words, "has been revoked");
		return true;
	case GNUTLS_CERT_SIGNER_NOT_FOUND:
	case GNUTLS_CERT_SIGNER_NOT_CA:
		add_untrusted(words, leaf);
		return true;
	case GNUTLS_CERT_INSECURE_ALGORITHM:
		add(words, "is signed with an algorithm that is not safe");
		return true;
	case GNUTLS_CERT_PURPOSE_MISMATCH:
		add(words, "is not meant for servers");
		return true;
	default:
		return false;
	}
}

/* Whether leaf itself is out of its time: else the fault is one of those above it. */
static bool is_out_of_time(gnutls_x509_crt_t leaf)
{
	const time_t now = time(NULL);

	return gnutls_x509_crt_get_expiration_time(leaf) < now ||
	       gnutls_x509_crt_get_activation_time(leaf) > now;
}

/* All faults, in the order in which they are to be mended. */
static void add_faults(struct words *words, gnutls_x509_crt_t leaf, unsigned int status,
                       const char *host)
{
	static const unsigned int order[] = {
		GNUTLS_CERT_REVOKED,          GNUTLS_CERT_EXPIRED,
		GNUTLS_CERT_NOT_ACTIVATED,    GNUTLS_CERT_UNEXPECTED_OWNER,
		GNUTLS_CERT_SIGNER_NOT_FOUND, GNUTLS_CERT_SIGNER_NOT_CA,
		GNUTLS_CERT_PURPOSE_MISMATCH, GNUTLS_CERT_INSECURE_ALGORITHM,
	};
	const size_t before = words->length;

	if ((status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) && !is_out_of_time(leaf)) {
		add(words, "is signed by an authority whose own certificate is out of its time");
		status &= ~(unsigned int)(GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED);
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!(status & order[i]))
			continue;
		if (words->length > before)
			add(words, ", and it ");
		add_fault(words, leaf, order[i], host);
	}
	if (words->length == before)
		add(words, "is not valid");
}

static void explain_certificate(struct words *words, gnutls_session_t session, const char *host)
{
	const unsigned int status = gnutls_session_get_verify_cert_status(session);
	unsigned int count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
	gnutls_x509_crt_t leaf;

	add(words, "the server's certificate ");
	if (!count || gnutls_x509_crt_init(&leaf)) {
		add(words, "cannot be read");
		return;
	}
	if (gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER))
		add(words, "cannot be read");
	else
		add_faults(words, leaf, status, host);
	gnutls_x509_crt_deinit(leaf);
}

static void explain_alert(struct words *words, gnutls_session_t session)
{
	const char *name = gnutls_alert_get_name(gnutls_alert_get(session));

	add(words, "the server refused TLS: %s", name ? name : "an unknown alert");
}

void tls_reason(gnutls_session_t session, int error, const char *host, char *why, size_t size)
{
	struct words words = {why, size, 0};

	switch (error) {
	case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
		explain_certificate(&words, session, host);
		break;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		explain_alert(&words, session);
		break;
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
		add(&words,
		    "the server knows no TLS but one older than TLS 1.2, which is not safe");
		break;
	case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
	case GNUTLS_E_UNEXPECTED_PACKET:
	case GNUTLS_E_RECORD_OVERFLOW:
		add(&words, "the server does not speak TLS on this port");
		break;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
	case GNUTLS_E_INVALID_SESSION: /* used on after its end */
		add(&words, "the server closed the connection%s",
		    host ? " instead of shaking hands (is it a port for TLS?)" : "");
		break;
	default:
		add(&words, "TLS failed: %s", gnutls_strerror(error));
		break;
	}
}
