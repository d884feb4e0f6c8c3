/*
 * Collisions of UDP ports between inputs and listening outputs, as the manager refuses them: by adding and
 * by changing channels and outputs.
 */
#include "control/manager.h"

#include "fakes.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_manager_ports.XXXXXX";
static struct manager *manager;

static int setup(void **state)
{
	const struct manager_config config = {
		.config_dir = dir, .ingest = fakes_ingest(), .senders = fakes_senders()};

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	*state = NULL;
	log_configure(LOG_LEVEL_ERROR, false);
	fakes_reset();
	return manager_create(&manager, &config);
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	manager_destroy(manager);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* Keep the id of what a call returned, and free it. */
static void keep_id(char *id, json_t *out)
{
	snprintf(id, 64, "%s", json_string_value(json_object_get(out, "id")));
	json_decref(out);
}

static int add(const char *text, char *id, struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out = NULL;
	int failed;

	assert_non_null(body);
	failed = manager_add_channel(manager, body, &out, error);
	if (!failed)
		keep_id(id, out);
	json_decref(body);
	return failed;
}

static int update(const char *id, const char *text, struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out = NULL;
	int failed;

	assert_non_null(body);
	failed = manager_update_channel(manager, id, body, &out, error);
	json_decref(out);
	json_decref(body);
	return failed;
}

/* Add an output, or change the one whose id is given. */
static int put_output(const char *id, const char *known, const char *url, char *output_id,
                      struct api_error *error)
{
	json_t *body = json_pack("{s:s}", "url", url), *out = NULL;
	int failed;

	assert_non_null(body);
	failed = known ? manager_update_output(manager, id, known, body, &out, error)
	               : manager_add_output(manager, id, body, &out, error);
	if (!failed)
		keep_id(output_id, out);
	json_decref(body);
	return failed;
}

static void assert_conflict(const struct api_error *error, const char *field, const char *message)
{
	if (error->status != 409)
		fail_msg("%d: %s", error->status, error->message);
	assert_string_equal(error->code, "port_in_use");
	assert_string_equal(error->field, field);
	assert_string_equal(error->message, message);
}

#define SAME "Output \"A\" of channel \"one\" listens on 0.0.0.0 port 9000 with the same streamid"
#define NONE                                                            \
	"Output \"A\" of channel \"one\" listens on 0.0.0.0 port 9000 " \
	"and has no streamid either: one must have one"
#define ELSEWHERE(place)                                                   \
	"Output \"A\" of channel \"one\" listens on " place " port 9000: " \
	"to share it, this one needs the same address"

/* One output of one channel is there; another channel comes with another. */
static void test_two_listeners(void **state)
{
	static const struct {
		const char *first, *second, *message; /* NULL: both are fine */
	} cases[] = {
		{"srt://:9000", "srt://:9000", NONE},
		{"srt://:9000", "srt://:9001", NULL},
		{"srt://:9000", "srt://:9000?streamid=b", NULL},
		{"srt://:9000?streamid=a", "srt://:9000?streamid=b", NULL},
		{"srt://:9000?streamid=a", "srt://:9000?streamid=a", SAME},
		{"srt://:9000?streamid=a", "SRT://0.0.0.0:09000?mode=listener&streamid=%61", SAME},
		{"srt://:9000?streamid=a", "srt://:9000?adapter=0.0.0.0&streamid=a&latency=9",
	         SAME},
		{"srt://:9000?streamid=#!::r=a", "srt://:9000?streamid=a", NULL},
		{"srt://:9000?streamid=a", "srt://10.0.0.1:9000?mode=listener&streamid=b",
	         ELSEWHERE("0.0.0.0")},
		{"srt://10.0.0.1:9000?mode=listener&streamid=a", "srt://:9000?streamid=b",
	         ELSEWHERE("10.0.0.1")},
		{"srt://[::]:9000?mode=listener&streamid=a", "srt://:9000?streamid=b",
	         ELSEWHERE("::")},
		{"srt://[::1]:9000?mode=listener", "srt://:9000?streamid=b", ELSEWHERE("::1")},
		{"srt://10.0.0.1:9000?mode=listener", "srt://10.0.0.2:9000?mode=listener", NULL},
		{"srt://10.0.0.1:9000?mode=listener", "srt://[::1]:9000?mode=listener", NULL},
		/* who calls takes no port that matters here */
		{"srt://:9000", "srt://10.0.0.1:9000", NULL},
		{"srt://10.0.0.1:9000", "srt://10.0.0.1:9000", NULL},
		{"srt://:9000", "udp://10.0.0.1:9000?localport=9000", NULL},
		{"rtp://10.0.0.1:9000", "rtp://10.0.0.1:9000", NULL},
	};
	struct api_error error;
	char one[64], two[64], text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
		         "{\"name\":\"one\",\"rtp_port\":5000,"
		         "\"outputs\":[{\"url\":\"%s\",\"name\":\"A\"}]}",
		         cases[i].first);
		assert_int_equal(add(text, one, &error), 0);
		snprintf(text, sizeof(text),
		         "{\"name\":\"two\",\"rtp_port\":6000,\"outputs\":["
		         "{\"url\":\"rtmp://h/a/k\"},{\"url\":\"%s\",\"enabled\":false}]}",
		         cases[i].second);
		if (cases[i].message) {
			assert_int_equal(add(text, two, &error), -1);
			assert_conflict(&error, "outputs[1].url", cases[i].message);
		} else {
			assert_int_equal(add(text, two, &error), 0);
			assert_int_equal(manager_delete_channel(manager, two, &error), 0);
		}
		assert_int_equal(manager_delete_channel(manager, one, &error), 0);
	}
}

