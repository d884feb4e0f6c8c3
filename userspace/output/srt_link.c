/*
 * One SRT connection fed from a ring.
 */
#include "srt_link.h"

#include "base/clock.h"
#include "media/ts.h"
#include "output.h"

#include <errno.h>
#include <string.h>

#define MAX_MESSAGE_BYTES    1316
#define MESSAGES_PER_TICK    1024             /* 1.3 MB */
#define CAP_LASTS_NS         (10 * NS_PER_S)  /* after the last retransmission */
#define LEFTOVER_PATIENCE_NS (20 * NS_PER_MS) /* then a short message is sent */
#define SOURCE_QUIET_NS      (500 * NS_PER_MS)

const struct counter_info srt_counter_table[] = {SRT_COUNTERS(COUNTER_ROW)};

/*
 * Retransmission is capped, and nothing else: see srt_setup_cap(). A cap makes libsrt sleep between the packets of a
 * burst, which costs half as much again as sending them; so there is one only while there is something to cap.
 */
static void cap_retransmission(const struct srt_link *link, int64_t now_ns)
{
	const bool lossy = link->lossy_ns && now_ns - link->lossy_ns < CAP_LASTS_NS;

	srt_socket_set_bitrate(link->socket, link->options,
	                       lossy ? counter_get(&channel_counters(link->channel)->bitrate_bps)
	                             : 0);
}

static int64_t period_ns(const struct srt_options *options)
{
	const int64_t share = options->latency_ms * NS_PER_MS / SRT_LINK_PERIODS;

	return share < 1 ? 1 : share < SRT_LINK_MAX_PERIOD_NS ? share : SRT_LINK_MAX_PERIOD_NS;
}

void srt_link_begin(struct srt_link *link, int socket, const struct srt_options *options,
                    struct channel *channel, struct output_counters *counters, int64_t now_ns)
{
	const uint64_t head = ring_head(channel_ring(channel));

	*link = (struct srt_link){.socket = socket,
	                          .whole = options->payloadsize / TS_PACKET_BYTES,
	                          .options = options,
	                          .channel = channel,
	                          .counters = counters,
	                          .position = head,
	                          .newest = head,
	                          .newest_ns = now_ns,
	                          .burst.period_ns = period_ns(options),
	                          .acknowledged_ns = now_ns};
	cap_retransmission(link, now_ns);
}

/* Send the next message of up to max packets. Errors: -EAGAIN: nothing more for now; -EPIPE. */
static int send_message(struct srt_link *link, size_t max)
{
	const struct ring *ring = channel_ring(link->channel);
	uint64_t position = link->position, lost = 0;
	uint8_t message[MAX_MESSAGE_BYTES];
	uint32_t arrival_us;
	const size_t bytes =
		ring_read(ring, &position, message, max, &arrival_us, &lost) * TS_PACKET_BYTES;
	int error;

	if (lost) {
		counter_add(&link->counters->packets_lost, lost);
		link->position = position;
	}
	if (!bytes)
		return -EAGAIN;
	error = srt_socket_send(link->socket, message, bytes,
	                        (uint32_t)(clock_now_ns() / NS_PER_US) - arrival_us);
	if (error)
		return error; /* with a full buffer the ring keeps the packets until the next tick */
	link->position = position;
	counter_add(&link->counters->bytes_sent, bytes);
	return 0;
}

int srt_link_run(struct srt_link *link, int64_t now_ns)
{
	const uint64_t head = ring_head(channel_ring(link->channel));
	const size_t whole = link->whole;
	int error = 0;

	if (!burst_is_due(&link->burst, now_ns))
		return 0;
	if (head != link->newest) {
		link->newest = head;
		link->newest_ns = now_ns;
	}
	for (int i = 0; !error && i < MESSAGES_PER_TICK && head - link->position >= whole; i++)
		error = send_message(link, whole);
	if (!error && head != link->position && head - link->position < whole &&
	    now_ns - link->newest_ns > LEFTOVER_PATIENCE_NS)
		error = send_message(link, (size_t)(head - link->position));
	return error == -EAGAIN ? 0 : error;
}

