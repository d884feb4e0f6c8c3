/*
 * A link from a channel's ring to a peer that is libsrt: every byte in the right pieces, what is lost when the ring
 * laps it, statistics over several connections, and a peer that takes nothing.
 */
#include "output/srt_link.h"

#include "media/ts.h"
#include "output/output.h"
#include "srt_peer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct channel *channel;
	struct srt_options options;
	struct output_counters counters;
	struct srt_counters own;
	struct srt_link link;
	SRTSOCKET listener, peer;
	uint32_t written; /* TS packets: each has its number in it */
};

static void connect_link(struct fixture *f)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct sockaddr_storage address;
	int size = sizeof(address), socket;
	char why[SRT_REASON_BYTES] = "";
	uint16_t from;

	assert_int_equal(srt_getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(srt_socket_connect(&socket, &f->options, (struct sockaddr *)&address,
	                                    (socklen_t)size, 0, 0, why),
	                 0);
	while (srt_socket_progress(socket, why) == SRT_PROGRESS_PENDING &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	f->peer = peer_accept(f->listener, &from);
	srt_link_begin(&f->link, socket, &f->options, f->channel, &f->counters, clock_now_ns());
}

static void set_up(struct fixture *f, uint32_t ring_packets)
{
	const struct channel_config config = {.name = "News", .ring_packets = ring_packets};
	uint16_t port;

	*f = (struct fixture){.options = default_options()};
	assert_int_equal(channel_create(&f->channel, &config), 0);
	f->listener = peer_listen(AF_INET, NULL, &port);
}

static void tear_down(struct fixture *f)
{
	srt_socket_close(f->link.socket);
	srt_close(f->peer);
	srt_close(f->listener);
	channel_destroy(f->channel);
}

/* Bring the channel a datagram of bare TS. */
static void bring(struct fixture *f, size_t packets)
{
	uint8_t bytes[7 * TS_PACKET_BYTES] = {0};

	for (size_t i = 0; i < packets; i++, f->written++) {
		uint8_t *packet = bytes + i * TS_PACKET_BYTES;

		packet[0] = 0x47;
		packet[1] = 0x01;
		packet[3] = (uint8_t)(0x10 | (f->written & 15));
		memcpy(packet + 4, &f->written, sizeof(f->written));
	}
	channel_receive(f->channel, 0, CHANNEL_MEDIA, bytes, packets * TS_PACKET_BYTES,
	                clock_now_ns());
}

/* The numbers of the packets of the next message are from `first` on. Returns how many; 0: no message in time. */
static size_t expect_message(struct fixture *f, uint32_t first, int64_t patience_ns)
{
	char got[1500];
	const size_t packets = (size_t)peer_receive(f->peer, got, patience_ns) / TS_PACKET_BYTES;

	for (size_t i = 0; i < packets; i++) {
		uint32_t number;

		assert_int_equal(got[i * TS_PACKET_BYTES], 0x47);
		memcpy(&number, got + i * TS_PACKET_BYTES + 4, sizeof(number));
		assert_int_equal(number, first + i);
	}
	return packets;
}

/* Run until so much has been sent. */
static void run_until_sent(struct fixture *f, uint64_t bytes)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	while (counter_get(&f->counters.bytes_sent) < bytes && clock_now_ns() < deadline_ns) {
		assert_int_equal(srt_link_run(&f->link, clock_now_ns()), 0);
		pause_ms(5);
	}
}

/* Look as an output does. */
static int look(struct fixture *f)
{
	struct srt_counters present = {0};
	const int error = srt_link_look(&f->link, &f->own, &present);

	srt_counters_set_gauges(&f->own, error ? NULL : &present);
	return error;
}

/* Look until the peer has acknowledged all of so many messages. */
static void look_until_acknowledged(struct fixture *f, uint64_t messages)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	do {
		pause_ms(5);
		assert_int_equal(look(f), 0);
	} while ((counter_get(&f->own.pktSentUniqueTotal) < messages ||
	          !counter_get(&f->own.pktRecvACKTotal) || counter_get(&f->own.pktSndBuf)) &&
	         clock_now_ns() < deadline_ns);
}

