/*
 * Static files: every part of a path is opened relative to the one before, without following links.
 */
#include "static_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES (8L << 20)
#define PART_BYTES     128

struct static_files {
	int dir_fd;
};

static const struct {
	const char *extension, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".ico", "image/x-icon"},
};

int static_files_open(struct static_files **out, const char *dir)
{
	struct static_files *files = calloc(1, sizeof(*files));
	int error;

	if (!files)
		return -ENOMEM;
	files->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->dir_fd < 0) {
		error = -errno;
		free(files);
		return error;
	}
	*out = files;
	return 0;
}

void static_files_close(struct static_files *files)
{
	if (!files)
		return;
	close(files->dir_fd);
	free(files);
}

static const char *type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcmp(dot, types[i].extension))
			return types[i].type;
	}
	return NULL;
}

/* Copy the next part of *path and move past it; false when it may not be opened. */
static bool next_part(const char **path, char *part)
{
	size_t n =
		strspn(*path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (!n || n >= PART_BYTES || **path == '.' || ((*path)[n] && (*path)[n] != '/'))
		return false;
	memcpy(part, *path, n);
	part[n] = '\0';
	*path += n;
	return true;
}

/* Open the file at path; returns its descriptor or -ENOENT. */
static int open_path(const struct static_files *files, const char *path, const char **type)
{
	int at = files->dir_fd, next;
	char part[PART_BYTES];
	bool is_last;

	do {
		path++; /* the slash */
		if (!next_part(&path, part) || (!*path && !(*type = type_of(part)))) {
			next = -1;
			is_last = true;
		} else {
			is_last = !*path;
			next = openat(at, part,
			              O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
			                      (is_last ? 0 : O_DIRECTORY));
		}
		if (at != files->dir_fd)
			close(at);
		at = next;
	} while (!is_last && at >= 0);
	return at < 0 ? -ENOENT : at;
}

static int read_whole(int fd, char *data, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = read(fd, data + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		have += (size_t)n;
	}
	return 0;
}

int static_files_read(const struct static_files *files, const char *path, struct static_file *out)
{
	struct static_file file = {0};
	struct stat info;
	int fd, error = 0;

	if (*path != '/')
		return -ENOENT;
	fd = open_path(files, path[1] ? path : "/index.html", &file.type);
	if (fd < 0)
		return fd;
	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		error = -ENOENT;
	else if (info.st_size > FILE_MAX_BYTES)
		error = -EFBIG;
	if (!error) {
		file.size = (size_t)info.st_size;
		file.data = malloc(file.size + 1);
		error = file.data ? read_whole(fd, file.data, file.size) : -ENOMEM;
	}
	close(fd);
	if (error) {
		free(file.data);
		return error;
	}
	snprintf(file.etag, sizeof(file.etag), "\"%llx.%lx-%zx\"", (long long)info.st_mtim.tv_sec,
	         info.st_mtim.tv_nsec, file.size);
	*out = file;
	return 0;
}

void static_file_free(struct static_file *file)
{
	free(file->data);
	*file = (struct static_file){0};
}
