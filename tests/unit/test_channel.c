/*
 * A channel: what it takes, what it refuses and why, how it counts, and what it makes of two inputs.
 */
#include "base/event.h"
#include "base/clock.h"
#include "media/ts.h"
#include "relay/channel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_BYTES 10000

/* A datagram: RTP header of the first byte and sequence given, then TS packets, then changes. */
struct datagram {
	uint8_t first; /* of the RTP header; 0: none */
	uint16_t sequence;
	size_t packets;
	int size_change;      /* bytes more or less at the end */
	size_t broken_packet; /* number + 1 of the packet without sync byte */
	uint8_t last;         /* value of the last byte, when not 0 */
	uint32_t ssrc;
};

static size_t make_datagram(uint8_t out[MAX_BYTES], const struct datagram *d)
{
	size_t size = 0;

	memset(out, 0, MAX_BYTES);
	if (d->first) {
		const uint8_t header[] = {d->first,
		                          33,
		                          (uint8_t)(d->sequence >> 8),
		                          (uint8_t)d->sequence,
		                          0,
		                          0,
		                          0,
		                          0,
		                          (uint8_t)(d->ssrc >> 24),
		                          (uint8_t)(d->ssrc >> 16),
		                          (uint8_t)(d->ssrc >> 8),
		                          (uint8_t)d->ssrc};

		memcpy(out, header, sizeof(header));
		size = sizeof(header);
	}
	for (size_t i = 0; i < d->packets; i++, size += TS_PACKET_BYTES) {
		out[size] = d->broken_packet == i + 1 ? 0x48 : TS_SYNC_BYTE;
		out[size + 1] = (uint8_t)i;
	}
	size = (size_t)((int)size + d->size_change);
	if (d->last)
		out[size - 1] = d->last;
	return size;
}

static void receive(struct channel *channel, const struct datagram *d, int64_t now_ns)
{
	uint8_t bytes[MAX_BYTES], *exact;
	const size_t size = make_datagram(bytes, d);

	exact = malloc(size ? size : 1); /* its own block: an overrun is seen */
	assert_non_null(exact);
	memcpy(exact, bytes, size);
	channel_receive(channel, 0, CHANNEL_MEDIA, exact, size, now_ns);
	free(exact);
}

static struct channel *make_channel(void)
{
	const struct channel_config config = {.name = "News", .settings.reorder_ms = 50};
	struct channel *channel;

	assert_int_equal(channel_create(&channel, &config), 0);
	return channel;
}

static uint64_t rtp_counter(const struct channel *channel, size_t index)
{
	struct rtp_counters counters = {0};

	channel_rtp_counters(channel, &counters);
	return counter_at(&counters, index);
}

static uint64_t counter(const struct channel *channel, const char *name)
{
	for (size_t i = 0; i < CHANNEL_COUNTER_COUNT; i++)
		if (!strcmp(channel_counter_table[i].name, name))
			return counter_at(channel_counters(channel), i);
	for (size_t i = 0; i < RTP_COUNTER_COUNT; i++)
		if (!strcmp(rtp_counter_table[i].name, name))
			return rtp_counter(channel, i);
	fail_msg("no counter %s", name);
	return 0;
}

