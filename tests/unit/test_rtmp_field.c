/*
 * The members of RTMP outputs in REST bodies and channels.json: what is taken, what stays, what is refused.
 */
#include "control/config.h"
#include "control/rtmp_field.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Apply a body to a copy, as the manager does; entry changes on success alone. */
static int apply(struct output_entry *entry, const char *text, struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL);
	const bool is_new = !entry->url;
	struct output_entry next = {0};
	int result;

	assert_non_null(body);
	memset(error, 0, sizeof(*error));
	if (!is_new)
		assert_int_equal(output_entry_copy(&next, entry), 0);
	result = config_apply_output(&next, body, is_new, "", error);
	json_decref(body);
	if (result) {
		output_entry_free(&next);
		return result;
	}
	output_entry_free(entry);
	*entry = next;
	return 0;
}

static void apply_well(struct output_entry *entry, const char *text)
{
	struct api_error error;

	if (apply(entry, text, &error))
		fail_msg("%s: %s %s", text, error.field, error.message);
}

static void assert_refused(struct output_entry *entry, const char *text, const char *code,
                           const char *field)
{
	struct api_error error;

	if (!apply(entry, text, &error) || error.status != 422 || strcmp(error.code, code) ||
	    strcmp(error.field, field) || !error.message[0])
		fail_msg("%s: %d %s %s %s", text, error.status, error.code, error.field,
		         error.message);
}

static void assert_shown(const struct output_entry *entry, const char *expected)
{
	json_t *shown = rtmp_field_add(json_object(), entry, RTMP_SECRETS_MASKED);
	json_t *wanted = json_loads(expected, 0, NULL);

	assert_non_null(wanted);
	if (!json_equal(shown, wanted))
		fail_msg("%s instead of %s", json_dumps(shown, 0), expected);
	json_decref(shown);
	json_decref(wanted);
}

static void test_defaults(void **state)
{
	struct output_entry entry = {0};

	(void)state;
	apply_well(&entry, "{\"url\":\"rtmp://h/a/k\"}");
	assert_shown(&entry, "{\"stream_key\":null,\"audio\":\"0\",\"hevc\":\"enhanced\",\"cues\":"
	                     "\"off\",\"backlog_ms\":4000}");
	assert_true(entry.rtmp.tls_verify);
	output_entry_free(&entry);
	apply_well(&entry, "{\"url\":\"rtmps://h/a\",\"stream_key\":\"k\"}");
	assert_shown(&entry, "{\"stream_key\":\"***\",\"audio\":\"0\",\"hevc\":\"enhanced\","
	                     "\"cues\":\"off\",\"backlog_ms\":4000,\"tls_verify\":\"on\","
	                     "\"tls_ca\":null}");
	output_entry_free(&entry);
	apply_well(&entry, "{\"url\":\"srt://h:1\"}");
	assert_shown(&entry, "{}");
	output_entry_free(&entry);
}

