/*
 * What the program itself takes of the machine (proc(5)).
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdint.h>

struct process_usage {
	double cpu_s;     /* user and system time of all threads, those that ended too */
	double started_s; /* when it was started, seconds since 1970 */
	uint64_t resident_bytes, virtual_bytes;
	uint64_t threads;
	uint64_t open_fds, max_fds; /* descriptors; UINT64_MAX: no limit */
};

/* Errors: negative errno when /proc cannot be read; out is untouched then. Thread: any. */
int process_usage(struct process_usage *out);

#endif
