/*
 * channels.json on disk: saved whole or not at all, read back, never lost when it is broken.
 */
#include "control/store.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/test_store.XXXXXX";
static char path[sizeof(dir) + 32];
static int link_error; /* 0: links are possible */

/* Instead of the C library's, for file systems without links. */
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	errno = link_error;
	return link_error ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void read_file(const char *name, char *out, size_t size)
{
	char full[512];
	FILE *file;
	size_t n;

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	file = fopen(full, "r");
	assert_non_null(file);
	n = fread(out, 1, size - 1, file);
	out[n] = '\0';
	fclose(file);
}

/* The number of files whose name begins with prefix; the last one's name goes to name. */
static int count_files(const char *prefix, char *name, size_t size)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d))) {
		if (e->d_name[0] == '.' || strncmp(e->d_name, prefix, strlen(prefix)) != 0)
			continue;
		n++;
		if (name)
			snprintf(name, size, "%s", e->d_name);
	}
	closedir(d);
	return n;
}

static int setup(void **state)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/channels.json", dir);
	log_configure(LOG_LEVEL_ERROR, false);
	link_error = 0;
	*state = NULL;
	return 0;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static struct store *open_store(void)
{
	struct store *store;
	char why[256];

	assert_int_equal(store_open(&store, dir, why, sizeof(why)), 0);
	return store;
}

static void free_entries(struct channel_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		channel_entry_free(&entries[i]);
	free(entries);
}

static void test_round_trip(void **state)
{
	static const char text[] =
		"{\"b\":{\"config\":{\"name\":\"Second\",\"rtp_port\":2},\"desired\":\"running\","
		"\"created_at\":\"2026-01-02T00:00:00Z\"},"
		"\"a\":{\"config\":{\"name\":\"First\",\"rtp_port\":1,\"outputs\":[{\"url\":"
		"\"srt://h:1?passphrase=0123456789\"}]},\"created_at\":\"2026-01-01T00:00:00Z\"}}";
	struct store *store = open_store();
	struct channel_entry *entries;
	const struct channel_entry *list[2];
	char why[256], first[4096], second[4096];
	struct stat info;
	size_t count;

	(void)state;
	write_file(text);
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	assert_int_equal(count, 2);
	assert_string_equal(entries[0].name, "First"); /* by creation */
	assert_true(entries[1].running);
	list[0] = &entries[0];
	list[1] = &entries[1];
	assert_int_equal(store_save(store, list, 2, why, sizeof(why)), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	read_file("channels.json", first, sizeof(first));
	assert_non_null(strstr(first, "passphrase=0123456789"));
	free_entries(entries, count);

	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	list[0] = &entries[0];
	list[1] = &entries[1];
	assert_int_equal(store_save(store, list, 2, why, sizeof(why)), 0);
	read_file("channels.json", second, sizeof(second));
	assert_string_equal(first, second);
	assert_int_equal(count_files("", NULL, 0), 1); /* nothing is left lying about */
	free_entries(entries, count);
	store_close(store);
}

static void test_missing(void **state)
{
	struct store *store;
	struct channel_entry *entries;
	char why[256], below[128];
	size_t count = 7;

	(void)state;
	snprintf(below, sizeof(below), "%s/new", dir);
	assert_int_equal(store_open(&store, below, why, sizeof(why)), 0);
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_save(store, NULL, 0, why, sizeof(why)), 0);
	free_entries(entries, count);
	store_close(store);

	snprintf(below, sizeof(below), "%s/no/such", dir);
	assert_int_equal(store_open(&store, below, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, below));
}

static void test_file_in_the_way(void **state)
{
	struct store *store;
	char why[256];

	(void)state;
	write_file("x");
	assert_int_equal(store_open(&store, path, why, sizeof(why)), -ENOTDIR);
}

static void test_broken(void **state)
{
	static const char *const cases[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"a\":{\"config\":{\"name\":\"x\",\"rtp_port\":1}}",
		"{\"a\":{\"config\":{\"name\":\"x\",\"rtp_port\":1}},\"a\":{}}",
		"{\"a\":{\"config\":{\"name\":\"\xff\xfe\",\"rtp_port\":1}}}",
	};
	char why[256], name[300], content[512];
	struct channel_entry *entries;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store *store = open_store();

		write_file(cases[i]);
		assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
		assert_int_equal(count, 0);
		assert_int_equal(count_files("channels.json.broken-", name, sizeof(name)), i + 1);
		assert_int_equal(access(path, F_OK), -1);
		if (!i)
			read_file(name, content, sizeof(content));
		free_entries(entries, count);
		store_close(store);
	}
	assert_string_equal(content, "");
}

