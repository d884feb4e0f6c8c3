/*
 * The HTTP service with the real manager on stand-ins, spoken to over loopback: every status of the API
 * contract, bodies of every size and kind, static files, the WebSocket.
 */
#include "api_fixture.h"
#include "running_time.h"

#include "api/handshake.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define LIMIT       (1024 * 1024) /* of a body … */
#define LARGE_LIMIT (4 * LIMIT)   /* … and of a whole configuration */
#define WAIT_MS     20000         /* for what will come */

static void add_channel(char *path, size_t size, int rtp_port)
{
	char body[200];
	json_t *json;

	snprintf(body, sizeof(body),
	         "{\"name\":\"News\",\"rtp_port\":%d,\"outputs\":["
	         "{\"url\":\"srt://a:1?passphrase=0123456789\"}]}",
	         rtp_port);
	json = call("POST", "/api/channels", body, 201);
	snprintf(path, size, "/api/channels/%s", text_of(json, "id"));
}

static void test_rest(void **state)
{
	char channel[100], path[200];
	json_t *json;

	(void)state;
	json = call("GET", "/api/health", NULL, 200);
	assert_string_equal(text_of(json, "status"), "ok");
	json = call("GET", "/api/channels", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "channels")), 0);
	add_channel(channel, sizeof(channel), 5000);
	json = call("GET", channel, NULL, 200);
	assert_string_equal(text_of(json, "name"), "News");
	json = call("PUT", channel, "{\"name\":\"Sport\"}", 200);
	assert_string_equal(text_of(json, "name"), "Sport");
	snprintf(path, sizeof(path), "%s/start", channel);
	json = call("POST", path, NULL, 200);
	assert_string_equal(text_of(json, "state"), "waiting");
	json = call("POST", path, "", 200);
	snprintf(path, sizeof(path), "%s/stop", channel);
	json = call("POST", path, NULL, 200);
	assert_string_equal(text_of(json, "state"), "stopped");
	snprintf(path, sizeof(path), "%s/outputs", channel);
	json = call("POST", path, "{\"url\":\"rtmp://h/app/key\"}", 201);
	assert_string_equal(text_of(json, "url"), "rtmp://h/app/***");
	snprintf(path, sizeof(path), "%s/outputs/%s", channel, text_of(json, "id"));
	json = call("PUT", path, "{\"url\":\"rtmp://h/app/***\",\"enabled\":false}", 200);
	assert_string_equal(text_of(json, "url"), "rtmp://h/app/***");
	assert_null(call("DELETE", path, NULL, 204));
	assert_error(call("DELETE", path, NULL, 404), "not_found", NULL);
	assert_null(call("DELETE", channel, NULL, 204));
	assert_error(call("GET", channel, NULL, 404), "not_found", NULL);
}

