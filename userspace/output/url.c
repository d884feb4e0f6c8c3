/*
 * Output URLs. The text is split by hand, left to right, because both schemes bend RFC 3986: SRT stream
 * ids hold '#', '=' and ',' unescaped, and an RTMP key is whatever follows the last slash.
 *
 * A secret is one span of the text: the value of the SRT option passphrase, or the RTMP key. Masking and
 * unmasking replace that span and leave every other byte as it was given.
 */
#include "url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MASK              "***"
#define RTMP_DEFAULT_PORT 1935

struct span {
	const char *at;
	size_t size;
};

struct parser {
	char *why;
	size_t size;
};

/* Say what is wrong; returns -EINVAL. */
static int refuse(const struct parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(const struct parser *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, p->size, format, args);
	va_end(args);
	return -EINVAL;
}

static bool span_is(struct span s, const char *text)
{
	return s.size == strlen(text) && !memcmp(s.at, text, s.size);
}

/* What follows the scheme, or NULL when text has another one. */
static const char *after_scheme(const char *text, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(text, scheme, n) ? NULL : text + n;
}

/* A decimal number of at most 9 digits and nothing else. */
static bool parse_number(struct span s, uint32_t *out)
{
	uint32_t n = 0;

	if (!s.size || s.size > 9)
		return false;
	for (size_t i = 0; i < s.size; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(s.at[i] - '0');
	}
	*out = n;
	return true;
}

