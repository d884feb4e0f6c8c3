/*
 * Pieces of a URL: text without a final NUL, numbers, switches, addresses and %XX, and the sentence that
 * says what is wrong with them. Nothing of a value is ever repeated in that sentence: it may be a secret.
 * Any thread.
 */
#ifndef OUTPUT_URL_TEXT_H
#define OUTPUT_URL_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of a longer text. */
struct url_text {
	const char *at;
	size_t size;
};

/* Where the sentence about what is wrong goes; cut to size. */
struct url_fault {
	char *text;
	size_t size;
};

/* Say what is wrong; returns -EINVAL, so that a check can end with `return url_fault_set(...)`. */
int url_fault_set(const struct url_fault *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool url_text_is(struct url_text text, const char *other);

/*
 * Take the piece before the next separator off *rest, or what is left; *rest then begins behind the
 * separator. False, and the piece is untouched, when nothing is left.
 */
bool url_text_split(struct url_text *rest, char separator, struct url_text *piece);

/* A decimal number of at most 15 digits, maybe after a '-', and nothing else; out is untouched else. */
bool url_text_number(struct url_text text, int64_t *out);

/* 1, yes, on, true; 0, no, off, false (as srt-live-transmit has it). Likewise. */
bool url_text_bool(struct url_text text, bool *out);

/* The value of a hexadecimal digit, or -1. */
int url_text_hex_digit(char c);

/*
 * Decode %XX. out has high + 1 bytes; low and high bound the decoded length, name is for the fault.
 * Errors: -EINVAL with a fault: a bad %, a control character, too short, too long.
 */
int url_text_decode(const struct url_fault *why, const char *name, struct url_text text, size_t low,
                    size_t high, char *out);

/*
 * An IP address, in its usual form afterwards (INET6_ADDRSTRLEN bytes; IPv4 when it is v4-mapped).
 * Errors: -EINVAL; out is untouched then.
 */
int url_text_address(const char *text, char *out);

/* What follows the scheme ("srt://", in any case), or NULL when text has another one. */
const char *url_text_after_scheme(const char *text, const char *scheme);

/* The pieces of what follows the host of an RTMP URL. */
struct url_rtmp_path {
	struct url_text app;   /* the levels before the key, without slashes at their ends */
	struct url_text key;   /* the last level with the query string; size 0: none */
	struct url_text query; /* behind the first '?'; size 0: none */
};

/*
 * Split it. There is no key when the path has one level alone or ends with a slash. False when it has no level.
 */
bool url_text_rtmp_path(const char *text, struct url_rtmp_path *out);

#endif
