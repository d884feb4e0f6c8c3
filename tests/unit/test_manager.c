/*
 * The manager on stand-ins: what it does in which order, what it keeps on disk, and that calls which fail
 * change nothing.
 */
#include "manager_fixture.h"

#include "media/remux.h"
#include "output/srt_link.h"

#include <pthread.h>
#include <stdatomic.h>

static const char news[] = "{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":["
			   "{\"name\":\"A\",\"url\":\"srt://a:1?passphrase=0123456789\"},"
			   "{\"name\":\"B\",\"url\":\"srt://b:2\",\"enabled\":false},"
			   "{\"name\":\"C\",\"url\":\"rtmp://c/app/key\"}]}";

/* The id of an output by its place. */
static void output_id(const char *id, size_t index, char *out)
{
	json_t *channel = get(id);

	strcpy(out, text_of(json_array_get(json_object_get(channel, "outputs"), index), "id"));
	json_decref(channel);
}

static void test_life(void **state)
{
	struct api_error error;
	char id[64];

	(void)state;
	add_quietly(news, id);
	assert_string_equal(fakes_journal(), ""); /* a new channel is stopped */
	assert_state(id, "stopped", "stopped");
	start(id);
	assert_string_equal(fakes_journal(),
	                    "feed News; bind 0.0.0.0:5000; output A a:1; output C c:1935; ");
	assert_state(id, "running", "waiting");
	start(id); /* again: nothing happens */
	assert_string_equal(fakes_journal(), "");
	fakes.last_ns = clock_now_ns() + 60 * NS_PER_S; /* also on a slow machine */
	assert_state(id, "running", "receiving");
	fakes.last_ns = clock_now_ns() - 5 * NS_PER_S;
	assert_state(id, "running", "no_signal");
	stop(id);
	assert_string_equal(fakes_journal(), "unbind 0.0.0.0:5000; unoutput A; unoutput C; "
	                                     "unfeed News 0 1 2; ");
	assert_state(id, "stopped", "stopped");
	stop(id);
	assert_string_equal(fakes_journal(), "");
	start(id);
	fakes_journal();
	assert_int_equal(manager_delete_channel(manager, id, &error), 0);
	assert_string_equal(fakes_journal(), "unbind 0.0.0.0:5000; unoutput A; unoutput C; "
	                                     "unfeed News 0 1 2; ");
	assert_int_equal(manager_delete_channel(manager, id, &error), -1);
	assert_int_equal(error.status, 404);
	assert_string_equal(file_text(), "{}");
}

static void test_shape(void **state)
{
	json_t *channel, *output;
	char id[64];

	(void)state;
	add_quietly(news, id);
	start(id);
	fakes.status = (struct output_status){.state = OUTPUT_RETRYING,
	                                      .last_error = "refused",
	                                      .retry_in_ms = 1500,
	                                      .connected_at_s = 0};
	channel = get(id);
	assert_int_equal(json_object_size(channel), 20);
	assert_int_equal(json_array_size(json_object_get(channel, "inputs")), 1);
	assert_true(json_is_null(json_object_get(channel, "backup")));
	assert_true(json_is_null(json_object_get(channel, "interface")));
	assert_true(json_is_null(json_object_get(channel, "last_error")));
	assert_int_equal(strlen(text_of(channel, "created_at")), 20);
	assert_int_equal(json_object_size(json_object_get(channel, "stats")),
	                 CHANNEL_COUNTER_COUNT + RTP_COUNTER_COUNT + INGEST_COUNTER_COUNT +
	                         (0 REMUX_COUNTERS(COUNTER_ONE)));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(channel, "stats"),
	                                                    "damaged_units")),
	                 4);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(channel, "stats"),
	                                                    "bytes_received")),
	                 188);
	output = json_array_get(json_object_get(channel, "outputs"), 0);
	assert_int_equal(json_object_size(output), 13);
	assert_string_equal(text_of(output, "url"), "srt://a:1?passphrase=***");
	assert_string_equal(text_of(output, "state"), "retrying");
	assert_string_equal(text_of(output, "last_error"), "refused");
	assert_int_equal(json_integer_value(json_object_get(output, "retry_in_ms")), 1500);
	assert_int_equal(json_integer_value(json_object_get(output, "reconnects")), 3);
	assert_true(json_is_null(json_object_get(output, "connected_at")));
	assert_true(json_is_null(json_object_get(output, "stats_since")));
	assert_int_equal(json_object_size(json_object_get(output, "stats")),
	                 OUTPUT_COUNTER_COUNT + SRT_COUNTER_COUNT);
	output = json_array_get(json_object_get(channel, "outputs"), 1);
	assert_string_equal(text_of(output, "state"), "stopped"); /* disabled */
	output = json_array_get(json_object_get(channel, "outputs"), 2);
	assert_string_equal(text_of(output, "url"), "rtmp://c/app/***");
	json_decref(channel);

	/* Whatever a peer put into an error text, the answer is still made. */
	snprintf(fakes.status.last_error, sizeof(fakes.status.last_error), "bad \xff\xfe bytes");
	channel = get(id);
	output = json_array_get(json_object_get(channel, "outputs"), 0);
	assert_string_equal(text_of(output, "last_error"), "bad ?? bytes");
	json_decref(channel);
}

