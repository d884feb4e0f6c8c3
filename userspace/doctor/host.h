/*
 * The files in which the kernel describes the host (/proc, /sys), below a root that tests choose.
 */
#ifndef DOCTOR_HOST_H
#define DOCTOR_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct host {
	const char *root; /* "" for the real one */
};

/*
 * The first line of a file, without white space at its end; the path, as printf has it, begins with a slash.
 * Errors: negative errno; out is "" then. Thread: any.
 */
int host_read(const struct host *host, char *out, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));

/* A file that holds one number. Errors: negative errno, -EINVAL without a number. Thread: any. */
int host_read_number(const struct host *host, int64_t *out, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* Is there such a file or folder? Thread: any. */
bool host_has(const struct host *host, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* A file for reading, or NULL with errno. Owns: the caller closes it. Thread: any. */
FILE *host_open(const struct host *host, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Call fn for every entry of a folder, but "." and "..", in no order, until it returns false. A folder that cannot
 * be read has none. Thread: any.
 */
void host_each(const struct host *host, const char *path,
               bool (*fn)(void *context, const char *name), void *context);

/* Does a list as the kernel writes them ("0-3,8") have the number? Thread: any. */
bool host_list_has(const char *list, unsigned int number);

#endif
