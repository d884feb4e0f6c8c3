/*
 * Backup and restore of the whole configuration, on stand-ins: what goes on, what stops, and that a refused
 * configuration changes nothing.
 */
#include "manager_fixture.h"

#include "control/entry.h"

static const char news[] = "{\"name\":\"News\",\"rtp_port\":5000,\"outputs\":["
			   "{\"name\":\"A\",\"url\":\"srt://a:1?passphrase=0123456789\"},"
			   "{\"name\":\"C\",\"url\":\"rtmp://c/app/key\"}]}";
static const char sport[] = "{\"name\":\"Sport\",\"rtp_port\":5010,\"outputs\":["
			    "{\"name\":\"S\",\"url\":\"udp://s:9\"}]}";

static json_t *backup(void)
{
	json_t *out;

	assert_int_equal(manager_get_config(manager, &out), 0);
	return out;
}

/* Takes the reference over. Returns what the manager returned. */
static int restore(json_t *body, struct api_error *error)
{
	json_t *out;
	int result;

	assert_non_null(body);
	result = manager_set_config(manager, body, &out, error);
	if (!result) {
		assert_int_equal(json_array_size(json_object_get(out, "channels")),
		                 json_object_size(body));
		json_decref(out);
	}
	json_decref(body);
	return result;
}

static json_t *config_of(json_t *whole, const char *id)
{
	return json_object_get(json_object_get(whole, id), "config");
}

static void test_backup(void **state)
{
	char id[64];
	json_t *whole, *file;

	(void)state;
	add_quietly(news, id);
	start(id);
	whole = backup();
	file = json_loads(file_text(), 0, NULL);
	assert_true(json_equal(whole, file)); /* secrets and all */
	assert_non_null(strstr(file_text(), "passphrase=0123456789"));
	json_decref(whole);
	json_decref(file);
}

static void test_empty(void **state)
{
	struct api_error error;

	(void)state;
	assert_int_equal(restore(backup(), &error), 0);
	assert_string_equal(file_text(), "{}");
}

/* What is the same goes on; what differs starts anew; what is not in it goes. */
static void test_replace(void **state)
{
	char same[64], changed[64], gone[64], added[64];
	struct api_error error;
	json_t *whole, *list;

	(void)state;
	add_quietly(news, same);
	add_quietly(sport, changed);
	add_quietly("{\"name\":\"Late\",\"rtp_port\":5030}", added);
	start(same);
	start(changed);
	whole = backup();
	assert_int_equal(manager_delete_channel(manager, added, &error), 0);
	add_quietly("{\"name\":\"Gone\",\"rtp_port\":5020}", gone);
	start(gone);
	json_object_set_new(config_of(whole, changed), "rtp_port", json_integer(5012));
	fakes_journal();
	assert_int_equal(restore(whole, &error), 0);
	assert_string_equal(fakes_journal(), "unbind 0.0.0.0:5010; unoutput S; unfeed Sport 0 1 2; "
	                                     "unbind 0.0.0.0:5020; unfeed Gone 0 1 2; "
	                                     "feed Sport; bind 0.0.0.0:5012; output S s:9; ");
	assert_state(same, "running", "waiting");
	assert_state(changed, "running", "waiting");
	assert_state(added, "stopped", "stopped");
	assert_int_equal(manager_get(manager, gone, &list, &error), -1);
	assert_int_equal(error.status, 404);

	whole = backup();
	list = json_loads(file_text(), 0, NULL);
	assert_true(json_equal(whole, list));
	json_decref(list);
	assert_int_equal(restore(whole, &error), 0); /* the same again: nothing happens */
	assert_string_equal(fakes_journal(), "");

	assert_int_equal(restore(json_object(), &error), 0);
	assert_string_equal(file_text(), "{}");
	assert_string_equal(fakes_journal(),
	                    "unbind 0.0.0.0:5000; unoutput A; unoutput C; unfeed News 0 1 2; "
	                    "unbind 0.0.0.0:5012; unoutput S; unfeed Sport 0 1 2; ");
}

