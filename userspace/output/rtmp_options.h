/*
 * The options of rtmp:// and rtmps:// outputs. They are members of the output in REST bodies and channels.json, for
 * the query of an RTMP URL is the server's.
 *
 * A table says how each that is text is spelt; backlog_ms is a number, and the stream key is in struct output_url.
 */
#ifndef OUTPUT_RTMP_OPTIONS_H
#define OUTPUT_RTMP_OPTIONS_H

#include "media/remux_choice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTMP_DEFAULT_BACKLOG_MS 4000
#define RTMP_MIN_BACKLOG_MS     500
#define RTMP_MAX_BACKLOG_MS     30000
#define RTMP_OPTION_BYTES       256 /* longest text of an option with its final NUL */

struct rtmp_options {
	struct remux_choice
		choice;   /* "audio": "0" or "eng" or "eng:1"; "hevc": "enhanced|legacy"; "cues" */
	bool tls_verify;  /* "tls_verify": "on" (default) or "off"; rtmps:// alone */
	char tls_ca[256]; /* "tls_ca": PEM file of the authorities to trust; "": the system's */
	uint32_t
		backlog_ms; /* "backlog_ms": of stream that a slow server may be behind, 500 to 30000 */
};

/* All defaults. Thread: any. */
static inline struct rtmp_options rtmp_options_default(void)
{
	return (struct rtmp_options){.tls_verify = true, .backlog_ms = RTMP_DEFAULT_BACKLOG_MS};
}

struct rtmp_option {
	const char *name;
	bool tls; /* of rtmps:// alone */
	/* Take the text; otherwise what it must be ("on or off"), and options are as they were. */
	const char *(*set)(struct rtmp_options *options, const char *text);
	/* The text in its usual form, RTMP_OPTION_BYTES bytes. */
	void (*get)(const struct rtmp_options *options, char *out);
};

/* The options that are text. Languages are kept in lower case. Thread: any. */
#define RTMP_TEXT_OPTIONS 5
extern const struct rtmp_option rtmp_option_table[RTMP_TEXT_OPTIONS];

/* Whether every option is the same in both. Thread: any. */
bool rtmp_options_equal(const struct rtmp_options *a, const struct rtmp_options *b);

#endif