static const struct {
	const char *name;
	struct datagram datagram;
	const char *rejected; /* counter that grows, NULL: taken */
	size_t packets;       /* that reach the ring */
} cases[] = {
	{"RTP", {.first = 0x80, .packets = 7}, NULL, 7},
	{"RTP, one packet", {.first = 0x80, .packets = 1}, NULL, 1},
	{"RTP, more than 7", {.first = 0x80, .packets = 40}, NULL, 40},
	{"RTP, padded", {.first = 0xa0, .packets = 7, .size_change = 4, .last = 4}, NULL, 7},
	{"bare TS", {.packets = 7}, NULL, 7},
	{"bare TS, one packet", {.packets = 1}, NULL, 1},
	{"bare TS, more than 7", {.packets = 48}, NULL, 48},
	{"nothing", {.packets = 0}, "rejected_truncated", 0},
	{"half a header", {.first = 0x80, .size_change = -6}, "rejected_truncated", 0},
	{"sources cut", {.first = 0x8f}, "rejected_truncated", 0},
	{"extension cut", {.first = 0x90, .size_change = 3}, "rejected_truncated", 0},
	{"version 0", {.first = 0x01, .packets = 7}, "rejected_version", 0},
	{"version 1", {.first = 0x40, .packets = 7}, "rejected_version", 0},
	{"version 3", {.first = 0xc0, .packets = 7}, "rejected_version", 0},
	{"bare, no sync", {.packets = 7, .broken_packet = 1}, "rejected_version", 0},
	{"padding of zero", {.first = 0xa0, .packets = 1, .size_change = 0}, "rejected_padding", 0},
	{"padding too long", {.first = 0xa0, .packets = 1, .last = 189}, "rejected_padding", 0},
	{"all padding", {.first = 0xa0, .packets = 1, .last = 188}, NULL, 0},
	{"RTP without payload", {.first = 0x80}, NULL, 0},
	{"RTP, a byte short", {.first = 0x80, .packets = 7, .size_change = -1}, "rejected_size", 0},
	{"RTP, a byte too many",
         {.first = 0x80, .packets = 7, .size_change = 1},
         "rejected_size",
         0},
	{"RTP, 204-byte packets",
         {.first = 0x80, .packets = 1, .size_change = 16},
         "rejected_size",
         0},
	{"bare TS, a byte short", {.packets = 7, .size_change = -1}, "rejected_size", 0},
	{"a sync byte alone", {.packets = 1, .size_change = -187}, "rejected_size", 0},
	{"RTP, first out of sync",
         {.first = 0x80, .packets = 7, .broken_packet = 1},
         "rejected_sync",
         0},
	{"RTP, last out of sync",
         {.first = 0x80, .packets = 7, .broken_packet = 7},
         "rejected_sync",
         0},
	{"bare TS, third out of sync", {.packets = 7, .broken_packet = 3}, "rejected_sync", 0},
};

static void check_case(size_t i)
{
	static const char *const reasons[] = {"rejected_truncated", "rejected_version",
	                                      "rejected_padding", "rejected_size", "rejected_sync"};
	struct channel *channel = make_channel();

	receive(channel, &cases[i].datagram, 5 * NS_PER_S);
	assert_int_equal(counter(channel, "datagrams_received"), 1);
	for (size_t j = 0; j < COUNT(reasons); j++) {
		const bool expected = cases[i].rejected && !strcmp(cases[i].rejected, reasons[j]);

		if (counter(channel, reasons[j]) != expected)
			fail_msg("%s: %s is %d", cases[i].name, reasons[j], !expected);
	}
	assert_int_equal(ring_head(channel_ring(channel)), cases[i].packets);
	assert_int_equal(counter(channel, "bytes_received"), cases[i].packets * TS_PACKET_BYTES);
	assert_int_equal(channel_last_ns(channel), cases[i].packets ? 5 * NS_PER_S : 0);
	channel_destroy(channel);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_case(i);
}

/* What comes out of the ring is what was in the datagram, byte by byte, with its time of arrival. */
static void test_payload(void **state)
{
	const struct datagram d = {.first = 0xa0, .packets = 9, .size_change = 8, .last = 8};
	struct channel *channel = make_channel();
	uint8_t bytes[MAX_BYTES], out[9 * TS_PACKET_BYTES];
	const size_t size = make_datagram(bytes, &d);
	uint64_t position = 0, lost = 0;
	uint32_t arrival_us;

	(void)state;
	channel_receive(channel, 0, CHANNEL_MEDIA, bytes, size, 123456789);
	assert_int_equal(ring_read(channel_ring(channel), &position, out, 9, &arrival_us, &lost),
	                 9);
	assert_memory_equal(out, bytes + 12, sizeof(out));
	assert_int_equal(arrival_us, 123456);
	channel_destroy(channel);
}

