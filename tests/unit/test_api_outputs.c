/*
 * The HTTP routes of single outputs: their JSON, history, readers and counting anew.
 */
#include "api_fixture.h"

static char channel[100], output[200]; /* paths */

static const char *path(const char *base, const char *rest)
{
	static char text[400];

	snprintf(text, sizeof(text), "%s%s", base, rest);
	return text;
}

/* A running channel with one output. */
static void run_channel(const char *url)
{
	char body[400];
	json_t *json;

	snprintf(body, sizeof(body),
	         "{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":[{\"url\":\"%s\"}]}", url);
	json = call("POST", "/api/channels", body, 201);
	snprintf(channel, sizeof(channel), "/api/channels/%s", text_of(json, "id"));
	json = json_array_get(json_object_get(json, "outputs"), 0);
	snprintf(output, sizeof(output), "%s/outputs/%s", channel, text_of(json, "id"));
	call("POST", path(channel, "/start"), NULL, 200);
}

static void test_output(void **state)
{
	json_t *json;

	(void)state;
	run_channel("srt://a:1?passphrase=0123456789");
	json = call("GET", output, NULL, 200);
	assert_string_equal(text_of(json, "name"), "srt://a:1");
	assert_string_equal(text_of(json, "url"), "srt://a:1?passphrase=***");
	assert_true(json_is_null(json_object_get(json, "stats_since")));
	assert_error(call("GET", path(output, "x"), NULL, 404), "not_found", NULL);
	assert_error(call("GET", path(output, "/"), NULL, 404), "not_found", NULL);
	assert_error(call("GET", path(output, "/history/1"), NULL, 404), "not_found", NULL);
	assert_error(call("GET", path(output, "x/history"), NULL, 404), "not_found", NULL);
	assert_error(call("POST", path(output, "x/reset"), NULL, 404), "not_found", NULL);
	assert_error(call("DELETE", path(output, "x/readers/1"), NULL, 404), "not_found", NULL);
}

/* Fractions come as they are, without the noise of their binary form. */
static void test_fractions(void **state)
{
	struct http_reply reply;

	(void)state;
	run_channel("srt://a:1");
	fakes_grow(12345);
	http_call(port, &reply, "GET", output, "", "", 0);
	assert_int_equal(reply.status, 200);
	assert_string_equal(http_header(&reply, "Content-Type"), "application/json");
	assert_non_null(strstr(reply.body, "\"msRTT\":12.345,"));
	http_free(&reply);
}

static void test_history(void **state)
{
	json_t *json;

	(void)state;
	run_channel("srt://a:1");
	fakes.sample_count = 2;
	fakes.samples[0] = (struct output_sample){.at_s = clock_wall_s() - 2, .lost = 1};
	fakes.samples[1] = (struct output_sample){.at_s = clock_wall_s() - 1, .lost = 2};
	json = json_object_get(call("GET", path(output, "/history"), NULL, 200), "samples");
	assert_int_equal(json_array_size(json), 2);
	assert_int_equal(number_of(json_array_get(json, 0), "pktSndLoss"), 1);
	assert_int_equal(number_of(json_array_get(json, 1), "pktSndLoss"), 2);
}

static void test_readers(void **state)
{
	static const char *const strange[] = {
		"/readers/0",
		"/readers/x",
		"/readers/-1",
		"/readers/7x",
		"/readers/+7",
		"/readers/4294967303",
		"/readers/18446744073709551623",
		"/readers/0000000000000000000000000000000000000000000000000000000000000000000000000007"};
	json_t *json;

	(void)state;
	run_channel("srt://:9000?mode=listener");
	fakes.reader_count = 1;
	fakes.readers[0] = (struct output_reader){.id = 7, .address = "[2001:db8::1]:40000"};
	json = json_object_get(call("GET", output, NULL, 200), "readers");
	assert_int_equal(json_array_size(json), 1);
	assert_string_equal(text_of(json_array_get(json, 0), "address"), "[2001:db8::1]:40000");
	fakes_journal();
	assert_null(call("DELETE", path(output, "/readers/7"), NULL, 204));
	assert_string_equal(fakes_journal(), "kick srt://:9000 7; ");
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_error(call("DELETE", path(output, strange[i]), NULL, 404), "not_found",
		             NULL);
		assert_null(strstr(fakes_journal(), " 7;"));
	}
}

/* What a WebSocket client is told next of the one output. The caller's. */
static json_t *pushed_output(int fd)
{
	json_t *message, *found;
	char *text;
	size_t size;

	assert_int_equal(websocket_read(fd, &text, &size, 20000), 1);
	message = json_loadb(text, size, 0, NULL);
	free(text);
	found = json_array_get(json_object_get(message, "channels"), 0);
	found = json_incref(json_array_get(json_object_get(found, "outputs"), 0));
	json_decref(message);
	assert_non_null(found);
	return found;
}

static void test_reset(void **state)
{
	json_t *json;
	int fd;

	(void)state;
	run_channel("srt://a:1");
	fd = websocket_connect(port);
	assert_true(fd >= 0);
	json = pushed_output(fd);
	assert_true(json_is_null(json_object_get(json, "stats_since")));
	assert_int_equal(number_of(json, "reconnects"), 3);
	json_decref(json);
	json = call("POST", path(output, "/reset"), NULL, 200);
	assert_int_equal(strlen(text_of(json, "stats_since")), 20);
	assert_int_equal(number_of(json, "reconnects"), 0);
	json = pushed_output(fd); /* everybody sees it at once */
	assert_int_equal(strlen(text_of(json, "stats_since")), 20);
	assert_int_equal(number_of(json, "reconnects"), 0);
	json_decref(json);
	close(fd);
}

/* No secret of an RTMP output leaves the program, neither when it is made nor when it is changed or listed. */
static void test_rtmp(void **state)
{
	struct http_reply reply;
	json_t *json;
	int fd;

	(void)state;
	run_channel("rtmps://a/app/in-url");
	fd = websocket_connect(port);
	assert_true(fd >= 0);
	json_decref(pushed_output(fd));
	json = call("PUT", output, "{\"url\":\"rtmps://a/app\",\"stream_key\":\"apart\"}", 200);
	assert_string_equal(text_of(json, "stream_key"), "***");
	assert_string_equal(text_of(json, "url"), "rtmps://a/app");
	json = pushed_output(fd);
	assert_string_equal(text_of(json, "stream_key"), "***");
	assert_string_equal(text_of(json, "tls_verify"), "on");
	json_decref(json);
	close(fd);
	http_call(port, &reply, "GET", "/api/channels", "", "", 0);
	assert_int_equal(reply.status, 200);
	assert_null(strstr(reply.body, "apart"));
	assert_null(strstr(reply.body, "in-url"));
	http_free(&reply);

	/* As it was shown, with a change. */
	json = call("PUT", output,
	            "{\"url\":\"rtmps://a/app\",\"stream_key\":\"***\",\"audio\":\"eng\"}", 200);
	assert_string_equal(text_of(json, "audio"), "eng");
	assert_string_equal(fakes.output_url.rtmp.key, "apart");
	assert_error(
		call("PUT", output, "{\"url\":\"rtmps://evil/app\",\"stream_key\":\"***\"}", 422),
		"invalid_value", "stream_key");
	assert_error(call("PUT", output, "{\"backlog_ms\":100}", 422), "invalid_value",
	             "backlog_ms");
	assert_error(call("PUT", channel,
	                  "{\"outputs\":[{\"url\":\"srt://a:1\"},{\"url\":\"srt://a:2\","
	                  "\"cues\":\"off\"}]}",
	                  422),
	             "invalid_value", "outputs[1].cues");
	assert_error(call("PUT", channel, "{\"program\":65536}", 422), "invalid_value", "program");
	json = call("PUT", channel, "{\"program\":2}", 200);
	assert_int_equal(number_of(json, "program"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fractions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rtmp, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
