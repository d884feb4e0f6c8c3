/*
 * Secrets in output URLs. A secret is one span of the text: the value of the SRT option passphrase, the RTMP
 * key, or the query string of an RTMP URL without a key. Masking and unmasking replace that span and leave every other
 * byte as it was given.
 */
#include "url.h"

#include "url_option.h"
#include "url_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MASK       "***"
#define MIN_HIDDEN 4 /* a shorter secret would blank common words */

/* What follows rtmp:// or rtmps://, or NULL. */
static const char *after_rtmp(const char *text)
{
	const char *at = url_text_after_scheme(text, "rtmp://");

	return at ? at : url_text_after_scheme(text, "rtmps://");
}

/* Where the secret of text is; false, and *secret untouched, when it has none. */
static bool find_secret(const char *text, struct url_text *secret)
{
	const char *at = after_rtmp(text);
	struct url_rtmp_path path;
	struct url_text found;

	if (at) {
		if (!url_text_rtmp_path(at + strcspn(at, "/?#"), &path))
			return false;
		found = path.key.size ? path.key : path.query;
		if (found.size)
			*secret = found;
		return found.size > 0;
	}
	at = url_text_after_scheme(text, "srt://");
	if (!at)
		return false;
	at += strcspn(at, "?");
	return url_options_find(at + (*at == '?'), "passphrase", secret);
}

/* Write text with the span `old` replaced. */
static int replace(char *out, const char *text, struct url_text old, struct url_text new)
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
	static const struct url_text mask = {MASK, sizeof(MASK) - 1};
	struct output_url url;
	struct url_text secret = {text, strlen(text)};
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

/* Whether the same side calls, as far as text is in order: the caller of this goes on to parse it. */
static bool same_side(const char *text, const struct output_url *stored)
{
	struct output_url url;
	char why[128];

	return output_url_parse(&url, text, why, sizeof(why)) ||
	       (url.srt.mode == SRT_MODE_LISTENER) == (stored->srt.mode == SRT_MODE_LISTENER);
}

/* A stored secret goes to the peer that it was given for, and to no other. unmasked: text with it. */
static bool same_place(const char *text, const char *unmasked, const char *stored)
{
	struct output_url a, b;
	char why[128];

	if (output_url_parse(&b, stored, why, sizeof(why)))
		return false;
	if (url_text_after_scheme(text, "srt://"))
		return srt_place(text) == srt_place(stored) &&
		       !strncasecmp(text, stored, srt_place(text)) && same_side(unmasked, &b);
	if (output_url_parse(&a, unmasked, why, sizeof(why)))
		return false;
	/* The keys differ where one is no key but a level of the path. */
	return a.scheme == b.scheme && a.rtmp.tls == b.rtmp.tls && a.port == b.port &&
	       !strcasecmp(a.host, b.host) && !strcmp(a.rtmp.app, b.rtmp.app) &&
	       !strcmp(a.rtmp.key, b.rtmp.key);
}

int output_url_unmask(char *out, const char *text, const char *stored)
{
	char unmasked[OUTPUT_URL_BYTES];
	struct url_text secret, known;

	if (!find_secret(text, &secret) || !url_text_is(secret, MASK)) {
		if (strnlen(text, OUTPUT_URL_BYTES) == OUTPUT_URL_BYTES)
			return -ENAMETOOLONG;
		strcpy(out, text);
		return 0;
	}
	if (!stored || !find_secret(stored, &known))
		return -EINVAL;
	if (replace(unmasked, text, secret, known))
		return -ENAMETOOLONG;
	if (!same_place(text, unmasked, stored))
		return -EINVAL;
	strcpy(out, unmasked);
	return 0;
}

/* Also where the text ends within it. */
static void hide(char *text, const char *secret)
{
	const size_t length = strlen(secret), size = strlen(text);

	if (length < MIN_HIDDEN || strspn(secret, "*") == length)
		return;
	for (char *at = text; (at = strstr(at, secret)); at += length)
		memset(at, '*', length);
	for (size_t n = length < size ? length : size; n >= MIN_HIDDEN; n--)
		if (!memcmp(text + size - n, secret, n)) {
			memset(text + size - n, '*', n);
			return;
		}
}

void output_url_hide(char *text, const struct output_url *url)
{
	char name[sizeof(url->rtmp.key)];
	const char *query = strchr(url->rtmp.app, '?');

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(url->rtmp.key, "?"), url->rtmp.key);
	hide(text, url->rtmp.key);
	hide(text, name);
	if (query)
		hide(text, query + 1);
}