static void test_health(void **state)
{
	json_t *health, *interfaces;
	char id[64];

	(void)state;
	add_quietly(news, id);
	add_quietly("{\"name\":\"Idle\",\"rtp_port\":1}", NULL);
	start(id);
	fakes.status.state = OUTPUT_CONNECTED;
	assert_int_equal(manager_health(manager, &health), 0);
	assert_string_equal(text_of(health, "status"), "ok");
	assert_non_null(text_of(health, "version"));
	assert_int_equal(json_integer_value(json_object_get(health, "channels")), 2);
	assert_int_equal(json_integer_value(json_object_get(health, "channels_running")), 1);
	assert_int_equal(json_integer_value(json_object_get(health, "outputs")), 3);
	assert_int_equal(json_integer_value(json_object_get(health, "outputs_connected")), 2);
	interfaces = json_object_get(health, "interfaces");
	assert_string_equal(text_of(json_array_get(interfaces, 0), "mode"), "xdp");
	json_decref(health);
}

static void test_update_running(void **state)
{
	struct api_error error;
	char id[64], a[64], b[64], c[64], text[600];

	(void)state;
	add_quietly(news, id);
	output_id(id, 0, a);
	output_id(id, 1, b);
	output_id(id, 2, c);
	start(id);
	fakes_journal();

	assert_int_equal(update(id, "{\"name\":\"Renamed\",\"autostart\":true}", &error), 0);
	assert_string_equal(fakes_journal(), "");
	assert_int_equal(update(id, "{\"rtp_port\":5001,\"rtp_ip\":\"10.0.0.1\"}", &error), 0);
	assert_string_equal(fakes_journal(), "bind 10.0.0.1:5001; unbind 0.0.0.0:5000; ");

	assert_int_equal(update_output(id, a, "{\"name\":\"AA\"}", &error), 0);
	assert_string_equal(fakes_journal(), "");
	assert_int_equal(update_output(id, a, "{\"url\":\"srt://x:9?passphrase=***\"}", &error),
	                 -1);
	assert_string_equal(error.code, "invalid_url"); /* the secret is not for another peer */
	assert_string_equal(fakes_journal(), "");
	assert_int_equal(
		update_output(id, a, "{\"url\":\"srt://a:1?passphrase=***&latency=9\"}", &error),
		0);
	assert_string_equal(fakes_journal(), "unoutput A; output AA a:1; ");
	assert_non_null(strstr(file_text(), "srt://a:1?passphrase=0123456789&latency=9"));
	assert_int_equal(update_output(id, b, "{\"enabled\":true}", &error), 0);
	assert_string_equal(fakes_journal(), "output B b:2; ");
	assert_int_equal(update_output(id, c, "{\"enabled\":false}", &error), 0);
	assert_string_equal(fakes_journal(), "unoutput C; ");

	/* The list turned round, one new, C left out, A as it was shown. */
	snprintf(
		text, sizeof(text),
		"{\"outputs\":[{\"url\":\"srt://n:7\",\"name\":\"N\"},{\"id\":\"%s\"},"
		"{\"id\":\"%s\",\"url\":\"srt://a:1?passphrase=***&latency=9\",\"enabled\":true}]}",
		b, a);
	assert_int_equal(update(id, text, &error), 0);
	assert_string_equal(fakes_journal(), "output N n:7; ");
	assert_int_equal(manager_delete_output(manager, id, b, &error), 0);
	assert_string_equal(fakes_journal(), "unoutput B; ");
	assert_int_equal(manager_delete_output(manager, id, b, &error), -1);
	assert_int_equal(error.status, 404);
	assert_int_equal(add_output(id, "{\"url\":\"srt://m:8\"}", b, &error), 0);
	assert_string_equal(fakes_journal(), "output srt://m:8 m:8; ");
}

/* Recovery changes on the air; FEC takes two ports more, and gives them back. */
static void test_recovery(void **state)
{
	struct api_error error;
	char id[64], other[64];

	(void)state;
	add_quietly("{\"name\":\"A\",\"rtp_port\":5000}", id);
	start(id);
	fakes_journal();
	assert_int_equal(update(id, "{\"reorder_ms\":100}", &error), 0);
	assert_string_equal(fakes_journal(), "reorder 100; ");
	assert_int_equal(update(id, "{\"fec\":\"auto\"}", &error), 0);
	assert_string_equal(fakes_journal(), "bind 0.0.0.0:5002; bind 0.0.0.0:5004; ");
	assert_int_equal(update(id, "{\"name\":\"B\"}", &error), 0);
	assert_string_equal(fakes_journal(), "");
	assert_int_equal(update(id, "{\"rtp_port\":5002}", &error), -1);
	assert_string_equal(error.code, "channel_running");
	assert_int_equal(update(id, "{\"rtp_port\":6000}", &error), 0);
	assert_string_equal(fakes_journal(),
	                    "bind 0.0.0.0:6000; unbind 0.0.0.0:5002; unbind 0.0.0.0:5004; "
	                    "unbind 0.0.0.0:5000; bind 0.0.0.0:6002; bind 0.0.0.0:6004; ");

	add_quietly("{\"name\":\"C\",\"rtp_port\":5998}", other);
	assert_int_equal(update(other, "{\"fec\":\"auto\"}", &error), -1);
	assert_string_equal(error.code, "port_in_use");
	assert_int_equal(update(other, "{\"rtp_port\":6004}", &error), -1);
	assert_string_equal(error.code, "port_in_use");
	assert_int_equal(update(other, "{\"rtp_port\":6001}", &error), 0);

	assert_int_equal(update(id, "{\"fec\":\"off\"}", &error), 0);
	assert_string_equal(fakes_journal(), "unbind 0.0.0.0:6002; unbind 0.0.0.0:6004; ");
	assert_int_equal(update(other, "{\"rtp_port\":6004}", &error), 0);
	assert_int_equal(update(id, "{\"fec\":\"always\"}", &error), -1);
	assert_string_equal(error.field, "fec");
	assert_int_equal(update(id, "{\"reorder_ms\":1001}", &error), -1);
	assert_string_equal(error.field, "reorder_ms");
}

