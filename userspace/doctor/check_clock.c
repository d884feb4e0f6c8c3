/*
 * Is the clock right? Logs, events and cue messages tell times that are compared with other machines'.
 */
#include "check.h"

/* What synchronises the clock; NULL in a container, whose clock is the host's. */
static const char *sync_command(const struct host *host)
{
	static const struct {
		const char *file, *command;
	} known[] = {
		{"/usr/sbin/chronyd", "systemctl enable --now chrony"},
		{"/usr/sbin/ntpd", "systemctl enable --now ntpsec"},
		{"/lib/systemd/systemd-timesyncd", "systemctl enable --now systemd-timesyncd"},
	};

	if (host_has(host, "/.dockerenv") || host_has(host, "/run/.containerenv"))
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (host_has(host, "%s", known[i].file))
			return known[i].command;
	return "apt-get install -y chrony";
}

void check_clock(struct findings *findings, const struct host *host, int state, int status)
{
	if (state < 0)
		findings_add(findings, FINDING_UNKNOWN, "clock", NULL,
		             "the kernel does not tell whether it is synchronised");
	else if (status & STA_UNSYNC)
		findings_add(
			findings, FINDING_WARNING, "clock", sync_command(host),
			"not synchronised: times in logs and events cannot be compared with those "
			"of other machines (a container's clock is its host's: mend it there)");
	else
		findings_add(findings, FINDING_OK, "clock", NULL, "synchronised");
}