/* Order is restored, what comes twice is dropped, a new source is taken over, and loss is counted once. */
static void test_sequence(void **state)
{
	static const struct {
		uint32_t ssrc;
		uint16_t sequence;
		uint64_t ring; /* packets in the ring afterwards */
	} stream[] = {
		{1, 65534, 1}, {1, 65535, 2}, {1, 65535, 2}, {1, 1, 2},
		{1, 0, 4},     {1, 3, 4},     {2, 900, 4},   {2, 901, 7},
	};
	struct channel *channel = make_channel();

	(void)state;
	for (size_t i = 0; i < COUNT(stream); i++) {
		receive(channel,
		        &(struct datagram){.first = 0x80,
		                           .sequence = stream[i].sequence,
		                           .ssrc = stream[i].ssrc,
		                           .packets = 1},
		        NS_PER_S);
		assert_int_equal(ring_head(channel_ring(channel)), stream[i].ring);
	}
	assert_int_equal(counter(channel, "datagrams_received"), 8);
	assert_int_equal(counter(channel, "rtp_duplicates"), 1);
	assert_int_equal(counter(channel, "rtp_reordered"), 1);
	assert_int_equal(counter(channel, "rtp_restarts"), 1);
	assert_int_equal(counter(channel, "rtp_lost"), 1);
	receive(channel,
	        &(struct datagram){.first = 0x80, .sequence = 904, .ssrc = 2, .packets = 1},
	        NS_PER_S);
	channel_tick(channel, NS_PER_S + 40 * NS_PER_MS);
	assert_int_equal(ring_head(channel_ring(channel)), 7);
	channel_tick(channel, NS_PER_S + 60 * NS_PER_MS);
	assert_int_equal(ring_head(channel_ring(channel)), 8);
	assert_int_equal(counter(channel, "rtp_lost"), 3);
	channel_destroy(channel);
}

/* The window can be changed while it runs; 0 means that nothing waits. */
static void test_reorder_changes(void **state)
{
	struct datagram d = {.first = 0x80, .sequence = 1, .ssrc = 1, .packets = 1};
	struct channel *channel = make_channel();

	(void)state;
	receive(channel, &d, NS_PER_S);
	d.sequence = 3;
	receive(channel, &d, NS_PER_S);
	assert_int_equal(ring_head(channel_ring(channel)), 1);
	channel_configure(channel, &(struct channel_settings){.reorder_ms = 0});
	channel_tick(channel, NS_PER_S + NS_PER_MS);
	assert_int_equal(ring_head(channel_ring(channel)), 2);
	d.sequence = 5;
	receive(channel, &d, NS_PER_S + 2 * NS_PER_MS);
	assert_int_equal(ring_head(channel_ring(channel)), 3);
	assert_int_equal(counter(channel, "rtp_lost"), 2);
	channel_destroy(channel);
}

/* Bare TS has no sequence: the same datagram twice is two datagrams. */
static void test_bare_ts_is_not_tracked(void **state)
{
	struct channel *channel = make_channel();

	(void)state;
	for (int i = 0; i < 3; i++)
		receive(channel, &(struct datagram){.packets = 7}, NS_PER_S);
	assert_int_equal(ring_head(channel_ring(channel)), 21);
	assert_int_equal(counter(channel, "rtp_duplicates"), 0);
	assert_int_equal(counter(channel, "rtp_restarts"), 0);
	channel_destroy(channel);
}

