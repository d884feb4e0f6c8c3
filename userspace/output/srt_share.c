/*
 * Shared local ports: a small table for each sender, the entry used longest ago makes room for a new one. An entry
 * that is lost or stale does no harm: the next caller begins a port of its own, which is then the shared one.
 */
#include "srt_share.h"

#include <stdatomic.h>
#include <string.h>

#define MAX_SHARERS     16
#define SHARER_KBPS     600000u /* then the next one is begun */
#define LEAST_KBPS      5000u /* a caller whose channel is slow, or not known yet, counts as much */
#define PORTS_OF_SHARER 16

struct share {
	struct srt_share_key key;
	uint16_t port; /* 0: unused */
	uint64_t used; /* when, in calls */
};

static struct share_table {
	struct share shares[PORTS_OF_SHARER];
	uint64_t calls;
} tables[MAX_SHARERS];

static atomic_uint loads_kbps[MAX_SHARERS];

static unsigned int weight_kbps(uint64_t bitrate_bps)
{
	const uint64_t kbps = bitrate_bps / 1000;

	return kbps < LEAST_KBPS    ? LEAST_KBPS
	       : kbps > SHARER_KBPS ? SHARER_KBPS
	                            : (unsigned int)kbps;
}

unsigned int srt_share_join(uint64_t bitrate_bps)
{
	const unsigned int weight = weight_kbps(bitrate_bps);
	unsigned int least = 0;

	for (unsigned int i = 0; i < MAX_SHARERS; i++) {
		if (atomic_load(&loads_kbps[i]) + weight <= SHARER_KBPS) {
			least = i;
			break;
		}
		if (atomic_load(&loads_kbps[i]) < atomic_load(&loads_kbps[least]))
			least = i;
	}
	atomic_fetch_add(&loads_kbps[least], weight);
	return least;
}

void srt_share_leave(unsigned int sharer, uint64_t bitrate_bps)
{
	atomic_fetch_sub(&loads_kbps[sharer], weight_kbps(bitrate_bps));
}

struct srt_share_key srt_share_key(const struct srt_options *options, sa_family_t family)
{
	struct srt_share_key key = {
		.family = family, .ttl = options->ttl, .tos = options->tos, .mss = options->mss};

	memcpy(key.adapter, options->adapter, sizeof(key.adapter));
	return key;
}

static bool same_key(const struct srt_share_key *a, const struct srt_share_key *b)
{
	return a->family == b->family && a->ttl == b->ttl && a->tos == b->tos && a->mss == b->mss &&
	       !strcmp(a->adapter, b->adapter);
}

/* The one with this key, else the one used longest ago. */
static struct share *find(struct share_table *table, const struct srt_share_key *key)
{
	struct share *oldest = table->shares;

	for (size_t i = 0; i < PORTS_OF_SHARER; i++) {
		struct share *share = &table->shares[i];

		if (share->port && same_key(&share->key, key))
			return share;
		if (share->used < oldest->used)
			oldest = share;
	}
	return oldest;
}

uint16_t srt_share_get(unsigned int sharer, const struct srt_share_key *key)
{
	struct share_table *table = &tables[sharer % MAX_SHARERS];
	struct share *share = find(table, key);

	if (!share->port || !same_key(&share->key, key))
		return 0;
	share->used = ++table->calls;
	return share->port;
}

void srt_share_set(unsigned int sharer, const struct srt_share_key *key, uint16_t port)
{
	struct share_table *table = &tables[sharer % MAX_SHARERS];

	*find(table, key) = (struct share){.key = *key, .port = port, .used = ++table->calls};
}
