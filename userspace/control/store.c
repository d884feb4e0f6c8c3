/*
 * channels.json on disk. Every path is relative to the open directory, so that a save cannot end up
 * somewhere else when the directory is renamed.
 */
#include "store.h"

#include "config.h"
#include "whole.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME       "channels.json"
#define TEMPORARY_NAME  "channels.json.tmp"
#define FILE_MAX_BYTES  (64L << 20)
#define LOAD_FLAGS      (O_RDONLY | O_CLOEXEC | O_NONBLOCK)
#define TEMPORARY_FLAGS (O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW)
#define COPY_FLAGS      (O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW)
#define BROKEN_BYTES    96  /* of the name of a file set aside or kept */
#define FAULT_BYTES     512 /* of what is wrong with a file or a channel */

struct store {
	int dir_fd;
	char *path; /* of the directory, for people */
};

int store_open(struct store **out, const char *dir, char *why, size_t size)
{
	struct store *store = calloc(1, sizeof(*store));
	int error;

	if (!store || !(store->path = strdup(dir))) {
		free(store);
		snprintf(why, size, "not enough memory");
		return -ENOMEM;
	}
	if (mkdir(dir, 0700) && errno != EEXIST) {
		error = errno;
		snprintf(why, size, "cannot make the directory %s: %s", dir, strerror(error));
		store->dir_fd = -1;
		store_close(store);
		return -error;
	}
	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0) {
		error = errno;
		snprintf(why, size, "cannot open the directory %s: %s", dir, strerror(error));
		store_close(store);
		return -error;
	}
	if (flock(store->dir_fd, LOCK_EX | LOCK_NB)) {
		error = errno;
		snprintf(why, size, "the directory %s is in use by another distributor", dir);
		store_close(store);
		return -error;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->dir_fd >= 0)
		close(store->dir_fd);
	free(store->path);
	free(store);
}

/* Parse the open file. Returns NULL with *why saying what is wrong with it. */
static json_t *parse_file(int fd, char *why, size_t size)
{
	json_error_t error;
	struct stat info;
	json_t *root;
	FILE *file;
	char *near;

	if (fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_size > FILE_MAX_BYTES) {
		snprintf(why, size, "it is no regular file of at most 64 MiB");
		return NULL;
	}
	file = fdopen(dup(fd), "r");
	if (!file) {
		snprintf(why, size, "%s", strerror(errno));
		return NULL;
	}
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	near = root ? NULL : strstr(error.text, " near ");
	if (near)
		*near = '\0'; /* what stands there may be a secret */
	if (!root)
		snprintf(why, size, "line %d: %s", error.line, error.text);
	else if (!json_is_object(root))
		snprintf(why, size, "it is not a JSON object");
	fclose(file);
	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

/* The new name is in place: a directory that cannot be synced is worth a word, not a failure. */
static void sync_directory(const struct store *store)
{
	if (fsync(store->dir_fd) && errno != EINVAL)
		log_warning("cannot sync the directory %s: %s", store->path, strerror(errno));
}

/* Name number i for a file that is set aside or kept. */
static void broken_name(char *out, time_t time, int i)
{
	char stamp[40] = "";
	struct tm utc;

	if (gmtime_r(&time, &utc))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	if (i)
		snprintf(out, BROKEN_BYTES, FILE_NAME ".broken-%s-%d", stamp, i);
	else
		snprintf(out, BROKEN_BYTES, FILE_NAME ".broken-%s", stamp);
}

/* Rename the file that cannot be used, to a name that nothing has yet. */
static int set_aside(struct store *store, const char *fault, char *why, size_t size)
{
	const time_t now = time(NULL);
	char name[BROKEN_BYTES];
	struct stat info;

	broken_name(name, now, 0);
	for (int i = 1; !fstatat(store->dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) && i < 1000; i++)
		broken_name(name, now, i);
	if (renameat(store->dir_fd, FILE_NAME, store->dir_fd, name)) {
		int error = errno;

		snprintf(why, size, "%s/" FILE_NAME " cannot be used (%s) and not be set aside: %s",
		         store->path, fault, strerror(error));
		return -error;
	}
	log_error("%s/" FILE_NAME
	          " cannot be used (%s): set aside as %s, starting without channels",
	          store->path, fault, name);
	return 0;
}

/* Copy the open file, with the time of its last change, to a name that nothing has yet. */
static int copy_file(struct store *store, int from, const struct stat *info, const char *name)
{
	const struct timespec times[2] = {info->st_atim, info->st_mtim};
	int to = openat(store->dir_fd, name, COPY_FLAGS, 0600), error = 0;
	off_t at = 0;
	ssize_t n = 1;

	if (to < 0)
		return -errno;
	while (n > 0 && at < info->st_size)
		n = sendfile(to, from, &at, (size_t)(info->st_size - at));
	if (n < 0 || futimens(to, times) || fsync(to))
		error = -errno;
	else if (at < info->st_size)
		error = -EIO; /* the file got shorter meanwhile */
	if (close(to) && !error)
		error = -errno;
	if (error)
		unlinkat(store->dir_fd, name, 0);
	return error;
}

/* Whether b is a, or the copy that was made of it. */
static bool is_kept(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino) ||
	       (S_ISREG(b->st_mode) && a->st_size == b->st_size &&
	        a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec);
}

