/*
 * The ways to receive from an interface, and what they are called in options, log and API.
 */
#ifndef INGEST_MODE_H
#define INGEST_MODE_H

enum ingest_mode {
	INGEST_AUTO, /* the best that can be had */
	INGEST_XDP,
	INGEST_XDP_GENERIC,
	INGEST_UDP, /* kernel sockets */
};

/* "auto", "xdp", "xdp-generic" or "udp". Thread: any. */
const char *ingest_mode_name(enum ingest_mode mode);

/* The mode of that name. Errors: -EINVAL, out is untouched then. Thread: any. */
int ingest_mode_parse(enum ingest_mode *out, const char *name);

#endif
