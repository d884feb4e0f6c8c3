/*
 * Datagrams by sequence number: an array of slots, made on first use, that point to blocks of a pool.
 */
#include "packet_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(65536 % PACKET_STORE_SLOTS == 0, "the wrap of sequence numbers must not move slots");
_Static_assert(PACKET_MAX_BYTES <= UINT16_MAX, "sizes are kept in 16 bits");

struct packet_store {
	struct packet_pool *pool;
	struct packet_slot *slots; /* PACKET_STORE_SLOTS, or NULL before the first use */
	size_t stored, used;       /* used: stored or missing */
};

static const struct packet_slot unknown_slot = {.state = PACKET_UNKNOWN};

int packet_store_create(struct packet_store **out, struct packet_pool *pool)
{
	struct packet_store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	store->pool = pool;
	*out = store;
	return 0;
}

void packet_store_destroy(struct packet_store *store)
{
	if (!store)
		return;
	packet_store_clear(store);
	free(store->slots);
	free(store);
}

/* The slot to write to, or NULL without memory. */
static struct packet_slot *slot_open(struct packet_store *store, uint16_t sequence)
{
	if (!store->slots)
		store->slots = calloc(PACKET_STORE_SLOTS, sizeof(*store->slots));
	return store->slots ? &store->slots[sequence % PACKET_STORE_SLOTS] : NULL;
}

static void slot_release(struct packet_store *store, struct packet_slot *slot)
{
	if (slot->state == PACKET_UNKNOWN)
		return;
	store->used--;
	if (slot->state == PACKET_STORED)
		store->stored--;
	packet_pool_give(store->pool, slot->datagram);
	slot->datagram = NULL;
	slot->state = PACKET_UNKNOWN;
}

int packet_store_put(struct packet_store *store, uint16_t sequence, const uint8_t *datagram,
                     size_t size, size_t offset, size_t payload_size, int64_t now_ns)
{
	struct packet_slot *slot;
	uint8_t *block;

	if (size > PACKET_MAX_BYTES)
		return -EMSGSIZE;
	slot = slot_open(store, sequence);
	if (!slot)
		return -ENOMEM;
	block = packet_pool_take(store->pool, size);
	if (!block)
		return -ENOMEM;
	slot_release(store, slot);
	memcpy(block, datagram, size);
	*slot = (struct packet_slot){
		.datagram = block,
		.since_ns = now_ns,
		.size = (uint16_t)size,
		.offset = (uint16_t)offset,
		.payload_size = (uint16_t)payload_size,
		.state = PACKET_STORED,
	};
	store->stored++;
	store->used++;
	return 0;
}

int packet_store_miss(struct packet_store *store, uint16_t sequence, int64_t now_ns)
{
	struct packet_slot *slot = slot_open(store, sequence);

	if (!slot)
		return -ENOMEM;
	slot_release(store, slot);
	slot->state = PACKET_MISSING;
	store->used++;
	slot->since_ns = now_ns;
	return 0;
}

const struct packet_slot *packet_store_at(const struct packet_store *store, uint16_t sequence)
{
	return store->slots ? &store->slots[sequence % PACKET_STORE_SLOTS] : &unknown_slot;
}

void packet_store_drop(struct packet_store *store, uint16_t sequence)
{
	if (store->used)
		slot_release(store, &store->slots[sequence % PACKET_STORE_SLOTS]);
}

void packet_store_clear(struct packet_store *store)
{
	for (size_t i = 0; store->used && i < PACKET_STORE_SLOTS; i++)
		slot_release(store, &store->slots[i]);
}

bool packet_store_is_empty(const struct packet_store *store)
{
	return store->used == 0;
}

size_t packet_store_count(const struct packet_store *store)
{
	return store->stored;
}