static void test_bitrate(void **state)
{
	struct channel *channel = make_channel();
	int64_t now_ns = 10 * NS_PER_S;

	(void)state;
	channel_tick(channel, now_ns);
	for (int i = 0; i < 100; i++) {
		now_ns += 10 * NS_PER_MS;
		receive(channel, &(struct datagram){.packets = 7}, now_ns);
		channel_tick(channel, now_ns);
	}
	assert_int_equal(counter(channel, "bitrate_bps"), 100 * 7 * TS_PACKET_BYTES * 8);
	for (int i = 0; i < 10; i++) {
		now_ns += 100 * NS_PER_MS;
		channel_tick(channel, now_ns);
	}
	assert_int_equal(counter(channel, "bitrate_bps"), 0);
	channel_destroy(channel);
}

static void test_create(void **state)
{
	const struct channel_config odd = {.name = "x", .ring_packets = 1000};
	struct channel *channel = NULL;
	char name[] = "Sport";

	(void)state;
	assert_int_equal(channel_create(&channel, &odd), -EINVAL);
	assert_null(channel);
	assert_int_equal(channel_create(&channel, &(struct channel_config){.name = name}), 0);
	name[0] = '!';
	assert_string_equal(channel_name(channel), "Sport");
	channel_destroy(channel);
	channel_destroy(NULL);
}

/* ---- Two inputs ---- */

#define FAILOVER                                                                        \
	{                                                                               \
		.reorder_ms = 50, .backup = true, .timeout_ms = 500, .stable_ms = 1000, \
		.merge_ms = 200                                                         \
	}

static struct channel *make_pair(struct channel_settings settings)
{
	const struct channel_config config = {.name = "News", .id = "id-1", .settings = settings};
	struct channel *channel;

	assert_int_equal(channel_create(&channel, &config), 0);
	return channel;
}

/* One datagram of a TS packet of PID `pid`, its continuity counter that of the RTP sequence. */
static void send(struct channel *channel, unsigned int path, uint16_t sequence, uint16_t pid,
                 int64_t now_ns)
{
	uint8_t bytes[12 + TS_PACKET_BYTES] = {0x80, 33, (uint8_t)(sequence >> 8),
	                                       (uint8_t)sequence};

	bytes[11] = (uint8_t)(path + 1); /* a source of its own */
	bytes[12] = TS_SYNC_BYTE;
	bytes[13] = (uint8_t)(pid >> 8);
	bytes[14] = (uint8_t)pid;
	bytes[15] = (uint8_t)(0x10 | (sequence & 15));
	channel_receive(channel, path, CHANNEL_MEDIA, bytes, sizeof(bytes), now_ns);
}

#define PID_OF_PATH(path) ((uint16_t)(0x100 + (path)))

/* What is sent on each input during a number of milliseconds, one datagram each: TS, nulls or nothing. */
enum sent { NOTHING, NULLS, TS };

/* The clock and the sequence numbers of a test. */
struct play {
	struct channel *channel;
	int64_t now_ns;
	uint16_t sequence[2];
};

static void play(struct play *p, int ms, enum sent first, enum sent second)
{
	const enum sent sent[2] = {first, second};

	for (int i = 0; i < ms; i++) {
		p->now_ns += NS_PER_MS;
		for (unsigned int path = 0; path < 2; path++)
			if (sent[path])
				send(p->channel, path, p->sequence[path]++,
				     sent[path] == NULLS ? TS_PID_NULL : PID_OF_PATH(path),
				     p->now_ns);
		channel_tick(p->channel, p->now_ns);
	}
}

static struct play begin_play(struct channel_settings settings)
{
	struct play p = {.channel = make_pair(settings), .now_ns = 100 * NS_PER_S};

	channel_tick(p.channel, p.now_ns);
	return p;
}

/* The text of the newest event, which must be of the channel and that type. Borrowed until the next call. */
static const char *last_event(const char *type)
{
	static struct event event;

	assert_int_equal(event_list(event_newest() - 1, &event, 1), 1);
	assert_string_equal(event.type, type);
	assert_string_equal(event.subject, "id-1");
	return event.text;
}

