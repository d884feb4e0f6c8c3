/*
 * SRT listener outputs against libsrt callers over loopback: two channels on one port, who is refused and with which
 * code, kicking, a port that another program has, an output that replaces another.
 */
#include "media/ts.h"
#include "output/feed.h"
#include "output/output.h"
#include "running_time.h"
#include "srt_peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PACKETS    7
#define BYTES      ((size_t)PACKETS * TS_PACKET_BYTES)
#define DATAGRAMS  200
#define CHURNS     100
#define PASSPHRASE "0123456789abc"

static struct senders *senders;
static struct feed *feeds[2];
static uint16_t port;

static int setup(void **state)
{
	const struct senders_config config = {.count = 2, .tick_us = 2000};

	(void)state;
	port = free_port("127.0.0.1");
	assert_int_equal(senders_create(&senders, &config), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct channel_config channel_config = {.name = i ? "Sport" : "News"};
		struct channel *channel;

		assert_int_equal(channel_create(&channel, &channel_config), 0);
		assert_int_equal(feed_create(&feeds[i], channel, senders), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	struct tick_loop *const *loops;
	size_t count;

	(void)state;
	assert_int_equal(output_wait_all(30000), 0);
	loops = senders_loops(senders, &count);
	for (size_t i = 0; i < 2; i++)
		feed_destroy(feeds[i], loops, count);
	senders_destroy(senders);
	return 0;
}

static struct output_config config_of(const char *stream_id)
{
	struct output_config config = {.name = "readers",
	                               .url = {.scheme = OUTPUT_SRT, .srt = default_options()}};

	config.url.srt.mode = SRT_MODE_LISTENER;
	config.url.port = port;
	snprintf(config.url.srt.streamid, sizeof(config.url.srt.streamid), "%s", stream_id);
	return config;
}

static struct output *start(const struct output_config *config, size_t feed)
{
	struct output *output;

	assert_int_equal(output_create(&output, config, feeds[feed]), 0);
	return output;
}

static struct output_status status_of(struct output *output)
{
	struct output_status status;

	output_get_status(output, &status);
	return status;
}

/* The status that first has the state: one that retries is in another state now and then. */
static struct output_status expect_state(struct output *output, enum output_state state)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct output_status status;

	while ((status = status_of(output)).state != state && clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_string_equal(output_state_name(status.state), output_state_name(state));
	return status;
}

/* What has been sent is counted a moment later. */
static void expect_sent(const struct output *output, uint64_t bytes)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	while (counter_get(&output_counters(output)->bytes_sent) < bytes &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_equal(counter_get(&output_counters(output)->bytes_sent), bytes);
}

static size_t expect_readers(struct output *output, struct output_reader *out, size_t count)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	size_t got;

	while ((got = output_get_readers(output, out, SRT_MAX_READERS)) != count &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_equal(got, count);
	return got;
}

static SRTSOCKET begin_call(const char *stream_id, const char *passphrase)
{
	const SRTSOCKET caller = peer_socket(passphrase);
	struct sockaddr_storage address;
	const int size = (int)loopback(&address, AF_INET, port);

	assert_int_equal(srt_setsockflag(caller, SRTO_STREAMID, stream_id, (int)strlen(stream_id)),
	                 0);
	assert_int_not_equal(srt_connect(caller, (struct sockaddr *)&address, size), SRT_ERROR);
	return caller;
}

#define VANISHED (-1) /* libsrt 1.5.4 forgets at once who was refused, or connected for a moment */

/* Returns the reject reason, or 0 when connected, if only for a moment; or VANISHED. */
static int outcome(SRTSOCKET caller)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	while (clock_now_ns() < deadline_ns) {
		const SRT_SOCKSTATUS status = srt_getsockstate(caller);

		if (srt_getrejectreason(caller) != SRT_REJ_UNKNOWN)
			return srt_getrejectreason(caller);
		if (status == SRTS_CONNECTED || status == SRTS_BROKEN)
			return 0;
		if (status == SRTS_NONEXIST)
			return VANISHED;
		pause_ms(2);
	}
	return -2;
}

/* Call with that outcome. An output comes and goes a moment after it was told to: until then it is not_yet. */
static SRTSOCKET call_until(const char *stream_id, const char *passphrase, int code, int not_yet)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	SRTSOCKET caller = begin_call(stream_id, passphrase);
	int got;

	while ((got = outcome(caller)) != code && (got == not_yet || got == VANISHED) &&
	       clock_now_ns() < deadline_ns) {
		srt_close(caller);
		pause_ms(2);
		caller = begin_call(stream_id, passphrase);
	}
	assert_int_equal(got, code);
	return caller;
}

