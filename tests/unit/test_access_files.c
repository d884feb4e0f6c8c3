/*
 * The files of token, certificate and key: which of them are refused, which are warned about, and with what words.
 */
#include "base/access_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_S        86400
#define TOKEN        "0123456789abcdef"
#define MAX_FAULTS   8

static char dir[] = "/tmp/mld-access.XXXXXX";
static struct access_fault faults[MAX_FAULTS];
static size_t fault_count;

static void take(void *context, const struct access_fault *fault)
{
	(void)context;
	assert_true(fault_count < MAX_FAULTS);
	faults[fault_count++] = *fault;
}

/* Four paths at a time. */
static const char *path_of(const char *name)
{
	static char paths[4][100];
	static size_t next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const void *text, size_t size)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path_of(name), 0600), 0);
}

/* NAME.key, and NAME.pem that vouches for it between two days from now. */
static void make_pair(const char *name, int from_days, int to_days)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
	gnutls_datum_t text;
	char file[32];

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
	                                     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
		0);
	assert_int_equal(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text), 0);
	snprintf(file, sizeof(file), "%s.key", name);
	write_file(file, text.data, text.size);
	gnutls_free(text.data);
	assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
	gnutls_x509_crt_set_version(certificate, 3);
	gnutls_x509_crt_set_serial(certificate, "\1", 1);
	gnutls_x509_crt_set_activation_time(certificate, time(NULL) + from_days * DAY_S);
	gnutls_x509_crt_set_expiration_time(certificate, time(NULL) + to_days * DAY_S);
	gnutls_x509_crt_set_key(certificate, key);
	assert_int_equal(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0),
	                 0);
	assert_int_equal(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text), 0);
	snprintf(file, sizeof(file), "%s.pem", name);
	write_file(file, text.data, text.size);
	gnutls_free(text.data);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	make_pair("own", -1, 1);
	make_pair("other", -1, 1);
	make_pair("old", -3, -1);
	make_pair("early", 1, 3);
	write_file("empty", "", 0);
	write_file("token", TOKEN, strlen(TOKEN));
	return 0;
}

static int remove_files(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int load(const struct access_files *files)
{
	struct access access = {0};
	int error;

	fault_count = 0;
	error = access_files_load(&access, files, take, NULL);
	if (error)
		assert_true(!access.token && !access.cert && !access.key);
	access_files_free(&access);
	return error;
}

static void test_pairs(void **state)
{
	static const struct {
		const char *cert, *key;
		int error;
		const char *parts[3]; /* of the sentence */
	} cases[] = {
		{"own.pem", "own.key", 0, {NULL}},
		{"own.pem", "other.key", -EINVAL, {"own.pem", "other.key", "is not that of"}},
		{"own.key", "own.pem", -EINVAL, {"own.key", "own.pem", "exchanged"}},
		{"own.pem", "own.pem", -EINVAL, {"no key", "own.pem"}},
		{"own.key", "own.key", -EINVAL, {"no certificate", "own.key"}},
		{"empty", "own.key", -EINVAL, {"no certificate", "empty"}},
		{"own.pem", "empty", -EINVAL, {"no key", "empty"}},
		{"old.pem", "old.key", 0, {"old.pem", "has expired on", "UTC"}},
		{"early.pem", "early.key", 0, {"early.pem", "is not valid before", "UTC"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct access_files files = {.tls_cert = path_of(cases[i].cert),
		                                   .tls_key = path_of(cases[i].key)};

		if (load(&files) != cases[i].error || fault_count != (cases[i].parts[0] ? 1 : 0))
			fail_msg("%s and %s: %zu, %s", cases[i].cert, cases[i].key, fault_count,
			         faults[0].sentence);
		if (fault_count)
			assert_int_equal(faults[0].is_fatal, cases[i].error != 0);
		for (size_t n = 0; n < COUNT(cases[i].parts) && cases[i].parts[n]; n++)
			if (!strstr(faults[0].sentence, cases[i].parts[n]))
				fail_msg("no %s in: %s", cases[i].parts[n], faults[0].sentence);
	}
}

/* That the group may read it is how a service is given a token; the command keeps that. */
static void test_modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *said; /* NULL: nothing */
	} cases[] = {
		{0600, NULL},
		{0400, NULL},
		{0640, NULL},
		{0644, "others may read the token"},
		{0602, "others may change the token"},
		{0606, "others may read and change the token"},
		{0660, "its group may change the token"},
		{0664, "others may read, its group may change the token"},
	};
	const struct access_files files = {.token = path_of("token")};
	char command[200];

	(void)state;
	snprintf(command, sizeof(command), "chmod g-w,o= %s/token", dir);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(chmod(files.token, cases[i].mode), 0);
		assert_int_equal(load(&files), 0);
		assert_int_equal(fault_count, cases[i].said != NULL);
		if (!cases[i].said)
			continue;
		assert_false(faults[0].is_fatal);
		assert_ptr_equal(strstr(faults[0].sentence, cases[i].said), faults[0].sentence);
		assert_string_equal(faults[0].fix, command);
		assert_int_equal(system(faults[0].fix), 0);
		assert_int_equal(load(&files), 0);
		assert_int_equal(fault_count, 0);
	}
	assert_int_equal(chmod(files.token, 0600), 0);
}

/* All that is wrong is said at once, and never what is in a file. */
static void test_all_at_once(void **state)
{
	const struct access_files files = {
		.token = dir, .tls_cert = "/nonexistent", .tls_key = path_of("token")};
	const struct access_files short_token = {.token = path_of("short")};

	(void)state;
	assert_int_equal(load(&files), -EISDIR);
	assert_int_equal(fault_count, 2);
	assert_int_equal(faults[0].file, ACCESS_TOKEN);
	assert_int_equal(faults[1].file, ACCESS_CERT);
	write_file("short", "abcdefg\n", 8);
	assert_int_equal(load(&short_token), -EINVAL);
	assert_int_equal(fault_count, 1);
	assert_null(strstr(faults[0].sentence, "abcdefg"));
}

/* A pipe is read when something is put in; one that nobody writes to holds nothing up. */
static void test_pipe(void **state)
{
	const struct access_files files = {.token = path_of("pipe")};
	pid_t writer;

	(void)state;
	assert_int_equal(mkfifo(files.token, 0600), 0);
	assert_int_equal(load(&files), -ETIMEDOUT);
	assert_int_equal(fault_count, 1);
	assert_non_null(strstr(faults[0].sentence, strerror(ETIMEDOUT)));
	writer = fork();
	assert_true(writer >= 0);
	if (!writer) {
		const int fd = open(files.token, O_WRONLY); /* when the reader has */

		usleep(20000);
		_exit(write(fd, TOKEN, strlen(TOKEN)) != (ssize_t)strlen(TOKEN));
	}
	assert_int_equal(load(&files), 0);
	assert_int_equal(fault_count, 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
