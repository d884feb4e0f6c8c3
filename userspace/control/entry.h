/*
 * What is configured: channels and outputs as plain structs, the form between JSON and the running
 * program. Nothing here is shared between threads; the manager guards its entries with its lock.
 */
#ifndef CONTROL_ENTRY_H
#define CONTROL_ENTRY_H

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_ID_BYTES       37 /* a UUID in text with its final NUL */
#define ENTRY_MAX_CHANNELS   1024
#define ENTRY_MAX_OUTPUTS    256
#define ENTRY_REORDER_MS     50 /* default */
#define ENTRY_MAX_REORDER_MS 1000

struct output_entry {
	char id[ENTRY_ID_BYTES]; /* UUID, fixed for life */
	char *name;    /* owned; 1 to 128 characters; default srt://host:port or rtmp://host/app */
	char *url;     /* owned; as given, with its secrets */
	bool enabled;  /* default true */
	json_t *extra; /* owned, or NULL: fields of channels.json that we do not know */
};

struct channel_entry {
	char id[ENTRY_ID_BYTES]; /* UUID, fixed for life */
	char *name;              /* owned; 1 to 128 characters; required */
	char rtp_ip[INET6_ADDRSTRLEN];
	struct in6_addr address; /* rtp_ip, IPv4 as v4-mapped; default 0.0.0.0 */
	uint16_t rtp_port;       /* host order, 1 to 65535; required */
	unsigned int reorder_ms; /* how long a gap waits, 0 to ENTRY_MAX_REORDER_MS; default 50 */
	bool fec;                /* receive FEC on rtp_port + 2 and + 4; default false */
	bool autostart;          /* start with the program whatever `running` says; default false */
	bool running;            /* what the operator wants ("desired"); default false */
	int64_t created_at_s;    /* seconds since 1970 */
	struct output_entry *outputs; /* owned */
	size_t output_count;          /* at most ENTRY_MAX_OUTPUTS */
	json_t *extra; /* owned, or NULL: fields of channels.json that we do not know */
};

/* Write a new random UUID, ENTRY_ID_BYTES bytes. Thread: any. */
void entry_new_id(char *id);

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

/* Whether an address and port are the same in both. Thread: any. */
bool channel_entry_same_input(const struct channel_entry *a, const struct channel_entry *b);

/*
 * Whether two channels would receive the same datagrams: a port in common, those for FEC included, and the
 * same address or the any-address of the same family in one of them. Thread: any.
 */
bool channel_entry_overlaps(const struct channel_entry *a, const struct channel_entry *b);

/* "0.0.0.0:5000" or "[ff3e::1]:5000" for people, cut to size. Thread: any. */
void channel_entry_endpoint(const struct channel_entry *entry, char *out, size_t size);

#endif