static void add_grown(counter_t *total, uint64_t now, uint64_t before)
{
	counter_add(total, now > before ? now - before : 0);
}

/* Of one that begins again: acknowledgements do after 500 days, a hundred of them a second. */
static void add_grown_32(counter_t *total, uint64_t now, uint64_t before)
{
	counter_add(total, (uint32_t)(now - before));
}

static void raise(counter_t *gauge, uint64_t value)
{
	if (value > counter_get(gauge))
		counter_set(gauge, value);
}

/* 0 is what nothing has been gathered in. */
static void lower(counter_t *gauge, uint64_t value)
{
	if (!counter_get(gauge) || value < counter_get(gauge))
		counter_set(gauge, value);
}

static void add_totals(struct srt_counters *counters, const struct srt_statistics *now,
                       const struct srt_statistics *before)
{
	add_grown(&counters->pktSentUniqueTotal, now->pktSentUnique, before->pktSentUnique);
	add_grown(&counters->byteSentUniqueTotal, now->byteSentUnique, before->byteSentUnique);
	add_grown_32(&counters->pktRetransTotal, now->pktRetrans, before->pktRetrans);
	add_grown(&counters->byteRetransTotal, now->byteRetrans, before->byteRetrans);
	add_grown_32(&counters->pktSndLossTotal, now->pktSndLoss, before->pktSndLoss);
	add_grown_32(&counters->pktRecvNAKTotal, now->pktRecvNAK, before->pktRecvNAK);
	add_grown_32(&counters->pktRecvACKTotal, now->pktRecvACK, before->pktRecvACK);
	add_grown(&counters->byteSndDropTotal, now->byteSndDrop, before->byteSndDrop);
}

static void gather(struct srt_counters *present, const struct srt_statistics *now)
{
	raise(&present->msRTT, now->rtt_us);
	raise(&present->mbpsSendRate, now->mbpsSendRate_bps / 1000);
	lower(&present->mbpsBandwidth, now->mbpsBandwidth_bps / 1000);
	lower(&present->mbpsMaxBW, now->mbpsMaxBW_bps / 1000);
	raise(&present->pktFlightSize, now->pktFlightSize);
	lower(&present->pktFlowWindow, now->pktFlowWindow);
	raise(&present->pktSndBuf, now->pktSndBuf);
	raise(&present->msSndBuf, now->msSndBuf);
	raise(&present->msSndTsbPdDelay, now->msSndTsbPdDelay);
	lower(&present->byteAvailSndBuf, now->byteAvailSndBuf);
}

void srt_counters_set_gauges(struct srt_counters *counters, const struct srt_counters *present)
{
	counter_t *all = (counter_t *)counters;

	for (size_t i = 0; i < SRT_COUNTER_COUNT; i++)
		if (srt_counter_table[i].type != COUNTER_TOTAL)
			counter_set(&all[i], present ? counter_at(present, i) : 0);
}

/*
 * Acknowledgements are owed for what is sent. Packets lost just before the source fell silent stay in the send buffer
 * until something follows: the peer does not know of them, and libsrt sends them again only when it is told.
 */
static bool is_owed_nothing(const struct srt_link *link, const struct srt_statistics *now,
                            int64_t now_ns)
{
	return !now->pktSndBuf || now_ns - link->newest_ns > SOURCE_QUIET_NS;
}

int srt_link_look(struct srt_link *link, struct srt_counters *counters,
                  struct srt_counters *present)
{
	const int64_t now_ns = clock_now_ns();
	struct srt_statistics now;

	if (srt_socket_get_statistics(link->socket, &now))
		return -EPIPE;
	if (now.pktRecvACK != link->seen.pktRecvACK || is_owed_nothing(link, &now, now_ns))
		link->acknowledged_ns = now_ns;
	add_totals(counters, &now, &link->seen);
	gather(present, &now);
	if (now.pktRetrans != link->seen.pktRetrans)
		link->lossy_ns = now_ns;
	link->seen = now;
	cap_retransmission(link, now_ns);
	return now_ns - link->acknowledged_ns > link->options->peeridletimeo_ms * NS_PER_MS
	               ? -ETIMEDOUT
	               : 0;
}
