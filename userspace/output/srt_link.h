/*
 * One SRT connection fed from a channel's ring: caller, rendezvous, or one reader of a listener.
 *
 * Every other tick hands over all whole messages; what is left over follows when nothing came for a while, so the peer
 * gets every byte, in the sizes that SRT likes, and with the time when it arrived here: the receiver gives it on at the
 * pace of the source. Thread: the output's sender (all). See docs/adr/008.
 */
#ifndef OUTPUT_SRT_LINK_H
#define OUTPUT_SRT_LINK_H

#include "base/clock.h"
#include "base/table.h"
#include "burst.h"
#include "relay/channel.h"
#include "srt_socket.h"

#include <stdint.h>

/* libsrt's names. Totals grow over all connections of an output, what is present is the connection's. */
#define SRT_COUNTERS(X)                                                                            \
	X(pktSentUniqueTotal, COUNTER_TOTAL, "packets", "SRT: packets sent, without repetitions")  \
	X(byteSentUniqueTotal, COUNTER_TOTAL, "bytes", "SRT: bytes sent, without repetitions")     \
	X(pktRetransTotal, COUNTER_TOTAL, "packets", "SRT: packets sent again")                    \
	X(byteRetransTotal, COUNTER_TOTAL, "bytes", "SRT: bytes sent again")                       \
	X(pktSndLossTotal, COUNTER_TOTAL, "packets",                                               \
	  "SRT: packets that the peer reported missing")                                           \
	X(pktRecvNAKTotal, COUNTER_TOTAL, "packets", "SRT: NAK packets received")                  \
	X(pktRecvACKTotal, COUNTER_TOTAL, "packets", "SRT: ACK packets received")                  \
	X(byteSndDropTotal, COUNTER_TOTAL, "bytes",                                                \
	  "SRT: bytes given up because they were too late")                                        \
	X(msRTT, COUNTER_GAUGE_MILLI, "milliseconds", "SRT: round-trip time")                      \
	X(mbpsSendRate, COUNTER_GAUGE_MILLI, "megabits_per_second", "SRT: sending rate")           \
	X(mbpsBandwidth, COUNTER_GAUGE_MILLI, "megabits_per_second", "SRT: estimated bandwidth")   \
	X(mbpsMaxBW, COUNTER_GAUGE_MILLI, "megabits_per_second", "SRT: limit of the sending rate") \
	X(pktFlightSize, COUNTER_GAUGE, "packets", "SRT: packets in flight")                       \
	X(pktFlowWindow, COUNTER_GAUGE, "packets", "SRT: packets that may be in flight")           \
	X(pktSndBuf, COUNTER_GAUGE, "packets", "SRT: packets in the send buffer")                  \
	X(msSndBuf, COUNTER_GAUGE, "milliseconds", "SRT: time span of the send buffer")            \
	X(msSndTsbPdDelay, COUNTER_GAUGE, "milliseconds", "SRT: latency that was agreed on")       \
	X(byteAvailSndBuf, COUNTER_GAUGE, "bytes", "SRT: room in the send buffer")

struct srt_counters {
	SRT_COUNTERS(COUNTER_MEMBER)
};

#define SRT_COUNTER_COUNT (0 SRT_COUNTERS(COUNTER_ONE))
extern const struct counter_info srt_counter_table[];

struct output_counters;

/*
 * Bursts, for fewer wakes of libsrt and more packets that leave together: one in this share of the latency, which then
 * lacks that much for retransmission, but never longer than the maximum. All links of a sender in the same tick.
 */
#define SRT_LINK_PERIODS       10 /* in the latency */
#define SRT_LINK_MAX_PERIOD_NS (20 * NS_PER_MS)

struct srt_link {
	int socket;
	uint32_t whole;                    /* TS packets in a message */
	const struct srt_options *options; /* borrowed */
	struct channel *channel;           /* borrowed */
	struct output_counters *counters;  /* the output's; borrowed */
	uint64_t position;                 /* in the ring */
	uint64_t newest;                   /* ring head when it last moved */
	int64_t newest_ns;
	struct burst burst;
	int64_t lossy_ns;        /* when packets were last sent again; 0: never */
	int64_t acknowledged_ns; /* when the peer was last seen to acknowledge, or owed us nothing */
	struct srt_statistics seen; /* at the last look */
};

/* From the newest packet on. */
void srt_link_begin(struct srt_link *link, int socket, const struct srt_options *options,
                    struct channel *channel, struct output_counters *counters, int64_t now_ns);

/* Send what waits, if a burst is due. Errors: -EPIPE: the connection is gone. */
int srt_link_run(struct srt_link *link, int64_t now_ns);

/*
 * Once a second: add what happened since the last look to the totals of counters, gather in present what is now, cap
 * retransmission at a multiple of the channel's rate while there is any. Several links may share both: present, which
 * begins as zeros, then holds the worst of each. Errors: -EPIPE; -ETIMEDOUT: the peer is there, but has acknowledged
 * nothing of what was sent for peeridletimeo.
 */
int srt_link_look(struct srt_link *link, struct srt_counters *counters,
                  struct srt_counters *present);

/* Set the gauges of counters to those of present. NULL: there is no connection. Who reads meanwhile sees old or new. */
void srt_counters_set_gauges(struct srt_counters *counters, const struct srt_counters *present);

#endif
