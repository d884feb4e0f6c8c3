/*
 * GET /metrics: every counter of the tables is there, once a family, with names that would end a label, a line or a
 * family if they could; and no secret.
 */
#include "api_fixture.h"

#include "api/exposition.h"

#include <ctype.h>

/* As JSON: quotes, a backslash, what looks like the end of a sample, and characters of two and four bytes. */
#define HOSTILE "a\\\"b\\\\c} 9 # HELP x{y=\\\"\\u00e9\\ud83d\\udcfa"
#define SHOWN   "a\\\"b\\\\c} 9 # HELP x{y=\\\"\xc3\xa9\xf0\x9f\x93\xba"

static char *metrics(void)
{
	struct http_reply reply;
	char *text;

	http_call(port, &reply, "GET", "/metrics", "Connection: close\r\n", NULL, 0);
	assert_int_equal(reply.status, 200);
	assert_string_equal(http_header(&reply, "Content-Type"), EXPOSITION_TYPE);
	assert_string_equal(http_header(&reply, "Cache-Control"), "no-store");
	text = strdup(reply.body);
	http_free(&reply);
	return text;
}

/* A running channel with two inputs and an output, all with hostile names; its path in channel. */
static void run_channel(char *channel, size_t size)
{
	json_t *json = call("POST", "/api/channels",
	                    "{\"name\":\"" HOSTILE "\",\"rtp_port\":5000,\"backup\":{\"rtp_port\":"
	                    "6000},\"outputs\":[{\"name\":\"" HOSTILE
	                    "\",\"url\":\"srt://a:1?passphrase=0123456789\"}]}",
	                    201);
	char start[200];

	snprintf(channel, size, "/api/channels/%s", text_of(json, "id"));
	snprintf(start, sizeof(start), "%s/start", channel);
	call("POST", start, NULL, 200);
}

/* The value behind the labels of a sample that begins like this, or fail. */
static double sample(const char *text, const char *begin)
{
	const char *at = text;

	while ((at = strstr(at, begin)) && at > text && at[-1] != '\n')
		at++;
	if (!at)
		fail_msg("no sample %s in:\n%s", begin, text);
	at += strcspn(at, "\n");
	while (at[-1] != ' ')
		at--;
	return atof(at);
}

/* A name of the format: [a-zA-Z_:][a-zA-Z0-9_:]*; returns its length. */
static size_t name_bytes(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '_' || text[n] == ':')
		n++;
	assert_true(n && !isdigit((unsigned char)*text));
	return n;
}

/* {name="value",…}: every quote but the outer ones escaped. Returns what follows. */
static const char *skip_labels(const char *at)
{
	if (*at != '{')
		return at;
	do {
		at++;
		at += name_bytes(at);
		assert_memory_equal(at, "=\"", 2);
		for (at += 2; *at != '"'; at++) {
			assert_true(*at && *at != '\n');
			if (*at != '\\')
				continue;
			at++;
			assert_true(*at == '\\' || *at == '"' || *at == 'n');
		}
		at++;
	} while (*at == ',');
	assert_int_equal(*at, '}');
	return at + 1;
}

/* Every line is HELP, TYPE or a sample of the family announced last, and each family is announced once. */
static void check_syntax(const char *text)
{
	char family[200] = "", head[300];
	const char *at = text;

	while (*at) {
		size_t n;

		if (!strncmp(at, "# HELP ", 7)) {
			n = name_bytes(at + 7);
			snprintf(family, sizeof(family), "%.*s", (int)n, at + 7);
			snprintf(head, sizeof(head), "# HELP %s ", family);
			assert_ptr_equal(strstr(text, head), at);
			assert_null(strstr(at + 1, head));
			at += strcspn(at, "\n") + 1;
			snprintf(head, sizeof(head), "# TYPE %s ", family);
			assert_memory_equal(at, head, strlen(head));
		} else {
			n = name_bytes(at);
			assert_int_equal(n, strlen(family));
			assert_memory_equal(at, family, n);
			at = skip_labels(at + n);
			assert_int_equal(*at, ' ');
			assert_true(strspn(at + 1, "0123456789.e+-Inf") == strcspn(at + 1, "\n"));
		}
		at += strcspn(at, "\n");
		assert_int_equal(*at++, '\n');
	}
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in:\n%s", part, text);
}

