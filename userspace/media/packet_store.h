/*
 * The recent datagrams of one RTP source, by sequence number: what waits for a gap to close, and what
 * FEC may still need.
 *
 * There are PACKET_STORE_SLOTS slots, so two 20×20 FEC matrices (800 packets) and a SMPTE 2022-7 window
 * of 1 s at 50 Mb/s (4750 packets of 1316 bytes) fit together. A number's slot is the number modulo that;
 * the user keeps all numbers that are in use within one such span and drops what leaves it. 65536 is a
 * multiple, so the wrap of the numbers needs no care.
 *
 * Memory is taken when it is needed: 192 KiB for the slots with the first number that is stored or
 * missing, a block of the pool for each stored packet. A source that neither loses nor carries FEC
 * takes none. The pool bounds the rest. One thread at a time.
 */
#ifndef MEDIA_PACKET_STORE_H
#define MEDIA_PACKET_STORE_H

#include "packet_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_STORE_SLOTS 8192u

enum packet_state {
	PACKET_UNKNOWN, /* not here; passed on without a copy, dropped, or not yet due */
	PACKET_MISSING, /* its turn has passed without it */
	PACKET_STORED,
};

struct packet_slot {
	uint8_t *datagram; /* when stored, else NULL */
	int64_t since_ns;  /* monotonic; stored or missing since then */
	uint16_t size;     /* of the datagram in bytes */
	uint16_t offset;   /* of the payload in the datagram */
	uint16_t payload_size;
	uint8_t state; /* enum packet_state */
};

struct packet_store;

/*
 * Owns: *out is the caller's, freed by packet_store_destroy; pool is borrowed. Errors: -ENOMEM.
 */
int packet_store_create(struct packet_store **out, struct packet_pool *pool);

/* Gives every block back to the pool. NULL is fine. */
void packet_store_destroy(struct packet_store *store);

/*
 * Copy a datagram of size bytes, whose payload of payload_size bytes starts at offset, to the slot of
 * sequence, replacing what was there. Errors, with the slot as it was: -ENOMEM when memory or the limit
 * of the pool is reached, -EMSGSIZE over PACKET_MAX_BYTES.
 */
int packet_store_put(struct packet_store *store, uint16_t sequence, const uint8_t *datagram,
                     size_t size, size_t offset, size_t payload_size, int64_t now_ns);

/* Note that sequence is missing since now_ns. Errors, with the slot as it was: -ENOMEM. */
int packet_store_miss(struct packet_store *store, uint16_t sequence, int64_t now_ns);

/* The slot of sequence, borrowed until the next call that changes it; never NULL. */
const struct packet_slot *packet_store_at(const struct packet_store *store, uint16_t sequence);

/* Forget sequence: its slot becomes PACKET_UNKNOWN. */
void packet_store_drop(struct packet_store *store, uint16_t sequence);

/* Forget everything. */
void packet_store_clear(struct packet_store *store);

/* Nothing is stored or missing. */
bool packet_store_is_empty(const struct packet_store *store);

/* Packets stored. */
size_t packet_store_count(const struct packet_store *store);

#endif
