/*
 * Output URLs. The text is split by hand, left to right, because the schemes bend RFC 3986: SRT stream ids
 * hold '#', '=' and ',' unescaped, and an RTMP key is whatever follows the last slash of the path.
 */
#include "url.h"

#include "url_option.h"
#include "url_text.h"

#include "base/address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RTMP_DEFAULT_PORT  1935
#define RTMPS_DEFAULT_PORT 443
#define HOST_CHARACTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

/* Split host[:port], of which IPv6 addresses are in brackets. port->at is NULL when none is given. */
static int split_authority(const struct url_fault *why, struct url_text text, struct url_text *host,
                           struct url_text *port)
{
	const char *end = text.at + text.size, *after;

	*port = (struct url_text){NULL, 0};
	if (memchr(text.at, '@', text.size))
		return url_fault_set(why, "a user or password before the host is not supported");
	if (text.size && *text.at == '[') {
		after = memchr(text.at, ']', text.size);
		if (!after)
			return url_fault_set(why, "the IPv6 address lacks its closing bracket");
		*host = (struct url_text){text.at + 1, (size_t)(after - text.at - 1)};
		after++;
		if (after < end && *after != ':')
			return url_fault_set(why, "after the IPv6 address only a port may follow");
	} else {
		after = memchr(text.at, ':', text.size);
		if (!after)
			after = end;
		*host = (struct url_text){text.at, (size_t)(after - text.at)};
		if (after < end && memchr(after + 1, ':', (size_t)(end - after - 1)))
			return url_fault_set(why, "an IPv6 address must be in brackets");
	}
	if (after < end)
		*port = (struct url_text){after + 1, (size_t)(end - after - 1)};
	return 0;
}

static int parse_host(const struct url_fault *why, struct output_url *out, struct url_text host,
                      bool in_brackets)
{
	struct in6_addr address;

	if (host.size > 253)
		return url_fault_set(why, "the host is longer than 253 characters");
	memcpy(out->host, host.at, host.size);
	out->host[host.size] = '\0';
	if (in_brackets) {
		if (!strchr(out->host, ':') || address_parse(&address, out->host))
			return url_fault_set(why, "the address in brackets is not an IPv6 address");
	} else if (out->host[strspn(out->host, HOST_CHARACTERS)]) {
		return url_fault_set(
			why, "the host has a character that names and addresses do not have");
	}
	return 0;
}

/* host[:port] from the start of text; *rest is what follows. *port stays when none is given. */
static int parse_authority(const struct url_fault *why, struct output_url *out, const char *text,
                           const char **rest)
{
	const struct url_text authority = {text, strcspn(text, "/?#")};
	struct url_text host = {text, 0}, port;
	int64_t n;

	*rest = text + authority.size;
	if (split_authority(why, authority, &host, &port) ||
	    parse_host(why, out, host, *text == '['))
		return -EINVAL;
	if (port.at) {
		if (!url_text_number(port, &n) || n < 1 || n > UINT16_MAX)
			return url_fault_set(why, "the port must be a number from 1 to 65535");
		out->port = (uint16_t)n;
	}
	return 0;
}

/* What all schemes but RTMP's have in common: a port, no path, options. */
static int find_query(const struct url_fault *why, const struct output_url *url, const char *rest,
                      const char **query)
{
	if (!url->port)
		return url_fault_set(why, "the port is missing after the host");
	rest += *rest == '/';
	if (*rest && *rest != '?')
		return url_fault_set(why, "there is no path in such a URL: options follow a '?'");
	*query = rest + (*rest == '?');
	return 0;
}

/* What is sent to, and the local address that it is sent from. */
static int check_destination(const struct url_fault *why, const struct output_url *url,
                             const char *adapter)
{
	struct in6_addr host, local;

	if (!url->host[0])
		return url_fault_set(why, "the host is missing");
	if (address_parse(&host, url->host))
		return 0; /* a name: resolution will tell */
	if (address_is_any(&host))
		return url_fault_set(
			why, "%s stands for any address, and is no destination%s", url->host,
			url->scheme == OUTPUT_SRT ? " (mode=listener was meant?)" : "");
	if (url->scheme == OUTPUT_SRT && address_is_multicast(&host))
		return url_fault_set(why, "SRT does not send to multicast groups");
	if (!address_parse(&local, adapter) &&
	    IN6_IS_ADDR_V4MAPPED(&local) != IN6_IS_ADDR_V4MAPPED(&host))
		return url_fault_set(why, "adapter and host must both be IPv4 or both IPv6");
	return 0;
}

/* A listener's own address may be given as the host or as the adapter; afterwards it is both. */
static int set_listening(const struct url_fault *why, struct output_url *url)
{
	char address[INET6_ADDRSTRLEN];

	if (!url->host[0]) {
		strcpy(url->host, url->srt.adapter);
		return 0;
	}
	if (url_text_address(url->host, address))
		return url_fault_set(why, "with mode=listener the host is an address of this "
		                          "machine, or left out");
	if (url->srt.adapter[0] && strcmp(url->srt.adapter, address) != 0)
		return url_fault_set(why, "a listener has one address: host and adapter differ");
	strcpy(url->srt.adapter, address);
	strcpy(url->host, address);
	return 0;
}

