/*
 * Token and HTTPS: which files are one, and which requests are admitted with how little of it.
 */
#include "api_fixture.h"

#include "api/access.h"

#define TOKEN "0123456789abcdef-._~"

static const char *path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int load(const char *text, struct access *access)
{
	struct access_files files = {.token = path_of("token")};

	write_file("token", text);
	return access_load(access, &files);
}

static void test_token_files(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{TOKEN, 0},
		{TOKEN "\n", 0},
		{TOKEN " \t\r\n\n", 0},
		{"0123456789abcdef", 0},
		{"", -EINVAL},
		{"\n", -EINVAL},
		{"0123456789abcde", -EINVAL},
		{" 0123456789abcdef", -EINVAL},
		{"0123456789\nabcdef", -EINVAL},
		{"0123456789abcdef/", -EINVAL},
		{"0123456789abcdef,x", -EINVAL},
		{"0123456789abcdef\xc3\xa9", -EINVAL},
	};
	struct access access;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		access = (struct access){0};
		if (load(cases[i].text, &access) != cases[i].error)
			fail_msg("\"%s\" is not %d", cases[i].text, cases[i].error);
		assert_true(cases[i].error ? !access.token
		                           : strlen(access.token) >= ACCESS_MIN_TOKEN);
		access_files_free(&access);
	}
}

/* At and over the limits of length. */
static void test_token_length(void **state)
{
	struct access access = {0};
	char text[ACCESS_MAX_TOKEN + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[ACCESS_MAX_TOKEN] = '\0';
	assert_int_equal(load(text, &access), 0);
	assert_int_equal(strlen(access.token), ACCESS_MAX_TOKEN);
	access_files_free(&access);
	text[ACCESS_MAX_TOKEN] = 'x';
	text[ACCESS_MAX_TOKEN + 1] = '\0';
	assert_int_equal(load(text, &access), -EINVAL);
}

static void test_bad_files(void **state)
{
	struct access access = {0};
	struct access_files files = {.token = "/nonexistent"};

	(void)state;
	assert_int_equal(access_load(&access, &files), -ENOENT);
	files.token = dir;
	assert_int_equal(access_load(&access, &files), -EISDIR);
	files.token = "/dev/zero";
	assert_int_equal(access_load(&access, &files), -EFBIG);
	write_file("token", TOKEN);
	files = (struct access_files){.token = path_of("token"), .tls_cert = "/nonexistent"};
	assert_int_equal(access_load(&access, &files), -ENOENT);
	assert_null(access.token);
	files = (struct access_files){0};
	assert_int_equal(access_load(&access, &files), 0);
	assert_null(access.token);
}

/* What is no certificate is said so, and nothing is left behind. */
static void test_bad_certificate(void **state)
{
	struct access access = {.cert = strdup("no certificate"), .key = strdup("no key")};
	const struct api_config config = {
		.listen = "127.0.0.1:0", .manager = manager, .access = &access};
	struct api_server *other = NULL;

	(void)state;
	assert_int_equal(api_server_create(&other, &config), -EIO);
	assert_null(other);
	assert_non_null(access.cert); /* still the caller's */
	access_files_free(&access);
}

static void open_with_token(void)
{
	struct access access = {0};
	char www[200];
	const struct api_config config = {.listen = "127.0.0.1:0",
	                                  .dashboard_dir = www,
	                                  .manager = manager,
	                                  .access = &access};

	snprintf(www, sizeof(www), "%s/www", dir);
	assert_int_equal(load(TOKEN "\n", &access), 0);
	api_server_destroy(server);
	assert_int_equal(api_server_create(&server, &config), 0);
	assert_null(access.token);
	port = api_server_port(server);
}

static int status_of(const char *method, const char *path, const char *head)
{
	struct http_reply reply;
	int status;

	http_call(port, &reply, method, path, head, NULL, 0);
	status = reply.status;
	if (status == 401) {
		assert_error(reply.json, "unauthorized", NULL);
		assert_non_null(http_header(&reply, "WWW-Authenticate"));
		assert_null(strstr(reply.body, TOKEN));
	}
	http_free(&reply);
	return status;
}

static void test_headers(void **state)
{
	static const struct {
		const char *head;
		int status;
	} cases[] = {
		{"", 401},
		{"Authorization: Bearer " TOKEN "\r\n", 200},
		{"authorization: bearer  " TOKEN " \r\n", 200},
		{"Authorization: " TOKEN "\r\n", 401},
		{"Authorization: Basic " TOKEN "\r\n", 401},
		{"Authorization: Bearer\r\n", 401},
		{"Authorization: Bearer \r\n", 401},
		{"Authorization: Bearer 0\r\n", 401},
		{"Authorization: Bearer 0123456789abcdef-._\r\n", 401},
		{"Authorization: Bearer " TOKEN TOKEN "\r\n", 401},
		{"Authorization: Bearer " TOKEN "x\r\n", 401},
		{"Authorization: Bearer x" TOKEN "\r\n", 401},
		{"Authorization: Bearer 0123456789ABCDEF-._~\r\n", 401},
		{"Authorization: Bearer 0123456789abcdef-._\xff\r\n", 401},
		{"Authorization: Bearer wrong, Bearer " TOKEN "\r\n", 401},
		{"X-Authorization: Bearer " TOKEN "\r\n", 401},
		{"Cookie: " TOKEN "\r\n", 401},
		{"Sec-WebSocket-Protocol: distributor, token." TOKEN "\r\n", 401},
	};

	(void)state;
	open_with_token();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (status_of("GET", "/api/channels", cases[i].head) != cases[i].status)
			fail_msg("\"%s\" is not %d", cases[i].head, cases[i].status);
	}
}