/*
 * Everything in the ring is a valid TS: counters go on, or a packet that announces a jump comes first. Returns
 * how many packets of each path there are.
 */
static void check_ring(const struct channel *channel, size_t counts[2])
{
	uint8_t packet[TS_PACKET_BYTES], counter[2] = {0};
	uint64_t position = 0, lost = 0;
	bool seen[2] = {false};

	counts[0] = counts[1] = 0;
	while (ring_read(channel_ring(channel), &position, packet, 1, NULL, &lost)) {
		const uint16_t pid = ts_get_pid(packet);
		const unsigned int path = pid & 1;

		if (pid == TS_PID_NULL)
			continue;
		if (ts_has_discontinuity(packet))
			assert_false(ts_has_payload(packet));
		else if (seen[path])
			assert_int_equal(ts_get_continuity(packet), (counter[path] + 1) & 15);
		counter[path] = ts_get_continuity(packet);
		seen[path] = true;
		counts[path] += ts_has_payload(packet);
	}
	assert_int_equal(lost, 0);
}

static void test_failover(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);
	size_t counts[2];

	(void)state;
	play(&p, 1000, TS, TS);
	assert_int_equal(channel_active(p.channel), 0);
	play(&p, 499, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 0);
	play(&p, 1, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 1);
	assert_string_equal(last_event("input_switched"),
	                    "channel \"News\": switched to backup: no TS for 500 ms");
	play(&p, 1000, NOTHING, TS);
	check_ring(p.channel, counts);
	assert_int_equal(counts[0], 1000);
	assert_int_equal(counts[1], 1000); /* from the switch on, every one */
	assert_int_equal(counter(p.channel, "packets_inserted"), 1);
	play(&p, 5000, TS, TS); /* stays */
	assert_int_equal(channel_active(p.channel), 1);
	play(&p, 500, TS, NULLS);
	assert_int_equal(channel_active(p.channel), 0);
	assert_string_equal(last_event("input_switched"), "channel \"News\": switched to primary: "
	                                                  "nothing but null packets for 500 ms");
	play(&p, 500, TS, TS);
	check_ring(p.channel, counts);
	assert_int_equal(counts[0], 1500);
	assert_int_equal(counter(p.channel, "input_switches"), 2);
	assert_int_equal(counter(p.channel, "rtp_restarts"), 0);
	assert_int_equal(counter(p.channel, "rtp_lost"), 0);
	channel_destroy(p.channel);
}

/* The backup is received from its first datagram on, not from the next tick on. */
static void test_backup_at_once(void **state)
{
	const struct channel_settings alone = {.reorder_ms = 50}, both = FAILOVER;
	struct channel *channel = make_pair(both);
	int64_t now_ns = 100 * NS_PER_S;

	(void)state;
	send(channel, 1, 0, PID_OF_PATH(1), now_ns);
	assert_int_equal(counter(channel, "datagrams_received"), 1);
	channel_configure(channel, &alone);
	channel_tick(channel, now_ns += NS_PER_MS);
	send(channel, 1, 1, PID_OF_PATH(1), now_ns);
	assert_int_equal(counter(channel, "datagrams_received"), 1);
	channel_configure(channel, &both);
	send(channel, 1, 2, PID_OF_PATH(1), now_ns);
	assert_int_equal(counter(channel, "datagrams_received"), 2);
	channel_destroy(channel);
}

