/*
 * Capabilities: the names of those in force, what a drop keeps, and that it is for good. Each case in a
 * process of its own.
 */
#include "base/privileges.h"

#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOCKETS "cap_net_bind_service,cap_net_admin,cap_net_raw"
#define NOBODY  65534

static char directory[64];

static const struct {
	bool xdp;
	uid_t owner; /* of the directory */
	const char *kept;
} cases[] = {
	{false, 0, SOCKETS},
	{true, 0, SOCKETS ",cap_ipc_lock,cap_perfmon,cap_bpf"},
	{false, NOBODY, "cap_dac_override," SOCKETS},
	{true, NOBODY, "cap_dac_override," SOCKETS ",cap_ipc_lock,cap_perfmon,cap_bpf"},
};

/* In a child: its exit status says which step went wrong, 0 none. */
static int drop(bool xdp, const char *kept)
{
	char names[PRIVILEGES_NAMES_MAX], missing[96];

	if (privileges_drop(xdp, directory))
		return 1;
	privileges_names(names, sizeof(names));
	if (strcmp(names, kept)) {
		fprintf(stderr, "kept: %s\n", names);
		return 2;
	}
	snprintf(missing, sizeof(missing), "%s/not/there/yet", directory);
	if (privileges_drop(xdp, missing)) /* once more changes nothing */
		return 3;
	privileges_names(names, sizeof(names));
	if (strcmp(names, kept))
		return 4;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
	    prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0 ||
	    prctl(PR_CAPBSET_READ, CAP_NET_ADMIN, 0, 0, 0) != 1)
		return 5;
	return access(directory, W_OK | X_OK) ? 6 : 0;
}

static int run_child(int (*child)(bool xdp, const char *kept), bool xdp, const char *kept)
{
	int status = -1;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(child(xdp, kept));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_drop(void **state)
{
	char names[PRIVILEGES_NAMES_MAX];

	(void)state;
	privileges_names(names, sizeof(names));
	if (geteuid() || !strstr(names, "cap_setpcap") || !strstr(names, "cap_bpf"))
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int step;

		assert_int_equal(chown(directory, cases[i].owner, cases[i].owner), 0);
		step = run_child(drop, cases[i].xdp, cases[i].kept);
		if (step)
			fail_msg("case %zu went wrong at step %d", i, step);
	}
}

static int drop_ordinary(bool xdp, const char *kept)
{
	char names[PRIVILEGES_NAMES_MAX];

	if (!geteuid() && setuid(NOBODY))
		return 1;
	if (privileges_drop(xdp, "/"))
		return 2;
	return privileges_names(names, sizeof(names)) == 0 && !strcmp(names, kept) ? 0 : 3;
}

static void test_ordinary_user(void **state)
{
	(void)state;
	assert_int_equal(run_child(drop_ordinary, true, ""), 0);
}

/* As a program with file capabilities, but without their effective flag, begins. */
static int raise_permitted(bool xdp, const char *kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.permitted = 1U << CAP_NET_RAW}};
	char names[PRIVILEGES_NAMES_MAX];

	(void)xdp;
	if (syscall(SYS_capset, &header, data) || privileges_names(names, sizeof(names)))
		return 1;
	if (privileges_raise() || privileges_names(names, sizeof(names)) != 1 ||
	    strcmp(names, kept))
		return 2;
	return privileges_raise() ? 3 : 0; /* once more changes nothing */
}

static void test_raise(void **state)
{
	char names[PRIVILEGES_NAMES_MAX];

	(void)state;
	privileges_names(names, sizeof(names));
	if (!strstr(names, "cap_net_raw"))
		skip();
	assert_int_equal(run_child(raise_permitted, true, "cap_net_raw"), 0);
}

static int make_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test_privileges.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_raise),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
