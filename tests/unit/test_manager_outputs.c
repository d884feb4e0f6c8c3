/*
 * The manager on stand-ins: what single outputs show of themselves, their readers, their history, and counting anew.
 */
#include "manager_fixture.h"

#include "output/srt_link.h"

#include <pthread.h>
#include <stdatomic.h>

#define LISTENER "srt://:9000?mode=listener"

static char id[64], output[64]; /* of the channel and its one output */

/* A running channel with one output. */
static void run_channel(const char *url)
{
	char body[400], journal[200];
	json_t *channel;

	snprintf(
		body, sizeof(body),
		"{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":[{\"name\":\"A\",\"url\":\"%s\"}]}",
		url);
	channel = add(body, id);
	strcpy(output, text_of(json_array_get(json_object_get(channel, "outputs"), 0), "id"));
	json_decref(channel);
	start(id);
	snprintf(journal, sizeof(journal), "%s", fakes_journal());
	assert_non_null(strstr(journal, "output A "));
}

static json_t *get_output(void)
{
	struct api_error error;
	json_t *out;

	assert_int_equal(manager_get_output(manager, id, output, &out, &error), 0);
	return out;
}

/* The output as the list of channels shows it. */
static json_t *listed_output(void)
{
	json_t *list, *found;

	assert_int_equal(manager_list(manager, &list), 0);
	found = json_array_get(json_object_get(list, "channels"), 0);
	found = json_incref(json_array_get(json_object_get(found, "outputs"), 0));
	json_decref(list);
	return found;
}

static json_int_t number_of(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

static void assert_missing(int result, const struct api_error *error)
{
	assert_int_equal(result, -1);
	assert_int_equal(error->status, 404);
	assert_string_equal(error->code, "not_found");
}

static void test_get(void **state)
{
	struct api_error error;
	json_t *one, *listed, *out;

	(void)state;
	run_channel("srt://a:1");
	one = get_output();
	listed = listed_output();
	assert_true(json_equal(one, listed));
	assert_null(json_object_get(one, "readers")); /* no listener */
	assert_null(json_object_get(one, "reader_count"));
	json_decref(one);
	json_decref(listed);
	assert_missing(manager_get_output(manager, id, "x", &out, &error), &error);
	assert_missing(manager_get_output(manager, "x", output, &out, &error), &error);
	assert_missing(manager_get_history(manager, id, "x", &out, &error), &error);
	assert_missing(manager_reset_output(manager, id, "x", &out, &error), &error);
	assert_missing(manager_kick_reader(manager, id, "x", 1, &error), &error);
	assert_missing(manager_kick_reader(manager, "x", output, 1, &error), &error);
}

static void give_readers(void)
{
	fakes.reader_count = 2;
	fakes.readers[0] = (struct output_reader){.id = 7,
	                                          .address = "192.0.2.1:40000",
	                                          .stream_id = "#!::r=news,u=wall",
	                                          .connected_at_s = 1769903999,
	                                          .bytes_sent = 1,
	                                          .packets_lost = 2,
	                                          .pktRetrans = 3,
	                                          .pktSndLoss = 4,
	                                          .byteSndDrop = 5,
	                                          .rtt_us = 12345,
	                                          .msSndBuf = 6};
	fakes.readers[1] = (struct output_reader){.id = 8, .stream_id = "\xff\xfe"};
	memset(fakes.readers[1].stream_id + 2, 'x', sizeof(fakes.readers[1].stream_id) - 3);
}

static void test_readers(void **state)
{
	static const char *const totals[] = {"bytes_sent", "packets_lost", "pktRetransTotal",
	                                     "pktSndLossTotal", "byteSndDropTotal"};
	json_t *one, *listed, *reader, *stats, *channel;

	(void)state;
	run_channel(LISTENER);
	give_readers();
	one = get_output();
	assert_int_equal(number_of(one, "reader_count"), 2);
	assert_int_equal(json_array_size(json_object_get(one, "readers")), 2);
	reader = json_array_get(json_object_get(one, "readers"), 0);
	assert_int_equal(number_of(reader, "id"), 7);
	assert_string_equal(text_of(reader, "address"), "192.0.2.1:40000");
	assert_string_equal(text_of(reader, "stream_id"), "#!::r=news,u=wall");
	assert_string_equal(text_of(reader, "connected_at"), "2026-01-31T23:59:59Z");
	stats = json_object_get(reader, "stats");
	assert_int_equal(json_object_size(stats), 7);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		assert_int_equal(number_of(stats, totals[i]), i + 1);
	assert_true(json_real_value(json_object_get(stats, "msRTT")) == 12.345);
	assert_int_equal(number_of(stats, "msSndBuf"), 6);

	/* Whatever a peer calls itself, the answer is made; nothing of it is cut. */
	reader = json_array_get(json_object_get(one, "readers"), 1);
	assert_int_equal(strlen(text_of(reader, "stream_id")), 512);
	assert_memory_equal(text_of(reader, "stream_id"), "??xx", 4);

	channel = get(id);
	reader = json_array_get(json_object_get(channel, "outputs"), 0);
	assert_int_equal(json_array_size(json_object_get(reader, "readers")), 2);
	json_decref(channel);
	listed = listed_output(); /* asked for every second: it only counts them */
	assert_int_equal(number_of(listed, "reader_count"), 2);
	assert_null(json_object_get(listed, "readers"));
	json_decref(listed);
	json_decref(one);

	stop(id);
	one = get_output();
	assert_int_equal(number_of(one, "reader_count"), 0);
	assert_int_equal(json_array_size(json_object_get(one, "readers")), 0);
	json_decref(one);
}

static void test_kick(void **state)
{
	struct api_error error;

	(void)state;
	run_channel(LISTENER);
	assert_int_equal(manager_kick_reader(manager, id, output, 7, &error), 0);
	assert_string_equal(fakes_journal(), "kick A 7; ");
	assert_missing(manager_kick_reader(manager, id, output, 0, &error), &error);
	stop(id);
	fakes_journal();
	assert_missing(manager_kick_reader(manager, id, output, 7, &error), &error);
	assert_string_equal(fakes_journal(), "");
}

static json_t *history(void)
{
	struct api_error error;
	json_t *out, *samples;

	assert_int_equal(manager_get_history(manager, id, output, &out, &error), 0);
	samples = json_incref(json_object_get(out, "samples"));
	assert_true(json_is_array(samples));
	assert_int_equal(strlen(text_of(out, "now")), 20);
	json_decref(out);
	return samples;
}

static void test_history(void **state)
{
	const int64_t now_s = clock_wall_s();
	json_t *samples, *sample;

	(void)state;
	run_channel("srt://a:1");
	fakes.sample_count = 3;
	fakes.samples[0] = (struct output_sample){.at_s = now_s - 700};
	fakes.samples[1] = (struct output_sample){.at_s = 1769903999 /* long ago */};
	fakes.samples[2] = (struct output_sample){.at_s = now_s - 2,
	                                          .rtt_us = 40500,
	                                          .send_buffer_ms = 120,
	                                          .retransmitted = 3,
	                                          .lost = 4,
	                                          .bitrate_kbps = 4294967295};
	samples = history();
	assert_int_equal(json_array_size(samples), 1); /* the others are older than ten minutes */
	sample = json_array_get(samples, 0);
	assert_int_equal(json_object_size(sample), 6);
	assert_int_equal(strlen(text_of(sample, "at")), 20);
	assert_true(json_real_value(json_object_get(sample, "msRTT")) == 40.5);
	assert_int_equal(number_of(sample, "msSndBuf"), 120);
	assert_int_equal(number_of(sample, "pktRetrans"), 3);
	assert_int_equal(number_of(sample, "pktSndLoss"), 4);
	assert_int_equal(number_of(sample, "bitrate_bps"), 4294967295000);
	json_decref(samples);
	stop(id);
	samples = history();
	assert_int_equal(json_array_size(samples), 0);
	json_decref(samples);
}

static json_t *reset(void)
{
	struct api_error error;
	json_t *out;

	assert_int_equal(manager_reset_output(manager, id, output, &out, &error), 0);
	return out;
}

/* What the output shows: a total of either table, a gauge of either, and whether it was reset. Takes it over. */
static void assert_counts(json_t *shown, int reconnects, int retransmitted, int bitrate,
                          double rtt_ms, bool was_reset)
{
	const json_t *stats = json_object_get(shown, "stats");

	assert_int_equal(number_of(shown, "reconnects"), reconnects);
	assert_int_equal(number_of(stats, "reconnects"), reconnects);
	assert_int_equal(number_of(stats, "pktRetransTotal"), retransmitted);
	assert_int_equal(number_of(stats, "bitrate_bps"), bitrate);
	assert_true(json_real_value(json_object_get(stats, "msRTT")) == rtt_ms);
	if (was_reset)
		assert_int_equal(strlen(text_of(shown, "stats_since")), 20);
	else
		assert_true(json_is_null(json_object_get(shown, "stats_since")));
	json_decref(shown);
}

static void test_reset(void **state)
{
	struct api_error error;

	(void)state;
	run_channel("srt://a:1");
	fakes_grow(100); /* reconnects are 3 from the beginning */
	assert_counts(get_output(), 103, 100, 100, 0.1, false);
	assert_counts(reset(), 0, 0, 100, 0.1, true);
	fakes_grow(5);
	assert_counts(get_output(), 5, 5, 105, 0.105, true);
	assert_counts(listed_output(), 5, 5, 105, 0.105, true);
	assert_counts(reset(), 0, 0, 105, 0.105, true);
	fakes_grow(1);

	/* What does not touch the output leaves the count; a new connection begins anew. */
	assert_int_equal(update_output(id, output, "{\"name\":\"B\"}", &error), 0);
	assert_int_equal(update(id, "{\"name\":\"Sport\"}", &error), 0);
	assert_counts(get_output(), 1, 1, 106, 0.106, true);
	assert_int_equal(update_output(id, output, "{\"url\":\"srt://a:2\"}", &error), 0);
	assert_counts(get_output(), 3, 0, 0, 0, false);
	assert_counts(reset(), 0, 0, 0, 0, true);
	stop(id);
	assert_counts(get_output(), 0, 0, 0, 0, false);
	assert_counts(reset(), 0, 0, 0, 0, false); /* there is nothing to take off */
	start(id);
	assert_counts(get_output(), 3, 0, 0, 0, false);
}

/* A reset output moves along when those before it go. */
static void test_reset_moves(void **state)
{
	struct api_error error;
	char first[64];

	(void)state;
	run_channel("srt://a:1");
	strcpy(first, output);
	assert_int_equal(add_output(id, "{\"name\":\"L\",\"url\":\"srt://b:2\"}", output, &error),
	                 0);
	fakes_grow(9);
	json_decref(reset());
	assert_int_equal(manager_delete_output(manager, id, first, &error), 0);
	fakes_grow(2);
	assert_counts(get_output(), 2, 2, 11, 0.011, true);
}

/* What is asked for reaches the output, shows no secret, and survives the program. */
static void test_rtmp(void **state)
{
	struct api_error error;
	json_t *one, *again;

	(void)state;
	run_channel("rtmp://a/app/k1");
	assert_string_equal(fakes.output_url.rtmp.key, "k1");
	assert_int_equal(fakes.output_options.backlog_ms, 4000);
	assert_int_equal(update_output(id, output,
	                               "{\"url\":\"rtmps://a/app/x/\",\"stream_key\":"
	                               "\"secret/k=2\",\"audio\":\"deu:1\",\"hevc\":\"legacy\","
	                               "\"cues\":\"youtube\",\"tls_verify\":\"off\","
	                               "\"tls_ca\":\"/ca\",\"backlog_ms\":900}",
	                               &error),
	                 0);
	assert_string_equal(fakes.output_url.rtmp.app, "app/x");
	assert_string_equal(fakes.output_url.rtmp.key, "secret/k=2");
	assert_true(fakes.output_url.rtmp.tls);
	assert_string_equal(fakes.output_options.choice.audio_language, "deu");
	assert_int_equal(fakes.output_options.choice.audio_index, 1);
	assert_int_equal(fakes.output_options.choice.hevc, HEVC_LEGACY);
	assert_int_equal(fakes.output_options.choice.cues, CUE_YOUTUBE);
	assert_false(fakes.output_options.tls_verify);
	assert_string_equal(fakes.output_options.tls_ca, "/ca");
	assert_int_equal(fakes.output_options.backlog_ms, 900);
	one = get_output();
	assert_string_equal(text_of(one, "url"), "rtmps://a/app/x/");
	assert_string_equal(text_of(one, "stream_key"), "***");
	assert_string_equal(text_of(one, "audio"), "deu:1");
	assert_non_null(strstr(file_text(), "secret/k=2"));

	close_manager();
	fakes.output_url = (struct output_url){0};
	open_manager();
	assert_string_equal(fakes.output_url.rtmp.key, "secret/k=2");
	again = get_output();
	assert_true(json_equal(one, again));
	json_decref(one);
	json_decref(again);
}

/* Options that change start their output anew, and no other. */
static void test_rtmp_changes(void **state)
{
	static const char *const changes[] = {"{\"audio\":\"1\"}",       "{\"hevc\":\"legacy\"}",
	                                      "{\"cues\":\"onadcue\"}",  "{\"tls_verify\":\"off\"}",
	                                      "{\"tls_ca\":\"/ca\"}",    "{\"backlog_ms\":5000}",
	                                      "{\"stream_key\":\"new\"}"};
	static const char *const same[] = {"{\"stream_key\":\"***\"}", "{\"audio\":\"1\"}",
	                                   "{\"tls_ca\":\"/ca\"}", "{\"backlog_ms\":5000}",
	                                   "{\"name\":\"B\"}"};
	struct api_error error;
	char other[64];

	(void)state;
	run_channel("srt://b:1");
	strcpy(other, output);
	assert_int_equal(add_output(id,
	                            "{\"name\":\"A\",\"url\":\"rtmps://a/app\","
	                            "\"stream_key\":\"k\"}",
	                            output, &error),
	                 0);
	fakes_journal();
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_int_equal(update_output(id, output, changes[i], &error), 0);
		assert_string_equal(fakes_journal(), "unoutput A; output A a:443; ");
	}
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_int_equal(update_output(id, output, same[i], &error), 0);
		assert_string_equal(fakes_journal(), "");
	}
	assert_int_equal(update_output(id, output, "{\"cues\":\"x\"}", &error), -1);
	assert_string_equal(error.field, "cues");
	assert_string_equal(fakes_journal(), "");
	/* The program is the feed's matter: connections stay. */
	assert_int_equal(update(id, "{\"program\":7}", &error), 0);
	assert_string_equal(fakes_journal(), "program 7; ");
	assert_int_equal(update(id, "{\"name\":\"Sport\"}", &error), 0);
	assert_string_equal(fakes_journal(), "");
	stop(id);
	fakes_journal();
	start(id);
	assert_non_null(strstr(fakes_journal(), "program 7; "));
}

static void test_note(void **state)
{
	struct api_error error;
	json_t *one;

	(void)state;
	run_channel("rtmps://a/app/k");
	one = get_output();
	assert_true(json_is_null(json_object_get(one, "note")));
	assert_true(json_is_null(json_object_get(one, "warning")));
	json_decref(one);
	snprintf(fakes.status.note, sizeof(fakes.status.note), "not carried: MPEG-2 video \xff");
	assert_int_equal(update_output(id, output, "{\"tls_verify\":\"off\"}", &error), 0);
	one = get_output();
	assert_string_equal(text_of(one, "note"), "not carried: MPEG-2 video ?");
	assert_non_null(strstr(text_of(one, "warning"), "not verified"));
	json_decref(one);
	stop(id);
	one = get_output();
	assert_true(json_is_null(json_object_get(one, "note")));
	assert_non_null(text_of(one, "warning")); /* it is how it is configured */
	json_decref(one);
}

/* A file may have an output without stream key: it says so, and the channel runs. */
static void test_keyless(void **state)
{
	json_t *one;

	(void)state;
	close_manager();
	write_file("{\"c\":{\"config\":{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":["
	           "{\"id\":\"o\",\"url\":\"rtmp://h/app\"}]},\"desired\":\"running\"}}");
	fakes_journal();
	open_manager();
	assert_null(strstr(fakes_journal(), "output"));
	strcpy(id, "c");
	strcpy(output, "o");
	one = get_output();
	assert_string_equal(text_of(one, "state"), "error");
	assert_string_equal(text_of(one, "last_error"), "it has no stream key");
	json_decref(one);
}

static atomic_bool stopping;

/* Ask all that can be asked of an output that comes and goes. */
static void *ask(void *argument)
{
	struct api_error error;
	json_t *out;

	(void)argument;
	while (!atomic_load(&stopping)) {
		if (!manager_get_output(manager, id, output, &out, &error))
			json_decref(out);
		if (!manager_get_history(manager, id, output, &out, &error))
			json_decref(out);
		if (!manager_reset_output(manager, id, output, &out, &error))
			json_decref(out);
		manager_kick_reader(manager, id, output, 7, &error);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct api_error error;
	pthread_t threads[2];
	json_t *shown;

	(void)state;
	run_channel(LISTENER);
	give_readers();
	atomic_store(&stopping, false);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(update_output(id, output, "{\"enabled\":false}", &error), 0);
		assert_int_equal(update_output(id, output, "{\"enabled\":true}", &error), 0);
	}
	assert_int_equal(manager_delete_output(manager, id, output, &error), 0);
	atomic_store(&stopping, true);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_missing(manager_get_output(manager, id, output, &shown, &error), &error);
	assert_int_equal(fakes.outputs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get, setup, teardown),
		cmocka_unit_test_setup_teardown(test_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rtmp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rtmp_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_note, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keyless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