/* Load with the log going to text; returns the number of channels. */
static size_t load_logged(struct store *store, struct channel_entry **entries, char *text,
                          size_t size)
{
	FILE *log = tmpfile();
	int stderr_fd = dup(STDERR_FILENO), error;
	size_t count = 0, n;
	char why[256];

	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	error = store_load(store, entries, &count, why, sizeof(why));
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	assert_int_equal(error, 0);
	rewind(log);
	n = fread(text, 1, size - 1, log);
	text[n] = '\0';
	fclose(log);
	return count;
}

#define GOOD \
	"\"g\":{\"config\":{\"name\":\"Good\",\"rtp_port\":1},\"created_at\":\"2026-01-02T00:00:00Z\"}"
#define SAME_PORT \
	"\"s\":{\"config\":{\"name\":\"Same\",\"rtp_port\":1},\"created_at\":\"2026-01-01T00:00:00Z\"}"

/* Channels that cannot be used are left out, one line each, and do not take the others with them. */
static void test_left_out(void **state)
{
	static const struct {
		const char *channel, *logged;
	} cases[] = {
		{"\"b\":1", "channel b: the channel must be an object; left out"},
		{"\"a/b\":{\"config\":{\"name\":\"x\",\"rtp_port\":1}}",
	         "channel \"x\" (a/b): the id is not plain text; left out"},
		{"\"b\":{\"config\":{\"name\":\"Bad\",\"rtp_port\":99999}}",
	         "channel \"Bad\" (b): rtp_port must be from 1 to 65535; left out"},
		{"\"b\":{\"config\":{\"name\":\"Bad\",\"rtp_port\":2,\"outputs\":[{\"name\":7,\"url\":"
	         "\"srt://h:1?passphrase=0123456789\"}]}}",
	         "channel \"Bad\" (b): outputs[0] must be a string; left out"},
	};
	char before[1024], after[1024], log[4096], name[300];
	struct channel_entry *entries;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store *store = open_store();

		snprintf(before, sizeof(before), "{%s,%s,%s}", GOOD, cases[i].channel, SAME_PORT);
		unlink(path);
		write_file(before);
		for (int again = 0; again < 2; again++) { /* a second start keeps no second file */
			size_t count = load_logged(store, &entries, log, sizeof(log));

			assert_int_equal(count, 2); /* overlapping ports are no fault of the file */
			assert_string_equal(entries[0].name, "Same");
			assert_string_equal(entries[1].name, "Good");
			free_entries(entries, count);
			assert_int_equal(count_files("channels.json.broken-", name, sizeof(name)),
			                 i + 1);
			if (!strstr(log, cases[i].logged) ||
			    !strstr(log, "kept as channels.json.") || strstr(log, "0123456789"))
				fail_msg("log: %s", log);
		}
		read_file("channels.json", after, sizeof(after)); /* still in place */
		assert_string_equal(before, after);
		store_close(store);
	}
}

/* What was kept outlives the next save; where there are no links it is a copy. */
static void test_kept(void **state)
{
	static const char text[] = "{" GOOD ",\"b\":{}}";
	static const int errors[] = {0, EPERM, EOPNOTSUPP};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct store *store = open_store();
		struct channel_entry *entries;
		const struct channel_entry *list[1];
		char name[300] = "", full[400], content[1024], log[4096], why[256];
		struct stat info;

		write_file(text);
		assert_int_equal(chmod(path, 0600), 0);
		link_error = errors[i];
		for (int again = 0; again < 2; again++) {
			assert_int_equal(load_logged(store, &entries, log, sizeof(log)), 1);
			assert_int_equal(count_files("channels.json.broken-", name, sizeof(name)),
			                 1);
			if (!again)
				free_entries(entries, 1);
		}
		assert_non_null(strstr(log, name));
		list[0] = &entries[0];
		assert_int_equal(store_save(store, list, 1, why, sizeof(why)), 0);
		free_entries(entries, 1);
		read_file(name, content, sizeof(content));
		assert_string_equal(content, text);
		snprintf(full, sizeof(full), "%s/%s", dir, name);
		assert_int_equal(stat(full, &info), 0);
		assert_int_equal(info.st_mode & 07777, 0600);
		assert_int_equal(load_logged(store, &entries, log, sizeof(log)), 1);
		assert_string_equal(log, ""); /* the saved file is whole again */
		free_entries(entries, 1);
		assert_int_equal(unlink(full), 0);
		store_close(store);
	}
}

/* A file that can neither be linked nor copied is not at the next save's mercy: the program stops. */
static void test_not_kept(void **state)
{
	static const char text[] = "{" GOOD ",\"b\":{}}";
	struct store *store = open_store();
	struct channel_entry *entries = NULL;
	struct rlimit limit, tight;
	char why[256], after[1024];
	size_t count = 7;

	(void)state;
	write_file(text);
	link_error = EPERM;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(why, "cannot be kept: File too large"));
	assert_null(entries);
	assert_int_equal(count, 7);
	read_file("channels.json", after, sizeof(after));
	assert_string_equal(text, after);
	assert_int_equal(count_files("", NULL, 0), 1); /* no half copy */
	store_close(store);
}

