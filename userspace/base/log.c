/*
 * The log. A line is formatted on the caller's stack and written with a single write(), so lines of
 * several threads never mix and no lock is needed.
 */
#include "log.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;
static bool as_json;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_configure(enum log_level level, bool json)
{
	max_level = level;
	as_json = json;
}

int log_level_parse(const char *name, enum log_level *level)
{
	for (unsigned int i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (!strcmp(name, level_names[i])) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Copy text into out so that it can stand in a log line: control characters as \u00xx. */
static void escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 7 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (as_json && (c == '"' || c == '\\')) {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
}

void log_write(enum log_level level, const char *format, ...)
{
	char message[1000], escaped[1200], stamp[32], line[1300];
	struct timespec now;
	struct tm utc;
	va_list args;
	int n;

	if (level > max_level)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	utf8_repair(message); /* it may hold what a peer sent, or be cut */
	escape(escaped, sizeof(escaped), message);
	utf8_repair(escaped); /* it may be cut as well */
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	n = snprintf(line, sizeof(line),
	             as_json ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"message\":\"%s\"}\n"
	                     : "%s.%03ldZ %-7s %s\n",
	             stamp, now.tv_nsec / 1000000, level_names[level], escaped);
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nowhere left to say so */
}