static const char pair[] = "{\"name\":\"News\",\"rtp_port\":5000,\"sources\":[\"10.0.0.1\"],"
			   "\"backup\":{\"rtp_port\":6000,\"interface\":\"eth1\"}}";

/* One member of an input as it is shown. */
static const json_t *input_member(const json_t *channel, size_t index, const char *key)
{
	return json_object_get(json_array_get(json_object_get(channel, "inputs"), index), key);
}

static void assert_input(const char *id, size_t index, const char *address, const char *state,
                         bool active)
{
	json_t *channel = get(id);

	assert_string_equal(json_string_value(input_member(channel, index, "name")),
	                    index ? "backup" : "primary");
	assert_string_equal(json_string_value(input_member(channel, index, "address")), address);
	assert_string_equal(json_string_value(input_member(channel, index, "state")), state);
	assert_int_equal(json_is_true(input_member(channel, index, "active")), active);
	json_decref(channel);
}

static void test_inputs(void **state)
{
	struct api_error error;
	char id[64];
	json_t *channel;

	(void)state;
	add_quietly(pair, id);
	assert_input(id, 0, "0.0.0.0:5000", "stopped", false);
	assert_input(id, 1, "0.0.0.0:6000 on eth1", "stopped", false);
	start(id);
	assert_string_equal(fakes_journal(), "feed News; bind 0.0.0.0:5000 from 1 at 0; "
	                                     "bind backup 0.0.0.0:6000%eth1; ");
	assert_input(id, 0, "0.0.0.0:5000", "waiting", true);
	fakes.input_last_ns[0] = clock_now_ns() - NS_PER_S;
	fakes.input_last_ns[1] = clock_now_ns() + 60 * NS_PER_S;
	assert_input(id, 0, "0.0.0.0:5000", "no_signal", true); /* over timeout_ms */
	assert_input(id, 1, "0.0.0.0:6000 on eth1", "receiving", false);

	/* FEC for both, a mode, a ceiling: nothing is bound anew. */
	assert_int_equal(update(id, "{\"fec\":\"auto\"}", &error), 0);
	assert_string_equal(fakes_journal(),
	                    "bind 0.0.0.0:5002 from 1 at 0; bind 0.0.0.0:5004 from 1 at 0; "
	                    "bind backup 0.0.0.0:6002%eth1; bind backup 0.0.0.0:6004%eth1; "
	                    "failover 200 500 0 10000; ");
	assert_int_equal(update(id, "{\"failover\":{\"mode\":\"merge\",\"merge_ms\":50}}", &error),
	                 0);
	assert_string_equal(fakes_journal(), "merge 50 500 0 10000; ");
	fakes.input_last_ns[0] = clock_now_ns() - NS_PER_S;
	assert_input(id, 0, "0.0.0.0:5000", "receiving", true); /* merged: after 2 s */
	assert_input(id, 1, "0.0.0.0:6000 on eth1", "receiving", true);
	channel = get(id);
	assert_int_equal(json_object_size(input_member(channel, 1, "stats")),
	                 INPUT_COUNTER_COUNT + INGEST_COUNTER_COUNT);
	json_decref(channel);
	assert_int_equal(update(id, "{\"max_pps\":9}", &error), 0);
	assert_string_equal(fakes_journal(),
	                    "filter 0.0.0.0:5000 1 9; filter 0.0.0.0:5002 1 9; "
	                    "filter 0.0.0.0:5004 1 9; filter backup 0.0.0.0:6000%eth1 0 9; "
	                    "filter backup 0.0.0.0:6002%eth1 0 9; "
	                    "filter backup 0.0.0.0:6004%eth1 0 9; ");

	/* The backup moves; the primary is not touched. Then it goes. */
	assert_int_equal(update(id, "{\"backup\":{\"rtp_port\":7000},\"fec\":\"off\"}", &error), 0);
	assert_string_equal(fakes_journal(),
	                    "bind backup 0.0.0.0:7000 from 0 at 9; "
	                    "unbind backup 0.0.0.0:6002%eth1; unbind backup 0.0.0.0:6004%eth1; "
	                    "unbind backup 0.0.0.0:6000%eth1; "
	                    "unbind 0.0.0.0:5002; unbind 0.0.0.0:5004; merge 50 500 0 10000; ");
	assert_int_equal(update(id, "{\"backup\":null}", &error), 0);
	assert_string_equal(fakes_journal(), "unbind backup 0.0.0.0:7000; one input; ");
	channel = get(id);
	assert_int_equal(json_array_size(json_object_get(channel, "inputs")), 1);
	json_decref(channel);
	/* The port that was the backup's can be FEC's in one step. */
	assert_int_equal(update(id, "{\"backup\":{\"rtp_port\":5002}}", &error), 0);
	fakes_journal();
	assert_int_equal(update(id, "{\"backup\":null,\"fec\":\"auto\"}", &error), 0);
	assert_string_equal(fakes_journal(), "unbind backup 0.0.0.0:5002; "
	                                     "bind 0.0.0.0:5002 from 1 at 9; "
	                                     "bind 0.0.0.0:5004 from 1 at 9; one input; ");
}