static void test_errors(void **state)
{
	static const struct {
		const char *body, *code, *field;
		int status;
	} cases[] = {
		{"", "invalid_json", NULL, 400},
		{"{", "invalid_json", NULL, 400},
		{"{\"name\":\"a\"} x", "invalid_json", NULL, 400},
		{"{\"name\":\"a\",\"name\":\"b\",\"rtp_port\":1}", "invalid_json", NULL, 400},
		{"{\"name\":\"\xff\",\"rtp_port\":1}", "invalid_json", NULL, 400},
		{"[1]", "invalid_type", NULL, 422},
		{"null", "invalid_type", NULL, 422},
		{"17", "invalid_type", NULL, 422},
		{"{\"name\":\"a\"}", "missing_field", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"zzz\":1}", "unknown_field", "zzz", 422},
		{"{\"name\":1,\"rtp_port\":1}", "invalid_type", "name", 422},
		{"{\"name\":\"a\",\"rtp_port\":70000}", "invalid_value", "rtp_port", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"outputs\":[{\"url\":\"ftp://x\"}]}",
	         "invalid_url", "outputs[0].url", 422},
		{"{\"name\":\"a\",\"rtp_port\":5000}", "port_in_use", "rtp_port", 409},
		{"{\"name\":\"a\",\"rtp_port\":1,\"sources\":[\"x\"]}", "invalid_value",
	         "sources[0]", 422},
		{"{\"name\":\"a\",\"rtp_port\":1,\"backup\":{\"rtp_port\":5000}}", "port_in_use",
	         "backup.rtp_port", 409},
	};
	char channel[100], path[200];
	json_t *json;

	(void)state;
	add_channel(channel, sizeof(channel), 5000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_error(call("POST", "/api/channels", cases[i].body, cases[i].status),
		             cases[i].code, cases[i].field);
	snprintf(path, sizeof(path), "%s/outputs", channel);
	json = call("POST", path, "{\"stream_key\":\"secret\\u0000\"}", 400);
	assert_error(json, "invalid_json", NULL);
	assert_null(strstr(text_of(json_object_get(json, "error"), "message"), "secret"));
	assert_error(call("POST", path, "{\"url\":\"srt://h\"}", 422), "invalid_url", "url");
	assert_error(call("PUT", "/api/channels/nobody", "{}", 404), "not_found", NULL);
	assert_error(call("POST", "/api/channels/nobody/start", NULL, 404), "not_found", NULL);
	assert_error(call("GET", "/api/nothing", NULL, 404), "not_found", NULL);
	assert_error(call("GET", "/api/channels/", NULL, 404), "not_found", NULL);
	assert_error(call("GET", "/api/channels//start", NULL, 404), "not_found", NULL);
	fakes.bind_error = -EADDRINUSE;
	snprintf(path, sizeof(path), "%s/start", channel);
	assert_error(call("POST", path, NULL, 409), "port_in_use", "rtp_port");
	fakes.bind_error = 0;
}

static void test_switch(void **state)
{
	char channel[100], path[200];
	json_t *json;

	(void)state;
	add_channel(channel, sizeof(channel), 5000);
	snprintf(path, sizeof(path), "%s/switch", channel);
	assert_error(call("POST", path, NULL, 400), "invalid_json", NULL);
	assert_error(call("POST", path, "{\"input\":\"both\"}", 422), "invalid_value", "input");
	assert_error(call("POST", path, "{}", 409), "no_backup", NULL);
	call("PUT", channel, "{\"backup\":{\"rtp_port\":6000}}", 200);
	assert_error(call("POST", path, "{}", 409), "not_running", NULL);
	strcat(channel, "/start");
	call("POST", channel, NULL, 200);
	assert_error(call("POST", path, "{}", 409), "input_dead", "input");
	fakes.input_last_ns[1] = clock_now_ns() + 60 * NS_PER_S; /* also on a slow machine */
	json = call("POST", path, "{\"input\":\"backup\"}", 200);
	assert_true(json_is_true(
		json_object_get(json_array_get(json_object_get(json, "inputs"), 1), "active")));
	assert_error(call("POST", "/api/channels/nobody/switch", "{}", 404), "not_found", NULL);
}

static json_t *events_of(const json_t *json, size_t count)
{
	json_t *events = json_object_get(json, "events");

	assert_int_equal(json_array_size(events), count);
	return events;
}

static void test_events(void **state)
{
	static const struct {
		const char *query, *field;
	} wrong[] = {
		{"after=x", "after"},  {"after=-1", "after"},
		{"after=", "after"},   {"limit=1025", "limit"},
		{"limit=1x", "limit"}, {"after=9999999999999999999", "after"},
	};
	const uint64_t before = event_newest();
	char path[100];
	json_t *json, *event;

	(void)state;
	log_configure(LOG_LEVEL_ERROR, false);
	for (int i = 1; i <= 150; i++)
		event_add(LOG_LEVEL_INFO, "test", i == 150 ? "id-1" : "", "number %d%s", i,
		          i == 150 ? " \xff" : "");
	json = call("GET", "/api/events", NULL, 200);
	assert_int_equal(number_of(json, "newest"), before + 150);
	event = json_array_get(events_of(json, 100), 99);
	assert_int_equal(json_object_size(event), 5);
	assert_int_equal(number_of(event, "id"), before + 150);
	assert_string_equal(text_of(event, "type"), "test");
	assert_string_equal(text_of(event, "subject"), "id-1");
	assert_string_equal(text_of(event, "text"), "number 150 ?");
	assert_int_equal(strlen(text_of(event, "time")), strlen("2026-01-31T23:59:59.123Z"));
	assert_int_equal(text_of(event, "time")[19], '.');

	snprintf(path, sizeof(path), "/api/events?limit=7&after=%llu", (unsigned long long)before);
	json = call("GET", path, NULL, 200);
	assert_string_equal(text_of(json_array_get(events_of(json, 7), 0), "text"), "number 1");
	snprintf(path, sizeof(path), "/api/events?after=%llu", (unsigned long long)before + 149);
	events_of(call("GET", path, NULL, 200), 1);
	events_of(call("GET", "/api/events?limit=0", NULL, 200), 0);
	events_of(call("GET", "/api/events?after=999999999", NULL, 200), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(path, sizeof(path), "/api/events?%s", wrong[i].query);
		assert_error(call("GET", path, NULL, 422), "invalid_value", wrong[i].field);
	}
}

static void test_methods(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} cases[] = {
		{"POST", "/api/health", "GET, HEAD"},
		{"DELETE", "/api/channels", "GET, HEAD, POST"},
		{"PATCH", "/api/channels/x", "GET, HEAD, PUT, DELETE"},
		{"GET", "/api/channels/x/start", "POST"},
		{"GET", "/api/channels/x/switch", "POST"},
		{"POST", "/api/events", "GET, HEAD"},
		{"POST", "/api/channels/x/outputs/y", "GET, HEAD, PUT, DELETE"},
		{"PUT", "/api/channels/x/outputs/y/history", "GET, HEAD"},
		{"GET", "/api/channels/x/outputs/y/reset", "POST"},
		{"GET", "/api/channels/x/outputs/y/readers/1", "DELETE"},
		{"OPTIONS", "/api/channels", "GET, HEAD, POST"},
		{"POST", "/ws", "GET, HEAD"},
		{"POST", "/index.html", "GET, HEAD"},
		{"BREW", "/", "GET, HEAD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_reply reply;

		http_call(port, &reply, cases[i].method, cases[i].path, "", "", 0);
		assert_int_equal(reply.status, 405);
		assert_error(reply.json, "method_not_allowed", NULL);
		assert_string_equal(http_header(&reply, "Allow"), cases[i].allow);
		http_free(&reply);
	}
}

static void test_headers(void **state)
{
	static const struct {
		const char *type;
		int status;
	} types[] = {
		{"", 201},
		{"Content-Type: application/json\r\n", 201},
		{"Content-Type: Application/JSON; charset=utf-8\r\n", 201},
		{"Content-Type: application/jsonp\r\n", 415},
		{"Content-Type: text/plain\r\n", 415},
		{"Content-Type: application/x-www-form-urlencoded\r\n", 415},
		{"Content-Type: multipart/form-data; boundary=x\r\n", 415},
	};
	struct http_reply reply;
	char body[100];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(body, sizeof(body), "{\"name\":\"a\",\"rtp_port\":%zu}", i + 1);
		http_call(port, &reply, "POST", "/api/channels", types[i].type, body, strlen(body));
		assert_int_equal(reply.status, types[i].status);
		if (reply.status == 415)
			assert_error(reply.json, "unsupported_media_type", NULL);
		else
			assert_non_null(
				strstr(http_header(&reply, "Location"), text_of(reply.json, "id")));
		assert_string_equal(http_header(&reply, "Content-Type"), "application/json");
		assert_string_equal(http_header(&reply, "X-Content-Type-Options"), "nosniff");
		assert_string_equal(http_header(&reply, "Cache-Control"), "no-store");
		http_free(&reply);
	}
	http_call(port, &reply, "HEAD", "/api/channels", "", NULL, 0);
	assert_int_equal(reply.status, 200);
	http_free(&reply);
}