/* In the order of creation, whatever the order of the file. */
static void test_order(void **state)
{
	static const char text[] =
		"{\"b\":{\"config\":{\"name\":\"Second\",\"rtp_port\":2},"
		"\"created_at\":\"2026-01-02T00:00:00Z\"},"
		"\"a\":{\"config\":{\"name\":\"First\",\"rtp_port\":1},\"desired\":\"running\","
		"\"created_at\":\"2026-01-01T00:00:00Z\"}}";
	struct api_error error;
	json_t *body, *list;

	(void)state;
	assert_int_equal(restore(json_loads(text, 0, NULL), &error), 0);
	assert_string_equal(fakes_journal(), "feed First; bind 0.0.0.0:1; ");
	assert_int_equal(manager_list(manager, &body), 0);
	list = json_object_get(body, "channels");
	assert_string_equal(text_of(json_array_get(list, 0), "name"), "First");
	assert_string_equal(text_of(json_array_get(list, 1), "name"), "Second");
	json_decref(body);
}

/* A channel that cannot start is in state error, as after a start of the program. */
static void test_cannot_start(void **state)
{
	char id[64];
	struct api_error error;
	json_t *whole;

	(void)state;
	add_quietly(news, id);
	start(id);
	whole = backup();
	assert_int_equal(restore(json_object(), &error), 0);
	fakes.bind_error = -EADDRINUSE;
	assert_int_equal(restore(whole, &error), 0);
	assert_state(id, "running", "error");
	fakes.bind_error = 0;
	assert_int_equal(restore(backup(), &error), 0); /* it is tried again */
	assert_state(id, "running", "waiting");
}

static void assert_refused(json_t *body, int status, const char *code, const char *says)
{
	struct api_error error;
	char before[65536];

	strcpy(before, file_text());
	fakes_journal();
	assert_int_equal(restore(body, &error), -1);
	assert_int_equal(error.status, status);
	assert_string_equal(error.code, code);
	if (!strstr(error.message, says))
		fail_msg("\"%s\" does not say \"%s\"", error.message, says);
	assert_string_equal(fakes_journal(), "");
	assert_string_equal(file_text(), before);
}

static void test_refused(void **state)
{
	static const char *const masked[] = {"srt://a:1?passphrase=***", "rtmp://c/app/***", "***"};
	char first[64], second[64];
	json_t *whole, *copy;

	(void)state;
	add_quietly(news, first);
	add_quietly(sport, second);
	start(first);
	whole = backup();

	copy = json_deep_copy(whole);
	json_object_set_new(config_of(copy, second), "rtp_port", json_integer(70000));
	assert_refused(copy, 422, "invalid_value", "channel \"Sport\"");
	copy = json_deep_copy(whole);
	json_object_set_new(config_of(copy, second), "rtp_port", json_integer(5000));
	assert_refused(copy, 409, "port_in_use", "channel \"Sport\"");
	copy = json_deep_copy(whole);
	json_object_set_new(copy, "../x", json_object());
	assert_refused(copy, 422, "invalid_value", "plain text");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		copy = json_deep_copy(whole);
		json_object_set_new(
			json_array_get(json_object_get(config_of(copy, first), "outputs"), 0),
			"url", json_string(masked[i]));
		assert_refused(copy, 422, "invalid_value", "output \"A\" has ***");
	}
	assert_refused(json_loads("{\"channels\":[]}", 0, NULL), 422, "invalid_value",
	               "channel channels");

	copy = json_object();
	for (int i = 0; i <= ENTRY_MAX_CHANNELS; i++) {
		char id[24];

		snprintf(id, sizeof(id), "id%d", i);
		json_object_set_new(
			copy, id,
			json_pack("{s:{s:s, s:i}}", "config", "name", id, "rtp_port", 1 + i));
	}
	assert_refused(copy, 409, "limit", "1024");

	copy = json_deep_copy(whole);
	json_object_del(copy, first);
	block_store(true);
	assert_refused(copy, 500, "storage_failed", "cannot write");
	block_store(false);
	assert_state(first, "running", "waiting");
	json_decref(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_backup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replace, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cannot_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("manager_config", tests, NULL, NULL);
}
