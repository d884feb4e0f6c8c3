/*
 * The TS ring.
 *
 * A slot holds one TS packet and its arrival time in 24 words of 64 bits. Before the writer touches a
 * slot it moves `reserved` past it, afterwards `head`. A reader copies first and looks at `reserved`
 * afterwards: if the writer had started to overwrite what was copied, the copy is thrown away.
 *
 * Memory order: slot words are stored with release and loaded with acquire. A reader that saw any new
 * word therefore also sees the `reserved` that was stored before it, which is all the check needs; no
 * fence is required, the race detector understands it, and on x86 it costs nothing.
 */
#include "ring.h"

#include "base/prefetch.h"
#include "media/ts.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define DATAGRAM_PACKETS 7 /* what an Ethernet frame holds */
#define HUGE_PAGE_BYTES  (2u << 20)
#define SLOT_WORDS       24 /* 188 bytes of TS, 4 bytes of arrival time */

struct slot {
	_Atomic uint64_t words[SLOT_WORDS];
};

_Static_assert(sizeof(struct slot) == TS_PACKET_BYTES + sizeof(uint32_t), "a slot has no padding");

/* The last word. */
struct tail {
	uint32_t packet;
	uint32_t arrival_us;
};

struct ring {
	uint64_t mask;
	_Alignas(64) _Atomic uint64_t reserved; /* slots before this one may be being written */
	_Alignas(64) _Atomic uint64_t head;     /* slots before this one are complete */
	_Alignas(64) struct slot slots[];
};

/*
 * With hundreds of rings each write finds its pages in no TLB, and a huge page is one miss instead of many. The
 * kernel may have none, or not be asked for any by its configuration: then it is small pages.
 */
static struct ring *allocate(size_t size)
{
	const size_t alignment = size < HUGE_PAGE_BYTES ? 64 : HUGE_PAGE_BYTES;
	const size_t rounded = (size + alignment - 1) / alignment * alignment;
	struct ring *ring = aligned_alloc(alignment, rounded);

	if (ring && alignment == HUGE_PAGE_BYTES)
		(void)madvise(ring, rounded, MADV_HUGEPAGE);
	return ring;
}

int ring_create(struct ring **out, uint32_t capacity)
{
	const size_t size = sizeof(struct ring) + (size_t)capacity * sizeof(struct slot);
	struct ring *ring;

	if (capacity < 128 || capacity > RING_MAX_PACKETS || (capacity & (capacity - 1)))
		return -EINVAL;
	ring = allocate(size);
	if (!ring)
		return -ENOMEM;
	memset(ring, 0, size); /* all of it: else the ingest thread pays for each page */
	ring->mask = capacity - 1;
	*out = ring;
	return 0;
}

void ring_destroy(struct ring *ring)
{
	free(ring);
}

/*
 * Word by word from where it is to where it belongs, and back: a copy in between, made in pieces of another size,
 * would have the processor wait for what it has just stored.
 */
static void slot_store(struct slot *slot, const uint8_t *packet, uint32_t arrival_us)
{
	struct tail tail = {.arrival_us = arrival_us};
	uint64_t word;

	for (unsigned int i = 0; i < SLOT_WORDS - 1; i++) {
		memcpy(&word, packet + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&slot->words[i], word, memory_order_release);
	}
	memcpy(&tail.packet, packet + TS_PACKET_BYTES - sizeof(tail.packet), sizeof(tail.packet));
	memcpy(&word, &tail, sizeof(word));
	atomic_store_explicit(&slot->words[SLOT_WORDS - 1], word, memory_order_release);
}

static void slot_load(const struct slot *slot, uint8_t *packet, uint32_t *arrival_us)
{
	struct tail tail;
	uint64_t word;

	for (unsigned int i = 0; i < SLOT_WORDS - 1; i++) {
		word = atomic_load_explicit(&slot->words[i], memory_order_acquire);
		memcpy(packet + i * sizeof(word), &word, sizeof(word));
	}
	word = atomic_load_explicit(&slot->words[SLOT_WORDS - 1], memory_order_acquire);
	memcpy(&tail, &word, sizeof(tail));
	memcpy(packet + TS_PACKET_BYTES - sizeof(tail.packet), &tail.packet, sizeof(tail.packet));
	*arrival_us = tail.arrival_us;
}

void ring_write(struct ring *ring, const uint8_t *packets, size_t count, uint32_t arrival_us)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	atomic_store_explicit(&ring->reserved, head + count, memory_order_relaxed);
	for (size_t i = 0; i < count; i++)
		slot_store(&ring->slots[(head + i) & ring->mask], packets + i * TS_PACKET_BYTES,
		           arrival_us);
	atomic_store_explicit(&ring->head, head + count, memory_order_release);
}

void ring_prefetch(const struct ring *ring)
{
	__builtin_prefetch(&ring->mask);
	__builtin_prefetch((const void *)&ring->reserved, 1);
	__builtin_prefetch((const void *)&ring->head, 1);
}

void ring_prefetch_slots(const struct ring *ring)
{
	const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	for (size_t i = 0; i < DATAGRAM_PACKETS; i++)
		prefetch_range(&ring->slots[(head + i) & ring->mask], sizeof(struct slot));
}

uint64_t ring_head(const struct ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_acquire);
}

size_t ring_read(const struct ring *ring, uint64_t *position, uint8_t *out, size_t max,
                 uint32_t *arrival_us, uint64_t *lost)
{
	const uint64_t head = ring_head(ring), start = *position;
	size_t count = head - start < max ? (size_t)(head - start) : max;
	uint32_t arrival, first = 0;
	uint64_t reserved;

	for (size_t i = 0; i < count; i++) {
		slot_load(&ring->slots[(start + i) & ring->mask], out + i * TS_PACKET_BYTES,
		          &arrival);
		if (i == 0)
			first = arrival;
	}
	reserved = atomic_load_explicit(&ring->reserved, memory_order_relaxed);
	if (reserved - start > ring->mask + 1) {
		*position = ring_head(ring);
		*lost += *position - start;
		return 0;
	}
	if (arrival_us && count)
		*arrival_us = first;
	*position = start + count;
	return count;
}