/* What was dropped by a binding that went stays counted; a stop begins anew. */
static void test_dropped(void **state)
{
	struct api_error error;
	char id[64];

	(void)state;
	add_quietly(pair, id);
	for (int i = 0; i < 2; i++) {
		json_t *channel;

		start(id);
		assert_int_equal(update(id, "{\"rtp_port\":5100}", &error), 0);
		assert_int_equal(update(id, "{\"rtp_port\":5000}", &error), 0);
		channel = get(id);
		/* Each binding says 5: three of the primary, one of the backup. */
		assert_int_equal(json_integer_value(json_object_get(
					 json_object_get(channel, "stats"), "dropped_stranger")),
		                 20);
		assert_int_equal(json_integer_value(json_object_get(
					 input_member(channel, 0, "stats"), "dropped_stranger")),
		                 15);
		json_decref(channel);
		stop(id);
	}
}

static void test_filter_failures(void **state)
{
	struct api_error error;
	char id[64], *file;

	(void)state;
	add_quietly(pair, id);
	start(id);
	file = strdup(file_text());
	fakes_journal();
	fakes.filter_error = -ENOSPC;
	fakes.filter_error_port = 6000;
	assert_int_equal(update(id, "{\"max_pps\":9}", &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(error.code, "limit");
	assert_string_equal(fakes_journal(), "filter 0.0.0.0:5000 1 9; filter 0.0.0.0:5000 1 0; ");
	assert_string_equal(file_text(), file);
	fakes.filter_error = 0;

	block_store(true);
	assert_int_equal(update(id, "{\"sources\":[]}", &error), -1);
	assert_string_equal(error.code, "storage_failed");
	assert_string_equal(fakes_journal(), "filter 0.0.0.0:5000 0 0; filter 0.0.0.0:5000 1 0; ");
	/* One input moves, the other is filtered: both are undone. */
	assert_int_equal(update(id, "{\"sources\":[],\"backup\":{\"rtp_port\":7000}}", &error), -1);
	assert_string_equal(fakes_journal(),
	                    "filter 0.0.0.0:5000 0 0; bind backup 0.0.0.0:7000; "
	                    "filter 0.0.0.0:5000 1 0; unbind backup 0.0.0.0:7000; ");
	block_store(false);
	assert_int_equal(update(id, "{\"sources\":[\"10.0.0.1\"]}", &error), 0);
	assert_string_equal(fakes_journal(), ""); /* as it is */
	free(file);
}

static void test_backup_failures(void **state)
{
	static const struct {
		int code, status;
		const char *name, *field;
	} cases[] = {
		{-EADDRINUSE, 409, "port_in_use", "backup.rtp_port"},
		{-EADDRNOTAVAIL, 422, "invalid_value", "backup.rtp_ip"},
		{-ENODEV, 422, "invalid_value", "backup.interface"},
		{-EACCES, 422, "invalid_value", "backup.rtp_port"},
		{-ENOSPC, 409, "limit", ""},
		{-EIO, 500, "start_failed", ""},
	};
	struct api_error error;
	json_t *out;
	char id[64];

	(void)state;
	add_quietly(pair, id);
	fakes.bind_error_port = 6000;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fakes.bind_error = cases[i].code;
		assert_int_equal(manager_start_channel(manager, id, &out, &error), -1);
		assert_int_equal(error.status, cases[i].status);
		assert_string_equal(error.code, cases[i].name);
		assert_string_equal(error.field, cases[i].field);
		assert_string_equal(fakes_journal(), "feed News; bind 0.0.0.0:5000 from 1 at 0; "
		                                     "unbind 0.0.0.0:5000; unfeed News 0 1 2; ");
	}
	fakes.bind_error = 0;
	start(id);
	fakes_journal();
	fakes.bind_error = -EADDRINUSE;
	fakes.bind_error_port = 7000;
	assert_int_equal(update(id,
	                        "{\"rtp_port\":5100,\"max_pps\":1,\"backup\":{\"rtp_port\":7000}}",
	                        &error),
	                 -1);
	assert_string_equal(error.field, "backup.rtp_port");
	assert_string_equal(fakes_journal(),
	                    "bind 0.0.0.0:5100 from 1 at 1; unbind 0.0.0.0:5100; ");

	/* In its own way, and in another channel's. */
	assert_int_equal(update(id, "{\"backup\":{\"rtp_port\":6000}}", &error), -1);
	assert_string_equal(error.code, "channel_running");
	assert_string_equal(error.field, "backup.interface");
	assert_int_equal(update(id, "{\"rtp_port\":6000,\"backup\":null}", &error), -1);
	assert_string_equal(error.code, "channel_running");
	assert_string_equal(error.field, "rtp_port");
	add_quietly("{\"name\":\"B\",\"rtp_port\":8000}", NULL);
	assert_int_equal(update(id, "{\"backup\":{\"rtp_port\":8000}}", &error), -1);
	assert_string_equal(error.code, "port_in_use");
	assert_string_equal(error.field, "backup.rtp_port");
	assert_string_equal(fakes_journal(), "");
}

/* A port of FEC that cannot be had is told until there is one. */
static void test_no_fec(void **state)
{
	struct api_error error;
	json_t *channel;
	char id[64];

	(void)state;
	add_quietly("{\"name\":\"A\",\"rtp_port\":5000}", id);
	start(id);
	fakes.bind_error = -EADDRINUSE;
	fakes.bind_error_port = 5004;
	assert_int_equal(update(id, "{\"fec\":\"auto\"}", &error), 0);
	channel = get(id);
	assert_string_equal(text_of(channel, "state"), "waiting");
	assert_string_equal(text_of(channel, "last_error"),
	                    "no FEC on port 5004: port 5004: Address already in use");
	json_decref(channel);
	fakes.bind_error = 0;
	assert_int_equal(update(id, "{\"name\":\"B\"}", &error), 0);
	channel = get(id);
	assert_true(json_is_null(json_object_get(channel, "last_error")));
	json_decref(channel);
	assert_int_equal(update(id, "{\"rtp_port\":65533}", &error), 0);
	channel = get(id);
	assert_string_equal(text_of(channel, "last_error"),
	                    "no FEC on port 65537: there is no such port");
	json_decref(channel);
}

/* After a restart of the program one input is better than none. */
static void test_restore_one_input(void **state)
{
	static const uint16_t ports[] = {5000, 6000};
	json_t *channel;
	char id[64];

	(void)state;
	add_quietly(pair, id);
	start(id);
	for (size_t i = 0; i < 2; i++) {
		close_manager();
		fakes_reset();
		fakes.bind_error = -EADDRINUSE;
		fakes.bind_error_port = ports[i];
		open_manager();
		assert_string_equal(fakes_journal(),
		                    i ? "feed News; bind 0.0.0.0:5000 from 1 at 0; "
		                      : "feed News; bind backup 0.0.0.0:6000%eth1; ");
		channel = get(id);
		assert_string_equal(text_of(channel, "state"), "waiting");
		assert_non_null(strstr(text_of(channel, "last_error"), "in use"));
		assert_non_null(
			strstr(text_of(channel, "last_error"), i ? "backup: " : "primary: "));
		assert_string_equal(json_string_value(input_member(channel, i, "state")),
		                    "stopped");
		assert_string_equal(json_string_value(input_member(channel, !i, "state")),
		                    "waiting");
		json_decref(channel);
	}
	fakes.bind_error = 0;
	assert_int_equal(update(id, "{\"backup\":{\"rtp_port\":6002}}", &(struct api_error){0}), 0);
	channel = get(id);
	assert_true(json_is_null(json_object_get(channel, "last_error")));
	json_decref(channel);
}

/* Switch by hand; returns the status. */
static int switch_to(const char *id, const char *text, struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out;
	const int failed = manager_switch_input(manager, id, body, &out, error);

	json_decref(body);
	if (failed)
		return error->status;
	json_decref(out);
	return 200;
}

static void test_switch(void **state)
{
	struct api_error error;
	char id[64];

	(void)state;
	add_quietly(pair, id);
	assert_int_equal(switch_to("nobody", "{}", &error), 404);
	assert_int_equal(switch_to(id, "{}", &error), 409);
	assert_string_equal(error.code, "not_running");
	start(id);
	assert_int_equal(switch_to(id, "{\"input\":\"third\"}", &error), 422);
	assert_string_equal(error.field, "input");
	assert_int_equal(switch_to(id, "{\"input\":1}", &error), 422);
	assert_int_equal(switch_to(id, "{\"to\":1}", &error), 422);
	assert_string_equal(error.code, "unknown_field");
	assert_int_equal(switch_to(id, "{}", &error), 409);
	assert_string_equal(error.code, "input_dead");
	fakes.input_last_ns[1] = clock_now_ns() - 600 * NS_PER_MS;
	assert_int_equal(switch_to(id, "{}", &error), 409);
	fakes_journal();
	fakes.input_last_ns[1] = clock_now_ns() + 60 * NS_PER_S;
	assert_int_equal(switch_to(id, "{}", &error), 200);
	assert_string_equal(fakes_journal(), "select 1; ");
	assert_input(id, 1, "0.0.0.0:6000 on eth1", "receiving", true);
	assert_int_equal(switch_to(id, "{}", &error), 409); /* the primary is dead */
	assert_int_equal(switch_to(id, "{\"input\":\"backup\"}", &error), 200); /* again */
	assert_string_equal(fakes_journal(), "select 1; ");
	assert_int_equal(update(id, "{\"failover\":{\"mode\":\"merge\"}}", &error), 0);
	assert_int_equal(switch_to(id, "{}", &error), 409);
	assert_string_equal(error.code, "merging");
	assert_int_equal(update(id, "{\"backup\":null}", &error), 0);
	assert_int_equal(switch_to(id, "{}", &error), 409);
	assert_string_equal(error.code, "no_backup");
}

static void test_refused(void **state)
{
	static const struct {
		const char *body, *code, *field;
		int status;
	} cases[] = {
		{"{\"name\":\"x\",\"rtp_port\":0}", "invalid_value", "rtp_port", 422},
		{"{\"name\":\"x\",\"bogus\":0}", "unknown_field", "bogus", 422},
		{"{\"name\":\"x\",\"rtp_port\":6000}", "port_in_use", "rtp_port", 409},
		{"{\"name\":\"x\",\"outputs\":[]  ,\"autostart\":3}", "invalid_type", "autostart",
	         422},
		{"{\"outputs\":[{\"url\":\"srt://q:1\"},{\"url\":\"x\"}]}", "invalid_url",
	         "outputs[1].url", 422},
		{"{\"outputs\":[{\"id\":\"nobody\"}]}", "invalid_value", "outputs[0].id", 422},
	};
	struct api_error error;
	char id[64], *file;
	json_t *before, *after, *body, *out;

	(void)state;
	add_quietly(news, id);
	add_quietly("{\"name\":\"Other\",\"rtp_port\":6000,\"rtp_ip\":\"10.0.0.1\"}", NULL);
	start(id);
	fakes_journal();
	before = get(id);
	file = strdup(file_text());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(update(id, cases[i].body, &error), -1);
		assert_int_equal(error.status, cases[i].status);
		assert_string_equal(error.code, cases[i].code);
		assert_string_equal(error.field, cases[i].field);
		after = get(id);
		assert_true(json_equal(before, after));
		json_decref(after);
		assert_string_equal(fakes_journal(), "");
		assert_string_equal(file_text(), file);
	}
	body = json_loads("{\"name\":\"x\",\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.9\"}", 0, NULL);
	assert_int_equal(manager_add_channel(manager, body, &out, &error), -1);
	assert_int_equal(error.status, 409);
	assert_non_null(strstr(error.message, "News"));
	json_decref(body);
	assert_int_equal(update_output(id, "nobody", "{}", &error), -1);
	assert_int_equal(error.status, 404);
	assert_int_equal(update("nobody", "{}", &error), -1);
	assert_int_equal(error.status, 404);
	assert_string_equal(file_text(), file);
	json_decref(before);
	free(file);
}