static void test_options(void **state)
{
	struct output_entry entry = {0};

	(void)state;
	apply_well(&entry, "{\"url\":\"rtmps://h/a/k\",\"audio\":\"ENG:1\",\"hevc\":\"legacy\","
	                   "\"cues\":\"youtube\",\"tls_verify\":\"off\",\"tls_ca\":\"/ca.pem\","
	                   "\"backlog_ms\":500}");
	assert_shown(&entry, "{\"stream_key\":null,\"audio\":\"eng:1\",\"hevc\":\"legacy\","
	                     "\"cues\":\"youtube\",\"tls_verify\":\"off\",\"tls_ca\":\"/ca.pem\","
	                     "\"backlog_ms\":500}");
	/* What is not given stays. */
	apply_well(&entry, "{\"audio\":\"2\"}");
	apply_well(&entry, "{\"backlog_ms\":30000,\"tls_ca\":null}");
	assert_shown(&entry, "{\"stream_key\":null,\"audio\":\"2\",\"hevc\":\"legacy\","
	                     "\"cues\":\"youtube\",\"tls_verify\":\"off\",\"tls_ca\":null,"
	                     "\"backlog_ms\":30000}");
	/* Another scheme has none of them, or not those of TLS, and begins with the defaults. */
	apply_well(&entry, "{\"url\":\"rtmp://h/a/k\"}");
	assert_shown(&entry, "{\"stream_key\":null,\"audio\":\"2\",\"hevc\":\"legacy\",\"cues\":"
	                     "\"youtube\",\"backlog_ms\":30000}");
	apply_well(&entry, "{\"url\":\"rtmps://h/a/k\"}");
	assert_true(entry.rtmp.tls_verify);
	apply_well(&entry, "{\"url\":\"srt://h:1\"}");
	apply_well(&entry, "{\"url\":\"rtmp://h/a/k\"}");
	assert_shown(&entry, "{\"stream_key\":null,\"audio\":\"0\",\"hevc\":\"enhanced\",\"cues\":"
	                     "\"off\",\"backlog_ms\":4000}");
	output_entry_free(&entry);
}

static void test_refused(void **state)
{
	static const struct {
		const char *member, *code, *field;
	} cases[] = {
		{"\"audio\":0", "invalid_type", "audio"},
		{"\"audio\":\"english\"", "invalid_value", "audio"},
		{"\"audio\":null", "invalid_type", "audio"},
		{"\"hevc\":\"h265\"", "invalid_value", "hevc"},
		{"\"cues\":true", "invalid_type", "cues"},
		{"\"cues\":\"on\"", "invalid_value", "cues"},
		{"\"tls_verify\":false", "invalid_type", "tls_verify"},
		{"\"tls_verify\":\"no\"", "invalid_value", "tls_verify"},
		{"\"tls_ca\":\"ca.pem\"", "invalid_value", "tls_ca"},
		{"\"tls_ca\":1", "invalid_type", "tls_ca"},
		{"\"backlog_ms\":499", "invalid_value", "backlog_ms"},
		{"\"backlog_ms\":30001", "invalid_value", "backlog_ms"},
		{"\"backlog_ms\":\"4000\"", "invalid_type", "backlog_ms"},
		{"\"key\":\"k\"", "unknown_field", "key"},
	};
	static const char *const names[] = {RTMPS_FIELD_NAMES};
	struct output_entry entry = {0}, srt = {0}, plain = {0};
	char text[200];

	(void)state;
	apply_well(&entry, "{\"url\":\"rtmps://h/a/k\"}");
	apply_well(&plain, "{\"url\":\"rtmp://h/a/k\"}");
	apply_well(&srt, "{\"url\":\"srt://h:1\"}");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{%s}", cases[i].member);
		assert_refused(&entry, text, cases[i].code, cases[i].field);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\":null}", names[i]);
		assert_refused(&srt, text, "invalid_value", names[i]);
		snprintf(text, sizeof(text), "{\"url\":\"udp://h:1\",\"%s\":\"\"}", names[i]);
		assert_refused(&entry, text, "invalid_value", names[i]);
	}
	assert_refused(&plain, "{\"tls_verify\":\"on\"}", "invalid_value", "tls_verify");
	assert_refused(&plain, "{\"tls_ca\":null}", "invalid_value", "tls_ca");
	output_entry_free(&entry);
	output_entry_free(&plain);
	output_entry_free(&srt);
}