/* Only our own page may ask through a browser, also behind a proxy. */
static void test_origin(void **state)
{
	static const struct {
		const char *headers;
		int status;
	} cases[] = {
		{"Origin: http://evil.example\r\n", 403},
		{"Origin: null\r\n", 403},
		{"Origin: http://127.0.0.1.evil.example\r\n", 403},
		{"Origin: https://tv.example\r\nX-Forwarded-Host: tv.example\r\n", 200},
		{"Origin: https://evil.example\r\nX-Forwarded-Host: tv.example\r\n", 403},
	};
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		http_call(port, &reply, "GET", "/api/channels", cases[i].headers, NULL, 0);
		assert_int_equal(reply.status, cases[i].status);
		if (reply.status == 403)
			assert_error(reply.json, "foreign_origin", NULL);
		http_free(&reply);
	}
	http_call(port, &reply, "GET", "/ws", cases[0].headers, NULL, 0);
	assert_int_equal(reply.status, 403);
	http_free(&reply);
	http_call(port, &reply, "GET", "/api/channels", "Origin: http://localhost\r\n", NULL, 0);
	assert_int_equal(reply.status, 200);
	http_free(&reply);
}

/* A message that is cut within a character is still an error object. */
static void test_cut_characters(void **state)
{
	char name[300], body[400];
	size_t n = 1;

	(void)state;
	name[0] = 'a';
	for (; n < 201; n += 2)
		memcpy(name + n, "\xc3\xa9", 2);
	name[n] = '\0';
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"rtp_port\":7001}", name);
	call("POST", "/api/channels", body, 201);
	assert_error(call("POST", "/api/channels", body, 409), "port_in_use", "rtp_port");
	snprintf(body, sizeof(body),
	         "{\"name\":\"b\",\"rtp_port\":7002,\"outputs\":[{\"url\":\"srt://h:1?%.61s=1\"}]}",
	         name);
	assert_error(call("POST", "/api/channels", body, 422), "invalid_url", "outputs[0].url");
}