/* Whole messages at once, the rest when nothing came for a while. */
static void test_pieces(void **state)
{
	static const uint32_t payload_packets[] = {7, 4, 1};

	(void)state;
	for (size_t k = 0; k < COUNT(payload_packets); k++) {
		const uint32_t whole = payload_packets[k], total = 30;
		struct fixture f;
		uint32_t got = 0;

		set_up(&f, 0);
		f.options.payloadsize = whole * TS_PACKET_BYTES;
		connect_link(&f);
		for (int i = 0; i < 6; i++)
			bring(&f, 5);
		assert_int_equal(srt_link_run(&f.link, clock_now_ns()), 0);
		assert_int_equal(counter_get(&f.counters.bytes_sent),
		                 total / whole * whole * TS_PACKET_BYTES);
		run_until_sent(&f, total * TS_PACKET_BYTES);
		while (got < total) {
			const size_t expected = total - got < whole ? total - got : whole;

			assert_int_equal(expect_message(&f, got, PEER_PATIENCE_NS), expected);
			got += (uint32_t)expected;
		}
		assert_int_equal(counter_get(&f.counters.bytes_sent), total * TS_PACKET_BYTES);
		assert_int_equal(counter_get(&f.counters.packets_lost), 0);
		tear_down(&f);
	}
}

/* What was in the ring before is not sent; what the ring has no longer is counted. */
static void test_lapped(void **state)
{
	const uint32_t before = 10;
	struct fixture f;
	uint32_t first;

	(void)state;
	set_up(&f, 128);
	for (uint32_t i = 0; i < before; i++)
		bring(&f, 1);
	connect_link(&f);
	for (int i = 0; i < 50; i++)
		bring(&f, 7);
	first = f.written;
	assert_int_equal(srt_link_run(&f.link, clock_now_ns()), 0);
	assert_int_equal(counter_get(&f.counters.packets_lost), first - before);
	assert_int_equal(counter_get(&f.counters.bytes_sent), 0);
	bring(&f, 7);
	assert_int_equal(srt_link_run(&f.link, clock_now_ns() + SRT_LINK_MAX_PERIOD_NS), 0);
	assert_int_equal(expect_message(&f, first, PEER_PATIENCE_NS), 7);
	tear_down(&f);
}

/* Totals are of all connections, gauges of the present one. */
static void test_statistics(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 0);
	connect_link(&f);
	for (int i = 0; i < 5; i++)
		bring(&f, 7);
	run_until_sent(&f, 5 * 1316);
	look_until_acknowledged(&f, 5);
	assert_int_equal(look(&f), 0);
	assert_int_equal(counter_get(&f.own.pktSentUniqueTotal), 5);
	assert_int_equal(counter_get(&f.own.byteSentUniqueTotal), 5 * (1316 + 44));
	assert_true(counter_get(&f.own.pktRecvACKTotal) > 0);
	assert_int_equal(counter_get(&f.own.msSndTsbPdDelay), 120);
	assert_true(counter_get(&f.own.msRTT) > 0);
	assert_true(counter_get(&f.own.pktFlowWindow) > 0);
	assert_int_equal(counter_get(&f.own.pktSndBuf), 0);
	srt_counters_set_gauges(&f.own, NULL);
	assert_int_equal(counter_get(&f.own.msSndTsbPdDelay), 0);
	assert_int_equal(counter_get(&f.own.pktSentUniqueTotal), 5);
	srt_socket_close(f.link.socket);
	srt_close(f.peer);
	connect_link(&f);
	bring(&f, 7);
	run_until_sent(&f, 6 * 1316);
	look_until_acknowledged(&f, 6);
	assert_int_equal(counter_get(&f.own.pktSentUniqueTotal), 6);
	tear_down(&f);
}

/* What libsrt counts in 32 bits begins again, and the total goes on. */
static void test_wrapped(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, 0);
	connect_link(&f);
	f.link.seen.pktRecvACK = UINT32_MAX - 1;
	f.link.seen.pktRetrans = UINT32_MAX;
	assert_int_equal(look(&f), 0);
	assert_int_equal(counter_get(&f.own.pktRecvACKTotal), f.link.seen.pktRecvACK + 2);
	assert_int_equal(counter_get(&f.own.pktRetransTotal), 1);
	tear_down(&f);
}

