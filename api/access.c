/*
 * Who gets in.
 */
#include "access.h"

#include "base/log.h"

#include <string.h>
#include <ulfius.h>

static void log_fault(void *context, const struct access_fault *fault)
{
	(void)context;
	if (fault->is_fatal)
		log_error("http: %s", fault->sentence);
	else
		log_warning("http: %s%s%s", fault->sentence, *fault->fix ? ": " : "", fault->fix);
}

int access_load(struct access *out, const struct access_files *files)
{
	return access_files_load(out, files, log_fault, NULL);
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

bool access_is_restricted(const struct access *access)
{
	return access && access->token;
}

bool access_admits(const struct access *access, const struct _u_request *request, bool is_websocket)
{
	if (!access_is_restricted(access) ||
	    header_has_token(u_map_get_case(request->map_header, "Authorization"), access->token))
		return true;
	return is_websocket &&
	       protocols_have_token(u_map_get_case(request->map_header, "Sec-WebSocket-Protocol"),
	                            access->token);
}