/* A name of so many bytes makes a body of exactly size bytes. */
static char *body_of(size_t size)
{
	static const char start[] = "{\"rtp_port\":9,\"name\":\"";
	char *body = malloc(size + 1);

	memset(body, 'x', size);
	memcpy(body, start, sizeof(start) - 1);
	memcpy(body + size - 2, "\"}", 3);
	return body;
}

static void test_sizes(void **state)
{
	static const struct {
		size_t size;
		int status;
		const char *code;
	} cases[] = {
		{1000, 422, "invalid_value"}, /* read whole: the name is too long */
		{LIMIT, 422, "invalid_value"}, {LIMIT + 1, 413, "too_large"},
		{LIMIT + 2, 413, "too_large"}, {3 * LIMIT, 413, "too_large"},
	};
	struct http_reply reply;
	char chunk[40], *body;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = http_connect(port);

		body = body_of(cases[i].size);
		http_call(port, &reply, "POST", "/api/channels", "", body, cases[i].size);
		assert_int_equal(reply.status, cases[i].status);
		assert_error(reply.json, cases[i].code, reply.status == 413 ? NULL : "name");
		http_free(&reply);

		/* The same without a length, in chunks. */
		dprintf(fd, "POST /api/channels HTTP/1.1\r\nHost: x\r\n"
		            "Transfer-Encoding: chunked\r\n\r\n");
		for (size_t done = 0; done < cases[i].size; done += 65536) {
			size_t n = cases[i].size - done < 65536 ? cases[i].size - done : 65536;

			snprintf(chunk, sizeof(chunk), "%zx\r\n", n);
			assert_int_equal(write(fd, chunk, strlen(chunk)), strlen(chunk));
			for (size_t sent = 0; sent < n;)
				sent += (size_t)write(fd, body + done + sent, n - sent);
			assert_int_equal(write(fd, "\r\n", 2), 2);
		}
		assert_int_equal(write(fd, "0\r\n\r\n", 5), 5);
		http_read(fd, &reply, 0);
		assert_int_equal(reply.status, cases[i].status);
		assert_error(reply.json, cases[i].code, reply.status == 413 ? NULL : "name");
		http_free(&reply);
		close(fd);
		free(body);
	}
	body = body_of(2 * LIMIT); /* also where no body is wanted */
	http_call(port, &reply, "POST", "/api/channels/x/start", "", body, 2 * LIMIT);
	assert_int_equal(reply.status, 413);
	http_free(&reply);
	free(body);
}

static void test_large_sizes(void **state)
{
	static const int statuses[] = {422, 413}; /* of the limit, and of a byte more */
	struct http_reply reply;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *body = body_of(LARGE_LIMIT + i);

		http_call(port, &reply, "PUT", "/api/config", "", body, LARGE_LIMIT + i);
		assert_int_equal(reply.status, statuses[i]);
		http_free(&reply);
		free(body);
	}
}

