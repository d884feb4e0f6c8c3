/*
 * Claims: one holder in a network namespace, gone with the process.
 */
#include "ingest/claim.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NAME  "claim-test0"
#define OTHER "claim-test1"

static void test_one_holder(void **state)
{
	int first = -1, second = -1, third = -1;
	pid_t holder = -1;

	(void)state;
	assert_int_equal(claim_take(&first, NAME, &holder), 0);
	assert_int_equal(claim_take(&second, NAME, &holder), -EADDRINUSE);
	assert_int_equal(holder, getpid());
	assert_int_equal(second, -1);
	for (int i = 0; i < 100; i++) { /* however often it is asked for */
		assert_int_equal(claim_take(&second, NAME, &holder), -EADDRINUSE);
		assert_int_equal(holder, getpid());
	}
	assert_int_equal(claim_take(&third, OTHER, &holder), 0);
	assert_int_equal(holder, 0);
	claim_release(first);
	assert_int_equal(claim_take(&second, NAME, &holder), 0);
	claim_release(second);
	claim_release(third);
	claim_release(-1);
}

/* A child that takes the claim, says how that went, and waits for its end. */
static pid_t start_child(bool own_namespace, int *result)
{
	int pipe_ends[2];
	pid_t child, holder;

	assert_int_equal(pipe(pipe_ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		int claim = -1, error = 0;

		if (own_namespace && unshare(CLONE_NEWNET))
			error = -errno;
		if (!error)
			error = claim_take(&claim, NAME, &holder);
		if (write(pipe_ends[1], &error, sizeof(error)) != sizeof(error))
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipe_ends[0], result, sizeof(*result)), sizeof(*result));
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_ends_with_process(void **state)
{
	int claim = -1, result;
	const pid_t child = start_child(false, &result);
	pid_t holder = 0;
	int error;

	(void)state;
	error = claim_take(&claim, NAME, &holder);
	end_child(child);
	assert_int_equal(result, 0);
	assert_int_equal(error, -EADDRINUSE);
	assert_int_equal(holder, child);
	assert_int_equal(claim_take(&claim, NAME, &holder), 0);
	claim_release(claim);
}

static void test_namespaces_are_apart(void **state)
{
	int claim = -1, result;
	pid_t child, holder;

	(void)state;
	assert_int_equal(claim_take(&claim, NAME, &holder), 0);
	child = start_child(true, &result);
	end_child(child);
	claim_release(claim);
	if (result == -EPERM)
		skip(); /* not root */
	assert_int_equal(result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_holder),
		cmocka_unit_test(test_ends_with_process),
		cmocka_unit_test(test_namespaces_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