static void test_bind_failures(void **state)
{
	static const struct {
		int code, status;
		const char *name, *field;
	} cases[] = {
		{-EADDRINUSE, 409, "port_in_use", "rtp_port"},
		{-EADDRNOTAVAIL, 422, "invalid_value", "rtp_ip"},
		{-EACCES, 422, "invalid_value", "rtp_port"},
		{-ENOMEM, 500, "start_failed", ""},
	};
	struct api_error error;
	json_t *out, *channel;
	char id[64], *file;

	(void)state;
	add_quietly(news, id);
	file = strdup(file_text());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fakes.bind_error = cases[i].code;
		assert_int_equal(manager_start_channel(manager, id, &out, &error), -1);
		assert_int_equal(error.status, cases[i].status);
		assert_string_equal(error.code, cases[i].name);
		assert_string_equal(error.field, cases[i].field);
		assert_string_equal(fakes_journal(), "feed News; unfeed News 0 1 2; ");
		channel = get(id);
		assert_string_equal(text_of(channel, "state"), "error");
		assert_string_equal(text_of(channel, "desired"), "stopped");
		assert_string_equal(text_of(channel, "last_error"), error.message);
		json_decref(channel);
		assert_string_equal(file_text(), file);
		assert_int_equal(fakes.channels + fakes.feeds, 0);
	}
	stop(id); /* acknowledges the error */
	assert_state(id, "stopped", "stopped");
	fakes.bind_error = 0;
	fakes.feed_error = -ENOMEM;
	assert_int_equal(manager_start_channel(manager, id, &out, &error), -1);
	assert_int_equal(error.status, 500);
	fakes.feed_error = 0;
	fakes.channel_error = -ENOMEM;
	assert_int_equal(manager_start_channel(manager, id, &out, &error), -1);
	fakes.channel_error = 0;
	assert_int_equal(fakes.channels + fakes.feeds, 0);
	fakes_journal();

	/* Moving: the old side stays. */
	start(id);
	fakes_journal();
	free(file);
	file = strdup(file_text());
	fakes.bind_error = -EADDRINUSE;
	assert_int_equal(update(id, "{\"name\":\"Moved\",\"rtp_port\":5001}", &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(fakes_journal(), "");
	assert_string_equal(file_text(), file);
	channel = get(id);
	assert_string_equal(text_of(channel, "name"), "News");
	assert_string_equal(text_of(channel, "state"), "waiting");
	assert_int_equal(json_integer_value(json_object_get(channel, "rtp_port")), 5000);
	json_decref(channel);
	free(file);
}

static void test_output_failures(void **state)
{
	struct api_error error;
	json_t *channel, *output;
	char id[64], a[64];

	(void)state;
	add_quietly(news, id);
	output_id(id, 0, a);
	fakes.output_error = -EAGAIN;
	start(id);
	assert_state(id, "running", "waiting"); /* the channel runs, its outputs do not */
	channel = get(id);
	output = json_array_get(json_object_get(channel, "outputs"), 0);
	assert_string_equal(text_of(output, "state"), "error");
	assert_non_null(strstr(text_of(output, "last_error"), "cannot start"));
	json_decref(channel);
	fakes.output_error = 0;
	fakes_journal();
	assert_int_equal(update_output(id, a, "{\"name\":\"A2\"}", &error), 0);
	assert_string_equal(fakes_journal(), ""); /* not by accident … */
	assert_int_equal(update_output(id, a, "{\"url\":\"srt://a:1\"}", &error), 0);
	assert_string_equal(fakes_journal(), "output A2 a:1; ");
	stop(id);
	start(id); /* … but with the channel */
	assert_int_equal(fakes.outputs, 2);
}

static void test_failing_store(void **state)
{
	struct api_error error;
	char id[64], a[64], *file;
	json_t *before, *after, *body, *out;

	(void)state;
	add_quietly(news, id);
	output_id(id, 0, a);
	start(id);
	before = get(id);
	file = strdup(file_text());
	fakes_journal();
	block_store(true);
	assert_int_equal(update(id, "{\"name\":\"x\",\"outputs\":[]}", &error), -1);
	assert_int_equal(error.status, 500);
	assert_string_equal(error.code, "storage_failed");
	assert_non_null(strstr(error.message, "Is a directory"));
	assert_int_equal(manager_delete_channel(manager, id, &error), -1);
	assert_int_equal(manager_stop_channel(manager, id, &out, &error), -1);
	assert_int_equal(update_output(id, a, "{\"enabled\":false}", &error), -1);
	assert_int_equal(add_output(id, "{\"url\":\"srt://z:1\"}", a, &error), -1);
	assert_int_equal(manager_delete_output(manager, id, a, &error), -1);
	body = json_loads("{\"name\":\"x\",\"rtp_port\":1}", 0, NULL);
	assert_int_equal(manager_add_channel(manager, body, &out, &error), -1);
	json_decref(body);
	assert_string_equal(fakes_journal(), "");
	assert_int_equal(update(id, "{\"rtp_port\":5001}", &error), -1);
	assert_string_equal(fakes_journal(), "bind 0.0.0.0:5001; unbind 0.0.0.0:5001; ");
	after = get(id);
	assert_true(json_equal(before, after));
	json_decref(after);
	assert_string_equal(file_text(), file);
	assert_int_equal(manager_list(manager, &out), 0);
	assert_int_equal(json_array_size(json_object_get(out, "channels")), 1);
	json_decref(out);

	block_store(false);
	stop(id);
	block_store(true);
	fakes_journal();
	assert_int_equal(manager_start_channel(manager, id, &out, &error), -1);
	assert_string_equal(error.code, "storage_failed");
	assert_string_equal(fakes_journal(), "feed News; bind 0.0.0.0:5000; "
	                                     "unbind 0.0.0.0:5000; unfeed News 0 1 2; ");
	assert_state(id, "stopped", "stopped");
	block_store(false);
	json_decref(before);
	free(file);
}

static void test_restore(void **state)
{
	json_t *list, *channels;
	struct api_error error;
	char *file;

	(void)state;
	close_manager();
	write_file("{\"r\":{\"config\":{\"name\":\"Running\",\"rtp_port\":1,\"outputs\":["
	           "{\"url\":\"srt://a:1\"},{\"url\":\"rist://h/a/k\"}]},"
	           "\"desired\":\"running\",\"created_at\":\"2026-01-01T00:00:01Z\"},"
	           "\"s\":{\"config\":{\"name\":\"Stopped\",\"rtp_port\":2},\"desired\":"
	           "\"stopped\",\"created_at\":\"2026-01-01T00:00:02Z\"},"
	           "\"e\":{\"config\":{\"name\":\"Error\",\"rtp_port\":3},\"desired\":"
	           "\"running\",\"created_at\":\"2026-01-01T00:00:03Z\"},"
	           "\"a\":{\"config\":{\"name\":\"Auto\",\"rtp_port\":4,\"autostart\":true},"
	           "\"created_at\":\"2026-01-01T00:00:04Z\"}}");
	file = strdup(file_text());
	fakes_reset();
	fakes.bind_error = -EADDRINUSE;
	fakes.bind_error_port = 3;
	open_manager();
	assert_string_equal(fakes_journal(),
	                    "feed Running; bind 0.0.0.0:1; output srt://a:1 a:1; "
	                    "feed Error; unfeed Error 0 1 2; feed Auto; bind 0.0.0.0:4; ");
	assert_state("r", "running", "waiting");
	assert_state("s", "stopped", "stopped");
	assert_state("e", "running", "error"); /* still wanted */
	assert_state("a", "running", "waiting");
	assert_int_equal(manager_list(manager, &list), 0);
	channels = json_object_get(list, "channels");
	assert_string_equal(text_of(json_array_get(channels, 3), "name"), "Auto");
	assert_string_equal(
		text_of(json_array_get(json_object_get(json_array_get(channels, 0), "outputs"), 1),
	                "state"),
		"error"); /* an output that this program does not support */
	json_decref(list);
	assert_string_equal(file_text(), file);

	/* Changing another field of the one in error does not fail, a free port makes it run. */
	assert_int_equal(update("e", "{\"name\":\"Err\"}", &error), 0);
	assert_state("e", "running", "error");
	assert_int_equal(update("e", "{\"rtp_port\":33}", &error), 0);
	assert_state("e", "running", "waiting");
	free(file);

	/* Stopping the program is not stopping its channels. */
	file = strdup(file_text());
	close_manager();
	assert_string_equal(file_text(), file);
	free(file);
	fakes_reset();
	open_manager();
	assert_state("e", "running", "waiting");
}

static void test_broken_file(void **state)
{
	json_t *list;

	(void)state;
	close_manager();
	write_file("{\"x\":");
	open_manager();
	assert_int_equal(manager_list(manager, &list), 0);
	assert_int_equal(json_array_size(json_object_get(list, "channels")), 0);
	json_decref(list);
	add_quietly(news, NULL);
}

/* Channels that can be read are started, whatever stands beside them in the file. */
static void test_partly_broken_file(void **state)
{
	char *file;

	(void)state;
	close_manager();
	write_file("{\"g\":{\"config\":{\"name\":\"Good\",\"rtp_port\":1,\"outputs\":null},"
	           "\"desired\":\"running\",\"created_at\":\"2026-01-01T00:00:01Z\"},"
	           "\"b\":{\"config\":{\"name\":\"Bad\",\"rtp_port\":0},\"desired\":\"running\"},"
	           "\"a\":{\"config\":{\"name\":\"Auto\",\"rtp_port\":2,\"autostart\":true},"
	           "\"created_at\":\"2026-01-01T00:00:02Z\"}}");
	file = strdup(file_text());
	fakes_reset();
	open_manager();
	assert_string_equal(fakes_journal(),
	                    "feed Good; bind 0.0.0.0:1; feed Auto; bind 0.0.0.0:2; ");
	assert_string_equal(file_text(), file); /* until something is changed */
	stop("g");
	assert_null(strstr(file_text(), "Bad"));
	assert_non_null(strstr(file_text(), "Auto"));
	free(file);
}

static void test_limits(void **state)
{
	struct api_error error;
	char id[64], other[64], *many, *at;
	json_t *body, *out;

	(void)state;
	add_quietly("{\"name\":\"x\",\"rtp_port\":1}", id);
	for (int i = 0; i < 256; i++)
		assert_int_equal(add_output(id, "{\"url\":\"srt://h:1\"}", other, &error), 0);
	assert_int_equal(add_output(id, "{\"url\":\"srt://h:1\"}", other, &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(error.code, "limit");
	assert_int_equal(manager_delete_channel(manager, id, &error), 0);
	close_manager();
	many = malloc(1024 * 80);
	at = many + sprintf(many, "{");
	for (int i = 0; i < 1024; i++)
		at += sprintf(at, "%s\"id%d\":{\"config\":{\"name\":\"x\",\"rtp_port\":%d}}",
		              i ? "," : "", i, 1000 + i);
	strcpy(at, "}");
	write_file(many);
	free(many);
	open_manager();
	body = json_loads("{\"name\":\"x\",\"rtp_port\":1}", 0, NULL);
	assert_int_equal(manager_add_channel(manager, body, &out, &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(error.code, "limit");
	json_decref(body);
	assert_int_equal(manager_delete_channel(manager, "id1023", &error), 0);
	add_quietly("{\"name\":\"x\",\"rtp_port\":1}", id);
}

static atomic_bool answered;

static void *list_later(void *argument)
{
	json_t *out;

	(void)manager_list(argument, &out);
	atomic_store(&answered, true);
	return NULL;
}

/* What comes when it has stopped, before the process ends, finds neither channels that are gone nor a file to write. */
static void test_shut(void **state)
{
	char id[64];
	pthread_t late;

	(void)state;
	add_quietly("{\"name\":\"x\",\"rtp_port\":1}", id);
	start(id);
	fakes_journal();
	manager_shut(manager);
	assert_string_equal(fakes_journal(), "unbind 0.0.0.0:1; unfeed x 0 1 2; ");
	assert_int_equal(pthread_create(&late, NULL, list_later, manager), 0);
	usleep(50000);
	assert_false(atomic_load(&answered));
	assert_non_null(strstr(file_text(), id));
	pthread_detach(late); /* it waits until the process ends */
	open_manager();       /* for the teardown */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shape, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_running, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recovery, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inputs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_backup_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_fec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_one_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_store, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_partly_broken_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