/* JSON as deep as it gets must not end the thread's stack. */
static void test_deep(void **state)
{
	struct http_reply reply;
	char *body = malloc(200001);

	(void)state;
	memset(body, '[', 200000);
	http_call(port, &reply, "POST", "/api/channels", "", body, 200000);
	assert_int_equal(reply.status, 400);
	http_free(&reply);
	for (size_t i = 0; i < 2040; i++)
		memcpy(body + 5 * i, "{\"a\":", 5);
	memset(body + 5 * 2040, '1', 1);
	memset(body + 5 * 2040 + 1, '}', 2040);
	http_call(port, &reply, "POST", "/api/channels", "", body, 6 * 2040 + 1);
	assert_int_equal(reply.status, 422);
	http_free(&reply);
	free(body);
}

static void test_files(void **state)
{
	static const struct {
		const char *path, *type;
	} files[] = {
		{"/", "text/html; charset=utf-8"},
		{"/index.html", "text/html; charset=utf-8"},
		{"/index.html?x=/../y", "text/html; charset=utf-8"},
		{"/lib/app.js", "text/javascript; charset=utf-8"},
		{"/style.css", "text/css; charset=utf-8"},
		{"/icon.svg", "image/svg+xml"},
	};
	static const char *const hidden[] = {
		"/notes.txt",
		"/.hidden.js",
		"/link.html",
		"/out/secret.html",
		"/../secret.html",
		"/lib/../../secret.html",
		"/lib/..",
		"/lib",
		"/lib/",
		"//index.html",
		"/./index.html",
		"/%2e%2e/secret.html",
		"/..%2fsecret.html",
		"/%69ndex.html",
		"/index.html/",
		"/index.html%00.css",
		"/nothing.html",
		"/lib\\app.js",
		"/secret.html",
		"/index",
		"/.html",
	};
	struct http_reply reply;
	char etag[100], head[200];

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		http_call(port, &reply, "GET", files[i].path, "", NULL, 0);
		assert_int_equal(reply.status, 200);
		assert_string_equal(http_header(&reply, "Content-Type"), files[i].type);
		assert_string_equal(http_header(&reply, "Content-Security-Policy"),
		                    "default-src 'self'; connect-src 'self' ws: wss:");
		assert_string_equal(http_header(&reply, "X-Content-Type-Options"), "nosniff");
		assert_string_equal(http_header(&reply, "Cache-Control"), "no-cache");
		assert_true(reply.size > 0);
		snprintf(etag, sizeof(etag), "%s", http_header(&reply, "ETag"));
		http_free(&reply);
		snprintf(head, sizeof(head), "If-None-Match: %s\r\n", etag);
		http_call(port, &reply, "GET", files[i].path, head, NULL, 0);
		assert_int_equal(reply.status, 304);
		http_free(&reply);
	}
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		http_call(port, &reply, "GET", hidden[i], "", NULL, 0);
		if (reply.status != 404)
			fail_msg("%s: %d", hidden[i], reply.status);
		assert_error(reply.json, "not_found", NULL);
		http_free(&reply);
	}
}

/* The next text message, parsed, or NULL. */
static json_t *next_message_within(int fd, int timeout_ms)
{
	json_t *json = NULL;
	char *data;
	size_t size;
	int opcode = websocket_read(fd, &data, &size, timeout_ms);

	if (opcode == 1)
		json = json_loads(data, 0, NULL);
	free(data);
	return json;
}

static json_t *next_message(int fd)
{
	return next_message_within(fd, WAIT_MS);
}

static void test_websocket(void **state)
{
	json_t *message, *channels;
	char channel[100];
	int64_t before_ns;
	int fd, other;

	(void)state;
	add_channel(channel, sizeof(channel), 5000);
	before_ns = running_ns();
	fd = websocket_connect(port);
	assert_true(fd >= 0);
	message = next_message(fd);
	assert_true(running_ns() - before_ns < 500 * NS_PER_MS);
	assert_string_equal(text_of(message, "type"), "snapshot");
	assert_int_equal(json_array_size(json_object_get(message, "channels")), 1);
	assert_string_equal(text_of(json_object_get(message, "health"), "status"), "ok");
	json_decref(message);
	assert_null(next_message_within(fd, 1500)); /* nothing changes, nothing comes */

	before_ns = running_ns();
	call("PUT", channel, "{\"name\":\"Sport\"}", 200);
	message = next_message(fd);
	assert_true(running_ns() - before_ns < NS_PER_S);
	assert_string_equal(text_of(message, "type"), "update");
	channels = json_object_get(message, "channels");
	assert_int_equal(json_array_size(channels), 1);
	assert_string_equal(text_of(json_array_get(channels, 0), "name"), "Sport");
	assert_int_equal(json_array_size(json_object_get(message, "removed")), 0);
	json_decref(message);

	other = websocket_connect(port);
	message = next_message(other);
	assert_string_equal(text_of(message, "type"), "snapshot");
	json_decref(message);
	call("DELETE", channel, NULL, 204);
	for (int i = 0; i < 2; i++) {
		message = next_message(i ? fd : other);
		assert_string_equal(text_of(message, "type"), "update");
		assert_int_equal(json_array_size(json_object_get(message, "channels")), 0);
		assert_string_equal(
			json_string_value(json_array_get(json_object_get(message, "removed"), 0)),
			channel + strlen("/api/channels/"));
		json_decref(message);
	}
	close(other);
	close(fd);
}

