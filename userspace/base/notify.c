/*
 * Notifications through libsystemd. A message that cannot be sent is no reason to end: the service manager
 * draws its own conclusions. The log says so once.
 */
#include "notify.h"

#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#define STATUS_MAX 256 /* bytes of a status line */

static void report(int result)
{
	static bool reported;

	if (result >= 0 || reported)
		return;
	reported = true;
	log_warning("cannot notify the service manager: %s", strerror(-result));
}

/* A newline would begin another assignment of the message. */
static void cut_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

void notify_ready(const char *status)
{
	char line[STATUS_MAX];

	snprintf(line, sizeof(line), "%s", status);
	cut_line(line);
	report(sd_notifyf(0, "READY=1\nSTATUS=%s", line));
}

void notify_stopping(void)
{
	report(sd_notify(0, "STOPPING=1\nSTATUS=Stopping"));
}

void notify_status(const char *format, ...)
{
	char line[STATUS_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	cut_line(line);
	report(sd_notifyf(0, "STATUS=%s", line));
}

uint64_t notify_watchdog_us(void)
{
	uint64_t interval_us = 0;
	const int result = sd_watchdog_enabled(0, &interval_us);

	report(result);
	return result > 0 ? interval_us : 0;
}

void notify_alive(void)
{
	report(sd_notify(0, "WATCHDOG=1"));
}
