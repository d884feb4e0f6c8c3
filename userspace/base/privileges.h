/*
 * Capabilities (capabilities(7)) of the process: what it lacks, what it keeps, what it drops.
 */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#define PRIVILEGES_NAMES_MAX 1024 /* bytes that hold the names of all */

/*
 * Put into effect what is permitted: capabilities of the program's file that its effective flag does not
 * raise. With that flag the kernel refuses to start the program where one of them cannot be had, as in a
 * container that was given none. Errors: negative errno. Thread: main, before others exist.
 */
int privileges_raise(void);

/*
 * Write a line to the log for every capability that is missing and what is lost by that.
 * xdp: XDP is asked for. Thread: main.
 */
void privileges_explain(bool xdp);

/* A capability that is missing. */
struct privilege_gap {
	const char *name; /* "bpf" */
	const char *loss; /* what is lost by that */
	bool xdp;         /* XDP, and not just kernel sockets */
};

#define PRIVILEGES_MAX_GAPS 8

/*
 * What of the capabilities with a use is not in force. xdp: XDP is asked for. Writes at most
 * PRIVILEGES_MAX_GAPS to gaps, returns how many. Thread: any.
 */
size_t privileges_missing(bool xdp, struct privilege_gap *gaps);

/* Is the capability of that name ("ipc_lock") in force? Thread: any. */
bool privileges_hold(const char *name);

/*
 * Drop for good what a running program has no use for: from this thread's sets, from the bounding set
 * where CAP_SETPCAP allows, and programs that it might start gain nothing (PR_SET_NO_NEW_PRIVS). Kept are
 * what kernel sockets profit from, and with xdp what an interface that comes back needs to be attached
 * again. directory: where root must be able to write although it may be another user's.
 * Errors: negative errno. Thread: main, before others exist: capabilities are a thread's, inherited.
 */
int privileges_drop(bool xdp, const char *directory);

/*
 * The names of the capabilities in force, "cap_net_admin,cap_bpf", in the order of their numbers; ""
 * without any. Returns how many. Thread: any.
 */
size_t privileges_names(char *out, size_t size);

#endif
