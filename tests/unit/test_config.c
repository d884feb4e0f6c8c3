/*
 * JSON to entries: every rule of the API contract that needs no running channel, and the values of
 * channels.json.
 */
#include "control/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Parse text; apply it to entry. */
static int apply(struct channel_entry *entry, const char *text, bool is_new,
                 struct api_error *error)
{
	json_t *body = json_loads(text, JSON_DECODE_ANY, NULL);
	int result;

	assert_non_null(body);
	memset(error, 0, sizeof(*error));
	result = config_apply_channel(entry, body, is_new, error);
	json_decref(body);
	return result;
}

static void test_new(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;

	(void)state;
	assert_int_equal(apply(&entry,
	                       "{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":["
	                       "{\"url\":\"srt://[::1]:9000?passphrase=0123456789\"},"
	                       "{\"url\":\"rtmp://h/a/k\",\"name\":\"Tube\",\"enabled\":false}]}",
	                       true, &error),
	                 0);
	assert_string_equal(entry.name, "News");
	assert_string_equal(entry.inputs[0].rtp_ip, "0.0.0.0");
	assert_int_equal(entry.inputs[0].rtp_port, 5000);
	assert_int_equal(entry.program, 0);
	assert_false(entry.autostart);
	assert_false(entry.running);
	assert_int_equal(entry.output_count, 2);
	assert_string_equal(entry.outputs[0].name, "srt://[::1]:9000");
	assert_true(entry.outputs[0].enabled);
	assert_int_equal(strlen(entry.outputs[0].id), 36);
	assert_string_equal(entry.outputs[1].name, "Tube");
	assert_false(entry.outputs[1].enabled);
	assert_string_not_equal(entry.outputs[0].id, entry.outputs[1].id);
	channel_entry_free(&entry);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *code, *field;
		int status;
	} cases[] = {
		{"[]", "invalid_type", "", 422},
		{"\"x\"", "invalid_type", "", 422},
		{"{\"name\":\"a\"}", "missing_field", "rtp_port", 422},
		{"{\"rtp_port\":1}", "missing_field", "name", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"x\":1}", "unknown_field", "x", 422},
		{"{\"name\":1,\"rtp_port\":1}", "invalid_type", "name", 422},
		{"{\"name\":null,\"rtp_port\":1}", "invalid_type", "name", 422},
		{"{\"name\":\"\",\"rtp_port\":1}", "invalid_value", "name", 422},
		{"{\"name\":\"a\\nb\",\"rtp_port\":1}", "invalid_value", "name", 422},
		{"{\"name\":\"a\\u0085b\",\"rtp_port\":1}", "invalid_value", "name", 422},
		{"{\"name\":\"a\",\"rtp_port\":0}", "invalid_value", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":65536}", "invalid_value", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":-1}", "invalid_value", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":5000.0}", "invalid_type", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":\"5000\"}", "invalid_type", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"rtp_ip\":\"1.2.3\"}", "invalid_value", "rtp_ip",
	         422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"rtp_ip\":7}", "invalid_type", "rtp_ip", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"autostart\":1}", "invalid_type", "autostart",
	         422},
#define WITH(fields) "{\"name\":\"a\",\"rtp_port\":5000," fields "}"
		{WITH("\"sources\":\"10.0.0.1\""), "invalid_type", "sources", 422},
		{WITH("\"sources\":null"), "invalid_type", "sources", 422},
		{WITH("\"sources\":[\"10.0.0.1\",7]"), "invalid_type", "sources[1]", 422},
		{WITH("\"sources\":[\"10.0.0.1\",\"::1\",\"::1/0\"]"), "invalid_value",
	         "sources[2]", 422},
		{WITH("\"sources\":[\"10.0.0.1/8\"]"), "invalid_value", "sources[0]", 422},
		{WITH("\"sources\":[\"host\"]"), "invalid_value", "sources[0]", 422},
		{WITH("\"max_pps\":-1"), "invalid_value", "max_pps", 422},
		{WITH("\"max_pps\":10000001"), "invalid_value", "max_pps", 422},
		{WITH("\"max_pps\":99999999999999"), "invalid_value", "max_pps", 422},
		{WITH("\"max_pps\":1.5"), "invalid_type", "max_pps", 422},
		{WITH("\"program\":-1"), "invalid_value", "program", 422},
		{WITH("\"program\":65536"), "invalid_value", "program", 422},
		{WITH("\"program\":null"), "invalid_type", "program", 422},
		{WITH("\"interface\":7"), "invalid_type", "interface", 422},
		{WITH("\"interface\":\"\""), "invalid_value", "interface", 422},
		{WITH("\"interface\":\"..\""), "invalid_value", "interface", 422},
		{WITH("\"interface\":\"a/b\""), "invalid_value", "interface", 422},
		{WITH("\"interface\":\"a b\""), "invalid_value", "interface", 422},
		{WITH("\"interface\":\"sixteen-letters-\""), "invalid_value", "interface", 422},
		{WITH("\"backup\":5001"), "invalid_type", "backup", 422},
		{WITH("\"backup\":{}"), "missing_field", "backup.rtp_port", 422},
		{WITH("\"backup\":{\"rtp_port\":0}"), "invalid_value", "backup.rtp_port", 422},
		{WITH("\"backup\":{\"rtp_port\":6000,\"max_pps\":1}"), "unknown_field",
	         "backup.max_pps", 422},
		{WITH("\"backup\":{\"rtp_port\":6000,\"rtp_ip\":\"x\"}"), "invalid_value",
	         "backup.rtp_ip", 422},
		{WITH("\"backup\":{\"rtp_port\":6000,\"interface\":[]}"), "invalid_type",
	         "backup.interface", 422},
		{WITH("\"backup\":{\"rtp_port\":6000,\"sources\":[\"x\"]}"), "invalid_value",
	         "backup.sources[0]", 422},
		{WITH("\"backup\":{\"rtp_port\":5000}"), "invalid_value", "backup.rtp_port", 422},
		{WITH("\"fec\":\"auto\",\"backup\":{\"rtp_port\":5002}"), "invalid_value",
	         "backup.rtp_port", 422},
		{WITH("\"fec\":\"auto\",\"backup\":{\"rtp_port\":4996}"), "invalid_value",
	         "backup.rtp_port", 422},
		{WITH("\"failover\":null"), "invalid_type", "failover", 422},
		{WITH("\"failover\":{\"mode\":\"both\"}"), "invalid_value", "failover.mode", 422},
		{WITH("\"failover\":{\"mode\":1}"), "invalid_type", "failover.mode", 422},
		{WITH("\"failover\":{\"return\":true}"), "invalid_type", "failover.return", 422},
		{WITH("\"failover\":{\"timeout_ms\":49}"), "invalid_value", "failover.timeout_ms",
	         422},
		{WITH("\"failover\":{\"timeout_ms\":60001}"), "invalid_value",
	         "failover.timeout_ms", 422},
		{WITH("\"failover\":{\"stable_ms\":3600001}"), "invalid_value",
	         "failover.stable_ms", 422},
		{WITH("\"failover\":{\"merge_ms\":0}"), "invalid_value", "failover.merge_ms", 422},
		{WITH("\"failover\":{\"x\":0}"), "unknown_field", "failover.x", 422},
		{WITH("\"inputs\":[]"), "unknown_field", "inputs", 422},
#undef WITH
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":{}}", "invalid_type", "outputs", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[1]}", "invalid_type", "outputs[0]",
	         422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{}]}", "missing_field",
	         "outputs[0].url", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":1}]}", "invalid_type",
	         "outputs[0].url", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"srt://h:1\"},"
	         "{\"url\":\"srt://h\"}]}",
	         "invalid_url", "outputs[1].url", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"rtmp://h/a/***\"}]}",
	         "invalid_url", "outputs[0].url", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"srt://h:1\",\"id\":\"x\"}]}",
	         "unknown_field", "outputs[0].id", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"srt://h:1\",\"name\":\"\"}]}",
	         "invalid_value", "outputs[0].name", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"srt://h:1\",\"enabled\":0}]}",
	         "invalid_type", "outputs[0].enabled", 422},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_entry entry = {0};
		struct api_error error;

		assert_int_equal(apply(&entry, cases[i].text, true, &error), -1);
		channel_entry_free(&entry);
		if (error.status != cases[i].status || strcmp(error.code, cases[i].code) != 0 ||
		    strcmp(error.field, cases[i].field) != 0 || !error.message[0])
			fail_msg("%s: %d %s \"%s\" %s", cases[i].text, error.status, error.code,
			         error.field, error.message);
	}
}

