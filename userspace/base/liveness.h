/*
 * Do the tick loops tick? A loop counts a tick when it is over, so one that is stuck in a tick or a command, waits for
 * a lock that nobody gives back, or gets no processor any more, stands still here.
 */
#ifndef BASE_LIVENESS_H
#define BASE_LIVENESS_H

#include "tick.h"

#include <stddef.h>
#include <stdint.h>

#define LIVENESS_MAX_LOOPS 32

/* Zero-initialise. One thread. */
struct liveness {
	size_t count;
	struct {
		const struct tick_loop *loop; /* borrowed */
		uint64_t ticks;               /* when all were last found alive */
	} loops[LIVENESS_MAX_LOOPS];
};

/* Watch a loop, too, for as long as it exists. Errors: -ENOSPC after LIVENESS_MAX_LOOPS. */
int liveness_watch(struct liveness *liveness, const struct tick_loop *loop);

/*
 * NULL when every loop has ticked since the last call that returned NULL, or since it was watched; else a loop that has
 * not. Loops without work tick once a second: calls that are closer together find one now and then.
 */
const struct tick_loop *liveness_find_stalled(struct liveness *liveness);

#endif
