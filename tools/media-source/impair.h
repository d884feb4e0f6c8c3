/*
 * Network faults made on purpose: drop, duplicate and reorder datagrams by a seeded pattern.
 *
 * What happens to datagram n is a pure function of the seed, the kind of fault and n, so the same seed
 * gives the same pattern, and switching duplicates on does not change which datagrams are dropped.
 * A reordered datagram is held back until `reorder_distance` later ones have been emitted; it is never
 * lost. Any thread, one at a time.
 */
#ifndef MEDIA_SOURCE_IMPAIR_H
#define MEDIA_SOURCE_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMPAIR_MAX_BYTES    1500 /* greatest datagram */
#define IMPAIR_MAX_RANGES   256  /* entries of a drop list */
#define IMPAIR_MAX_HELD     256  /* datagrams held back at once; when full, they go on time */
#define IMPAIR_MAX_DISTANCE 64

/* Datagrams first to last, both included; 0 is the first one submitted. */
struct impair_range {
	uint64_t first, last;
};

struct impair_config {
	uint64_t seed;
	double drop_percent;       /* 0 to 100, default 0 */
	double duplicate_percent;  /* 0 to 100, default 0; of the datagrams not dropped */
	double reorder_percent;    /* 0 to 50, default 0; of the datagrams not dropped */
	uint32_t reorder_distance; /* 1 to IMPAIR_MAX_DISTANCE datagrams */
	struct impair_range drop_list[IMPAIR_MAX_RANGES]; /* dropped whatever the pattern says */
	size_t drop_list_count;
};

struct impair_counts {
	uint64_t submitted;
	uint64_t dropped;
	uint64_t duplicated; /* second copies emitted */
	uint64_t reordered;  /* emitted after at least one later datagram */
	uint64_t emitted;    /* copies included */
};

/*
 * Called for each datagram that goes out. data is borrowed for the call; copy is true for the second
 * emission of a duplicated datagram.
 */
typedef void (*impair_emit_fn)(void *context, const uint8_t *data, size_t size, bool copy);

struct impair;

/*
 * Prepare a pattern. Owns: *out is the caller's, freed by impair_destroy, untouched on error; config is
 * copied; context is borrowed. Errors: -EINVAL for a value out of range, -ENOMEM.
 */
int impair_create(struct impair **out, const struct impair_config *config, impair_emit_fn emit,
                  void *context);

/* Free the pattern and whatever it still holds back, without emitting it. NULL is fine. */
void impair_destroy(struct impair *impair);

/*
 * Pass the next datagram, of 1 to IMPAIR_MAX_BYTES bytes, through the pattern. Emits nothing, this one,
 * or this one and others held back until now. Returns false when this one is dropped for good.
 */
bool impair_submit(struct impair *impair, const uint8_t *data, size_t size);

/* Emit everything held back, at the end of the stream. */
void impair_flush(struct impair *impair);

/* What has happened so far. */
struct impair_counts impair_counts(const struct impair *impair);

/*
 * Append a list such as "5,17,20-25" to config->drop_list. Errors: -EINVAL for anything else,
 * -E2BIG for more than IMPAIR_MAX_RANGES entries.
 */
int impair_parse_drop_list(struct impair_config *config, const char *text);

/* Number `index` of the random sequence `stream` of a seed: SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t impair_random(uint64_t seed, uint64_t stream, uint64_t index);

#endif
