/*
 * Levels are believed first: a code that nobody knows is a failure all the same when its level says so. Some servers
 * have no levels, or call a failure a status; their codes are known.
 */
#include "verdict.h"

#include <stdio.h>
#include <string.h>

static const char *const failures[] = {
	"NetConnection.Connect.AppShutdown",
	"NetConnection.Connect.Closed",
	"NetConnection.Connect.Failed",
	"NetConnection.Connect.InvalidApp",
	"NetConnection.Connect.Rejected",
	"NetStream.Authenticate.UsherToken.Failed",
	"NetStream.Connect.Closed",
	"NetStream.Connect.Failed",
	"NetStream.Connect.Rejected",
	"NetStream.Failed",
	"NetStream.Play.Failed",
	"NetStream.Play.StreamNotFound",
	"NetStream.Publish.BadName",
	"NetStream.Publish.Denied",
	"NetStream.Publish.Failed",
	"NetStream.Publish.Rejected",
	"NetStream.Publish.StreamNotFound",
	"NetStream.Publish.Unauthorized",
	"NetStream.Unpublish.Success",
};

static bool is_failure(const char *code)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (!strcmp(code, failures[i]))
			return true;
	return false;
}

static bool is_named(const struct amf_command *command, const char *name)
{
	return !strcmp(command->name, name);
}

static bool is_refusal(const struct amf_command *command, bool awaited)
{
	if (is_named(command, "_error"))
		return awaited;
	return (is_named(command, "onStatus") || is_named(command, "onFCPublish")) &&
	       (!strcmp(command->level, "error") || is_failure(command->code));
}

bool verdict_is_end(const struct amf_command *command, bool awaited, char *why, size_t size)
{
	/* One that was cut is none that anybody knows, and could end within the stream's key. */
	const char *const code =
		strlen(command->code) < sizeof(command->code) - 1 ? command->code : "";
	const char *const reason = strstr(command->description, "authmod=")
	                                   ? "the server asks for a user name and password, which "
	                                     "is not supported"
	                                   : "the server refused";

	if (is_refusal(command, awaited)) {
		snprintf(why, size, "%s%s%s%s%s", reason,
		         *code || *command->description ? ": " : "", code,
		         *code && *command->description ? ": " : "", command->description);
		return true;
	}
	if (!is_named(command, "close") && !is_named(command, "onFCUnsubscribe"))
		return false;
	snprintf(why, size, "the server ended the session");
	return true;
}