/* Events come with the next update, also when nothing else has changed, and the newest with the snapshot. */
static void test_websocket_events(void **state)
{
	json_t *message, *events;
	int fd;

	(void)state;
	for (int i = 1; i <= 60; i++)
		event_add(LOG_LEVEL_INFO, "test", "", "old %d", i);
	fd = websocket_connect(port);
	message = next_message(fd);
	events = events_of(message, 50);
	assert_string_equal(text_of(json_array_get(events, 0), "text"), "old 11");
	assert_string_equal(text_of(json_array_get(events, 49), "text"), "old 60");
	json_decref(message);
	event_add(LOG_LEVEL_INFO, "test", "", "new 1");
	event_add(LOG_LEVEL_INFO, "test", "", "new 2");
	message = next_message(fd);
	assert_string_equal(text_of(message, "type"), "update");
	events = json_object_get(message, "events");
	assert_string_equal(text_of(json_array_get(events, 0), "text"), "new 1");
	if (json_array_size(events) == 1) { /* published in between */
		json_decref(message);
		message = next_message(fd);
		events = json_object_get(message, "events");
		assert_string_equal(text_of(json_array_get(events, 0), "text"), "new 2");
	}
	json_decref(message);
	assert_null(next_message_within(fd, 1500));
	close(fd);
}

static void test_websocket_frames(void **state)
{
	int fd = websocket_connect(port);
	char *data, *big = calloc(1, 70000);
	size_t size;

	(void)state;
	assert_true(fd >= 0);
	json_decref(next_message(fd));
	websocket_send(fd, 9, "are you there", 13);
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), 10);
	assert_string_equal(data, "are you there");
	free(data);
	websocket_send(fd, 1, big, 60000); /* is ignored */
	websocket_send(fd, 9, NULL, 0);
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), 10);
	assert_int_equal(size, 0);
	free(data);
	websocket_send(fd, 8, "\x03\xe8", 2);
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), 8);
	assert_memory_equal(data, "\x03\xe8", 2);
	free(data);
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), -1); /* closed */
	close(fd);

	fd = websocket_connect(port);
	json_decref(next_message(fd));
	websocket_send(fd, 1, big, 70000); /* too much */
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), 8);
	assert_memory_equal(data, "\x03\xf1", 2);
	free(data);
	close(fd);
	free(big);
}

/* A client that is let in when those who have gone are noticed. */
static int connect_patiently(void)
{
	int fd = websocket_connect(port);

	for (int i = 0; i < 400 && fd < 0; i++) {
		usleep(50000);
		fd = websocket_connect(port);
	}
	return fd;
}

static void test_websocket_refused(void **state)
{
	static const char *const heads[] = {
		"",
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n",
		"Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n"
		"Sec-WebSocket-Version: 13\r\n",
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n"
		"Sec-WebSocket-Version: 8\r\n",
	};
	int fds[64], fd;

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct http_reply reply;

		http_call(port, &reply, "GET", "/ws", heads[i], NULL, 0);
		assert_int_equal(reply.status, 400);
		assert_error(reply.json, "not_a_websocket", NULL);
		http_free(&reply);
	}
	for (int i = 0; i < 64; i++) {
		fds[i] = websocket_connect(port);
		assert_true(fds[i] >= 0);
		json_decref(next_message(fds[i]));
	}
	assert_int_equal(websocket_connect(port), -503);
	for (int i = 0; i < 64; i++)
		close(fds[i]);
	fd = connect_patiently();
	assert_true(fd >= 0); /* there is room again */
	close(fd);
}