/* Without RTP there is no sequence, and yet it can be failed over. */
static void test_failover_bare(void **state)
{
	struct channel *channel = make_pair((struct channel_settings)FAILOVER);
	uint8_t packet[TS_PACKET_BYTES] = {TS_SYNC_BYTE, 1, 0, 0x10};
	int64_t now_ns = NS_PER_S;

	(void)state;
	channel_tick(channel, now_ns);
	for (int ms = 0; ms < 2000; ms++, now_ns += NS_PER_MS) {
		if (ms < 1000)
			channel_receive(channel, 0, CHANNEL_MEDIA, packet, sizeof(packet), now_ns);
		channel_receive(channel, 1, CHANNEL_MEDIA, packet, sizeof(packet), now_ns);
		channel_tick(channel, now_ns + 1);
	}
	assert_int_equal(channel_active(channel), 1);
	assert_int_equal(counter(channel, "bytes_received"), (1000 + 500) * TS_PACKET_BYTES);
	channel_destroy(channel);
}

static void test_never_came(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);

	(void)state;
	play(&p, 499, NOTHING, TS);
	assert_int_equal(ring_head(channel_ring(p.channel)), 0);
	assert_int_equal(channel_input_last_ns(p.channel, 0), 0);
	assert_int_equal(channel_input_last_ns(p.channel, 1), p.now_ns);
	play(&p, 1, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 1);
	play(&p, 10, NOTHING, TS);
	assert_int_equal(counter(p.channel, "bytes_received"), 10 * TS_PACKET_BYTES);
	channel_destroy(p.channel);
}

/* Datagrams that no RTP source can be made of do not keep an input alive. */
static void test_garbage(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);
	uint32_t ssrc = 1000;

	(void)state;
	play(&p, 100, TS, TS);
	for (int i = 0; i < 499; i++) {
		receive(p.channel, &(struct datagram){.first = 0x80, .packets = 1, .ssrc = ssrc++},
		        p.now_ns);
		receive(p.channel, &(struct datagram){.first = 0x80, .size_change = -6}, p.now_ns);
		play(&p, 1, NOTHING, TS);
	}
	assert_int_equal(channel_active(p.channel), 0); /* the first one could have been */
	play(&p, 1, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 1);
	channel_destroy(p.channel);
}

/* Nor do packets that were here before, as from a loop in the network. */
static void test_replays(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);

	(void)state;
	play(&p, 200, TS, TS);
	for (int i = 0; i < 500; i++) {
		send(p.channel, 0, (uint16_t)(p.sequence[0] - 1 - i % 100), PID_OF_PATH(0),
		     p.now_ns);
		assert_int_equal(channel_active(p.channel), 0);
		play(&p, 1, NOTHING, TS);
	}
	assert_int_equal(channel_active(p.channel), 1);
	assert_int_equal(counter(p.channel, "rtp_duplicates"), 500);
	channel_destroy(p.channel);
}

/* A flood from sources of one packet each does not make a live input look dead. */
static void test_garbage_amid(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);
	uint32_t ssrc = 1000;

	(void)state;
	play(&p, 100, TS, TS);
	for (int i = 0; i < 1000; i++) {
		receive(p.channel, &(struct datagram){.first = 0x80, .packets = 1, .ssrc = ssrc++},
		        p.now_ns);
		play(&p, 1, TS, TS);
	}
	assert_int_equal(counter(p.channel, "rtp_stray"), 1000);
	assert_int_equal(channel_active(p.channel), 0);
	assert_int_equal(channel_input_last_ns(p.channel, 0), p.now_ns);
	channel_destroy(p.channel);
}

static void test_return(void **state)
{
	struct channel_settings settings = FAILOVER;
	struct play p;

	(void)state;
	settings.returns = true;
	p = begin_play(settings);
	play(&p, 100, TS, TS);
	play(&p, 600, NOTHING, TS);
	play(&p, 1000, TS, TS);
	assert_int_equal(channel_active(p.channel), 1);
	play(&p, 1, TS, TS);
	assert_int_equal(channel_active(p.channel), 0);
	assert_string_equal(last_event("input_switched"),
	                    "channel \"News\": switched to primary: it has been good for 1000 ms");
	channel_destroy(p.channel);
}

