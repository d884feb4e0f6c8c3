/*
 * The TS ring of a channel: one writer, any number of readers, lock-free, memory fixed when it is made.
 *
 * A position is the number of TS packets written since the ring was made; it never wraps in practice
 * (64 bits) and is a reader's whole state, so readers come and go without the writer knowing. Nobody
 * waits: a reader that falls more than the capacity behind is lapped, counts what it lost, and goes on
 * at the newest packet.
 */
#ifndef RELAY_RING_H
#define RELAY_RING_H

#include <stddef.h>
#include <stdint.h>

#define RING_DEFAULT_PACKETS 16384u /* 2.4 s at 10 Mb/s; 3 MiB, or two huge pages */
#define RING_MAX_PACKETS     16384u /* a power of two; the next would pass the limit of 4 MB */

struct ring;

/*
 * capacity: TS packets, a power of two from 128 to RING_MAX_PACKETS; 192 bytes each.
 * Owns: *out is the caller's, freed by ring_destroy. Errors: -EINVAL, -ENOMEM. Thread: any.
 */
int ring_create(struct ring **out, uint32_t capacity);

/* NULL is fine. Thread: any, when neither writer nor readers use it any more. */
void ring_destroy(struct ring *ring);

/*
 * Append count TS packets of 188 bytes, at most half the capacity, that arrived at arrival_us
 * (monotonic microseconds, low 32 bits are kept). They become visible together.
 * Thread: the writer (ingest).
 */
void ring_write(struct ring *ring, const uint8_t *packets, size_t count, uint32_t arrival_us);

/*
 * Have the ring's state brought near, and when that is here, the memory of the next write, as much as a datagram
 * needs. Thread: the writer (both).
 */
void ring_prefetch(const struct ring *ring);
void ring_prefetch_slots(const struct ring *ring);

/* The position after the newest packet: where a new reader starts. Thread: any. */
uint64_t ring_head(const struct ring *ring);

/*
 * Copy up to max packets from *position on to out (max * 188 bytes) and move *position behind them.
 * When arrival_us is not NULL, the arrival time of the first packet copied is stored there. A reader
 * that was lapped gets 0, *lost grows by the packets it missed, and *position is the newest.
 * Returns the number of packets copied, 0 when there is nothing new. Thread: any, one per position.
 */
size_t ring_read(const struct ring *ring, uint64_t *position, uint8_t *out, size_t max,
                 uint32_t *arrival_us, uint64_t *lost);

#endif
