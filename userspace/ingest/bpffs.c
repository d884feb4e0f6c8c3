/*
 * Where pins are kept. A BPF file system belongs to mount namespaces, interface names to network
 * namespaces: several of the latter may see the same one, so a directory's name says which it is of.
 *
 * Where none is mounted (`ip netns exec` mounts a new /sys over the one that has it) one is mounted at the
 * usual place, as bpftool and ip do. It stays: others may have begun to use it. In `ip netns exec` it goes
 * with that command.
 */
#include "bpffs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif
#define HOST_COOKIE   1 /* the first one that the kernel hands out */
#define MOUNT_COMMAND "mount -t bpf bpf " BPFFS_ROOT
#define MAKE_TRIES    8 /* while other processes remove empty directories */

bool bpffs_is_mounted(void)
{
	struct statfs info;

	return !statfs(BPFFS_ROOT, &info) && info.f_type == BPF_FS_MAGIC;
}

static bool in_host_namespace(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (fd < 0)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		cookie = 0; /* the longer name is always right */
	close(fd);
	return cookie == HOST_COOKIE;
}

/* What follows the interface's name: "" or "@<inode>". */
static int name_namespace(char *suffix, size_t size)
{
	struct stat info;

	suffix[0] = '\0';
	if (in_host_namespace())
		return 0;
	if (stat("/proc/thread-self/ns/net", &info))
		return -errno;
	snprintf(suffix, size, "@%llu", (unsigned long long)info.st_ino);
	return 0;
}

static void swap_characters(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

static int mount_here(char *why, size_t size)
{
	if (bpffs_is_mounted())
		return 0;
	if (!mount("bpf", BPFFS_ROOT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return 0;
	snprintf(why, size, "no BPF file system is mounted: " MOUNT_COMMAND);
	return -errno;
}

/* Each directory on the way to path, from below BPFFS_ROOT on. */
static int make_path(const char *path)
{
	char part[BPFFS_PATH_MAX];

	for (const char *slash = path + strlen(BPFFS_ROOT); slash; slash = strchr(slash + 1, '/')) {
		const char *end = strchr(slash + 1, '/');

		snprintf(part, sizeof(part), "%.*s", end ? (int)(end - path) : (int)strlen(path),
		         path);
		if (mkdir(part, 0700) && errno != EEXIST)
			return -errno;
	}
	return access(path, W_OK | X_OK) ? -errno : 0;
}

static void give_access_command(char *command, size_t size)
{
	snprintf(command, size,
	         "mkdir -p " BPFFS_OURS " && chown -R %u " BPFFS_OURS " && chmod a+x " BPFFS_ROOT,
	         geteuid());
}

static void explain_make(int error, char *why, size_t size)
{
	char command[200];

	give_access_command(command, sizeof(command));
	if (error == -EACCES || error == -EPERM)
		snprintf(why, size, "no access for user %u; as root: %s", geteuid(), command);
	else
		snprintf(why, size, "directory below " BPFFS_ROOT ": %s", strerror(-error));
}

int bpffs_check_access(char *command, size_t size)
{
	if (!bpffs_is_mounted()) {
		snprintf(command, size, MOUNT_COMMAND);
		return -ENOENT;
	}
	/* EACCES of the root hides whether ours is there. */
	if (!faccessat(AT_FDCWD, BPFFS_OURS, W_OK | X_OK, AT_EACCESS) ||
	    (errno == ENOENT && !faccessat(AT_FDCWD, BPFFS_ROOT, W_OK | X_OK, AT_EACCESS)))
		return 0;
	give_access_command(command, size);
	return -EACCES;
}

int bpffs_name_directory(char *path, const char *interface)
{
	char name[64], suffix[32];
	const int error = name_namespace(suffix, sizeof(suffix));

	if (error)
		return error;
	snprintf(name, sizeof(name), "%s", interface);
	swap_characters(name, '.', ':');
	snprintf(path, BPFFS_PATH_MAX, BPFFS_OURS "/" BPFFS_LAYOUT "/%s%s", name, suffix);
	return 0;
}

int bpffs_make_directory(char *path, const char *interface, char *why, size_t size)
{
	int error = bpffs_name_directory(path, interface);

	if (error) {
		snprintf(why, size, "network namespace unknown: %s", strerror(-error));
		return error;
	}
	error = mount_here(why, size);
	if (error)
		return error;
	for (int i = 0; i < MAKE_TRIES; i++) {
		error = make_path(path);
		if (error != -ENOENT)
			break;
	}
	if (error)
		explain_make(error, why, size);
	return error;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int unlink_all(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int error = 0;

	if (!directory)
		return -errno;
	while ((entry = readdir(directory)))
		if (!is_dots(entry->d_name) && unlinkat(dirfd(directory), entry->d_name, 0))
			error = -errno;
	closedir(directory);
	return error;
}

/* Directories of another user were made for one who may not make them himself. */
static void remove_empty_parents(const char *path)
{
	char parent[BPFFS_PATH_MAX];
	struct stat info;
	char *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	while ((slash = strrchr(parent, '/')) && (size_t)(slash - parent) > strlen(BPFFS_ROOT)) {
		*slash = '\0';
		if (stat(parent, &info) || info.st_uid != geteuid() || rmdir(parent))
			return;
	}
}

int bpffs_clear_directory(const char *path, bool whole)
{
	const int error = unlink_all(path);

	if (error || !whole)
		return error == -ENOENT ? 0 : error;
	if (rmdir(path))
		return -errno;
	remove_empty_parents(path);
	return 0;
}

struct walk {
	int (*fn)(void *context, const char *interface, const char *path);
	void *context;
	char suffix[32]; /* of this network namespace */
};

/* One directory `name` of a layout's: ours when its suffix is. */
static int visit(const struct walk *walk, const char *layout, const char *name)
{
	char path[BPFFS_PATH_MAX], interface[64];
	const char *at = strrchr(name, '@');

	if (is_dots(name) || strcmp(at ? at : "", walk->suffix))
		return 0;
	snprintf(interface, sizeof(interface), "%.*s", at ? (int)(at - name) : (int)strlen(name),
	         name);
	swap_characters(interface, ':', '.');
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", layout, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return walk->fn(walk->context, interface, path);
}

static int visit_layout(const struct walk *walk, const char *layout)
{
	DIR *directory = opendir(layout);
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return -errno;
	while (!result && (entry = readdir(directory)))
		result = visit(walk, layout, entry->d_name);
	closedir(directory);
	return result;
}

int bpffs_each_directory(int (*fn)(void *context, const char *interface, const char *path),
                         void *context)
{
	struct walk walk = {.fn = fn, .context = context};
	char layout[BPFFS_PATH_MAX];
	struct dirent *entry;
	DIR *directory;
	int result = name_namespace(walk.suffix, sizeof(walk.suffix));

	if (result || !bpffs_is_mounted())
		return result;
	directory = opendir(BPFFS_OURS);
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	while (!result && (entry = readdir(directory))) {
		if (is_dots(entry->d_name))
			continue;
		snprintf(layout, sizeof(layout), BPFFS_OURS "/%.64s", entry->d_name);
		result = visit_layout(&walk, layout);
	}
	closedir(directory);
	return result;
}
