/*
 * The HTTP service with the real manager on stand-ins, and calls to it over loopback.
 */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include "api/server.h"

#include "control/manager.h"

#include "fakes.h"
#include "http_client.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_api.XXXXXX";
static struct manager *manager;
static struct api_server *server;
static uint16_t port;

static inline void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline void make_dashboard(void)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/www", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/www/lib", dir);
	assert_int_equal(mkdir(path, 0755), 0);
	write_file("secret.html", "secret");
	write_file("www/index.html", "<h1>hello</h1>");
	write_file("www/lib/app.js", "export {};");
	write_file("www/style.css", "a{}");
	write_file("www/icon.svg", "<svg/>");
	write_file("www/notes.txt", "no");
	write_file("www/.hidden.js", "no");
	snprintf(path, sizeof(path), "%s/www/link.html", dir);
	assert_int_equal(symlink("../secret.html", path), 0);
	snprintf(path, sizeof(path), "%s/www/out", dir);
	assert_int_equal(symlink("..", path), 0);
}

static inline void open_server(void)
{
	char www[200];
	const struct api_config config = {
		.listen = "127.0.0.1:0", .dashboard_dir = www, .manager = manager};

	snprintf(www, sizeof(www), "%s/www", dir);
	assert_int_equal(api_server_create(&server, &config), 0);
	port = api_server_port(server);
	assert_int_not_equal(port, 0);
}

static inline int setup(void **state)
{
	struct manager_config config = {
		.config_dir = dir, .ingest = fakes_ingest(), .senders = fakes_senders()};

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	*state = NULL;
	log_configure(LOG_LEVEL_ERROR, false);
	fakes_reset();
	make_dashboard();
	if (manager_create(&manager, &config))
		return -1;
	open_server();
	return 0;
}

static inline int teardown(void **state)
{
	char command[100];

	(void)state;
	api_server_destroy(server);
	manager_destroy(manager);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* A call whose answer must have this status. The answer is valid until the next call. */
static inline json_t *call(const char *method, const char *path, const char *body, int status)
{
	static struct http_reply reply;

	http_free(&reply);
	http_call(port, &reply, method, path, "Connection: close\r\n", body,
	          body ? strlen(body) : 0);
	if (reply.status != status)
		fail_msg("%s %s: %d instead of %d: %s", method, path, reply.status, status,
		         reply.body);
	return reply.json;
}

static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static inline void assert_error(const json_t *json, const char *code, const char *field)
{
	const json_t *error = json_object_get(json, "error");
	const json_t *named = json_object_get(error, "field");

	assert_int_equal(json_object_size(error), 3);
	assert_string_equal(text_of(error, "code"), code);
	assert_non_null(text_of(error, "message"));
	if (field)
		assert_string_equal(json_string_value(named), field);
	else
		assert_true(json_is_null(named));
}

static inline json_int_t number_of(const json_t *object, const char *key)
{
	assert_true(json_is_integer(json_object_get(object, key)));
	return json_integer_value(json_object_get(object, key));
}

#endif
