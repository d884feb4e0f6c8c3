/*
 * A ceiling on datagrams a second: the generic cell rate algorithm (ITU-T I.371 annex A), the same
 * arithmetic in the XDP program and on the kernel sockets.
 *
 * The state is one word, the time at which the datagrams admitted so far would have come at the ceiling's
 * even pace, so that a compare-and-swap keeps it exact over any number of CPUs. Times are counted in
 * sixteenths of a nanosecond, which keeps the pace within 0.1 % up to ten million a second, and wrap after
 * 36 years, so they are compared by their difference.
 */
#ifndef BPF_CEILING_H
#define BPF_CEILING_H

#include <linux/types.h>

#define CEILING_UNITS_PER_NS 16
#define CEILING_MIN_BURST    64  /* datagrams; as many as an encoder sends in one go */
#define CEILING_BURSTS_PER_S 100 /* at higher rates: 10 ms worth */

struct ceiling {
	__u64 interval; /* between two datagrams; 0: there is no ceiling */
	__u64 burst;    /* how far a datagram may be ahead of the pace */
};

/* Datagrams that may come at once. */
static inline __u64 ceiling_burst_pkts(__u32 max_pps)
{
	const __u64 pkts = max_pps / CEILING_BURSTS_PER_S;

	return pkts < CEILING_MIN_BURST ? CEILING_MIN_BURST : pkts;
}

/* max_pps datagrams a second, 0: no ceiling. The interval is rounded up: never more than that. */
static inline struct ceiling ceiling_make(__u32 max_pps)
{
	const __u64 second = 1000000000ull * CEILING_UNITS_PER_NS;
	struct ceiling ceiling = {0, 0};

	if (max_pps) {
		ceiling.interval = (second + max_pps - 1) / max_pps;
		ceiling.burst = (ceiling_burst_pkts(max_pps) - 1) * ceiling.interval;
	}
	return ceiling;
}

/* The state at now_ns before any datagram. 0 does as well for clocks that count from the machine's start. */
static inline __u64 ceiling_start(__u64 now_ns)
{
	return now_ns * CEILING_UNITS_PER_NS;
}

/* The state after a datagram at now_ns, or the state itself when the datagram is over the ceiling. */
static inline __u64 ceiling_next(const struct ceiling *ceiling, __u64 state, __u64 now_ns)
{
	const __u64 now = now_ns * CEILING_UNITS_PER_NS;
	const __s64 ahead = (__s64)(state - now);

	if (ahead <= 0)
		return now + ceiling->interval;
	if ((__u64)ahead > ceiling->burst)
		return state;
	return state + ceiling->interval;
}

#endif
