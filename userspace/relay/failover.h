/*
 * Which of two inputs is on the air. The decision alone: no clock, no sockets, no packets.
 *
 * An input is alive while useful TS (anything but null packets) came within timeout_ms. The one on the air
 * is left when it has not been alive for timeout_ms and the other is. With `returns` the primary is taken
 * back once it has been alive without a break for stable_ms, and timeout_ms at least, unless the backup was
 * chosen by hand.
 */
#ifndef RELAY_FAILOVER_H
#define RELAY_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INPUT_PRIMARY, INPUT_BACKUP, INPUT_COUNT };

enum failover_cause {
	FAILOVER_NONE,
	FAILOVER_NOTHING, /* nothing came for timeout_ms */
	FAILOVER_NULLS,   /* nothing but null packets for timeout_ms */
	FAILOVER_RETURN,  /* the primary has been good for stable_ms */
	FAILOVER_BY_HAND, /* failover_select */
};

struct failover_settings {
	unsigned int timeout_ms; /* 50 to 60000 */
	bool returns;            /* to the primary, once it is stable */
	unsigned int stable_ms;  /* 0 to 3600000 */
};

/* Zero-initialise; failover_begin before the first decision. Times are monotonic, 0: never. */
struct failover {
	struct {
		int64_t any_ns;    /* when TS last came */
		int64_t useful_ns; /* when useful TS last came */
		int64_t good_ns;   /* since when it is alive without a break; 0: it is not */
	} inputs[INPUT_COUNT];
	unsigned int active;
	int64_t since_ns; /* when active was chosen: it has timeout_ms from then */
	bool held;        /* the backup was chosen by hand */
};

/* Choose the primary, or the backup if that alone is alive. Thread: ingest (all). */
void failover_begin(struct failover *failover, const struct failover_settings *settings,
                    int64_t now_ns);

/* TS came on an input; useful: more than null packets. */
void failover_note(struct failover *failover, unsigned int input, bool useful, int64_t now_ns);

/* An input is configured anew: what came before is forgotten. */
void failover_forget(struct failover *failover, unsigned int input);

/* Useful TS came within timeout_ms. */
bool failover_is_alive(const struct failover *failover, unsigned int input, unsigned int timeout_ms,
                       int64_t now_ns);

/*
 * Choose an input by hand, dead or alive; the backup is then held until it fails. Returns FAILOVER_BY_HAND
 * if it was not active, else FAILOVER_NONE.
 */
enum failover_cause failover_select(struct failover *failover, unsigned int input, int64_t now_ns);

/*
 * Decide anew; call it every tick, after the notes. Returns why `active` has changed, FAILOVER_NONE when it
 * has not.
 */
enum failover_cause failover_decide(struct failover *failover,
                                    const struct failover_settings *settings, int64_t now_ns);

/* Why the input was changed, as the end of a sentence: "no TS for 500 ms". Thread: any. */
void failover_explain(char *out, size_t size, enum failover_cause cause,
                      const struct failover_settings *settings);

#endif