static SRTSOCKET call(const char *stream_id, const char *passphrase)
{
	return call_until(stream_id, passphrase, 0, SRT_REJX_NOTFOUND);
}

static void expect_refusal(const char *stream_id, const char *passphrase, int code)
{
	srt_close(call_until(stream_id, passphrase, code, SRT_REJX_NOTFOUND));
}

static void expect_gone(const char *stream_id)
{
	srt_close(call_until(stream_id, NULL, SRT_REJX_NOTFOUND, 0));
}

static void wait_for_end(SRTSOCKET caller)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;

	while (srt_getsockstate(caller) == SRTS_CONNECTED && clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_not_equal(srt_getsockstate(caller), SRTS_CONNECTED);
	srt_close(caller);
}

static void make_datagram(uint8_t out[BYTES], size_t feed, unsigned int number)
{
	for (size_t i = 0; i < BYTES; i++)
		out[i] = (uint8_t)(number * 7 + i + feed * 101);
	for (size_t i = 0; i < PACKETS; i++)
		out[i * TS_PACKET_BYTES] = TS_SYNC_BYTE;
}

static void send_stream(size_t feed)
{
	uint8_t bytes[BYTES];

	for (unsigned int i = 0; i < DATAGRAMS; i++) {
		make_datagram(bytes, feed, i);
		channel_receive(feed_channel(feeds[feed]), 0, CHANNEL_MEDIA, bytes, sizeof(bytes),
		                clock_now_ns());
		pause_ms(1);
	}
}

static void expect_stream(SRTSOCKET caller, size_t feed)
{
	uint8_t bytes[BYTES];
	char got[1500];

	for (unsigned int i = 0; i < DATAGRAMS; i++) {
		make_datagram(bytes, feed, i);
		assert_int_equal(peer_receive(caller, got, PEER_PATIENCE_NS), BYTES);
		assert_memory_equal(got, bytes, BYTES);
	}
}

/* The readers once what is known of them has been looked at after the last of so many bytes. */
static void expect_look(struct output *output, struct output_reader *out, size_t count,
                        uint64_t bytes)
{
	const int64_t deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	struct output_sample sample;

	do {
		pause_ms(20);
		expect_readers(output, out, count);
	} while ((out[count - 1].bytes_sent < bytes || !out[0].rtt_us ||
	          !output_get_history(output, &sample, 1) || !sample.rtt_us) &&
	         clock_now_ns() < deadline_ns);
}

static void test_two_channels_on_one_port(void **state)
{
	struct output_config news_config = config_of("news"),
			     sport_config = config_of("#!::r=sport,u=alice");
	struct output *news = start(&news_config, 0), *sport = start(&sport_config, 1);
	struct output_reader readers[SRT_MAX_READERS];
	struct output_sample samples[4];
	SRTSOCKET callers[3];

	(void)state;
	expect_state(news, OUTPUT_CONNECTING);
	callers[0] = call("news", NULL);
	callers[1] = call("#!::m=request,r=news", NULL);
	callers[2] = call("#!::r=sport,u=alice", NULL);
	expect_readers(news, readers, 2);
	expect_readers(sport, readers, 1);
	expect_state(news, OUTPUT_CONNECTED);
	send_stream(0);
	send_stream(1);
	expect_stream(callers[0], 0);
	expect_stream(callers[1], 0);
	expect_stream(callers[2], 1);
	expect_sent(news, 2 * DATAGRAMS * BYTES);
	expect_sent(sport, DATAGRAMS * BYTES);
	expect_look(news, readers, 2, DATAGRAMS * BYTES);
	assert_string_equal(readers[0].stream_id, "news");
	assert_string_equal(readers[1].stream_id, "#!::m=request,r=news");
	assert_int_equal(readers[0].id, 1);
	assert_int_equal(readers[1].id, 2);
	assert_int_equal(readers[1].bytes_sent, DATAGRAMS * BYTES);
	assert_int_equal(strncmp(readers[0].address, "127.0.0.1:", 10), 0);
	assert_true(readers[0].rtt_us > 0);
	assert_true(status_of(news).connected_at_s > 0);
	assert_true(output_get_history(news, samples, 4) > 0);
	assert_true(samples[0].rtt_us > 0);
	srt_close(callers[0]);
	expect_readers(news, readers, 1);
	assert_int_equal(readers[0].id, 2);
	expect_state(news, OUTPUT_CONNECTED);
	srt_close(callers[1]);
	expect_readers(news, readers, 0);
	expect_state(news, OUTPUT_CONNECTING);
	assert_string_equal(status_of(news).last_error, "");
	assert_int_equal(status_of(news).connected_at_s, 0);
	expect_state(sport, OUTPUT_CONNECTED);
	output_destroy(news);
	expect_gone("news");
	expect_state(sport, OUTPUT_CONNECTED);
	output_destroy(sport);
	wait_for_end(callers[2]);
}

