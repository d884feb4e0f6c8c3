/*
 * thread_stopper TID: stop that one thread, not the process it is of, until this program is ended by SIGTERM or SIGINT.
 * Prints "stopped" when the thread stands. By ptrace(2): SIGSTOP would stop all threads.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	const pid_t tid = argc == 2 ? (pid_t)atoi(argv[1]) : 0;
	sigset_t signals;
	int status, received;

	if (tid <= 0) {
		fprintf(stderr, "usage: thread_stopper TID\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) ||
	    waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status)) {
		fprintf(stderr, "thread_stopper: %d: %s\n", (int)tid, strerror(errno));
		return 1;
	}
	puts("stopped");
	fflush(stdout);
	sigwait(&signals, &received);
	return ptrace(PTRACE_DETACH, tid, NULL, NULL) ? 1 : 0;
}