static void test_names(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;
	char text[1200] = "{\"rtp_port\":1,\"name\":\"";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 128; i++, n += 4)
		memcpy(text + n, "\xf0\x9f\x93\xba", 5); /* a television, four bytes */
	strcpy(text + n, "\"}");
	assert_int_equal(apply(&entry, text, true, &error), 0);
	assert_int_equal(strlen(entry.name), 512);
	strcpy(text + n, "x\"}");
	assert_int_equal(apply(&entry, text, true, &error), -1);
	assert_string_equal(error.code, "invalid_value");
	channel_entry_free(&entry);
}

/* Tells outputs to one host apart, shows no secret, and is a name that the file is read with again. */
static void test_default_names(void **state)
{
	static const char a50[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char long_host[300], long_app[300], wide_app[300], name[3][200];
	const struct {
		const char *url, *name;
	} cases[] = {
		{"srt://h:1?passphrase=0123456789&streamid=s", "srt://h:1"},
		{"SRT://[2001:db8::1]:65535", "srt://[2001:db8::1]:65535"},
		{"srt://:9000?passphrase=0123456789", "srt://:9000"},
		{"srt://[::]:9000?mode=listener", "srt://[::]:9000"},
		{"udp://239.1.1.1:5000?ttl=3", "udp://239.1.1.1:5000"},
		{"rtp://[ff3e::1]:5004", "rtp://[ff3e::1]:5004"},
		{"rtmp://h/live/key?token=t", "rtmp://h/live"},
		{"rtmp://[::1]:1936/a/b//key", "rtmp://[::1]/a/b"},
		{"rtmps://h:444/live/key?token=t", "rtmps://h/live"},
		{"rtmp://h/a\xc2\x85z/key", "rtmp://h"}, /* a control character is in no name */
		{long_host, name[0]},
		{long_app, name[1]},
		{wide_app, name[2]},
	};

	(void)state;
	snprintf(long_host, sizeof(long_host), "srt://%s.%s.%s:65535", a50, a50, a50);
	snprintf(name[0], sizeof(name[0]), "srt://%s.%.49s:65535", a50, a50);
	snprintf(long_app, sizeof(long_app), "rtmp://h/%s/%s/%s/key", a50, a50, a50);
	snprintf(name[1], sizeof(name[1]), "rtmp://h/%s/%s/%.17s", a50, a50, a50);
	snprintf(wide_app, sizeof(wide_app), "rtmp://h/%s/%s/%.16s\xe2\x82\xac/key", a50, a50, a50);
	snprintf(name[2], sizeof(name[2]), "rtmp://h/%s/%s/%.16s", a50, a50, a50);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *body = json_pack("{s:s}", "url", cases[i].url), *string;
		struct output_entry entry = {0};
		struct api_error error;

		assert_non_null(body);
		assert_int_equal(config_apply_output(&entry, body, true, "", &error), 0);
		assert_string_equal(entry.name, cases[i].name);
		string = json_string(entry.name);
		assert_non_null(string);
		json_object_set_new(body, "name", string);
		assert_int_equal(config_apply_output(&entry, body, false, "", &error), 0);
		output_entry_free(&entry);
		json_decref(body);
	}
}

