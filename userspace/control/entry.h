/*
 * What is configured: channels and outputs as plain structs, the form between JSON and the running
 * program. Nothing here is shared between threads; the manager guards its entries with its lock.
 */
#ifndef CONTROL_ENTRY_H
#define CONTROL_ENTRY_H

#include "base/prefix.h"
#include "output/rtmp_options.h"
#include "output/url.h"

#include <jansson.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_ID_BYTES       37 /* a UUID in text with its final NUL */
#define ENTRY_MAX_CHANNELS   1024
#define ENTRY_MAX_OUTPUTS    256
#define ENTRY_REORDER_MS     50 /* default */
#define ENTRY_MAX_REORDER_MS 1000
#define ENTRY_INPUTS         2 /* the primary and the backup */
#define ENTRY_MAX_SOURCES    4096
#define ENTRY_MAX_PPS        10000000

struct output_entry {
	char id[ENTRY_ID_BYTES]; /* UUID, fixed for life */
	char *name; /* owned; 1 to 128 characters; default scheme://host:port or rtmp://host/app */
	bool enabled;  /* default true */
	json_t *extra; /* owned, or NULL: fields of channels.json that we do not know */
	/* The URL and what is asked of it every second, all set by output_entry_set_url. */
	char *url;     /* owned; as given, with its secrets */
	char *shown;   /* owned; its secrets are *** */
	bool known;    /* this program can send there; another version's URL is only kept */
	bool listens;  /* readers come to it (SRT listener) … */
	uint16_t port; /* … on this one; of others 0 */
	enum output_scheme scheme; /* when known */
	bool tls;                  /* rtmps:// */
	/* Of rtmp:// and rtmps:// alone; see output_entry_is_rtmp. */
	char *stream_key; /* owned; a secret; NULL: it is in the URL */
	struct rtmp_options rtmp;
};

/* Where datagrams are received, and from whom. */
struct input_entry {
	char rtp_ip[INET6_ADDRSTRLEN];
	struct in6_addr address;     /* rtp_ip, IPv4 as v4-mapped; default 0.0.0.0 */
	uint16_t rtp_port;           /* host order, 1 to 65535; required */
	char interface[IF_NAMESIZE]; /* only what this one receives; "" (default): whichever */
	struct prefix *sources;      /* owned; who may send */
	size_t source_count;         /* at most ENTRY_MAX_SOURCES; 0 (default): anybody */
};

/* What is done with two inputs. */
struct failover_entry {
	bool merge;              /* as one stream (SMPTE 2022-7); default false: one at a time */
	bool returns;            /* to the primary, once it is stable; default false */
	unsigned int timeout_ms; /* 50 to 60000, default 500 */
	unsigned int stable_ms;  /* 0 to 3600000, default 10000 */
	unsigned int merge_ms;   /* 1 to 1000, default 200 */
};

struct channel_entry {
	char id[ENTRY_ID_BYTES];                 /* UUID, fixed for life */
	char *name;                              /* owned; 1 to 128 characters; required */
	struct input_entry inputs[ENTRY_INPUTS]; /* the second's port is 0 without a backup */
	struct failover_entry failover;
	uint32_t max_pps; /* datagrams a second and port, 0 to ENTRY_MAX_PPS; 0: no ceiling */
	unsigned int reorder_ms; /* how long a gap waits, 0 to ENTRY_MAX_REORDER_MS; default 50 */
	unsigned int program; /* what RTMP outputs send of it, 1 to 65535; 0 (default): the first */
	bool fec;             /* receive FEC on rtp_port + 2 and + 4; default false */
	bool autostart;       /* start with the program whatever `running` says; default false */
	bool running;         /* what the operator wants ("desired"); default false */
	int64_t created_at_s; /* seconds since 1970 */
	struct output_entry *outputs; /* owned */
	size_t output_count;          /* at most ENTRY_MAX_OUTPUTS */
	json_t *extra; /* owned, or NULL: fields of channels.json that we do not know */
};

/* Write a new random UUID, ENTRY_ID_BYTES bytes. Thread: any. */
void entry_new_id(char *id);

/*
 * Set the URL and what follows from it. Owns: the text is copied. Errors: -ENOMEM, and entry is as before.
 * Thread: any.
 */
int output_entry_set_url(struct output_entry *entry, const char *url);

/* Whether it is an output of rtmp:// or rtmps://. Thread: any. */
bool output_entry_is_rtmp(const struct output_entry *entry);

/* Whether both say the same of where to send and what. Thread: any. */
bool output_entry_same_target(const struct output_entry *a, const struct output_entry *b);

/*
 * A deep copy. Owns: *out is the caller's, freed by output_entry_free; untouched on error.
 * Errors: -ENOMEM. Thread: any.
 */
int output_entry_copy(struct output_entry *out, const struct output_entry *from);

/* Free what entry owns and make it empty; an empty entry is fine. Thread: any. */
void output_entry_free(struct output_entry *entry);

/*
 * A deep copy. Owns: *out is the caller's, freed by channel_entry_free; untouched on error.
 * Errors: -ENOMEM. Thread: any.
 */
int channel_entry_copy(struct channel_entry *out, const struct channel_entry *from);

/* Free what entry owns and make it empty; an empty entry is fine. Thread: any. */
void channel_entry_free(struct channel_entry *entry);

/* The output with that id, borrowed, or NULL. Thread: any. */
struct output_entry *channel_entry_find(const struct channel_entry *entry, const char *id);

/* Whether there is a second input. Thread: any. */
bool channel_entry_has_backup(const struct channel_entry *entry);

/* A deep copy. Owns, Errors: as channel_entry_copy, with input_entry_free. Thread: any. */
int input_entry_copy(struct input_entry *out, const struct input_entry *from);
void input_entry_free(struct input_entry *entry);

/* Whether address, port and interface are the same in both; sources do not matter. Thread: any. */
bool input_entry_same_target(const struct input_entry *a, const struct input_entry *b);

/* Whether the same may send to both. Thread: any. */
bool input_entry_same_sources(const struct input_entry *a, const struct input_entry *b);

/*
 * Whether two inputs would receive the same datagrams: a port in common (with FEC: + 2 and + 4 too), the
 * same address or the any-address of the same family in one of them, and the same interface or none in one
 * of them. An input without a port receives nothing. Thread: any.
 */
bool input_entry_overlaps(const struct input_entry *a, bool a_fec, const struct input_entry *b,
                          bool b_fec);

/*
 * The input of channel b that overlaps input `index` of channel a, borrowed, or NULL. Thread: any.
 */
const struct input_entry *channel_entry_overlap(const struct channel_entry *a, size_t index,
                                                const struct channel_entry *b);

/* "0.0.0.0:5000" or "[ff3e::1]:5000" for people, with "on eth0" if it matters, cut to size. Thread: any. */
void input_entry_endpoint(const struct input_entry *entry, char *out, size_t size);

#endif