/* Of several links that share counters the worst is shown, whichever is looked at last. */
static void test_worst(void **state)
{
	struct fixture slow, fast;

	(void)state;
	set_up(&slow, 0);
	set_up(&fast, 0);
	slow.options.latency_ms = 700;
	connect_link(&slow);
	connect_link(&fast);
	for (int i = 0; i < 2; i++) {
		struct srt_link *links[] = {&slow.link, &fast.link};
		struct srt_counters present = {0};

		assert_int_equal(srt_link_look(links[i], &slow.own, &present), 0);
		assert_int_equal(srt_link_look(links[1 - i], &slow.own, &present), 0);
		assert_int_equal(counter_get(&present.msSndTsbPdDelay), 700);
	}
	tear_down(&slow);
	tear_down(&fast);
}

struct onlooker {
	const struct srt_counters *counters;
	_Atomic bool stop;
	_Atomic unsigned int reads, zeros;
};

static void *onlook(void *argument)
{
	struct onlooker *o = argument;

	for (; !atomic_load(&o->stop); o->reads++)
		o->zeros += !counter_get(&o->counters->msSndTsbPdDelay);
	return NULL;
}

/* Who reads statistics of a connection during a look never reads that there is none. */
static void test_read_during_look(void **state)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct onlooker onlooker = {0};
	pthread_t thread;
	struct fixture f;

	(void)state;
	set_up(&f, 0);
	connect_link(&f);
	assert_int_equal(look(&f), 0);
	onlooker.counters = &f.own;
	assert_int_equal(pthread_create(&thread, NULL, onlook, &onlooker), 0);
	while (onlooker.reads < 200000 && clock_now_ns() < deadline_ns)
		assert_int_equal(look(&f), 0);
	atomic_store(&onlooker.stop, true);
	pthread_join(thread, NULL);
	assert_true(onlooker.reads > 0);
	assert_int_equal(onlooker.zeros, 0);
	tear_down(&f);
}

static void test_gone(void **state)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct fixture f;
	int error = 0;

	(void)state;
	set_up(&f, 0);
	connect_link(&f);
	srt_close(f.peer);
	while (!error && clock_now_ns() < deadline_ns) {
		bring(&f, 7);
		error = srt_link_run(&f.link, clock_now_ns());
		pause_ms(2);
	}
	assert_int_equal(error, -EPIPE);
	assert_int_equal(look(&f), -EPIPE);
	tear_down(&f);
}

/*
 * A peer that lives but whose program reads nothing: its buffer fills, then it acknowledges nothing more. The ring keeps
 * what the send buffer has no room for.
 */
static void test_stalled(void **state)
{
	const int64_t deadline_ns = clock_now_ns() + 3 * PEER_PATIENCE_NS;
	struct fixture f;
	int error = 0;
	uint16_t port;

	(void)state;
	set_up(&f, 0);
	srt_close(f.listener);
	f.listener = peer_socket(NULL);
	peer_set(f.listener, SRTO_FC, 64);
	peer_set(f.listener, SRTO_RCVBUF, 64 * 1456);
	peer_set(f.listener, SRTO_TLPKTDROP, 1);
	peer_begin_to_listen(f.listener, AF_INET, &port);
	f.options.peeridletimeo_ms = 1500;
	connect_link(&f);
	while (!error && clock_now_ns() < deadline_ns) {
		for (int i = 0; i < 20; i++) {
			bring(&f, 7);
			assert_int_equal(srt_link_run(&f.link, clock_now_ns()), 0);
			pause_ms(5);
		}
		error = look(&f);
	}
	assert_int_equal(error, -ETIMEDOUT);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),     cmocka_unit_test(test_lapped),
		cmocka_unit_test(test_statistics), cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_worst),      cmocka_unit_test(test_read_during_look),
		cmocka_unit_test(test_gone),       cmocka_unit_test(test_stalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