static void test_refusals(void **state)
{
	struct output_config secret_config = config_of("secret"), one_config = config_of("one"),
			     far_config = config_of("far");
	struct output *secret, *one, *far;
	SRTSOCKET callers[2];

	(void)state;
	strcpy(secret_config.url.srt.passphrase, PASSPHRASE);
	one_config.url.srt.maxreaders = 1;
	assert_int_equal(prefix_parse(&far_config.url.srt.sources[0], "192.0.2.0/24"), 0);
	far_config.url.srt.source_count = 1;
	secret = start(&secret_config, 0);
	one = start(&one_config, 0);
	far = start(&far_config, 0);
	expect_refusal("other", NULL, SRT_REJX_NOTFOUND);
	expect_refusal("", NULL, SRT_REJX_NOTFOUND);
	expect_refusal("#!::r=one,m=publish", NULL, SRT_REJX_FORBIDDEN);
	expect_refusal("far", NULL, SRT_REJX_FORBIDDEN);
	expect_refusal("secret", NULL, SRT_REJ_UNSECURE);
	expect_refusal("secret", "another passphrase", SRT_REJ_BADSECRET);
	expect_refusal("one", PASSPHRASE, SRT_REJ_UNSECURE);
	pause_ms(50); /* until those who were refused are forgotten */
	callers[0] = call("secret", PASSPHRASE);
	callers[1] = call("one", NULL);
	expect_state(secret, OUTPUT_CONNECTED);
	expect_state(one, OUTPUT_CONNECTED);
	expect_refusal("one", NULL, SRT_REJX_OVERLOAD);
	send_stream(0);
	expect_stream(callers[0], 0);
	expect_stream(callers[1], 0);
	output_destroy(secret);
	output_destroy(one);
	output_destroy(far);
	wait_for_end(callers[0]);
	wait_for_end(callers[1]);
}

static void test_kick(void **state)
{
	struct output_config config = config_of("");
	struct output *output = start(&config, 0);
	struct output_reader readers[SRT_MAX_READERS];
	SRTSOCKET first, second;
	int64_t kicked_ns;

	(void)state;
	assert_int_equal(output_kick_reader(output, 1), -ENOENT);
	first = call("a", NULL);
	expect_readers(output, readers, 1);
	second = call("b", NULL);
	expect_readers(output, readers, 2);
	assert_int_equal(output_kick_reader(output, 0), -ENOENT);
	assert_int_equal(output_kick_reader(output, readers[0].id), 0);
	kicked_ns = running_ns();
	expect_readers(output, readers, 1);
	assert_true(running_ns() - kicked_ns < NS_PER_S);
	assert_string_equal(readers[0].stream_id, "b");
	assert_int_equal(output_kick_reader(output, 1), -ENOENT);
	wait_for_end(first);
	first = call("a", NULL);
	expect_readers(output, readers, 2);
	assert_int_equal(readers[1].id, 3);
	send_stream(0);
	expect_stream(first, 0);
	expect_stream(second, 0);
	output_destroy(output);
	wait_for_end(first);
	wait_for_end(second);
}