/* Give the open file a second name that a save does not replace, once. */
static int keep(struct store *store, int fd, char *why, size_t size)
{
	char name[BROKEN_BYTES];
	struct stat info, other;
	int error = fstat(fd, &info) ? -errno : -EEXIST;

	for (int i = 0; error == -EEXIST && i < 1000; i++) {
		broken_name(name, info.st_mtime, i);
		if (!fstatat(store->dir_fd, name, &other, AT_SYMLINK_NOFOLLOW))
			error = is_kept(&info, &other) ? 0 : -EEXIST;
		else if (!linkat(store->dir_fd, FILE_NAME, store->dir_fd, name, 0))
			error = 0;
		else
			error = copy_file(store, fd, &info, name);
	}
	if (error) {
		snprintf(why, size, "%s/" FILE_NAME " has unusable channels and cannot be kept: %s",
		         store->path, strerror(-error));
		return error;
	}
	sync_directory(store);
	log_error("%s/" FILE_NAME
	          " has channels that cannot be used: kept as %s, starting without them",
	          store->path, name);
	return 0;
}

/* Read a channel into n sorted entries. Errors: -EINVAL with fault when one is left over, -ENOMEM. */
static int read_entry(struct channel_entry *entries, size_t *n, const char *id, const json_t *value,
                      char *fault, size_t size)
{
	struct channel_entry entry;
	int error = config_from_stored(&entry, id, value, fault, size);

	if (error)
		return error;
	whole_insert(entries, (*n)++, &entry);
	if (*n <= ENTRY_MAX_CHANNELS)
		return 0;
	entry = entries[--*n];
	snprintf(fault, size,
	         "channel \"%.120s\" (%s): there are %d older ones, which is the limit", entry.name,
	         entry.id, ENTRY_MAX_CHANNELS);
	channel_entry_free(&entry);
	return -EINVAL;
}

static int read_entries(struct store *store, int fd, const json_t *root, struct channel_entry **out,
                        size_t *count, char *why, size_t size)
{
	struct channel_entry *entries = calloc(ENTRY_MAX_CHANNELS + 1, sizeof(*entries));
	int error = entries ? 0 : -ENOMEM;
	char fault[FAULT_BYTES];
	bool kept = false;
	size_t n = 0;
	const char *id;
	json_t *value;

	snprintf(why, size, "not enough memory to read %s/" FILE_NAME, store->path);
	json_object_foreach((json_t *)root, id, value)
	{
		if (!error)
			error = read_entry(entries, &n, id, value, fault, sizeof(fault));
		if (error != -EINVAL)
			continue;
		error = kept ? 0 : keep(store, fd, why, size);
		kept = true;
		if (!error)
			log_error("%s; left out", fault);
	}
	if (!error) {
		*out = entries;
		*count = n;
		return 0;
	}
	whole_free(entries, n);
	return error;
}

int store_load(struct store *store, struct channel_entry **entries, size_t *count, char *why,
               size_t size)
{
	char fault[FAULT_BYTES] = "not enough memory";
	int fd = openat(store->dir_fd, FILE_NAME, LOAD_FLAGS), error = 0;
	json_t *root = NULL;

	if (fd >= 0)
		root = parse_file(fd, fault, sizeof(fault));
	else if (errno == ENOENT)
		root = json_object();
	else
		snprintf(fault, sizeof(fault), "%s", strerror(errno));
	if (!root) {
		error = set_aside(store, fault, why, size);
		root = json_object();
	}
	if (!error)
		error = read_entries(store, fd, root, entries, count, why, size);
	json_decref(root);
	if (fd >= 0)
		close(fd);
	return error;
}

struct limited_file {
	FILE *file;
	size_t left; /* bytes */
};

/* A json_dump_callback_t. What is read in few bytes may be many with the indentation: it ends before the disk does. */
static int write_limited(const char *text, size_t size, void *context)
{
	struct limited_file *to = context;

	if (size > to->left) {
		errno = EFBIG;
		return -1;
	}
	to->left -= size;
	return fwrite(text, 1, size, to->file) == size ? 0 : -1;
}

/* Write the temporary file and make sure that it is on the disk. */
static int write_temporary(struct store *store, const json_t *root)
{
	int fd = openat(store->dir_fd, TEMPORARY_NAME, TEMPORARY_FLAGS, 0600), error = 0;
	struct limited_file to = {.left = FILE_MAX_BYTES};

	if (fd < 0)
		return -errno;
	to.file = fdopen(fd, "w");
	if (!to.file) {
		error = -errno;
		close(fd);
		return error;
	}
	errno = 0;
	if (fchmod(fd, 0600) || json_dump_callback(root, write_limited, &to, JSON_INDENT(2)) ||
	    fflush(to.file) || fsync(fd))
		error = errno ? -errno : -EIO;
	if (fclose(to.file) && !error)
		error = -errno;
	return error;
}

int store_save(struct store *store, const struct channel_entry *const *entries, size_t count,
               char *why, size_t size)
{
	json_t *root = whole_to_json(entries, count);
	int error = root ? write_temporary(store, root) : -ENOMEM;

	json_decref(root);
	if (!error && renameat(store->dir_fd, TEMPORARY_NAME, store->dir_fd, FILE_NAME))
		error = -errno;
	if (error) {
		snprintf(why, size, "cannot write %.150s/" FILE_NAME ": %s", store->path,
		         strerror(-error));
		unlinkat(store->dir_fd, TEMPORARY_NAME, 0);
		return error;
	}
	sync_directory(store);
	return 0;
}
