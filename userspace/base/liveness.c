/*
 * Loops are compared with what they had counted when all were alive, not with the last look, so that loops of different
 * paces are asked the same question.
 */
#include "liveness.h"

#include <errno.h>

int liveness_watch(struct liveness *liveness, const struct tick_loop *loop)
{
	if (liveness->count == LIVENESS_MAX_LOOPS)
		return -ENOSPC;
	liveness->loops[liveness->count].loop = loop;
	liveness->loops[liveness->count++].ticks = tick_loop_count(loop);
	return 0;
}

const struct tick_loop *liveness_find_stalled(struct liveness *liveness)
{
	for (size_t i = 0; i < liveness->count; i++)
		if (tick_loop_count(liveness->loops[i].loop) == liveness->loops[i].ticks)
			return liveness->loops[i].loop;
	for (size_t i = 0; i < liveness->count; i++)
		liveness->loops[i].ticks = tick_loop_count(liveness->loops[i].loop);
	return NULL;
}