/* A channel receives; a listener comes, and the other way round. */
static void test_listener_and_input(void **state)
{
	static const struct {
		const char *input, *url;
		bool conflict;
	} cases[] = {
		{"\"rtp_port\":5000", "srt://:5000", true},
		{"\"rtp_port\":5000", "srt://:5002", false},
		{"\"rtp_port\":5000,\"fec\":\"auto\"", "srt://:5002", true},
		{"\"rtp_port\":5000,\"fec\":\"auto\"", "srt://:5004?streamid=a", true},
		{"\"rtp_port\":5000,\"fec\":\"auto\"", "srt://:5006", false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "srt://:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"239.1.1.1\"", "srt://:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "srt://10.0.0.1:5000?mode=listener",
	         true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "srt://10.0.0.2:5000?mode=listener",
	         false},
		{"\"rtp_port\":5000", "srt://10.0.0.2:5000?mode=listener", true},
		{"\"rtp_port\":5000", "srt://[::]:5000?mode=listener", false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"::\"", "srt://[::1]:5000?mode=listener", true},
		{"\"rtp_port\":4000,\"backup\":{\"rtp_port\":5000}", "srt://:5000", true},
		{"\"rtp_port\":5000", "srt://10.0.0.2:5000", false},
		{"\"rtp_port\":5000", "udp://10.0.0.2:5000?localport=5000", false},
	};
	struct api_error error;
	char id[64], other[64], text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int wanted = cases[i].conflict ? -1 : 0;

		/* of another channel, first the input, then the listener */
		snprintf(text, sizeof(text), "{\"name\":\"in\",%s}", cases[i].input);
		assert_int_equal(add(text, id, &error), 0);
		snprintf(text, sizeof(text),
		         "{\"name\":\"out\",\"rtp_port\":7000,\"outputs\":[{\"url\":\"%s\"}]}",
		         cases[i].url);
		assert_int_equal(add(text, other, &error), wanted);
		if (cases[i].conflict) {
			assert_int_equal(error.status, 409);
			assert_string_equal(error.field, "outputs[0].url");
		} else {
			assert_int_equal(manager_delete_channel(manager, other, &error), 0);
		}
		assert_int_equal(manager_delete_channel(manager, id, &error), 0);
		/* the other way round */
		assert_int_equal(add(text, other, &error), 0);
		snprintf(text, sizeof(text), "{\"name\":\"in\",%s}", cases[i].input);
		assert_int_equal(add(text, id, &error), wanted);
		if (!cases[i].conflict)
			assert_int_equal(manager_delete_channel(manager, id, &error), 0);
		assert_int_equal(manager_delete_channel(manager, other, &error), 0);
		/* of the same channel */
		snprintf(text, sizeof(text), "{\"name\":\"in\",%s,\"outputs\":[{\"url\":\"%s\"}]}",
		         cases[i].input, cases[i].url);
		assert_int_equal(add(text, id, &error), wanted);
		if (!cases[i].conflict)
			assert_int_equal(manager_delete_channel(manager, id, &error), 0);
	}
}

/* An output that feeds its own channel. */
static void test_loops(void **state)
{
	static const struct {
		const char *input, *url;
		bool loops;
	} cases[] = {
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "udp://10.0.0.1:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "rtp://10.0.0.1:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "udp://10.0.0.1:5001", false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "udp://10.0.0.2:5000", false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"10.0.0.1\"", "srt://10.0.0.1:5000", false},
		{"\"rtp_port\":5000", "udp://127.0.0.1:5000", true},
		{"\"rtp_port\":5000", "udp://[::1]:5000", false},
		{"\"rtp_port\":5000", "udp://10.0.0.1:5000", false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"::\"", "udp://[::1]:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"239.1.1.1\"", "udp://239.1.1.1:5000", true},
		{"\"rtp_port\":5000,\"rtp_ip\":\"239.1.1.1\"", "udp://239.1.1.1:5000?interface=b",
	         false},
		{"\"rtp_port\":5000,\"rtp_ip\":\"239.1.1.1\",\"interface\":\"b\"",
	         "udp://239.1.1.1:5000?interface=b", true},
		{"\"rtp_port\":4000,\"backup\":{\"rtp_port\":5000}", "udp://127.0.0.1:5000", true},
	};
	struct api_error error;
	char id[64], output[64], text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"one\",%s}", cases[i].input);
		assert_int_equal(add(text, id, &error), 0);
		assert_int_equal(put_output(id, NULL, cases[i].url, output, &error),
		                 cases[i].loops ? -1 : 0);
		if (cases[i].loops) {
			assert_int_equal(error.status, 409);
			assert_string_equal(error.field, "url");
		}
		assert_int_equal(manager_delete_channel(manager, id, &error), 0);
	}
	/* the input comes to the output; another channel's may */
	assert_int_equal(add("{\"name\":\"one\",\"rtp_port\":4000,\"outputs\":["
	                     "{\"url\":\"udp://127.0.0.1:5000\",\"name\":\"A\"}]}",
	                     id, &error),
	                 0);
	assert_int_equal(update(id, "{\"rtp_port\":5000}", &error), -1);
	assert_conflict(&error, "outputs[0].url",
	                "Output \"A\" would send to where its own channel receives, port 5000");
	assert_int_equal(add("{\"name\":\"two\",\"rtp_port\":5000}", id, &error), 0);
}

