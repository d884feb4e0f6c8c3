/*
 * The BPF file system, and our directories in it, one an interface:
 *
 *   /sys/fs/bpf/medialive-distributor/v1/<interface>          in the host's network namespace
 *   /sys/fs/bpf/medialive-distributor/v1/<interface>@<inode>  in another one (readlink /proc/PID/ns/net)
 *
 * v1 is the layout of what is in them; a dot in an interface's name is written as a colon, because bpffs
 * takes no dots.
 */
#ifndef INGEST_BPFFS_H
#define INGEST_BPFFS_H

#include <stdbool.h>
#include <stddef.h>

#define BPFFS_ROOT     "/sys/fs/bpf"
#define BPFFS_OURS     BPFFS_ROOT "/medialive-distributor"
#define BPFFS_LAYOUT   "v1"
#define BPFFS_PATH_MAX 192 /* bytes that hold any path of ours */

/* Is a BPF file system visible? Thread: any. */
bool bpffs_is_mounted(void);

/*
 * Make the directory of an interface, and mount a BPF file system at BPFFS_ROOT where none is.
 * path: BPFFS_PATH_MAX bytes. Errors: negative errno; why (size bytes) gets a sentence with the command
 * that helps. Thread: main.
 */
int bpffs_make_directory(char *path, const char *interface, char *why, size_t size);

/*
 * Could bpffs_make_directory make one, as this user? Changes nothing. command (size bytes) gets what mends
 * it, for root. Errors: -ENOENT without a BPF file system, -EACCES. Thread: any.
 */
int bpffs_check_access(char *command, size_t size);

/*
 * Find the directory of an interface, without making it. path: BPFFS_PATH_MAX bytes. Errors: negative errno.
 * Thread: any.
 */
int bpffs_name_directory(char *path, const char *interface);

/*
 * Remove every pin in a directory of ours, and with `whole` the directory and those above it that are
 * empty and this user's. Nothing there is fine. Errors: negative errno. Thread: main.
 */
int bpffs_clear_directory(const char *path, bool whole);

/*
 * Call fn for every directory of this network namespace, whatever its layout. Stops at the first call that
 * returns not 0 and returns that. Errors: negative errno of reading directories; none there is fine.
 * Thread: main.
 */
int bpffs_each_directory(int (*fn)(void *context, const char *interface, const char *path),
                         void *context);

#endif
