/*
 * channels.json on disk. Every path is relative to the open directory, so that a save cannot end up
 * somewhere else when the directory is renamed.
 */
#include "store.h"

#include "config.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_NAME       "channels.json"
#define TEMPORARY_NAME  "channels.json.tmp"
#define FILE_MAX_BYTES  (64L << 20)
#define LOAD_FLAGS      (O_RDONLY | O_CLOEXEC | O_NONBLOCK)
#define TEMPORARY_FLAGS (O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW)

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

static int by_creation(const void *a, const void *b)
{
	const struct channel_entry *x = a, *y = b;

	return (x->created_at_s > y->created_at_s) - (x->created_at_s < y->created_at_s);
}

/* Insertion sort: stable, and the file is nearly always in order already. */
static void sort_by_creation(struct channel_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct channel_entry entry = entries[i];
		size_t j = i;

		for (; j > 0 && by_creation(&entries[j - 1], &entry) > 0; j--)
			entries[j] = entries[j - 1];
		entries[j] = entry;
	}
}

static int entries_from_json(const json_t *root, struct channel_entry **out, size_t *out_count,
                             char *why, size_t size)
{
	size_t count = json_object_size(root), n = 0;
	struct channel_entry *entries;
	const char *id;
	json_t *value;
	int error = 0;

	if (count > ENTRY_MAX_CHANNELS) {
		snprintf(why, size, "it has more than %d channels", ENTRY_MAX_CHANNELS);
		return -EINVAL;
	}
	entries = calloc(count ? count : 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	json_object_foreach((json_t *)root, id, value)
	{
		error = config_from_stored(&entries[n], id, value, why, size);
		if (error)
			break;
		n++;
	}
	if (error) {
		while (n)
			channel_entry_free(&entries[--n]);
		free(entries);
		return error;
	}
	sort_by_creation(entries, count);
	*out = entries;
	*out_count = count;
	return 0;
}

/* Rename the file that cannot be used, to a name that nothing has yet. */
static int set_aside(struct store *store, const char *fault, char *why, size_t size)
{
	char stamp[32], name[96];
	time_t now = time(NULL);
	struct stat info;
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	snprintf(name, sizeof(name), FILE_NAME ".broken-%s", stamp);
	for (int i = 1; !fstatat(store->dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) && i < 1000; i++)
		snprintf(name, sizeof(name), FILE_NAME ".broken-%s-%d", stamp, i);
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

int store_load(struct store *store, struct channel_entry **entries, size_t *count, char *why,
               size_t size)
{
	char fault[320] = "not enough memory";
	int fd = openat(store->dir_fd, FILE_NAME, LOAD_FLAGS), error;
	struct channel_entry *none;
	json_t *root = NULL;

	if (fd < 0 && errno != ENOENT)
		snprintf(fault, sizeof(fault), "%s", strerror(errno));
	else if (fd >= 0)
		root = parse_file(fd, fault, sizeof(fault));
	else
		root = json_object();
	if (fd >= 0)
		close(fd);
	error = root ? entries_from_json(root, entries, count, fault, sizeof(fault)) : -EINVAL;
	json_decref(root);
	if (!error)
		return 0;
	if (error == -ENOMEM || !(none = calloc(1, sizeof(*none)))) {
		snprintf(why, size, "not enough memory to read %s/" FILE_NAME, store->path);
		return -ENOMEM;
	}
	error = set_aside(store, fault, why, size);
	if (error) {
		free(none);
		return error;
	}
	*entries = none;
	*count = 0;
	return 0;
}

static json_t *entries_to_json(const struct channel_entry *const *entries, size_t count)
{
	json_t *root = json_object();

	for (size_t i = 0; root && i < count; i++) {
		if (json_object_set_new(root, entries[i]->id, config_to_stored(entries[i]))) {
			json_decref(root);
			root = NULL;
		}
	}
	return root;
}

/* Write the temporary file and make sure that it is on the disk. */
static int write_temporary(struct store *store, const json_t *root)
{
	int fd = openat(store->dir_fd, TEMPORARY_NAME, TEMPORARY_FLAGS, 0600), error = 0;
	FILE *file;

	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		error = -errno;
		close(fd);
		return error;
	}
	errno = 0;
	if (fchmod(fd, 0600) || json_dumpf(root, file, JSON_INDENT(2)) || fflush(file) || fsync(fd))
		error = errno ? -errno : -EIO;
	else if (ftell(file) > FILE_MAX_BYTES)
		error = -EFBIG;
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int store_save(struct store *store, const struct channel_entry *const *entries, size_t count,
               char *why, size_t size)
{
	json_t *root = entries_to_json(entries, count);
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
	/* The new file is in place: a directory that cannot be synced is worth a word, not a failure. */
	if (fsync(store->dir_fd) && errno != EINVAL)
		log_warning("cannot sync the directory %s: %s", store->path, strerror(errno));
	return 0;
}
