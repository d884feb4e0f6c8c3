#include "access.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ulfius.h>
#include <unistd.h>

#define FILE_MAX_BYTES   (256 * 1024)
#define TOKEN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"

/* Read all of fd. Errors: negative errno, -EFBIG over FILE_MAX_BYTES. */
static int read_all(int fd, char *text)
{
	size_t have = 0;
	ssize_t n;

	do {
		n = read(fd, text + have, FILE_MAX_BYTES - have);
		if (n > 0)
			have += (size_t)n;
	} while ((n > 0 && have < FILE_MAX_BYTES) || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	text[have] = '\0';
	return have < FILE_MAX_BYTES ? 0 : -EFBIG;
}

/* A secret that others may read, or replace. */
static void warn_of_mode(int fd, const char *what, const char *path)
{
	struct stat info;

	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXO | S_IWGRP)))
		log_warning("http: others may read or change the %s in %s: chmod 600 %s", what,
		            path, path);
}

/* Owns: *out is the caller's. Errors: negative errno; the reason was logged. */
static int read_file(char **out, const char *what, const char *path, bool is_secret)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(FILE_MAX_BYTES + 1);
	int error = fd < 0 ? -errno : text ? 0 : -ENOMEM;

	if (!error)
		error = read_all(fd, text);
	if (error)
		log_error("http: cannot read the %s in %s: %s", what, path, strerror(-error));
	else if (is_secret)
		warn_of_mode(fd, what, path);
	if (fd >= 0)
		close(fd);
	if (error) {
		free(text);
		return error;
	}
	*out = text;
	return 0;
}

static void forget(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Errors: -EINVAL; the reason was logged. */
static int check_token(char *token, const char *path)
{
	size_t n = strlen(token);

	while (n && strchr(" \t\r\n", token[n - 1]))
		token[--n] = '\0';
	if (n >= ACCESS_MIN_TOKEN && n <= ACCESS_MAX_TOKEN && strspn(token, TOKEN_CHARACTERS) == n)
		return 0;
	log_error("http: %s has no token: %d to %d letters, digits and \"-._~\" are one, as of: "
	          "openssl rand -hex 32",
	          path, ACCESS_MIN_TOKEN, ACCESS_MAX_TOKEN);
	return -EINVAL;
}

int access_load(struct access *out, const struct access_files *files)
{
	struct access access = {0};
	int error = 0;

	if (files->token)
		error = read_file(&access.token, "token", files->token, true);
	if (!error && files->token)
		error = check_token(access.token, files->token);
	if (!error && files->tls_cert)
		error = read_file(&access.cert, "certificate", files->tls_cert, false);
	if (!error && files->tls_key)
		error = read_file(&access.key, "key", files->tls_key, true);
	if (error) {
		access_free(&access);
		return error;
	}
	*out = access;
	return 0;
}

void access_free(struct access *access)
{
	forget(access->token);
	forget(access->key);
	free(access->cert);
	*access = (struct access){0};
}

/* Compare size bytes with the token; every byte of the token is looked at, whatever is given. */
static bool is_token(const char *token, const char *given, size_t size)
{
	const size_t n = strlen(token);
	unsigned int difference = n != size;

	for (size_t i = 0; i < n; i++)
		difference |= (unsigned int)(token[i] ^ (size ? given[i % size] : 0));
	return !difference;
}

static bool header_has_token(const char *header, const char *token)
{
	static const char scheme[] = "Bearer ";

	if (!header || strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return false;
	header += sizeof(scheme) - 1;
	header += strspn(header, " ");
	return is_token(token, header, strcspn(header, " \t"));
}

/* A list, as of Sec-WebSocket-Protocol. */
static bool protocols_have_token(const char *list, const char *token)
{
	static const char prefix[] = ACCESS_PROTOCOL_TOKEN;
	bool found = false;
	size_t n;

	for (; list && *list; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n >= sizeof(prefix) - 1 && !memcmp(list, prefix, sizeof(prefix) - 1))
			found |= is_token(token, list + sizeof(prefix) - 1, n - sizeof(prefix) + 1);
	}
	return found;
}

bool access_admits(const struct access *access, const struct _u_request *request, bool is_websocket)
{
	if (!access || !access->token ||
	    header_has_token(u_map_get_case(request->map_header, "Authorization"), access->token))
		return true;
	return is_websocket &&
	       protocols_have_token(u_map_get_case(request->map_header, "Sec-WebSocket-Protocol"),
	                            access->token);
}