/* Everything but health and the dashboard asks for it, before it says anything else. */
static void test_paths(void **state)
{
	static const struct {
		const char *method, *path;
		int status;
	} cases[] = {
		{"GET", "/api/health", 200},
		{"HEAD", "/api/health", 200},
		{"GET", "/", 200},
		{"GET", "/style.css", 200},
		{"GET", "/secret.html", 404},
		{"GET", "/api/nothing", 404},
		{"GET", "/api/system", 401},
		{"HEAD", "/api/system", 401},
		{"PATCH", "/api/channels", 401},
		{"POST", "/api/channels", 401},
		{"GET", "/api/channels/x", 401},
		{"DELETE", "/api/channels/x/outputs/y/readers/1", 401},
		{"GET", "/api/events", 401},
		{"GET", "/api/events?token=" TOKEN, 401},
		{"GET", "/api/openapi.yaml", 401},
		{"GET", "/metrics", 401},
		{"GET", "/ws", 401},
	};
	struct http_reply reply;

	(void)state;
	open_with_token();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		http_call(port, &reply, cases[i].method, cases[i].path, "", NULL, 0);
		if (reply.status != cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].path, reply.status);
		http_free(&reply);
	}
}

#define UPGRADE                                                                      \
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void test_websocket(void **state)
{
	static const struct {
		const char *head, *protocol;
		int status;
	} cases[] = {
		{UPGRADE, NULL, 401},
		{UPGRADE "Authorization: Bearer " TOKEN "\r\n", NULL, 101},
		{UPGRADE "Sec-WebSocket-Protocol: distributor, token." TOKEN "\r\n", "distributor",
	         101},
		{UPGRADE "Sec-WebSocket-Protocol: distributor,token." TOKEN "\r\n", "distributor",
	         101},
		{UPGRADE "Sec-WebSocket-Protocol: distributor, token.x" TOKEN "\r\n", NULL, 401},
		{UPGRADE "Sec-WebSocket-Protocol: distributor, " TOKEN "\r\n", NULL, 401},
		{UPGRADE "Sec-WebSocket-Protocol: distributor, token.\r\n", NULL, 401},
		{UPGRADE "Sec-WebSocket-Protocol: ,,, token\r\n", NULL, 401},
	};
	struct http_reply reply;

	(void)state;
	open_with_token();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		http_call(port, &reply, "GET", "/ws", cases[i].head, NULL, 0);
		if (reply.status != cases[i].status)
			fail_msg("%s: %d", cases[i].head, reply.status);
		if (cases[i].protocol)
			assert_string_equal(http_header(&reply, "Sec-WebSocket-Protocol"),
			                    cases[i].protocol);
		http_free(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_token_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_websocket, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
