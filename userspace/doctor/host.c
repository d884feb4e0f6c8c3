/*
 * Small files of the kernel's, read at once.
 */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int make_path(const struct host *host, char *out, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static int make_path(const struct host *host, char *out, const char *format, va_list args)
{
	const int used = snprintf(out, PATH_MAX, "%s", host->root);
	int more;

	if (used < 0 || used >= PATH_MAX)
		return -ENAMETOOLONG;
	more = vsnprintf(out + used, (size_t)(PATH_MAX - used), format, args);
	return more < 0 || more >= PATH_MAX - used ? -ENAMETOOLONG : 0;
}

/* The first line of the file at a whole path. */
static int read_line(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length;
	int error = 0;

	out[0] = '\0';
	if (!file)
		return -errno;
	if (!fgets(out, (int)size, file)) {
		error = ferror(file) ? -errno : 0;
		out[0] = '\0';
	}
	fclose(file);
	length = strlen(out);
	while (length > 0 && strchr(" \t\n", out[length - 1]))
		out[--length] = '\0';
	return error;
}

int host_read(const struct host *host, char *out, size_t size, const char *path, ...)
{
	char whole[PATH_MAX];
	va_list args;
	int error;

	out[0] = '\0';
	va_start(args, path);
	error = make_path(host, whole, path, args);
	va_end(args);
	return error ? error : read_line(whole, out, size);
}

int host_read_number(const struct host *host, int64_t *out, const char *path, ...)
{
	char whole[PATH_MAX], line[64], *end;
	va_list args;
	long long value;
	int error;

	va_start(args, path);
	error = make_path(host, whole, path, args);
	va_end(args);
	if (!error)
		error = read_line(whole, line, sizeof(line));
	if (error)
		return error;
	errno = 0;
	value = strtoll(line, &end, 10);
	if (errno || end == line)
		return -EINVAL;
	*out = value;
	return 0;
}

bool host_has(const struct host *host, const char *path, ...)
{
	char whole[PATH_MAX];
	va_list args;
	int error;

	va_start(args, path);
	error = make_path(host, whole, path, args);
	va_end(args);
	return !error && !access(whole, F_OK);
}

FILE *host_open(const struct host *host, const char *path, ...)
{
	char whole[PATH_MAX];
	va_list args;
	int error;

	va_start(args, path);
	error = make_path(host, whole, path, args);
	va_end(args);
	errno = -error;
	return error ? NULL : fopen(whole, "re");
}

void host_each(const struct host *host, const char *path,
               bool (*fn)(void *context, const char *name), void *context)
{
	char whole[PATH_MAX];
	struct dirent *entry;
	DIR *directory;

	if (snprintf(whole, sizeof(whole), "%s%s", host->root, path) >= PATH_MAX)
		return;
	directory = opendir(whole);
	while (directory && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !fn(context, entry->d_name))
			break;
	if (directory)
		closedir(directory);
}

bool host_list_has(const char *list, unsigned int number)
{
	while (*list >= '0' && *list <= '9') {
		char *end;
		const unsigned long low = strtoul(list, &end, 10);
		const unsigned long high = *end == '-' ? strtoul(end + 1, &end, 10) : low;

		if (number >= low && number <= high)
			return true;
		list = *end == ',' ? end + 1 : "";
	}
	return false;
}
