/*
 * Output URLs:
 *
 *   srt://host:port?options, srt://:port?options for a listener
 *   rtmp://host[:port]/app[/…]/key, rtmps:// likewise over TLS; the key may be given apart
 *   udp://host:port?options, rtp://host:port?options
 *
 * SRT option names and units are those of srt-live-transmit. Pure text, no resolution of names.
 */
#ifndef OUTPUT_URL_H
#define OUTPUT_URL_H

#include "srt_options.h"
#include "udp_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_scheme { OUTPUT_SRT, OUTPUT_RTMP, OUTPUT_UDP, OUTPUT_RTP };

#define OUTPUT_URL_BYTES 2048 /* longest URL with its final NUL */

struct output_url {
	enum output_scheme scheme;
	/* Name or address, IPv6 without brackets. Of an SRT listener a local address, "": any IPv4. */
	char host[256];
	uint16_t port;
	struct srt_options srt;
	struct udp_options udp;
	struct {
		bool tls;      /* rtmps://, default port 443 instead of 1935 */
		char app[512]; /* one or more path levels, without slashes at its ends */
		/* The last path level with its query string, a secret; "": none. librtmp has 1024 bytes for a command. */
		char key[960];
	} rtmp;
};

/*
 * Parse and check text. On success out is written whole; on error it is untouched and why (size bytes)
 * gets a sentence that names what is wrong. %XX is decoded in option values. RTMP paths are taken literally, spaces
 * inside included, for encoders send a key as it is given; they have no key when there is one level alone, or the last
 * ends with a slash (rtmp://host/app, rtmp://host/a/b/?query), and a query string then belongs to app.
 * Errors: -EINVAL. Thread: any.
 */
int output_url_parse(struct output_url *out, const char *text, char *why, size_t size);

/*
 * Write text with its secrets (SRT passphrase; RTMP key, or the query string where there is no key) replaced by
 * ***. out has OUTPUT_URL_BYTES bytes. A text that does not parse becomes *** altogether. Thread: any.
 */
void output_url_mask(char *out, const char *text);

/*
 * Write text with every secret that is *** replaced by the same secret of stored: how a client sends
 * back what it was shown. out has OUTPUT_URL_BYTES bytes. Errors: -EINVAL when a secret is *** and
 * stored has none or is of another peer (scheme, host, port, RTMP path; SRT listener or not),
 * -ENAMETOOLONG. Thread: any.
 */
int output_url_unmask(char *out, const char *text, const char *stored);

/*
 * Blank in text, which a server wrote and which may be cut short, the secrets of url: the RTMP key, with and without
 * its query string, and the query string of an application. Servers name the stream in what they refuse. Secrets of
 * less than 4 bytes stay: they would blank common words. Thread: any.
 */
void output_url_hide(char *text, const struct output_url *url);

#endif