static void test_select(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);

	(void)state;
	play(&p, 100, TS, TS);
	channel_select(p.channel, 1);
	assert_int_equal(channel_active(p.channel), 1); /* is shown before the tick */
	assert_int_equal(counter(p.channel, "input_switches"), 0);
	play(&p, 1, TS, TS);
	assert_int_equal(channel_active(p.channel), 1);
	assert_int_equal(counter(p.channel, "input_switches"), 1);
	assert_string_equal(last_event("input_switched"),
	                    "channel \"News\": switched to backup: asked for");
	channel_select(p.channel, 1);
	play(&p, 1, TS, TS);
	assert_int_equal(counter(p.channel, "input_switches"), 1);
	/* It comes too late for a channel that has one input by now. */
	channel_select(p.channel, 0);
	channel_configure(p.channel, &(struct channel_settings){.reorder_ms = 50});
	play(&p, 1, TS, TS);
	assert_int_equal(channel_active(p.channel), 0);
	channel_destroy(p.channel);
}

/* The same stream on both paths: what one loses the other has. */
static void test_merge(void **state)
{
	struct channel_settings settings = FAILOVER;
	struct play p;
	uint64_t ring;

	(void)state;
	settings.merge = true;
	p = begin_play(settings);
	for (uint16_t i = 0; i < 1000; i++) {
		for (unsigned int path = 0; path < 2; path++) {
			uint8_t bytes[12 + TS_PACKET_BYTES] = {0x80, 33, (uint8_t)(i >> 8),
			                                       (uint8_t)i};

			bytes[12] = TS_SYNC_BYTE;
			if (i > 10 && i % 7 == path)
				continue;
			channel_receive(p.channel, path, CHANNEL_MEDIA, bytes, sizeof(bytes),
			                p.now_ns);
		}
		p.now_ns += NS_PER_MS;
		channel_tick(p.channel, p.now_ns);
	}
	ring = ring_head(channel_ring(p.channel));
	assert_int_equal(ring, 1000);
	assert_int_equal(counter(p.channel, "rtp_lost"), 0);
	assert_true(counter(p.channel, "path1_first") > 100);
	assert_int_equal(counter(p.channel, "packets_inserted"), 0);
	assert_int_equal(counter_get(&channel_input_rtp_counters(p.channel, 1)->rtp_received), 0);
	assert_int_equal(counter_get(&channel_input_counters(p.channel, 1)->datagrams_received),
	                 counter(p.channel, "path1_received"));
	/* TS without RTP cannot be merged. */
	receive(p.channel, &(struct datagram){.packets = 1}, p.now_ns);
	assert_int_equal(ring_head(channel_ring(p.channel)), ring + 1);
	channel_receive(p.channel, 1, CHANNEL_MEDIA, (const uint8_t[TS_PACKET_BYTES]){TS_SYNC_BYTE},
	                TS_PACKET_BYTES, p.now_ns);
	assert_int_equal(ring_head(channel_ring(p.channel)), ring + 1);
	assert_int_equal(counter(p.channel, "rejected_version"), 1);
	channel_destroy(p.channel);
}

