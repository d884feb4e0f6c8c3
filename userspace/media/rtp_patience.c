/*
 * The wait for a gap follows packets where it can, because a matrix is counted in packets; time only
 * bounds it, with the rate of the moment, so that a stream that slows down or ends lets go.
 */
#include "rtp_patience.h"

#include "base/clock.h"
#include "rtp_source.h"

#define RATE_NS (500 * NS_PER_MS)

static int64_t max_ns(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The time that `packets` take at the present rate, at most RTP_FEC_HOLD_MS. */
static int64_t packets_ns(const struct rtp_conditions *conditions, uint32_t packets)
{
	const int64_t most = RTP_FEC_HOLD_MS * NS_PER_MS;
	int64_t time;

	if (conditions->packets_per_s == 0)
		return most;
	time = packets * NS_PER_S / conditions->packets_per_s;
	return time < most ? time : most;
}

struct rtp_patience rtp_patience_make(const struct rtp_conditions *conditions,
                                      uint32_t *expected_ms)
{
	const int64_t reorder_ns = conditions->reorder_ms * NS_PER_MS;
	const int64_t merge_ns = conditions->merging ? conditions->merge_ms * NS_PER_MS : 0;
	struct rtp_patience patience = {.min_ns = reorder_ns, .max_ns = reorder_ns};
	int64_t expected_ns = max_ns(reorder_ns, merge_ns);

	if (conditions->span > 0) {
		patience.packets = conditions->span;
		patience.max_ns = reorder_ns + packets_ns(conditions, 2 * conditions->span);
		expected_ns = max_ns(expected_ns, packets_ns(conditions, conditions->span));
	}
	if (conditions->merging) {
		const uint64_t packets =
			(uint64_t)conditions->packets_per_s * conditions->reorder_ms / 1000;

		if (patience.packets < packets)
			patience.packets = (uint32_t)packets;
		if (patience.packets < RTP_SOURCE_STEP)
			patience.packets = RTP_SOURCE_STEP;
		patience.max_ns = max_ns(patience.max_ns, merge_ns);
	}
	*expected_ms = (uint32_t)(expected_ns / NS_PER_MS);
	return patience;
}

void rtp_rate_update(struct rtp_rate *rate, uint64_t numbers, int64_t now_ns)
{
	const int64_t elapsed_ns = now_ns - rate->since_ns;
	uint64_t present;

	if (elapsed_ns < RATE_NS)
		return;
	present = (numbers - rate->since_numbers) * NS_PER_S / (uint64_t)elapsed_ns;
	if (present > UINT32_MAX / 4)
		present = UINT32_MAX / 4;
	if (present > 0 && rate->since_ns > 0 && rate->packets_per_s > 0)
		present = (3 * (uint64_t)rate->packets_per_s + present) / 4;
	if (present > 0 && rate->since_ns > 0)
		rate->packets_per_s = (uint32_t)present;
	rate->since_ns = now_ns;
	rate->since_numbers = numbers;
}
