/*
 * The options of rtmp:// and rtmps:// outputs. They are members of the output in REST bodies and channels.json, for
 * the query of an RTMP URL is the server's.
 */
#ifndef OUTPUT_RTMP_OPTIONS_H
#define OUTPUT_RTMP_OPTIONS_H

#include "media/remux_choice.h"

#include <stdbool.h>
#include <stdint.h>

#define RTMP_DEFAULT_BACKLOG_MS 4000

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

#endif