/* "connecting" without a word means that it listens. */
static void test_port_in_use(void **state)
{
	struct output_config config = config_of("news");
	struct sockaddr_storage address;
	const socklen_t size = loopback(&address, AF_INET, port);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct output_status status;
	struct output *output;
	int64_t deadline_ns;
	char words[80];
	SRTSOCKET caller;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	output = start(&config, 0);
	status = expect_state(output, OUTPUT_RETRYING);
	snprintf(words, sizeof(words), "port %u is in use by another program", port);
	assert_non_null(strstr(status.last_error, words));
	deadline_ns = clock_now_ns() + PEER_PATIENCE_NS;
	do { /* but at the moment at which it tries again */
		pause_ms(1);
		status = status_of(output);
	} while ((status.state != OUTPUT_RETRYING || !status.retry_in_ms) &&
	         clock_now_ns() < deadline_ns);
	assert_in_range(status.retry_in_ms, 1, 1000);
	close(fd);
	while (((status = status_of(output)).state != OUTPUT_CONNECTING || *status.last_error) &&
	       clock_now_ns() < deadline_ns)
		pause_ms(2);
	assert_int_equal(status.state, OUTPUT_CONNECTING);
	assert_string_equal(status.last_error, "");
	caller = call("news", NULL);
	expect_state(output, OUTPUT_CONNECTED);
	output_destroy(output);
	wait_for_end(caller);
}

/* The old output goes and the new one comes at once, on another sender: nobody sees more than a moment. */
static void test_replaced(void **state)
{
	struct output_config config = config_of("news");
	struct output *old = start(&config, 0), *fresh, *third;
	SRTSOCKET caller;

	(void)state;
	pause_ms(50);
	for (int i = 0; i < 20; i++) {
		const int64_t began_ns = clock_now_ns();
		enum output_state seen;

		fresh = start(&config, 0);
		output_destroy(old);
		old = fresh;
		pause_ms(i * 3);
		seen = status_of(old).state;
		if (clock_now_ns() - began_ns <
		    NS_PER_S) /* a machine that stood still has more to say */
			assert_int_equal(seen, OUTPUT_CONNECTING);
	}
	caller = call("news", NULL);
	expect_state(old, OUTPUT_CONNECTED);
	third = start(&config, 1);
	assert_non_null(strstr(expect_state(third, OUTPUT_RETRYING).last_error, "same stream id"));
	output_destroy(old);
	wait_for_end(caller);
	expect_state(third, OUTPUT_CONNECTING);
	output_destroy(third);
}

/* Outputs come and go with callers at every stage, kicked or not; a reader beside them misses nothing. */
static void test_churn(void **state)
{
	struct output_config steady_config = config_of("steady"), config = config_of("churn");
	struct output *steady = start(&steady_config, 0), *output;
	struct output_reader readers[SRT_MAX_READERS];
	SRTSOCKET caller, callers[3];
	uint8_t bytes[BYTES];
	char got[1500];

	(void)state;
	caller = call("steady", NULL);
	expect_readers(steady, readers, 1);
	for (unsigned int i = 0; i < CHURNS; i++) {
		output = start(&config, 1);
		for (size_t c = 0; c < 3; c++) {
			callers[c] = begin_call("churn", NULL);
			pause_ms(i * (c + 1) % 5);
		}
		make_datagram(bytes, 0, i);
		channel_receive(feed_channel(feeds[0]), 0, CHANNEL_MEDIA, bytes, sizeof(bytes),
		                clock_now_ns());
		if (i % 3 && output_get_readers(output, readers, SRT_MAX_READERS))
			output_kick_reader(output, readers[0].id);
		pause_ms(i % 7);
		output_destroy(output);
		for (size_t c = 0; c < 3; c++)
			srt_close(callers[c]);
	}
	for (unsigned int i = 0; i < CHURNS; i++) {
		make_datagram(bytes, 0, i);
		assert_int_equal(peer_receive(caller, got, PEER_PATIENCE_NS), BYTES);
		assert_memory_equal(got, bytes, BYTES);
	}
	output_destroy(steady);
	wait_for_end(caller);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_channels_on_one_port, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_churn, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