static void test_empty(void **state)
{
	char *text = metrics();

	(void)state;
	check_syntax(text);
	assert_has(text, "distributor_build_info{version=\"");
	assert_true(sample(text, "process_resident_memory_bytes ") > 0);
	assert_true(sample(text, "process_cpu_seconds_total ") > 0);
	assert_true(sample(text, "process_start_time_seconds ") > 1e9);
	assert_true(sample(text, "process_open_fds ") > 3);
	assert_null(strstr(text, "distributor_channel"));
	free(text);
}

static void test_whole(void **state)
{
	char channel[100], *text;

	(void)state;
	run_channel(channel, sizeof(channel));
	text = metrics();
	check_syntax(text);
	assert_has(text, "\",name=\"" SHOWN "\"} 0\n");
	assert_has(text, ",output_name=\"" SHOWN "\",state=\"");
	assert_has(text, "\",input=\"backup\",state=\"waiting\"} 1\n");
	assert_null(strstr(text, "0123456789\""));
	assert_null(strstr(text, "passphrase"));
	free(text);
	call("DELETE", channel, NULL, 204);
	text = metrics();
	assert_null(strstr(text, "name=\"a"));
	free(text);
}

/* Every row of a table has its family; only states and gauges have no _total. */
static void test_tables(void **state)
{
	static const struct {
		const struct counter_info *rows;
		size_t count;
		const char *prefix;
	} tables[] = {
		{channel_counter_table, CHANNEL_COUNTER_COUNT, ""},
		{rtp_counter_table, RTP_COUNTER_COUNT, ""},
		{ingest_counter_table, INGEST_COUNTER_COUNT, ""},
		{input_counter_table, INPUT_COUNTER_COUNT, "input_"},
		{rtp_counter_table, RTP_COUNTER_COUNT, "input_"},
	};
	char channel[100], *text, head[200];

	(void)state;
	run_channel(channel, sizeof(channel));
	text = metrics();
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (size_t j = 0; j < tables[i].count; j++) {
			if (tables[i].rows[j].type != COUNTER_TOTAL)
				continue;
			snprintf(head, sizeof(head), "# HELP distributor_%s%s_total %s\n",
			         tables[i].prefix, tables[i].rows[j].name, tables[i].rows[j].help);
			assert_has(text, head);
		}
	}
	free(text);
}

/* A reset is the API's alone: whoever scrapes sees totals go on. Units are converted. */
static void test_values(void **state)
{
	char channel[100], path[300], *text;
	json_t *json;

	(void)state;
	run_channel(channel, sizeof(channel));
	json = json_array_get(json_object_get(call("GET", channel, NULL, 200), "outputs"), 0);
	snprintf(path, sizeof(path), "%s/outputs/%s/reset", channel, text_of(json, "id"));
	fakes_grow(8000);
	fakes.status.state = OUTPUT_CONNECTED;
	json = call("POST", path, NULL, 200);
	assert_int_equal(number_of(json_object_get(json, "stats"), "bytes_sent"), 0);
	text = metrics();
	assert_true(sample(text, "distributor_bytes_sent_total{") == 8000);
	assert_true(sample(text, "distributor_reconnects_total{") == 8003);
	assert_true(sample(text, "distributor_output_bitrate_bytes_per_second{") == 1000);
	assert_true(sample(text, "distributor_srt_rtt_seconds{") == 0.008);
	assert_true(sample(text, "distributor_srt_send_rate_bytes_per_second{") == 1e6);
	assert_true(sample(text, "distributor_srt_retrans_packets_total{") == 8000);
	assert_has(text, "state=\"connected\"} 1\n");
	assert_has(text, "state=\"retrying\"} 0\n");
	assert_true(sample(text, "distributor_output_enabled{") == 1);
	assert_true(sample(text, "distributor_channel_desired{") == 1);
	free(text);
}

static void test_methods(void **state)
{
	struct http_reply reply;

	(void)state;
	assert_error(call("POST", "/metrics", "{}", 405), "method_not_allowed", NULL);
	assert_error(call("GET", "/metrics/", NULL, 404), "not_found", NULL);
	http_call(port, &reply, "HEAD", "/metrics", "Connection: close\r\n", NULL, 0);
	assert_int_equal(reply.status, 200);
	http_free(&reply);
	http_call(port, &reply, "GET", "/metrics", "Origin: http://evil.example\r\n", NULL, 0);
	assert_int_equal(reply.status, 403);
	http_free(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