static void test_key(void **state)
{
	struct output_entry entry = {0};
	char text[1200], key[961];

	(void)state;
	memset(key, 'k', sizeof(key));
	key[960] = '\0';
	snprintf(text, sizeof(text), "{\"url\":\"rtmp://h/a\",\"stream_key\":\"%s\"}", key);
	assert_refused(&entry, text, "invalid_value", "stream_key");
	snprintf(text, sizeof(text), "{\"url\":\"rtmp://h/a\",\"stream_key\":\"%s\"}", key + 1);
	apply_well(&entry, text);
	output_entry_free(&entry);

	assert_refused(&entry, "{\"url\":\"rtmp://h/a\"}", "missing_field", "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a/b/\"}", "missing_field", "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":null}", "missing_field",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a/k\",\"stream_key\":\"k\"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"\"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"a\\tb\"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\" k\"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"k \"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":5}", "invalid_type",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"***\"}", "invalid_value",
	               "stream_key");

	/* What people paste: it is the server's, byte by byte. */
	apply_well(&entry, "{\"url\":\"rtmp://h/a/b/\",\"stream_key\":\"x y/z?t=1&%2F==\"}");
	assert_string_equal(entry.stream_key, "x y/z?t=1&%2F==");
	assert_string_equal(entry.shown, "rtmp://h/a/b/");
	assert_string_equal(entry.name, "rtmp://h/a/b");
	assert_refused(&entry, "{\"stream_key\":null}", "missing_field", "stream_key");
	/* A URL with a key takes its place, and the other way round needs a URL without. */
	apply_well(&entry, "{\"url\":\"rtmp://h/a/key\"}");
	assert_null(entry.stream_key);
	assert_refused(&entry, "{\"stream_key\":\"k2\"}", "invalid_value", "stream_key");
	apply_well(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"k2\"}");
	apply_well(&entry, "{\"url\":\"srt://h:1\"}");
	assert_null(entry.stream_key);
	output_entry_free(&entry);
}

/* A stored key is never sent to another peer than that it was given for. */
static void test_masked_key(void **state)
{
	static const char *const others[] = {
		"rtmp://evil/a", "rtmp://h:1936/a",  "rtmp://h/b",      "rtmp://h/a/b/",
		"rtmps://h/a",   "rtmps://h:1935/a", "rtmp://h.evil/a", "rtmp://[::1]/a"};
	struct output_entry entry = {0};
	char text[200];

	(void)state;
	apply_well(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"secret\"}");
	apply_well(&entry, "{\"stream_key\":\"***\"}");
	apply_well(&entry, "{\"url\":\"rtmp://h/a\",\"stream_key\":\"***\",\"cues\":\"onadcue\"}");
	apply_well(&entry, "{\"url\":\"RTMP://H:1935/a/\"}");
	assert_string_equal(entry.stream_key, "secret");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(text, sizeof(text), "{\"url\":\"%s\",\"stream_key\":\"***\"}", others[i]);
		assert_refused(&entry, text, "invalid_value", "stream_key");
		snprintf(text, sizeof(text), "{\"url\":\"%s\"}", others[i]);
		assert_refused(&entry, text, "invalid_value", "stream_key");
	}
	apply_well(&entry, "{\"url\":\"rtmp://h/a?token=hidden\"}");
	assert_string_equal(entry.shown, "rtmp://h/a?***");
	apply_well(&entry, "{\"url\":\"rtmp://h/a?***\",\"stream_key\":\"***\"}");
	assert_string_equal(entry.url, "rtmp://h/a?token=hidden");
	assert_refused(&entry, "{\"url\":\"rtmp://h/ab?token=hidden\"}", "invalid_value",
	               "stream_key");
	assert_refused(&entry, "{\"url\":\"rtmp://evil/a/***\"}", "invalid_url", "url");
	assert_string_equal(entry.stream_key, "secret");
	apply_well(&entry, "{\"url\":\"rtmp://new/a\",\"stream_key\":\"other\"}");
	assert_string_equal(entry.stream_key, "other");
	output_entry_free(&entry);
	apply_well(&entry, "{\"url\":\"rtmps://h/a/b/?token=hidden\",\"stream_key\":\"k\"}");
	assert_string_equal(entry.name, "rtmps://h/a/b");
	output_entry_free(&entry);
}

static int load(struct channel_entry *entry, const char *output, char *why, size_t size)
{
	char text[600];
	json_t *value;
	int error;

	snprintf(text, sizeof(text),
	         "{\"config\":{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[%s]}}", output);
	value = json_loads(text, 0, NULL);
	assert_non_null(value);
	error = config_from_stored(entry, "id", value, why, size);
	json_decref(value);
	return error;
}

