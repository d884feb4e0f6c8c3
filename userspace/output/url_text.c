/*
 * Pieces of a URL.
 */
#include "url_text.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_DIGITS 15

int url_fault_set(const struct url_fault *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, why->size, format, args);
	va_end(args);
	return -EINVAL;
}

bool url_text_is(struct url_text text, const char *other)
{
	return text.size == strlen(other) && !memcmp(text.at, other, text.size);
}

bool url_text_split(struct url_text *rest, char separator, struct url_text *piece)
{
	const char *end;
	size_t n;

	if (!rest->size)
		return false;
	end = memchr(rest->at, separator, rest->size);
	n = end ? (size_t)(end - rest->at) : rest->size;
	*piece = (struct url_text){rest->at, n};
	n += end != NULL;
	rest->at += n;
	rest->size -= n;
	return true;
}

bool url_text_number(struct url_text text, int64_t *out)
{
	bool negative = text.size && *text.at == '-';
	int64_t n = 0;

	text.at += negative;
	text.size -= negative;
	if (!text.size || text.size > MAX_DIGITS)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		n = n * 10 + (text.at[i] - '0');
	}
	*out = negative ? -n : n;
	return true;
}

bool url_text_bool(struct url_text text, bool *out)
{
	static const char *const names[2][4] = {{"0", "no", "off", "false"},
	                                        {"1", "yes", "on", "true"}};

	for (size_t i = 0; i < 4; i++) {
		if (url_text_is(text, names[0][i]) || url_text_is(text, names[1][i])) {
			*out = url_text_is(text, names[1][i]);
			return true;
		}
	}
	return false;
}

int url_text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_text_decode(const struct url_fault *why, const char *name, struct url_text text, size_t low,
                    size_t high, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.size; i++) {
		int c = (unsigned char)text.at[i];

		if (c == '%') {
			int first = i + 2 < text.size ? url_text_hex_digit(text.at[i + 1]) : -1;
			int second = first < 0 ? -1 : url_text_hex_digit(text.at[i + 2]);

			if (second < 0)
				return url_fault_set(
					why, "%s: %% must be followed by two hex digits", name);
			c = first << 4 | second;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return url_fault_set(why, "%s: control characters are not allowed", name);
		if (n == high)
			return url_fault_set(why, "%s is longer than %zu bytes", name, high);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	if (n < low)
		return url_fault_set(why, "%s must have at least %zu characters", name, low);
	return 0;
}

int url_text_address(const char *text, char *out)
{
	struct in6_addr address;
	bool ipv4;

	if (address_parse(&address, text))
		return -EINVAL;
	ipv4 = IN6_IS_ADDR_V4MAPPED(&address);
	inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? &address.s6_addr[12] : address.s6_addr, out,
	          INET6_ADDRSTRLEN);
	return 0;
}

const char *url_text_after_scheme(const char *text, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(text, scheme, n) ? NULL : text + n;
}

bool url_text_rtmp_path(const char *text, struct url_rtmp_path *out)
{
	const char *end = text + strcspn(text, "?"), *name, *app_end = end;

	if (*text != '/')
		return false;
	while (*text == '/')
		text++;
	out->key = (struct url_text){end, 0};
	out->query = (struct url_text){end + (*end == '?'), strlen(end + (*end == '?'))};
	name = memrchr(text, '/', end > text ? (size_t)(end - text) : 0);
	if (name && name + 1 < end) {
		out->key = (struct url_text){name + 1, strlen(name + 1)};
		app_end = name;
	}
	while (app_end > text && app_end[-1] == '/')
		app_end--;
	out->app = (struct url_text){text, (size_t)(app_end - text)};
	return app_end > text;
}