static int parse_range(const struct parser *p, const char *name, struct span value, uint32_t low,
                       uint32_t high, uint32_t *out)
{
	uint32_t n;

	if (!parse_number(value, &n) || n < low || n > high)
		return refuse(p, "%s must be a number from %u to %u", name, low, high);
	*out = n;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX. out has size bytes; low and high bound the decoded length. */
static int parse_text(const struct parser *p, const char *name, struct span value, size_t low,
                      size_t high, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < value.size; i++) {
		int c = (unsigned char)value.at[i];

		if (c == '%') {
			int first = i + 2 < value.size ? hex_digit(value.at[i + 1]) : -1;
			int second = first < 0 ? -1 : hex_digit(value.at[i + 2]);

			if (second < 0)
				return refuse(p, "%s: %% must be followed by two hex digits", name);
			c = first << 4 | second;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return refuse(p, "%s: control characters are not allowed", name);
		if (n == high)
			return refuse(p, "%s is longer than %zu bytes", name, high);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	if (n < low)
		return refuse(p, "%s must have at least %zu characters", name, low);
	return 0;
}

/* host[:port] from the start of text; *rest is what follows. *port stays when none is given. */
static int parse_authority(const struct parser *p, struct output_url *out, const char *text,
                           const char **rest)
{
	struct span host = {text, strcspn(text, "/?#")}, port = {NULL, 0};
	const char *end = text + host.size, *colon;
	struct in6_addr ipv6;
	uint32_t n;

	*rest = end;
	if (memchr(text, '@', host.size))
		return refuse(p, "a user or password before the host is not supported");
	if (*text == '[') {
		const char *close = memchr(text, ']', host.size);

		if (!close)
			return refuse(p, "the IPv6 address lacks its closing bracket");
		host = (struct span){text + 1, (size_t)(close - text - 1)};
		if (close + 1 < end && close[1] != ':')
			return refuse(p, "after the IPv6 address only a port may follow");
		if (close + 1 < end)
			port = (struct span){close + 2, (size_t)(end - close - 2)};
	} else {
		colon = memchr(text, ':', host.size);
		if (colon && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			return refuse(p, "an IPv6 address must be in brackets");
		if (colon) {
			host.size = (size_t)(colon - text);
			port = (struct span){colon + 1, (size_t)(end - colon - 1)};
		}
	}
	if (!host.size)
		return refuse(p, "the host is missing");
	if (host.size > 253)
		return refuse(p, "the host is longer than 253 characters");
	memcpy(out->host, host.at, host.size);
	out->host[host.size] = '\0';
	if (*text == '[') {
		if (inet_pton(AF_INET6, out->host, &ipv6) != 1)
			return refuse(p, "the address in brackets is not an IPv6 address");
	} else if (out->host[strspn(out->host, "abcdefghijklmnopqrstuvwxyz"
	                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")]) {
		return refuse(p, "the host has a character that names and addresses do not have");
	}
	if (port.at) {
		if (!parse_number(port, &n) || n < 1 || n > 65535)
			return refuse(p, "the port must be a number from 1 to 65535");
		out->port = (uint16_t)n;
	}
	return 0;
}

static int option_latency(const struct parser *p, struct output_url *out, struct span value)
{
	return parse_range(p, "latency", value, 0, 60000, &out->srt.latency_ms);
}

static int option_passphrase(const struct parser *p, struct output_url *out, struct span value)
{
	return parse_text(p, "passphrase", value, 10, 79, out->srt.passphrase);
}

static int option_pbkeylen(const struct parser *p, struct output_url *out, struct span value)
{
	uint32_t n;

	if (!parse_number(value, &n) || (n != 0 && n != 16 && n != 24 && n != 32))
		return refuse(p, "pbkeylen must be 0, 16, 24 or 32");
	out->srt.pbkeylen = (uint8_t)n;
	return 0;
}

static int option_streamid(const struct parser *p, struct output_url *out, struct span value)
{
	return parse_text(p, "streamid", value, 0, 512, out->srt.streamid);
}

static int option_conntimeo(const struct parser *p, struct output_url *out, struct span value)
{
	return parse_range(p, "conntimeo", value, 100, 60000, &out->srt.conntimeo_ms);
}

static int option_mode(const struct parser *p, struct output_url *out, struct span value)
{
	(void)out;
	if (span_is(value, "caller"))
		return 0;
	if (span_is(value, "listener") || span_is(value, "rendezvous"))
		return refuse(p, "mode=%.*s is not supported, only mode=caller is", (int)value.size,
		              value.at);
	return refuse(p, "mode must be caller");
}

static const struct {
	const char *name;
	int (*parse)(const struct parser *p, struct output_url *out, struct span value);
} srt_options[] = {
	{"latency", option_latency},     {"passphrase", option_passphrase},
	{"pbkeylen", option_pbkeylen},   {"streamid", option_streamid},
	{"conntimeo", option_conntimeo}, {"mode", option_mode},
};

#define SRT_OPTION_COUNT (sizeof(srt_options) / sizeof(srt_options[0]))

/* Split name=value off the query at *at; false at its end. Empty pieces ("&&") are skipped. */
static bool next_option(const char **at, struct span *name, struct span *value)
{
	const char *equals;
	size_t n;

	*at += strspn(*at, "&");
	n = strcspn(*at, "&");
	if (!n)
		return false;
	equals = memchr(*at, '=', n);
	*name = (struct span){*at, equals ? (size_t)(equals - *at) : n};
	*value = equals ? (struct span){equals + 1, n - name->size - 1} : (struct span){*at + n, 0};
	*at += n;
	return true;
}

static int parse_srt(const struct parser *p, struct output_url *out, const char *rest)
{
	struct span name, value;
	unsigned int seen = 0;
	size_t i;
	int error;

	if (!out->port)
		return refuse(p, "the port is missing: srt://host:port");
	rest += *rest == '/';
	if (*rest && *rest != '?')
		return refuse(p, "an srt URL has no path: options follow a '?'");
	rest += *rest == '?';
	while (next_option(&rest, &name, &value)) {
		for (i = 0; i < SRT_OPTION_COUNT && !span_is(name, srt_options[i].name); i++)
			;
		if (i == SRT_OPTION_COUNT)
			return refuse(p, "unknown option \"%.*s\"",
			              name.size > 40 ? 40 : (int)name.size, name.at);
		if (seen & 1u << i)
			return refuse(p, "option %s is given twice", srt_options[i].name);
		seen |= 1u << i;
		error = srt_options[i].parse(p, out, value);
		if (error)
			return error;
	}
	return 0;
}

/* The path levels of an RTMP URL: app without slashes at its ends, key with its query string. */
static bool split_rtmp_path(const char *path, struct span *app, struct span *key)
{
	const char *query = strchr(path, '?'), *slash, *name;

	if (*path != '/')
		return false;
	slash = memrchr(path, '/', query ? (size_t)(query - path) : strlen(path));
	name = slash + 1;
	while (*path == '/')
		path++;
	while (slash > path && slash[-1] == '/')
		slash--;
	if (slash <= path || !*name || *name == '?')
		return false;
	*app = (struct span){path, (size_t)(slash - path)};
	*key = (struct span){name, strlen(name)};
	return true;
}

static int parse_rtmp(const struct parser *p, struct output_url *out, const char *rest)
{
	struct span app, key;

	if (!split_rtmp_path(rest, &app, &key))
		return refuse(p, "an application and a stream key must follow the host: "
		                 "rtmp://host/app/key");
	if (app.size >= sizeof(out->rtmp.app))
		return refuse(p, "the application is longer than %zu bytes",
		              sizeof(out->rtmp.app) - 1);
	if (key.size >= sizeof(out->rtmp.key))
		return refuse(p, "the stream key is longer than %zu bytes",
		              sizeof(out->rtmp.key) - 1);
	memcpy(out->rtmp.app, app.at, app.size);
	memcpy(out->rtmp.key, key.at, key.size);
	return 0;
}

int output_url_parse(struct output_url *out, const char *text, char *why, size_t size)
{
	const struct parser p = {why, size};
	struct output_url url = {
		.srt = {.latency_ms = 120,
	                .conntimeo_ms = 3000,
	                .peeridletimeo_ms = 5000,
	                .oheadbw = 25,
	                .mss = 1500,
	                .payloadsize = 1316,
	                .tlpktdrop = true,
	                .tos = -1,
	                .maxreaders = SRT_MAX_READERS},
		.udp = {.tos = -1, .pkt_size = 1316, .payload_type = 33},
	};
	const char *authority, *rest;
	int error;

	if (strnlen(text, OUTPUT_URL_BYTES) == OUTPUT_URL_BYTES)
		return refuse(&p, "the URL is longer than %d bytes", OUTPUT_URL_BYTES - 1);
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c <= 0x20 || *c == 0x7f)
			return refuse(&p, "the URL has a space or a control character");
	}
	authority = after_scheme(text, "srt://");
	if (!authority) {
		if (after_scheme(text, "rtmps://"))
			return refuse(&p, "rtmps:// is not supported, only rtmp:// and srt:// are");
		authority = after_scheme(text, "rtmp://");
		if (!authority)
			return refuse(&p, "the URL must begin with srt:// or rtmp://");
		url.scheme = OUTPUT_RTMP;
		url.port = RTMP_DEFAULT_PORT;
	}
	error = parse_authority(&p, &url, authority, &rest);
	if (!error)
		error = url.scheme == OUTPUT_SRT ? parse_srt(&p, &url, rest)
		                                 : parse_rtmp(&p, &url, rest);
	if (!error)
		*out = url;
	return error;
}

/* Where the secret of text is; false when it has none. */
static bool find_secret(const char *text, struct span *secret)
{
	const char *at = after_scheme(text, "srt://");
	struct span name, value;

	if (!at) {
		at = after_scheme(text, "rtmp://");
		return at && split_rtmp_path(at + strcspn(at, "/?#"), &name, secret);
	}
	at += strcspn(at, "?");
	at += *at == '?';
	while (next_option(&at, &name, &value)) {
		if (span_is(name, "passphrase")) {
			*secret = value;
			return true;
		}
	}
	return false;
}

/* Write text with the span `old` replaced. */
static int replace(char *out, const char *text, struct span old, struct span new)
{
	size_t before = (size_t)(old.at - text), after = strlen(old.at + old.size);

	if (before + new.size + after >= OUTPUT_URL_BYTES)
		return -ENAMETOOLONG;
	memcpy(out, text, before);
	memcpy(out + before, new.at, new.size);
	memcpy(out + before + new.size, old.at + old.size, after + 1);
	return 0;
}

void output_url_mask(char *out, const char *text)
{
	static const struct span mask = {MASK, sizeof(MASK) - 1};
	struct output_url url;
	struct span secret = {text, strlen(text)};
	char why[128];

	if (!output_url_parse(&url, text, why, sizeof(why)) && !find_secret(text, &secret)) {
		memcpy(out, text, secret.size + 1);
		return;
	}
	if (replace(out, text, secret, mask))
		strcpy(out, MASK);
}

/* Length of scheme and authority of an SRT URL. */
static size_t srt_place(const char *text)
{
	return strcspn(text, "?");
}

/* A stored secret goes to the peer that it was given for, and to no other. */
static bool same_place(const char *text, const char *stored)
{
	struct output_url a, b;
	char why[128];

	if (output_url_parse(&b, stored, why, sizeof(why)))
		return false;
	/* *** is too short for a passphrase: compare without it. */
	if (after_scheme(text, "srt://"))
		return srt_place(text) == srt_place(stored) &&
		       !strncasecmp(text, stored, srt_place(text));
	if (output_url_parse(&a, text, why, sizeof(why)))
		return false;
	return a.scheme == b.scheme && a.port == b.port && !strcasecmp(a.host, b.host) &&
	       !strcmp(a.rtmp.app, b.rtmp.app);
}

int output_url_unmask(char *out, const char *text, const char *stored)
{
	struct span secret, known;

	if (!find_secret(text, &secret) || !span_is(secret, MASK)) {
		if (strnlen(text, OUTPUT_URL_BYTES) == OUTPUT_URL_BYTES)
			return -ENAMETOOLONG;
		strcpy(out, text);
		return 0;
	}
	if (!stored || !find_secret(stored, &known) || !same_place(text, stored))
		return -EINVAL;
	return replace(out, text, secret, known);
}