/* Of too many channels the oldest are kept, wherever they stand in the file. */
static void test_too_many(void **state)
{
	struct store *store = open_store();
	struct channel_entry *entries;
	char *text = malloc(1030 * 120), *at = text, log[4096];

	(void)state;
	at += sprintf(at, "{");
	for (int i = 0; i < 1027; i++) /* the youngest first */
		at += sprintf(at,
		              "%s\"id%d\":{\"config\":{\"name\":\"n%d\",\"rtp_port\":%d},"
		              "\"created_at\":\"%d-01-01T00:00:00Z\"}",
		              i ? "," : "", i, i, 1 + i, 3100 - i);
	strcpy(at, "}");
	write_file(text);
	free(text);
	assert_int_equal(load_logged(store, &entries, log, sizeof(log)), 1024);
	assert_string_equal(entries[0].id, "id1026");
	assert_string_equal(entries[1023].id, "id3");
	assert_non_null(strstr(log, "channel \"n0\" (id0): there are 1024 older ones"));
	assert_non_null(strstr(log, "channel \"n1\" (id1): "));
	assert_non_null(strstr(log, "channel \"n2\" (id2): "));
	assert_null(strstr(log, "(id3)"));
	assert_int_equal(count_files("channels.json.broken-", NULL, 0), 1);
	free_entries(entries, 1024);
	store_close(store);
}

/* A directory or a device under the name is no file either, and is not lost. */
static void test_not_a_file(void **state)
{
	struct store *store = open_store();
	struct channel_entry *entries;
	char why[256];
	size_t count;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	free_entries(entries, count);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	free_entries(entries, count);
	assert_int_equal(count_files("channels.json.broken-", NULL, 0), 2);
	store_close(store);
}

static bool beyond_limit;

static void note_limit(int signal)
{
	(void)signal;
	beyond_limit = true;
}

/* What is nested deeply is little text, and very much with its indentation: that does not fill the disk first. */
static void test_too_large(void **state)
{
	const struct rlimit tight = {(64 << 20) + 65536, RLIM_INFINITY};
	struct store *store = open_store();
	struct channel_entry entry = {.id = "a", .name = "Deep", .extra = json_object()};
	const struct channel_entry *list[1] = {&entry};
	struct rlimit limit;
	char why[256];

	(void)state;
	for (int i = 0; i < 20; i++) {
		json_t *value = json_array();
		char name[8];

		for (int depth = 0; depth < 2000; depth++)
			value = json_pack("[o]", value);
		snprintf(name, sizeof(name), "x%d", i);
		json_object_set_new(entry.extra, name, value);
	}
	signal(SIGXFSZ, note_limit);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(store_save(store, list, 1, why, sizeof(why)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_false(beyond_limit);
	assert_int_equal(count_files("", NULL, 0), 0);
	json_decref(entry.extra);
	store_close(store);
}

static void test_failing_save(void **state)
{
	struct rlimit limit, tight;
	struct store *store = open_store();
	struct channel_entry *entries;
	const struct channel_entry *list[1];
	char why[256], before[4096], after[4096], blocked[128];
	size_t count;

	(void)state;
	write_file("{\"a\":{\"config\":{\"name\":\"First\",\"rtp_port\":1}}}");
	read_file("channels.json", before, sizeof(before));
	assert_int_equal(store_load(store, &entries, &count, why, sizeof(why)), 0);
	list[0] = &entries[0];

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	tight = limit;
	tight.rlim_cur = 20; /* the disk is full in the middle of the file */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	assert_int_equal(store_save(store, list, 1, why, sizeof(why)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(why, "channels.json: File too large"));
	assert_int_equal(count_files("", NULL, 0), 1);

	snprintf(blocked, sizeof(blocked), "%s/channels.json.tmp", dir);
	assert_int_equal(mkdir(blocked, 0700), 0);
	assert_int_equal(store_save(store, list, 1, why, sizeof(why)), -EISDIR);
	read_file("channels.json", after, sizeof(after));
	assert_string_equal(before, after);
	assert_int_equal(rmdir(blocked), 0);

	/* A symbolic link under the temporary name is not followed. */
	assert_int_equal(symlink("/dev/full", blocked), 0);
	assert_int_equal(store_save(store, list, 1, why, sizeof(why)), -ELOOP);
	assert_int_equal(store_save(store, list, 1, why, sizeof(why)), 0);
	free_entries(entries, count);
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_save, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