/* Clients that come and go in every way and at once; the service stays, and stops without delay. */
static void *storm(void *argument)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int kind = (int)(intptr_t)argument;

	for (int i = 0; i < 60; i++) {
		int fd = kind ? websocket_connect(port) : http_connect(port);
		char *data;
		size_t size;

		if (!kind) { /* goes before the answer comes */
			dprintf(fd, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
			            "Connection: Upgrade\r\nSec-WebSocket-Key: x\r\n"
			            "Sec-WebSocket-Version: 13\r\n\r\n");
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		} else if (fd >= 0 && kind == 2) {
			websocket_send(fd, 9, "x", 1);
			websocket_read(fd, &data, &size, WAIT_MS);
			free(data);
		}
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void test_storm(void **state)
{
	pthread_t threads[6];
	int64_t before_ns;
	json_t *message;
	int fd;

	(void)state;
	for (intptr_t i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, storm, (void *)(i % 3)), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	fd = connect_patiently();
	assert_true(fd >= 0);
	message = next_message(fd);
	assert_string_equal(text_of(message, "type"), "snapshot");
	json_decref(message);
	before_ns = running_ns();
	api_server_destroy(server);
	server = NULL;
	assert_true(running_ns() - before_ns < 1500 * NS_PER_MS);
	close(fd);
}

static atomic_bool has_ticket;

static void *take_ticket(void *unused)
{
	const uint64_t ticket = handshake_enter();

	atomic_store(&has_ticket, true);
	handshake_leave(ticket);
	return unused;
}

/* While the process stands still nobody holds the list for too long. */
static void test_stopped_in_handshake(void **state)
{
	const pid_t process = getpid();
	uint64_t ticket;
	pthread_t waiter;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		usleep(300000);
		kill(process, SIGSTOP);
		usleep(2500000);
		_exit(kill(process, SIGCONT));
	}
	ticket = handshake_enter();
	assert_int_equal(pthread_create(&waiter, NULL, take_ticket, NULL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	usleep(200000);
	assert_false(atomic_load(&has_ticket));
	handshake_leave(ticket);
	pthread_join(waiter, NULL);
	assert_true(atomic_load(&has_ticket));
}

/* A client that does not read is closed, and holds up neither the others nor the service. */
static void test_slow_client(void **state)
{
	int slow, fd, small = 4096, opcode;
	char channel[100], body[700], name[129], *data;
	json_t *message;
	size_t size;

	(void)state;
	slow = websocket_connect(port);
	assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	memset(name, 'n', 128);
	name[128] = '\0';
	add_channel(channel, sizeof(channel), 5000);
	strcat(channel, "/outputs");
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"url\":\"srt://h:1?streamid=%s%s%s\"}",
	         name, name, name, name);
	for (int i = 0; i < 120; i++)
		call("POST", channel, body, 201);
	channel[strlen(channel) - strlen("/outputs")] = '\0';
	fd = websocket_connect(port); /* not before: it must read all the time */
	json_decref(next_message(fd));
	for (int i = 0; i < 40; i++) { /* 110 kB a message */
		snprintf(body, sizeof(body), "{\"name\":\"%d\"}", i);
		call("PUT", channel, body, 200);
		message = next_message(fd);
		assert_non_null(message);
		json_decref(message);
	}
	close(fd);
	fd = 0;
	do { /* what had been sent, and then the end */
		opcode = websocket_read(slow, &data, &size, WAIT_MS);
		free(data);
		fd++;
	} while (opcode == 1);
	assert_int_equal(opcode, -1);
	assert_true(fd < 40);
	close(slow);
}

static int http_connect_from(uint32_t address)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	struct sockaddr_in there = {.sin_family = AF_INET,
	                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                            .sin_port = htons(port)};
	const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);
	return fd;
}

static int ask_health(int fd)
{
	static const char request[] = "GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_reply reply;
	int status;

	send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
	http_read(fd, &reply, 0);
	status = reply.status;
	http_free(&reply);
	close(fd);
	return status;
}

