/*
 * What the receive side of an RTP stream counts. Two sums close at any time:
 *
 *	sequence numbers from the first to the newest, over all restarts = rtp_emitted + rtp_lost + those
 *	still waited for
 *	rtp_received = rtp_emitted - rtp_recovered_fec + rtp_duplicates + rtp_late + rtp_malformed +
 *	               rtp_stray + rtp_held
 *	fec_received = fec_malformed_* + fec_stray + fec_unneeded + fec_used + fec_unused + fec_wrong +
 *	               fec_held
 *
 * A recovered packet that still waits for a gap before it is counted as recovered when it is emitted.
 */
#ifndef MEDIA_RTP_COUNTERS_H
#define MEDIA_RTP_COUNTERS_H

#include "base/table.h"

#define RTP_COUNTERS(X)                                                                            \
	X(rtp_received, COUNTER_TOTAL, "packets", "RTP datagrams received, on all paths")          \
	X(rtp_emitted, COUNTER_TOTAL, "packets", "RTP packets passed on, in order")                \
	X(rtp_lost, COUNTER_TOTAL, "packets", "Sequence numbers given up as lost")                 \
	X(rtp_recovered_fec, COUNTER_TOTAL, "packets", "RTP packets passed on that FEC recovered") \
	X(rtp_reordered, COUNTER_TOTAL, "packets", "RTP packets out of order, but in time")        \
	X(rtp_duplicates, COUNTER_TOTAL, "packets", "RTP packets dropped, being here already")     \
	X(rtp_late, COUNTER_TOTAL, "packets", "RTP packets that came after they were given up")    \
	X(rtp_malformed, COUNTER_TOTAL, "packets", "Datagrams that are no RTP or carry no TS")     \
	X(rtp_stray, COUNTER_TOTAL, "packets", "RTP packets of another source or place, dropped")  \
	X(rtp_restarts, COUNTER_TOTAL, "events", "Source restarts: new SSRC or sequence jump")     \
	X(rtp_held, COUNTER_GAUGE, "packets", "RTP packets waiting for a gap or confirmation")     \
	X(rtp_hold_ms, COUNTER_GAUGE, "milliseconds", "Longest wait for a missing packet")         \
	X(rtp_memory_bytes, COUNTER_GAUGE, "bytes", "Memory taken for packets")                    \
	X(rtp_jitter_us, COUNTER_GAUGE, "microseconds", "Interarrival jitter of the worst path")   \
	X(arrival_le_1ms, COUNTER_TOTAL, "packets", "RTP packets up to 1 ms after the last")       \
	X(arrival_le_2ms, COUNTER_TOTAL, "packets", "RTP packets 1 to 2 ms after the last")        \
	X(arrival_le_5ms, COUNTER_TOTAL, "packets", "RTP packets 2 to 5 ms after the last")        \
	X(arrival_le_10ms, COUNTER_TOTAL, "packets", "RTP packets 5 to 10 ms after the last")      \
	X(arrival_le_20ms, COUNTER_TOTAL, "packets", "RTP packets 10 to 20 ms after the last")     \
	X(arrival_le_50ms, COUNTER_TOTAL, "packets", "RTP packets 20 to 50 ms after the last")     \
	X(arrival_le_100ms, COUNTER_TOTAL, "packets", "RTP packets 50 to 100 ms after the last")   \
	X(arrival_gt_100ms, COUNTER_TOTAL, "packets", "RTP packets over 100 ms after the last")    \
	X(path0_received, COUNTER_TOTAL, "packets", "RTP datagrams received on the first path")    \
	X(path0_first, COUNTER_TOTAL, "packets", "RTP packets that the first path brought first")  \
	X(path0_only, COUNTER_TOTAL, "packets", "RTP packets only the first path brought")         \
	X(path1_received, COUNTER_TOTAL, "packets", "RTP datagrams received on the second path")   \
	X(path1_first, COUNTER_TOTAL, "packets", "RTP packets that the second path brought first") \
	X(path1_only, COUNTER_TOTAL, "packets", "RTP packets only the second path brought")        \
	X(fec_received, COUNTER_TOTAL, "packets", "FEC datagrams received")                        \
	X(fec_malformed_size, COUNTER_TOTAL, "packets", "FEC datagrams too short or too long")     \
	X(fec_malformed_version, COUNTER_TOTAL, "packets", "FEC datagrams not of RTP version 2")   \
	X(fec_malformed_header, COUNTER_TOTAL, "packets", "FEC headers of another kind of FEC")    \
	X(fec_malformed_direction, COUNTER_TOTAL, "packets", "Column FEC as row or row as column") \
	X(fec_malformed_matrix, COUNTER_TOTAL, "packets", "FEC with a matrix of no allowed size")  \
	X(fec_stray, COUNTER_TOTAL, "packets", "FEC for numbers far off the stream, or ignored")   \
	X(fec_unneeded, COUNTER_TOTAL, "packets", "FEC packets with nothing to recover")           \
	X(fec_used, COUNTER_TOTAL, "packets", "FEC packets that recovered a packet")               \
	X(fec_unused, COUNTER_TOTAL, "packets", "FEC packets with too much missing to help")       \
	X(fec_wrong, COUNTER_TOTAL, "packets", "FEC packets that would have given a wrong packet") \
	X(fec_held, COUNTER_GAUGE, "packets", "FEC packets that may still help")                   \
	X(fec_late, COUNTER_TOTAL, "packets", "RTP packets recovered after they were given up")    \
	X(fec_changes, COUNTER_TOTAL, "events", "Changes of the FEC matrix while running")         \
	X(fec_columns, COUNTER_GAUGE, "packets", "L: columns of the FEC matrix, 0 without FEC")    \
	X(fec_rows, COUNTER_GAUGE, "packets", "D: rows of the FEC matrix, 0 without column FEC")

struct rtp_counters {
	RTP_COUNTERS(COUNTER_MEMBER)
};

#define RTP_COUNTER_COUNT (0 RTP_COUNTERS(COUNTER_ONE))

extern const struct counter_info rtp_counter_table[];

#endif