static void test_too_many_outputs(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;
	char *text = malloc(257 * 24 + 100), *at = text;

	(void)state;
	at += sprintf(at, "{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[");
	for (int i = 0; i < 257; i++)
		at += sprintf(at, "%s{\"url\":\"srt://h:1\"}", i ? "," : "");
	strcpy(at, "]}");
	assert_int_equal(apply(&entry, text, true, &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(error.code, "limit");
	channel_entry_free(&entry);
	free(text);
}

/* A long name of a field must be cut between characters, or the error itself could not be sent. */
static void test_cut_error(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;
	char text[400] = "{\"", key[200];
	json_t *copy;

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(key, 'a', shift);
		for (size_t i = 0; i < 45; i++)
			memcpy(key + shift + 3 * i, "\xe2\x82\xac", 4); /* a euro sign */
		snprintf(text, sizeof(text), "{\"%s\":1}", key);
		assert_int_equal(apply(&entry, text, true, &error), -1);
		assert_string_equal(error.code, "unknown_field");
		copy = json_string(error.field);
		assert_non_null(copy);
		json_decref(copy);
		copy = json_string(error.message);
		assert_non_null(copy);
		json_decref(copy);
	}
	channel_entry_free(&entry);
}

static void test_update(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;
	char first[ENTRY_ID_BYTES], second[ENTRY_ID_BYTES], text[600];

	(void)state;
	assert_int_equal(apply(&entry,
	                       "{\"name\":\"a\",\"rtp_port\":1,\"rtp_ip\":\"FF3E::0:1\","
	                       "\"outputs\":[{\"url\":\"rtmp://h/a/key1\"},"
	                       "{\"url\":\"srt://h:1?passphrase=0123456789\"}]}",
	                       true, &error),
	                 0);
	assert_string_equal(entry.inputs[0].rtp_ip, "ff3e::1");
	strcpy(first, entry.outputs[0].id);
	strcpy(second, entry.outputs[1].id);

	assert_int_equal(apply(&entry, "{}", false, &error), 0);
	assert_string_equal(entry.name, "a");
	assert_int_equal(entry.output_count, 2);

	/* The second first, with its secret kept; a new one; the first is gone. */
	snprintf(text, sizeof(text),
	         "{\"autostart\":true,\"outputs\":[{\"id\":\"%s\",\"url\":"
	         "\"srt://h:1?passphrase=***&latency=9\"},{\"url\":\"srt://x:3\",\"name\":\"X\"}]}",
	         second);
	assert_int_equal(apply(&entry, text, false, &error), 0);
	assert_true(entry.autostart);
	assert_int_equal(entry.output_count, 2);
	assert_string_equal(entry.outputs[0].id, second);
	assert_string_equal(entry.outputs[0].url, "srt://h:1?passphrase=0123456789&latency=9");
	assert_string_equal(entry.outputs[0].name, "srt://h:1");
	assert_string_equal(entry.outputs[1].name, "X");

	snprintf(text, sizeof(text), "{\"outputs\":[{\"id\":\"%s\"}]}", first);
	assert_int_equal(apply(&entry, text, false, &error), -1);
	assert_string_equal(error.field, "outputs[0].id");
	assert_int_equal(error.status, 422);
	snprintf(text, sizeof(text), "{\"outputs\":[{\"id\":\"%s\"},{\"id\":\"%s\"}]}", second,
	         second);
	assert_int_equal(apply(&entry, text, false, &error), -1);
	assert_string_equal(error.field, "outputs[1].id");
	assert_int_equal(entry.output_count, 2);
	channel_entry_free(&entry);
}

static void test_overlap(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlaps;
	} cases[] = {
		{"0.0.0.0", "0.0.0.0", true},
		{"0.0.0.0", "10.0.0.1", true},
		{"10.0.0.1", "0.0.0.0", true},
		{"10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "10.0.0.2", false},
		{"::", "0.0.0.0", false},
		{"::", "::1", true},
		{"::1", "10.0.0.1", false},
		{"::ffff:10.0.0.1", "10.0.0.1", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_entry a = {0}, b = {0};
		struct api_error error;
		char text[100];

		snprintf(text, sizeof(text), "{\"rtp_ip\":\"%s\",\"rtp_port\":5}", cases[i].a);
		assert_int_equal(apply(&a, text, false, &error), 0);
		snprintf(text, sizeof(text), "{\"rtp_ip\":\"%s\",\"rtp_port\":5}", cases[i].b);
		assert_int_equal(apply(&b, text, false, &error), 0);
		assert_int_equal(channel_entry_overlap(&a, 0, &b) != NULL, cases[i].overlaps);
		b.inputs[0].rtp_port = 6;
		assert_null(channel_entry_overlap(&a, 0, &b));
	}
}

/* Defaults, canonical text, a backup replaced whole, a failover changed in part. */
static void test_inputs(void **state)
{
	struct channel_entry entry = {0}, copy;
	struct api_error error;
	json_t *stored, *config, *expected;

	(void)state;
	assert_int_equal(apply(&entry, "{\"name\":\"a\",\"rtp_port\":5000}", true, &error), 0);
	assert_false(channel_entry_has_backup(&entry));
	assert_int_equal(entry.max_pps, 0);
	assert_int_equal(apply(&entry,
	                       "{\"backup\":{\"rtp_port\":6000,\"rtp_ip\":\"10.0.0.2\","
	                       "\"interface\":\"eth1\",\"sources\":[\"FE80:0::/10\"]},"
	                       "\"sources\":[\"10.0.0.0/8\",\"10.1.2.3/32\"],\"max_pps\":10000000,"
	                       "\"failover\":{\"timeout_ms\":60000}}",
	                       false, &error),
	                 0);
	assert_int_equal(apply(&entry, "{\"failover\":{\"return\":\"return\"}}", false, &error), 0);
	assert_int_equal(channel_entry_copy(&copy, &entry), 0);
	stored = config_to_stored(&copy);
	config = json_object_get(stored, "config");
	expected = json_loads("{\"mode\":\"failover\",\"timeout_ms\":60000,\"return\":\"return\","
	                      "\"stable_ms\":10000,\"merge_ms\":200}",
	                      0, NULL);
	assert_true(json_equal(json_object_get(config, "failover"), expected));
	json_decref(expected);
	expected = json_loads("{\"rtp_ip\":\"10.0.0.2\",\"rtp_port\":6000,\"interface\":\"eth1\","
	                      "\"sources\":[\"fe80::/10\"]}",
	                      0, NULL);
	assert_true(json_equal(json_object_get(config, "backup"), expected));
	json_decref(expected);
	expected = json_loads("[\"10.0.0.0/8\",\"10.1.2.3\"]", 0, NULL);
	assert_true(json_equal(json_object_get(config, "sources"), expected));
	json_decref(expected);
	json_decref(stored);
	channel_entry_free(&copy);

	assert_int_equal(apply(&entry, "{\"backup\":{\"rtp_port\":6002}}", false, &error), 0);
	assert_string_equal(entry.inputs[1].rtp_ip, "0.0.0.0");
	assert_string_equal(entry.inputs[1].interface, "");
	assert_int_equal(entry.inputs[1].source_count, 0);
	assert_int_equal(apply(&entry, "{\"sources\":[],\"backup\":null}", false, &error), 0);
	assert_false(channel_entry_has_backup(&entry));
	assert_int_equal(entry.inputs[0].source_count, 0);
	channel_entry_free(&entry);
}

static void test_many_sources(void **state)
{
	struct channel_entry entry = {0};
	struct api_error error;
	char *text = malloc(5000 * 20), *at = text;

	(void)state;
	at += sprintf(at, "{\"name\":\"a\",\"rtp_port\":1,\"sources\":[\"::1\"");
	for (int i = 1; i < 4096; i++)
		at += sprintf(at, ",\"10.0.%d.%d\"", i / 256, i % 256);
	strcpy(at, "]}");
	assert_int_equal(apply(&entry, text, true, &error), 0);
	assert_int_equal(entry.inputs[0].source_count, 4096);
	strcpy(at, ",\"::2\"]}");
	assert_int_equal(apply(&entry, text, false, &error), -1);
	assert_int_equal(error.status, 409);
	assert_string_equal(error.code, "limit");
	assert_string_equal(error.field, "sources");
	channel_entry_free(&entry);
	free(text);
}

/* Backups, their FEC, and interfaces count too. */
static void test_overlap_inputs(void **state)
{
	static const struct {
		const char *a, *b;
		bool primary, backup; /* which of a overlaps */
	} cases[] = {
		{"\"rtp_port\":5000", "\"rtp_port\":6000,\"backup\":{\"rtp_port\":5000}", true,
	         false},
		{"\"rtp_port\":5000,\"backup\":{\"rtp_port\":6000}", "\"rtp_port\":6000", false,
	         true},
		{"\"rtp_port\":5000,\"backup\":{\"rtp_port\":6000}",
	         "\"rtp_port\":7000,\"backup\":{\"rtp_port\":6000}", false, true},
		{"\"rtp_port\":5000,\"backup\":{\"rtp_port\":6000}",
	         "\"rtp_port\":5996,\"fec\":\"auto\"", false, true},
		{"\"rtp_port\":5000,\"fec\":\"auto\",\"backup\":{\"rtp_port\":6000}",
	         "\"rtp_port\":6004", false, true},
		{"\"rtp_port\":5000,\"interface\":\"eth0\"",
	         "\"rtp_port\":5000,\"interface\":\"eth1\"", false, false},
		{"\"rtp_port\":5000,\"interface\":\"eth0\"",
	         "\"rtp_port\":5000,\"interface\":\"eth0\"", true, false},
		{"\"rtp_port\":5000,\"interface\":\"eth0\"", "\"rtp_port\":5000", true, false},
		{"\"rtp_port\":5000", "\"rtp_port\":6000", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_entry a = {0}, b = {0};
		struct api_error error;
		char text[200];

		snprintf(text, sizeof(text), "{\"name\":\"a\",%s}", cases[i].a);
		assert_int_equal(apply(&a, text, true, &error), 0);
		snprintf(text, sizeof(text), "{\"name\":\"b\",%s}", cases[i].b);
		assert_int_equal(apply(&b, text, true, &error), 0);
		if (!channel_entry_overlap(&a, 0, &b) == cases[i].primary ||
		    !channel_entry_overlap(&a, 1, &b) == cases[i].backup)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
		channel_entry_free(&a);
		channel_entry_free(&b);
	}
}

static int from_stored(struct channel_entry *entry, const char *text, char *why, size_t size)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	int error;

	assert_non_null(value);
	error = config_from_stored(entry, "id-1", value, why, size);
	json_decref(value);
	return error;
}

static void test_stored_round_trip(void **state)
{
	static const char text[] =
		"{\"config\":{\"name\":\"News\",\"rtp_ip\":\"10.0.0.1\",\"rtp_port\":5000,"
		"\"autostart\":true,\"outputs\":[{\"id\":\"o-1\",\"name\":\"x\",\"url\":"
		"\"srt://h:1?passphrase=0123456789\",\"enabled\":false,\"later\":[1]}],"
		"\"reorder_ms\":70,\"program\":513,\"fec\":\"auto\",\"sources\":[\"10.0.0.0/8\",\"2001:db8::1\"],"
		"\"interface\":\"eth0\",\"max_pps\":5000,\"colour\":[1],\"backup\":{\"rtp_ip\":"
		"\"::\",\"rtp_port\":6000,\"sources\":[\"10.0.0.1\"],\"interface\":null},"
		"\"failover\":{\"mode\":\"merge\",\"timeout_ms\":50,\"return\":\"return\","
		"\"stable_ms\":0,\"merge_ms\":1000}},\"desired\":\"running\",\"created_at\":\"2026-01-31T23:59:59Z\"}";
	struct channel_entry entry = {0};
	char why[200];
	json_t *before = json_loads(text, 0, NULL), *after;

	(void)state;
	assert_int_equal(from_stored(&entry, text, why, sizeof(why)), 0);
	assert_string_equal(entry.id, "id-1");
	assert_true(entry.running);
	assert_string_equal(entry.outputs[0].id, "o-1");
	assert_int_equal(entry.inputs[0].source_count, 2);
	assert_int_equal(entry.inputs[0].sources[0].bits, 104);
	assert_string_equal(entry.inputs[0].interface, "eth0");
	assert_int_equal(entry.inputs[1].rtp_port, 6000);
	assert_int_equal(entry.program, 513);
	assert_true(entry.failover.merge && entry.failover.returns);
	after = config_to_stored(&entry);
	assert_true(json_equal(before, after)); /* with the fields that nobody here knows */
	json_decref(before);
	json_decref(after);
	channel_entry_free(&entry);
}

static void test_stored_defaults(void **state)
{
	struct channel_entry entry = {0};
	char why[200];

	(void)state;
	assert_int_equal(from_stored(&entry,
	                             "{\"config\":{\"name\":\"Old\",\"rtp_port\":5000,\"outputs\":["
	                             "{\"url\":\"srt://h:1\"},{\"url\":\"rist://h/a/k\"}]},"
	                             "\"created_at\":\"2024-05-06T07:08:09.123456\"}",
	                             why, sizeof(why)),
	                 0);
	assert_false(entry.running);
	assert_false(entry.autostart);
	assert_string_equal(entry.inputs[0].rtp_ip, "0.0.0.0");
	assert_int_equal(entry.created_at_s, 1714979289);
	assert_string_equal(entry.outputs[0].name, "srt://h:1");
	assert_true(entry.outputs[0].enabled);
	assert_int_equal(strlen(entry.outputs[0].id), 36);
	assert_string_equal(entry.outputs[1].name, "output"); /* kept, though not supported */
	channel_entry_free(&entry);
}

/* What another version wrote into members does not lose the channel. */
static void test_stored_foreign_members(void **state)
{
	struct channel_entry entry = {0};
	char why[200];

	(void)state;
	assert_int_equal(
		from_stored(
			&entry,
			"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"backup\":{\"rtp_port\":2,"
			"\"later\":1,\"rtp_ip\":null},\"failover\":{\"later\":1,\"merge_ms\":null,"
			"\"mode\":\"merge\"},\"sources\":null,\"interface\":null,\"max_pps\":null}}",
			why, sizeof(why)),
		0);
	assert_int_equal(entry.inputs[1].rtp_port, 2);
	assert_string_equal(entry.inputs[1].rtp_ip, "0.0.0.0");
	assert_true(entry.failover.merge);
	assert_int_equal(entry.failover.merge_ms, 200);
	channel_entry_free(&entry);
}

/* null is as good as absent, wherever something may be absent. */
static void test_stored_null(void **state)
{
	struct channel_entry entry = {0};
	char why[200];

	(void)state;
	assert_int_equal(from_stored(&entry,
	                             "{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"rtp_ip\":null,"
	                             "\"autostart\":null,\"outputs\":null},"
	                             "\"desired\":null,\"created_at\":null}",
	                             why, sizeof(why)),
	                 0);
	assert_string_equal(entry.inputs[0].rtp_ip, "0.0.0.0");
	assert_false(entry.autostart || entry.running);
	assert_int_equal(entry.output_count, 0);
	channel_entry_free(&entry);
	assert_int_equal(
		from_stored(&entry,
	                    "{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"id\":"
	                    "null,\"name\":null,\"enabled\":null,\"url\":\"srt://h:1\"}]}}",
	                    why, sizeof(why)),
		0);
	assert_int_equal(strlen(entry.outputs[0].id), 36);
	assert_string_equal(entry.outputs[0].name, "srt://h:1");
	assert_true(entry.outputs[0].enabled);
	channel_entry_free(&entry);
}

static void test_stored_wrong(void **state)
{
	static const char *const cases[] = {
		"1",
		"{}",
		"{\"config\":[]}",
		"{\"config\":{}}",
		"{\"config\":{\"name\":\"a\"}}",
		"{\"config\":null}",
		"{\"config\":{\"name\":null,\"rtp_port\":1}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":null}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":null}]}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[null]}}",
		"{\"config\":{\"name\":\"a\\u0001\",\"rtp_port\":1}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":0}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"rtp_ip\":\"x\"}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"autostart\":\"yes\"}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":{}}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[1]}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":7}]}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"\",\"id\":\"/\"}]}}",
		("{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":["
	         "{\"url\":\"\",\"id\":\"x\"},{\"url\":\"\",\"id\":\"x\"}]}}"),
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"sources\":[1]}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"backup\":{}}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"backup\":7}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"backup\":{\"rtp_port\":1}}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"failover\":{\"mode\":\"x\"}}}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1},\"desired\":\"maybe\"}",
		"{\"config\":{\"name\":\"a\",\"rtp_port\":1},\"desired\":1}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct channel_entry entry = {0};
		char why[200] = "";

		if (from_stored(&entry, cases[i], why, sizeof(why)) != -EINVAL || !why[0])
			fail_msg("%s was taken", cases[i]);
		assert_null(entry.name); /* untouched */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_default_names),
		cmocka_unit_test(test_too_many_outputs),
		cmocka_unit_test(test_cut_error),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_overlap_inputs),
		cmocka_unit_test(test_stored_round_trip),
		cmocka_unit_test(test_stored_foreign_members),
		cmocka_unit_test(test_stored_defaults),
		cmocka_unit_test(test_stored_null),
		cmocka_unit_test(test_stored_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