static void assert_stored(const char *output, const char *expected)
{
	json_t *value, *wanted = json_loads(expected, 0, NULL), *stored;
	struct channel_entry entry;
	char why[300];

	assert_non_null(wanted);
	if (load(&entry, output, why, sizeof(why)))
		fail_msg("%s: %s", output, why);
	value = config_to_stored(&entry);
	stored = json_object_get(json_object_get(value, "config"), "outputs");
	if (!json_equal(json_array_get(stored, 0), wanted))
		fail_msg("%s instead of %s", json_dumps(stored, 0), expected);
	json_decref(value);
	json_decref(wanted);
	channel_entry_free(&entry);
}

#define HEAD "{\"id\":\"o\",\"name\":\"n\",\"enabled\":true,"

static void test_stored(void **state)
{
	static const char full[] =
		HEAD "\"url\":\"rtmps://h/a\",\"stream_key\":\"secret\","
		     "\"audio\":\"eng:1\",\"hevc\":\"legacy\",\"cues\":\"onadcue\","
		     "\"backlog_ms\":700,\"tls_verify\":\"off\",\"tls_ca\":\"/ca\","
		     "\"later\":1}";
	static const char other[] =
		HEAD "\"url\":\"srt://h:1\",\"audio\":\"9999\",\"stream_key\":null}";

	(void)state;
	assert_stored(full, full);
	assert_stored(other, other); /* kept, as all that this program does not know */
	/* As programs before wrote it. */
	assert_stored(HEAD "\"url\":\"rtmp://h/a/k\"}",
	              HEAD "\"url\":\"rtmp://h/a/k\",\"stream_key\":null,\"audio\":\"0\","
	                   "\"hevc\":\"enhanced\",\"cues\":\"off\",\"backlog_ms\":4000}");
	assert_stored(HEAD "\"url\":\"rtmp://h/a\",\"tls_verify\":7,\"cues\":null}",
	              HEAD "\"url\":\"rtmp://h/a\",\"stream_key\":null,\"audio\":\"0\","
	                   "\"hevc\":\"enhanced\",\"cues\":\"off\",\"backlog_ms\":4000,"
	                   "\"tls_verify\":7}");
}

static void test_stored_wrong(void **state)
{
	static const char *const wrong[] = {"\"stream_key\":\"k\"", "\"audio\":\"x\"",
	                                    "\"backlog_ms\":1", "\"tls_verify\":true"};
	struct channel_entry entry;
	char output[200], why[300];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(output, sizeof(output), HEAD "\"url\":\"rtmps://h/a/k\",%s}", wrong[i]);
		assert_int_equal(load(&entry, output, why, sizeof(why)), -EINVAL);
		assert_null(strstr(why, "/k")); /* a secret */
	}
	assert_non_null(strstr(why, "outputs[0].tls_verify"));
}

/* An output from a file may lack its key; it can be renamed, but not be given a URL without key again. */
static void test_keyless(void **state)
{
	struct channel_entry entry;
	char why[300];

	(void)state;
	assert_int_equal(load(&entry, HEAD "\"url\":\"rtmp://h/a\"}", why, sizeof(why)), 0);
	apply_well(&entry.outputs[0], "{\"name\":\"x\",\"enabled\":false}");
	assert_refused(&entry.outputs[0], "{\"url\":\"rtmp://h/a\"}", "missing_field",
	               "stream_key");
	apply_well(&entry.outputs[0], "{\"stream_key\":\"k\"}");
	assert_string_equal(entry.outputs[0].stream_key, "k");
	channel_entry_free(&entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_options),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_key),
		cmocka_unit_test(test_masked_key),   cmocka_unit_test(test_stored),
		cmocka_unit_test(test_stored_wrong), cmocka_unit_test(test_keyless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