/* A backup comes, is merged, is a source by itself again, and goes, while the channel runs. */
static void test_changes(void **state)
{
	struct channel_settings settings = FAILOVER;
	struct channel_settings alone = {.reorder_ms = 50};
	struct play p = begin_play(alone);
	size_t counts[2];

	(void)state;
	play(&p, 100, TS, TS); /* nobody asked for the backup */
	assert_int_equal(counter(p.channel, "datagrams_received"), 100);
	channel_configure(p.channel, &settings);
	play(&p, 1, TS, TS);
	play(&p, 100, TS, TS);
	assert_int_equal(channel_active(p.channel), 0);
	assert_int_equal(counter(p.channel, "input_switches"), 0);
	play(&p, 500, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 1);

	settings.merge = true; /* from the backup: the primary's stream takes over */
	channel_configure(p.channel, &settings);
	play(&p, 10, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 0);
	assert_string_equal(last_event("input_switched"),
	                    "channel \"News\": switched to primary: the inputs are merged now");
	play(&p, 2000, NOTHING, TS); /* and brings what comes on the second path */
	check_ring(p.channel, counts);
	assert_true(counts[1] > 1000);

	settings.merge = false; /* the backup alone is alive */
	channel_configure(p.channel, &settings);
	play(&p, 1, NOTHING, TS);
	assert_int_equal(channel_active(p.channel), 1);
	play(&p, 100, TS, TS);

	channel_configure(p.channel, &alone);
	play(&p, 1, TS, TS);
	assert_int_equal(channel_active(p.channel), 0);
	assert_string_equal(last_event("input_switched"),
	                    "channel \"News\": switched to primary: there is no backup any more");
	assert_int_equal(channel_input_last_ns(p.channel, 1), 0);
	play(&p, 100, TS, TS);
	check_ring(p.channel, counts);
	assert_int_equal(counts[0], 100 + 1 + 100 + 100);
	channel_destroy(p.channel);
}

/* From the primary, which is alive, merging begins and ends without a trace in the TS. */
static void test_smooth_changes(void **state)
{
	struct channel_settings settings = FAILOVER;
	struct play p = begin_play(settings);

	(void)state;
	for (int i = 0; i < 4; i++) {
		play(&p, 100, TS, TS);
		settings.merge = !settings.merge;
		channel_configure(p.channel, &settings);
	}
	assert_int_equal(counter(p.channel, "input_switches"), 0);
	assert_int_equal(counter(p.channel, "packets_inserted"), 0);
	assert_int_equal(ring_head(channel_ring(p.channel)), 400);
	channel_destroy(p.channel);
}

static void test_signal_events(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);
	uint64_t before;

	(void)state;
	play(&p, 200, TS, TS);
	assert_string_equal(last_event("signal_back"), "channel \"News\": receiving");
	play(&p, 2200, TS, NOTHING);
	assert_string_equal(last_event("input_lost"),
	                    "channel \"News\": backup: no signal for 2 s");
	before = event_newest();
	play(&p, 3000, TS, NOTHING);
	assert_int_equal(event_newest(), before); /* once */
	play(&p, 200, TS, TS);
	assert_string_equal(last_event("input_back"), "channel \"News\": backup: receiving");
	play(&p, 5000, NOTHING, NOTHING);
	assert_string_equal(last_event("signal_lost"), "channel \"News\": no signal for 2 s");
	channel_destroy(p.channel);
}

/* Ticked twice for one time, as a channel with two bindings is. */
static void test_tick_twice(void **state)
{
	struct play p = begin_play((struct channel_settings)FAILOVER);

	(void)state;
	channel_select(p.channel, 1);
	channel_tick(p.channel, p.now_ns); /* not again */
	assert_int_equal(counter(p.channel, "input_switches"), 0);
	channel_tick(p.channel, p.now_ns + 1);
	assert_int_equal(counter(p.channel, "input_switches"), 1);
	send(p.channel, 1, 1, 0x101, p.now_ns);
	assert_int_equal(counter(p.channel, "datagrams_received"), 1);
	channel_receive(p.channel, 2, CHANNEL_MEDIA, (const uint8_t *)"x", 1, p.now_ns);
	assert_int_equal(counter(p.channel, "datagrams_received"), 1);
	channel_destroy(p.channel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_reorder_changes),
		cmocka_unit_test(test_bare_ts_is_not_tracked),
		cmocka_unit_test(test_bitrate),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_failover),
		cmocka_unit_test(test_failover_bare),
		cmocka_unit_test(test_backup_at_once),
		cmocka_unit_test(test_never_came),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_replays),
		cmocka_unit_test(test_garbage_amid),
		cmocka_unit_test(test_return),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_smooth_changes),
		cmocka_unit_test(test_signal_events),
		cmocka_unit_test(test_tick_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
