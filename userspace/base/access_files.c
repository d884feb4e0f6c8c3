/*
 * The files are read once, at the start; the doctor reads them likewise.
 */
#include "access_files.h"

#include "clock.h"
#include "shell_word.h"
#include "tls_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES   (256 * 1024)
#define PIPE_WAIT_MS     2000 /* a path may name a pipe, as of a shell's <(command) */
#define TOKEN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

struct loading {
	access_fault_fn take;
	void *context;
};

static const char *const names[ACCESS_FILES] = {"token", "certificate", "key"};

static void refuse(const struct loading *loading, enum access_file file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(const struct loading *loading, enum access_file file, const char *format, ...)
{
	struct access_fault fault = {.file = file, .is_fatal = true};
	va_list args;

	va_start(args, format);
	vsnprintf(fault.sentence, sizeof(fault.sentence), format, args);
	va_end(args);
	loading->take(loading->context, &fault);
}

/* Read all of fd. Errors: negative errno, -EFBIG over FILE_MAX_BYTES, -ETIMEDOUT of a pipe that gives nothing. */
static int read_all(int fd, char *text)
{
	const int64_t until_ns = clock_now_ns() + PIPE_WAIT_MS * NS_PER_MS;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	size_t have = 0;
	ssize_t n;

	do {
		const int64_t left_ms = (until_ns - clock_now_ns()) / NS_PER_MS;

		if (poll(&readable, 1, left_ms > 0 ? (int)left_ms : 0) == 0)
			return -ETIMEDOUT;
		n = read(fd, text + have, FILE_MAX_BYTES - have);
		if (n > 0)
			have += (size_t)n;
	} while ((n > 0 && have < FILE_MAX_BYTES) ||
	         (n < 0 && (errno == EINTR || errno == EAGAIN)));
	if (n < 0)
		return -errno;
	text[have] = '\0';
	return have < FILE_MAX_BYTES ? 0 : -EFBIG;
}

/*
 * A secret that others may read or replace. That its group may read it is how it is given to a service (root:group 640),
 * so the command leaves that as it is.
 */
static void check_mode(const struct loading *loading, enum access_file file, int fd,
                       const char *path)
{
	struct access_fault fault = {.file = file};
	struct stat info;
	char word[480];
	bool read, change, group;

	if (fstat(fd, &info) || !S_ISREG(info.st_mode))
		return;
	read = info.st_mode & S_IROTH;
	change = info.st_mode & S_IWOTH;
	group = info.st_mode & S_IWGRP;
	if (!read && !change && !group)
		return;
	snprintf(fault.sentence, sizeof(fault.sentence), "%s%s%s%s the %s in %s",
	         read     ? "others may read"
	         : change ? "others may change"
	                  : "",
	         read && change ? " and change" : "", group && (read || change) ? ", " : "",
	         group ? "its group may change" : "", names[file], path);
	if (strlen(path) < sizeof(word) / 4) {
		shell_word(word, sizeof(word), path);
		snprintf(fault.fix, sizeof(fault.fix), "chmod g-w,o= %s", word);
	}
	loading->take(loading->context, &fault);
}

/* path NULL: there is none. Owns: *out is the caller's. Errors: negative errno. */
static int read_file(const struct loading *loading, char **out, enum access_file file,
                     const char *path)
{
	const int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	int error = path && fd < 0 ? -errno : 0;
	char *text;

	if (!path)
		return 0;
	text = malloc(FILE_MAX_BYTES + 1);
	if (!error)
		error = text ? read_all(fd, text) : -ENOMEM;
	if (error == -EACCES)
		refuse(loading, file, "cannot read the %s in %s: %s (user %u)", names[file], path,
		       strerror(-error), geteuid());
	else if (error)
		refuse(loading, file, "cannot read the %s in %s: %s", names[file], path,
		       strerror(-error));
	else if (file != ACCESS_CERT)
		check_mode(loading, file, fd, path);
	if (fd >= 0)
		close(fd);
	if (error) {
		free(text);
		return error;
	}
	*out = text;
	return 0;
}

/* Errors: -EINVAL. */
static int check_token(const struct loading *loading, char *token, const char *path)
{
	size_t n = strlen(token);

	while (n && strchr(" \t\r\n", token[n - 1]))
		token[--n] = '\0';
	if (n >= ACCESS_MIN_TOKEN && n <= ACCESS_MAX_TOKEN && strspn(token, TOKEN_CHARACTERS) == n)
		return 0;
	refuse(loading, ACCESS_TOKEN,
	       "%s has no token: %d to %d letters, digits and \"-._~\" are one, as of: openssl "
	       "rand -hex 32",
	       path, ACCESS_MIN_TOKEN, ACCESS_MAX_TOKEN);
	return -EINVAL;
}

/* Of files that were read. Errors: negative errno. */
static int check_pair(const struct loading *loading, const struct access *access,
                      const struct access_files *files)
{
	const struct tls_pair pair = {access->cert, access->key, files->tls_cert, files->tls_key};
	struct access_fault fault = {.file = ACCESS_CERT};
	const int error = tls_pair_check(&pair, fault.sentence, sizeof(fault.sentence));

	fault.is_fatal = error;
	if (*fault.sentence)
		loading->take(loading->context, &fault);
	return error;
}

int access_files_load(struct access *out, const struct access_files *files, access_fault_fn take,
                      void *context)
{
	const struct loading loading = {take, context};
	struct access access = {0};
	int error = read_file(&loading, &access.token, ACCESS_TOKEN, files->token), other;

	if (access.token)
		error = check_token(&loading, access.token, files->token);
	other = read_file(&loading, &access.cert, ACCESS_CERT, files->tls_cert);
	error = error ? error : other;
	other = read_file(&loading, &access.key, ACCESS_KEY, files->tls_key);
	error = error ? error : other;
	if (access.cert && access.key) {
		other = check_pair(&loading, &access, files);
		error = error ? error : other;
	}
	if (error) {
		access_files_free(&access);
		return error;
	}
	*out = access;
	return 0;
}

static void forget(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void access_files_free(struct access *access)
{
	forget(access->token);
	forget(access->key);
	free(access->cert);
	*access = (struct access){0};
}
