/*
 * Memory for datagrams: blocks of two sizes, handed out again and again.
 *
 * A block is allocated when none is free and kept for the next user when it is given back, so in steady
 * state nothing is allocated. What lay unused from one packet_pool_trim to the next is freed there.
 * Everything together never passes the limit the pool was made with. One thread at a time.
 */
#ifndef MEDIA_PACKET_POOL_H
#define MEDIA_PACKET_POOL_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX_BYTES   9000u /* largest datagram a block takes: jumbo Ethernet */
#define PACKET_SMALL_BYTES 1500u /* up to here the small block does: plain Ethernet */

#define PACKET_POOL_CLASSES 2

struct packet_block;

/* Zero-initialise but for max_bytes. */
struct packet_pool {
	size_t max_bytes;  /* limit of used_bytes */
	size_t used_bytes; /* allocated, whether handed out or free */
	struct packet_block *free[PACKET_POOL_CLASSES];
	size_t free_count[PACKET_POOL_CLASSES];
	size_t unused[PACKET_POOL_CLASSES]; /* lowest free_count since the last trim */
};

/*
 * A block for size bytes, 8-byte aligned, contents undefined. Owns: the caller's until packet_pool_give.
 * Errors: NULL when size is over PACKET_MAX_BYTES, or the limit or the memory is reached.
 */
uint8_t *packet_pool_take(struct packet_pool *pool, size_t size);

/* Give a block of this pool back; NULL is fine. */
void packet_pool_give(struct packet_pool *pool, uint8_t *block);

/* Free what was not needed since the last call. Call every few seconds. */
void packet_pool_trim(struct packet_pool *pool);

/* Free every block that was given back. */
void packet_pool_clear(struct packet_pool *pool);

#endif
