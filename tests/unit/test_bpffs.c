/*
 * Directories in a BPF file system of the test's own: names, who sees which, what is removed.
 */
#include "ingest/bpffs.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LAYOUT BPFFS_OURS "/" BPFFS_LAYOUT

static bool is_ready; /* not without root */
static char suffix[32];

/* A network namespace that is not the host's, and no file system at BPFFS_ROOT but sysfs. */
static int prepare(void **state)
{
	struct stat info;

	(void)state;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		return 0;
	if (stat("/proc/self/ns/net", &info))
		return -1;
	snprintf(suffix, sizeof(suffix), "@%llu", (unsigned long long)info.st_ino);
	is_ready = true;
	return 0;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static void make(char *path, const char *interface)
{
	char why[300] = "";

	if (bpffs_make_directory(path, interface, why, sizeof(why)))
		fail_msg("%s: %s", interface, why);
}

static void test_names(void **state)
{
	static const struct {
		const char *interface, *name;
	} cases[] = {
		{"eth0", "eth0"},
		{"eth0.100", "eth0:100"}, /* a VLAN interface */
		{"a.b.c", "a:b:c"},
		{"veth@x", "veth@x"},
	};

	(void)state;
	if (!is_ready)
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[BPFFS_PATH_MAX], expected[BPFFS_PATH_MAX];
		struct stat info;

		snprintf(expected, sizeof(expected), LAYOUT "/%s%s", cases[i].name, suffix);
		make(path, cases[i].interface);
		assert_string_equal(path, expected);
		assert_int_equal(stat(path, &info), 0);
		assert_int_equal(info.st_mode, S_IFDIR | 0700);
		make(path, cases[i].interface); /* there already */
		assert_int_equal(bpffs_clear_directory(path, true), 0);
		assert_false(exists(BPFFS_OURS));
	}
}

struct seen {
	size_t count;
	char all[256];
};

static int see(void *context, const char *interface, const char *path)
{
	struct seen *seen = context;

	assert_true(exists(path));
	seen->count++;
	strcat(strcat(seen->all, interface), " ");
	return bpffs_clear_directory(path, true);
}

/* Those of other network namespaces are not seen; those of other layouts are. */
static void test_each(void **state)
{
	char path[BPFFS_PATH_MAX], older[BPFFS_PATH_MAX];
	struct seen seen = {0};

	(void)state;
	if (!is_ready)
		skip();
	assert_int_equal(bpffs_each_directory(see, &seen), 0);
	assert_int_equal(seen.count, 0);
	make(path, "eth0.5");
	assert_int_equal(mkdir(LAYOUT "/eth0@1", 0700), 0);
	assert_int_equal(mkdir(LAYOUT "/eth0", 0700), 0);
	assert_int_equal(mkdir(BPFFS_OURS "/v0", 0700), 0);
	snprintf(older, sizeof(older), BPFFS_OURS "/v0/old%s", suffix);
	assert_int_equal(mkdir(older, 0700), 0);
	assert_int_equal(bpffs_each_directory(see, &seen), 0);
	assert_int_equal(seen.count, 2);
	assert_non_null(strstr(seen.all, "eth0.5 "));
	assert_non_null(strstr(seen.all, "old "));
	assert_false(exists(BPFFS_OURS "/v0"));
	assert_true(exists(LAYOUT "/eth0@1") && exists(LAYOUT "/eth0"));
	assert_int_equal(rmdir(LAYOUT "/eth0"), 0);
	assert_int_equal(bpffs_clear_directory(LAYOUT "/eth0@1", true), 0);
	assert_false(exists(BPFFS_OURS));
}

/* A directory that was made for another user stays, and one that is not there is no error. */
static void test_clear(void **state)
{
	char path[BPFFS_PATH_MAX];

	(void)state;
	if (!is_ready)
		skip();
	make(path, "eth0");
	assert_int_equal(chown(BPFFS_OURS, 65534, 65534), 0);
	assert_int_equal(bpffs_clear_directory(path, false), 0);
	assert_true(exists(path));
	assert_int_equal(bpffs_clear_directory(path, true), 0);
	assert_int_equal(bpffs_clear_directory(path, true), 0);
	assert_true(exists(BPFFS_OURS));
	assert_false(exists(LAYOUT));
	assert_int_equal(rmdir(BPFFS_OURS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_clear),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
