/*
 * Datagram blocks: one free list a size, last in first out.
 */
#include "packet_pool.h"

#include <stdlib.h>

struct packet_block {
	struct packet_block *next; /* in the free list */
	size_t kind;
	uint8_t data[];
};

static const size_t kind_bytes[PACKET_POOL_CLASSES] = {
	sizeof(struct packet_block) + PACKET_SMALL_BYTES + 4, /* a multiple of 8 */
	sizeof(struct packet_block) + PACKET_MAX_BYTES,
};

static struct packet_block *free_pop(struct packet_pool *pool, size_t kind)
{
	struct packet_block *block = pool->free[kind];

	if (!block)
		return NULL;
	pool->free[kind] = block->next;
	if (--pool->free_count[kind] < pool->unused[kind])
		pool->unused[kind] = pool->free_count[kind];
	return block;
}

/* Free up to count free blocks of a kind. */
static void free_some(struct packet_pool *pool, size_t kind, size_t count)
{
	struct packet_block *block;

	while (count-- > 0 && (block = free_pop(pool, kind))) {
		pool->used_bytes -= kind_bytes[kind];
		free(block);
	}
}

static struct packet_block *block_create(struct packet_pool *pool, size_t kind)
{
	struct packet_block *block;

	if (pool->used_bytes + kind_bytes[kind] > pool->max_bytes)
		packet_pool_clear(pool); /* the other size may have free ones */
	if (pool->used_bytes + kind_bytes[kind] > pool->max_bytes)
		return NULL;
	block = malloc(kind_bytes[kind]);
	if (!block)
		return NULL;
	block->kind = kind;
	pool->used_bytes += kind_bytes[kind];
	return block;
}

uint8_t *packet_pool_take(struct packet_pool *pool, size_t size)
{
	const size_t kind = size > PACKET_SMALL_BYTES;
	struct packet_block *block;

	if (size > PACKET_MAX_BYTES)
		return NULL;
	block = free_pop(pool, kind);
	if (!block)
		block = block_create(pool, kind);
	return block ? block->data : NULL;
}

void packet_pool_give(struct packet_pool *pool, uint8_t *data)
{
	struct packet_block *block;

	if (!data)
		return;
	block = (struct packet_block *)(void *)(data - offsetof(struct packet_block, data));
	block->next = pool->free[block->kind];
	pool->free[block->kind] = block;
	pool->free_count[block->kind]++;
}

void packet_pool_trim(struct packet_pool *pool)
{
	for (size_t kind = 0; kind < PACKET_POOL_CLASSES; kind++) {
		free_some(pool, kind, pool->unused[kind]);
		pool->unused[kind] = pool->free_count[kind];
	}
}

void packet_pool_clear(struct packet_pool *pool)
{
	for (size_t kind = 0; kind < PACKET_POOL_CLASSES; kind++)
		free_some(pool, kind, SIZE_MAX);
}
