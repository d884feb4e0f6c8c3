/*
 * Exponential back-off with jitter: 1 s, 2 s, 4 s … 30 s, each shortened at random by up to a quarter so
 * that many outputs to one peer do not come back at the same moment. One thread.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>
#include <stdlib.h>

#define BACKOFF_FIRST_MS 1000u
#define BACKOFF_LAST_MS  30000u

/* Zero-initialise; zero it again after success. */
struct backoff {
	uint32_t next_ms;
};

/* Milliseconds to wait before the next try. */
static inline uint32_t backoff_next_ms(struct backoff *backoff)
{
	const uint32_t ms = backoff->next_ms ? backoff->next_ms : BACKOFF_FIRST_MS;

	backoff->next_ms = ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : ms * 2;
	return ms - (uint32_t)random() % (ms / 4);
}

#endif
