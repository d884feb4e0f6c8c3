/*
 * The candidate of a path.
 */
#include "rtp_path.h"

#include <string.h>

void rtp_path_keep(struct rtp_path *path, const struct rtp_arrival *arrival,
                   struct packet_pool *pool, struct rtp_counters *counters)
{
	path->candidate = packet_pool_take(pool, arrival->size);
	if (!path->candidate) {
		counter_add(&counters->rtp_stray, 1);
		return;
	}
	memcpy(path->candidate, arrival->datagram, arrival->size);
	path->candidate_size = arrival->size;
	counter_add(&counters->rtp_held, 1);
}

void rtp_path_drop(struct rtp_path *path, struct packet_pool *pool, struct rtp_counters *counters)
{
	if (!path->candidate)
		return;
	packet_pool_give(pool, path->candidate);
	path->candidate = NULL;
	counter_add(&counters->rtp_held, (uint64_t)-1);
	counter_add(&counters->rtp_stray, 1);
}