static int parse_srt(const struct url_fault *why, struct output_url *url, const char *rest)
{
	struct in6_addr address;
	const char *query;

	/* As srt-live-transmit has it. */
	url->srt.mode = url->host[0] ? SRT_MODE_CALLER : SRT_MODE_LISTENER;
	if (find_query(why, url, rest, &query) || srt_options_parse(&url->srt, query, why))
		return -EINVAL;
	if (url->srt.mode != SRT_MODE_LISTENER)
		return check_destination(why, url, url->srt.adapter);
	if (set_listening(why, url))
		return -EINVAL;
	if (!address_parse(&address, url->host) && address_is_multicast(&address))
		return url_fault_set(why, "SRT does not listen on multicast groups");
	return 0;
}

static int parse_udp(const struct url_fault *why, struct output_url *url, const char *rest)
{
	const char *query;
	int fec;

	if (find_query(why, url, rest, &query) ||
	    udp_options_parse(&url->udp, url->scheme == OUTPUT_RTP, query, why) ||
	    check_destination(why, url, url->udp.adapter))
		return -EINVAL;
	fec = !url->udp.fec_columns ? 0 : url->udp.fec_row_packets ? 4 : 2;
	if (url->port > UINT16_MAX - fec)
		return url_fault_set(why, "FEC goes to the port + %d, and there is no such port",
		                     fec);
	return 0;
}

/* Write what has the pieces a, separator, b; separator and b only when b is not empty. */
static int join(const struct url_fault *why, const char *name, char *out, size_t size,
                struct url_text a, const char *separator, struct url_text b)
{
	const size_t between = b.size ? strlen(separator) : 0;

	if (a.size + between + b.size >= size)
		return url_fault_set(why, "the %s is longer than %zu bytes", name, size - 1);
	memcpy(out, a.at, a.size);
	memcpy(out + a.size, separator, between);
	memcpy(out + a.size + between, b.at, b.size);
	out[a.size + between + b.size] = '\0';
	return 0;
}

static int parse_rtmp(const struct url_fault *why, struct output_url *url, const char *rest)
{
	static const struct url_text none = {"", 0};
	struct url_rtmp_path path;

	if (!url->host[0])
		return url_fault_set(why, "the host is missing");
	if (!url_text_rtmp_path(rest, &path))
		return url_fault_set(why,
		                     "an application and a stream key must follow the host: "
		                     "%s://host/app/key",
		                     url->rtmp.tls ? "rtmps" : "rtmp");
	if (join(why, "application", url->rtmp.app, sizeof(url->rtmp.app), path.app, "?",
	         path.key.size ? none : path.query))
		return -EINVAL;
	return join(why, "stream key", url->rtmp.key, sizeof(url->rtmp.key), path.key, "", none);
}

static bool has_control_characters(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static int parse_rest(const struct url_fault *why, struct output_url *url, const char *rest)
{
	switch (url->scheme) {
	case OUTPUT_SRT:
		return parse_srt(why, url, rest);
	case OUTPUT_RTMP:
		return parse_rtmp(why, url, rest);
	case OUTPUT_UDP:
	case OUTPUT_RTP:
		break;
	}
	return parse_udp(why, url, rest);
}

/* Set what the scheme says of url; what follows it in text, or NULL with a fault. */
static const char *parse_scheme(const struct url_fault *why, struct output_url *url,
                                const char *text)
{
	static const struct {
		const char *name;
		enum output_scheme scheme;
		uint16_t port; /* when none is given; 0: one must be */
		bool tls;
	} schemes[] = {
		{"srt://", OUTPUT_SRT, 0, false},
		{"rtmp://", OUTPUT_RTMP, RTMP_DEFAULT_PORT, false},
		{"rtmps://", OUTPUT_RTMP, RTMPS_DEFAULT_PORT, true},
		{"udp://", OUTPUT_UDP, 0, false},
		{"rtp://", OUTPUT_RTP, 0, false},
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *rest = url_text_after_scheme(text, schemes[i].name);

		url->scheme = schemes[i].scheme;
		url->port = schemes[i].port;
		url->rtmp.tls = schemes[i].tls;
		if (rest)
			return rest;
	}
	url_fault_set(why, "the URL must begin with srt://, rtmp://, rtmps://, udp:// or rtp://");
	return NULL;
}

/* A path of RTMP may have spaces inside; one at the end was copied by mistake. */
static int check_spaces(const struct url_fault *why, const struct output_url *url, const char *text)
{
	const size_t length = strlen(text);

	if (length && text[length - 1] == ' ')
		return url_fault_set(why, "the URL ends with a space");
	if (url->scheme != OUTPUT_RTMP && strchr(text, ' '))
		return url_fault_set(why, "the URL has a space");
	return 0;
}

int output_url_parse(struct output_url *out, const char *text, char *why, size_t size)
{
	const struct url_fault fault = {why, size};
	const char *authority, *rest;
	struct output_url url = {0};

	if (strnlen(text, OUTPUT_URL_BYTES) == OUTPUT_URL_BYTES)
		return url_fault_set(&fault, "the URL is longer than %d bytes",
		                     OUTPUT_URL_BYTES - 1);
	if (has_control_characters(text))
		return url_fault_set(&fault, "the URL has a control character");
	srt_options_init(&url.srt);
	authority = parse_scheme(&fault, &url, text);
	if (!authority || check_spaces(&fault, &url, authority))
		return -EINVAL;
	udp_options_init(&url.udp, url.scheme == OUTPUT_RTP);
	if (parse_authority(&fault, &url, authority, &rest) || parse_rest(&fault, &url, rest))
		return -EINVAL;
	*out = url;
	return 0;
}