/* Who opens connections without end and never finishes a request keeps only himself out. */
static void test_greedy_address(void **state)
{
	int fds[150], status = 0;

	(void)state;
	for (size_t i = 0; i < 150; i++) {
		fds[i] = http_connect_from(INADDR_LOOPBACK);
		send(fds[i], "GET /", 5, MSG_NOSIGNAL);
	}
	assert_int_equal(ask_health(http_connect_from(INADDR_LOOPBACK)), 0);
	assert_int_equal(ask_health(http_connect_from(INADDR_LOOPBACK + 1)), 200);
	for (size_t i = 0; i < 150; i++)
		close(fds[i]);
	for (int i = 0; i < 1000 && status != 200; i++) { /* the server notices soon */
		usleep(20000);
		status = ask_health(http_connect_from(INADDR_LOOPBACK));
	}
	assert_int_equal(status, 200);
}

/* Stopping is quick with clients of every kind connected, and they are told. */
static void test_stop(void **state)
{
	int fd = websocket_connect(port), mute = websocket_connect(port), idle = http_connect(port);
	int64_t before_ns;
	char *data;
	size_t size;

	(void)state;
	json_decref(next_message(fd));
	assert_int_equal(write(idle, "GET /api/hea", 12), 12);
	before_ns = running_ns();
	api_server_destroy(server);
	server = NULL;
	assert_true(running_ns() - before_ns < 1500 * NS_PER_MS);
	assert_int_equal(websocket_read(fd, &data, &size, WAIT_MS), 8);
	assert_memory_equal(data, "\x03\xe9", 2);
	free(data);
	close(fd);
	close(mute);
	close(idle);
}

static void test_listen(void **state)
{
	static const char *const wrong[] = {
		"",           "8000",         ":8000",           "127.0.0.1",      "127.0.0.1:",
		"1.2.3:8000", "localhost:80", "127.0.0.1:65536", "127.0.0.1:+1",   "[::1:8000",
		"::1:8000",   "[]:80",        "127.0.0.1:80x",   "[127.0.0.1]:80",
	};
	struct api_config config = {.manager = manager};
	struct api_server *second;
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		config.listen = wrong[i];
		assert_int_equal(api_server_create(&second, &config), -EINVAL);
	}
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	config.listen = text;
	assert_int_equal(api_server_create(&second, &config), -EADDRINUSE);
	config.listen = "[::1]:0";
	if (!api_server_create(&second, &config)) /* where there is IPv6 */
		api_server_destroy(second);
}

static json_t *only_item(const json_t *object, const char *name)
{
	const json_t *list = json_object_get(object, name);

	assert_int_equal(json_array_size(list), 1);
	return json_array_get(list, 0);
}

static void test_system(void **state)
{
	json_t *json = call("GET", "/api/system", NULL, 200), *interface, *queue;

	(void)state;
	assert_string_equal(text_of(json, "version"), DISTRIBUTOR_VERSION);
	assert_true(strlen(text_of(json, "kernel")) > 0);
	assert_true(number_of(json, "cpus") > 0);
	assert_true(json_is_array(json_object_get(json, "capabilities")));
	assert_int_equal(number_of(json_object_get(json, "memlock"), "umem_bytes"), 16777216);
	assert_string_equal(text_of(json_object_get(json, "ingest"), "mode"), "auto");
	interface = only_item(json, "interfaces");
	assert_string_equal(text_of(interface, "driver"), "ena");
	assert_int_equal(number_of(interface, "mtu"), 9001);
	assert_true(json_is_null(json_object_get(interface, "speed_mbps")));
	assert_string_equal(text_of(only_item(interface, "steps"), "fix"),
	                    "ip link set eth0 mtu 3498");
	assert_string_equal(text_of(only_item(interface, "preflight"), "severity"), "refused");
	queue = only_item(interface, "queues");
	assert_string_equal(text_of(queue, "mode"), "copy");
	assert_int_equal(number_of(queue, "rx_dropped"), 7);
	assert_int_equal(number_of(json_object_get(interface, "verdicts"), "redirected"), 17);
	assert_int_equal(number_of(json_object_get(interface, "link"), "rx_missed"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_switch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_origin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_websocket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_websocket_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_websocket_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(test_websocket_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_system, setup, teardown),
		cmocka_unit_test_setup_teardown(test_storm, setup, teardown),
		cmocka_unit_test(test_stopped_in_handshake),
		cmocka_unit_test_setup_teardown(test_slow_client, setup, teardown),
		cmocka_unit_test_setup_teardown(test_greedy_address, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listen, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
