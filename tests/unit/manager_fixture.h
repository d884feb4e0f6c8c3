/*
 * A manager on stand-ins, in a directory of its own, and its calls as tests make them.
 */
#ifndef TESTS_MANAGER_FIXTURE_H
#define TESTS_MANAGER_FIXTURE_H

#include "control/manager.h"

#include "fakes.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_manager.XXXXXX";
static struct manager *manager;

static inline void open_manager(void)
{
	const struct manager_config config = {
		.config_dir = dir, .ingest = fakes_ingest(), .senders = fakes_senders()};

	assert_int_equal(manager_create(&manager, &config), 0);
}

static inline void close_manager(void)
{
	manager_destroy(manager);
	manager = NULL;
	assert_int_equal(fakes.channels + fakes.feeds + fakes.bindings + fakes.outputs, 0);
}

static inline int setup(void **state)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	*state = NULL;
	log_configure(LOG_LEVEL_ERROR, false);
	fakes_reset();
	open_manager();
	return 0;
}

static inline int teardown(void **state)
{
	char command[100];

	(void)state;
	close_manager();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* The file, or "" when there is none. Borrowed until the next call. */
static inline const char *file_text(void)
{
	static char text[65536];
	char path[128];
	FILE *file;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/channels.json", dir);
	file = fopen(path, "r");
	if (file) {
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[n] = '\0';
	return text;
}

static inline void write_file(const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/channels.json", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Saving fails while this is in the way. */
static inline void block_store(bool block)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/channels.json.tmp", dir);
	assert_int_equal(block ? mkdir(path, 0700) : rmdir(path), 0);
}

static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Add a channel that must be taken; its id goes to id. */
static inline json_t *add(const char *text, char *id)
{
	json_t *body = json_loads(text, 0, NULL), *out;
	struct api_error error;

	assert_non_null(body);
	assert_int_equal(manager_add_channel(manager, body, &out, &error), 0);
	json_decref(body);
	if (id)
		strcpy(id, text_of(out, "id"));
	return out;
}

static inline void add_quietly(const char *text, char *id)
{
	json_decref(add(text, id));
}

/* Change a channel; returns what the manager returned. */
static inline int update(const char *id, const char *text, struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out;
	int result;

	assert_non_null(body);
	result = manager_update_channel(manager, id, body, &out, error);
	if (!result)
		json_decref(out);
	json_decref(body);
	return result;
}

static inline int update_output(const char *id, const char *output_id, const char *text,
                                struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out;
	int result;

	assert_non_null(body);
	result = manager_update_output(manager, id, output_id, body, &out, error);
	if (!result)
		json_decref(out);
	json_decref(body);
	return result;
}

static inline int add_output(const char *id, const char *text, char *output_id,
                             struct api_error *error)
{
	json_t *body = json_loads(text, 0, NULL), *out;
	int result;

	assert_non_null(body);
	result = manager_add_output(manager, id, body, &out, error);
	if (!result) {
		strcpy(output_id, text_of(out, "id"));
		json_decref(out);
	}
	json_decref(body);
	return result;
}

static inline json_t *get(const char *id)
{
	struct api_error error;
	json_t *out;

	assert_int_equal(manager_get(manager, id, &out, &error), 0);
	return out;
}

static inline void assert_state(const char *id, const char *desired, const char *state)
{
	json_t *channel = get(id);

	assert_string_equal(text_of(channel, "desired"), desired);
	assert_string_equal(text_of(channel, "state"), state);
	json_decref(channel);
}

static inline void start(const char *id)
{
	struct api_error error;
	json_t *out;

	assert_int_equal(manager_start_channel(manager, id, &out, &error), 0);
	json_decref(out);
}

static inline void stop(const char *id)
{
	struct api_error error;
	json_t *out;

	assert_int_equal(manager_stop_channel(manager, id, &out, &error), 0);
	json_decref(out);
}

#endif
