/*
 * Have memory brought near that is going to be used, and probably written, in a moment.
 */
#ifndef BASE_PREFETCH_H
#define BASE_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES 64

/* Every cache line of size bytes, more than 0, from address on. Thread: any. */
static inline void prefetch_range(const void *address, size_t size)
{
	const uintptr_t first = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE_BYTES - 1);
	const uintptr_t end = (uintptr_t)address + size;

	for (uintptr_t line = first; line < end; line += CACHE_LINE_BYTES)
		__builtin_prefetch((const void *)line, 1);
}

#endif