static void test_changes(void **state)
{
	struct api_error error;
	char id[64], other[64], a[64], b[64], text[300];

	(void)state;
	assert_int_equal(add("{\"name\":\"one\",\"rtp_port\":5000}", id, &error), 0);
	assert_int_equal(add("{\"name\":\"two\",\"rtp_port\":6000}", other, &error), 0);
	assert_int_equal(put_output(id, NULL, "srt://:9000", a, &error), 0);

	assert_int_equal(put_output(other, NULL, "srt://:9000", b, &error), -1);
	assert_conflict(&error, "url",
	                "Output \"srt://:9000\" of channel \"one\" listens on 0.0.0.0 port 9000 "
	                "and has no streamid either: one must have one");
	assert_int_equal(put_output(id, NULL, "srt://:9000", b, &error), -1);
	assert_int_equal(put_output(id, NULL, "srt://:6000", b, &error), -1);
	assert_conflict(&error, "url", "Channel \"two\" receives on port 6000");
	assert_int_equal(put_output(id, NULL, "srt://:5000", b, &error), -1);
	assert_conflict(&error, "url", "Channel \"one\" receives on port 5000");

	assert_int_equal(put_output(other, NULL, "srt://:9000?streamid=x", b, &error), 0);
	assert_int_equal(put_output(other, b, "srt://:9000?latency=5", b, &error), -1);
	assert_string_equal(error.field, "url");
	assert_int_equal(put_output(other, b, "srt://:9000?latency=5&streamid=x", b, &error), 0);
	/* its own old place is no obstacle */
	assert_int_equal(put_output(id, a, "srt://:9000?latency=5", a, &error), 0);

	assert_int_equal(update(other, "{\"rtp_port\":9000}", &error), -1);
	assert_conflict(&error, "rtp_port",
	                "Output \"srt://:9000\" of channel \"one\" listens on port 9000");
	assert_int_equal(update(other, "{\"rtp_port\":8998,\"fec\":\"auto\"}", &error), -1);
	assert_conflict(&error, "rtp_port",
	                "Output \"srt://:9000\" of channel \"one\" listens on port 9000 "
	                "(FEC takes port + 2 and port + 4 too)");
	assert_int_equal(update(other, "{\"rtp_port\":8998}", &error), 0);
	assert_int_equal(update(other, "{\"fec\":\"auto\"}", &error), -1);
	assert_int_equal(update(other, "{\"backup\":{\"rtp_port\":9000}}", &error), -1);
	assert_string_equal(error.field, "backup.rtp_port");
	/* the output leaves in the same call */
	assert_int_equal(update(other, "{\"rtp_port\":9002,\"outputs\":[]}", &error), 0);
	snprintf(text, sizeof(text), "{\"outputs\":[{\"id\":\"%s\",\"url\":\"srt://:9002\"}]}", a);
	assert_int_equal(update(id, text, &error), -1);
	assert_conflict(&error, "outputs[0].url", "Channel \"two\" receives on port 9002");
}

/* Old collisions, from a file of another program, stay; they do not get in the way of other changes. */
static void test_old_collisions(void **state)
{
	static const char stored[] =
		"{\"one\":{\"config\":{\"name\":\"one\",\"rtp_port\":5000,\"outputs\":["
		"{\"id\":\"a\",\"url\":\"srt://:5000\"},{\"id\":\"b\",\"url\":\"srt://:5000\"}]}}}";
	const struct manager_config config = {
		.config_dir = dir, .ingest = fakes_ingest(), .senders = fakes_senders()};
	struct api_error error;
	char path[64], id[64];
	FILE *file;

	(void)state;
	manager_destroy(manager);
	snprintf(path, sizeof(path), "%s/channels.json", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(stored, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(manager_create(&manager, &config), 0);

	assert_int_equal(update("one", "{\"name\":\"uno\",\"reorder_ms\":80}", &error), 0);
	assert_int_equal(put_output("one", NULL, "srt://:7000", id, &error), 0);
	assert_int_equal(put_output("one", "b", "srt://:5000?latency=1", id, &error), -1);
	assert_int_equal(put_output("one", "b", "srt://:5006", id, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_listeners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listener_and_input, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_collisions, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
