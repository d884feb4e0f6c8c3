/*
 * What the process may do. Limits are those of the shell, service manager or container that started it.
 */
#include "check.h"

#include "base/privileges.h"
#include "base/shell_word.h"
#include "ingest/attach.h"
#include "ingest/bpffs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_WANTED 4096
#define FOR_XDP            "-all,+bpf,+net_admin,+net_raw,+perfmon,+ipc_lock"
#define WITH_XDP           "--inh-caps=" FOR_XDP " --ambient-caps=" FOR_XDP " "

/* What this process was started with, as a shell would take it. */
static void quote_command_line(char *out, size_t size)
{
	char program[PATH_MAX] = "medialive-distributor", words[4096] = "", quoted[PATH_MAX + 8];
	const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	FILE *file = fopen("/proc/self/cmdline", "re");
	const size_t n = file ? fread(words, 1, sizeof(words) - 1, file) : 0;
	size_t used;

	if (file)
		fclose(file);
	if (length > 0)
		program[length] = '\0';
	shell_word(out, size, program);
	used = strlen(out);
	for (size_t at = strlen(words) + 1; at < n && used < size; at += strlen(words + at) + 1) {
		shell_word(quoted, sizeof(quoted), words + at);
		used += (size_t)snprintf(out + used, size - used, " %s", quoted);
	}
}

/* The same command again, by root for this user: begun by what comes before, with the capabilities for XDP or none. */
static void rerun_command(char *command, size_t size, const char *before, bool xdp)
{
	int used = snprintf(command, size, "%s", before);

	if (geteuid() != 0)
		used += snprintf(command + used, size - (size_t)used,
		                 "setpriv --reuid=%u --regid=%u --clear-groups %s", geteuid(),
		                 getegid(), xdp ? WITH_XDP : "");
	quote_command_line(command + used, size - (size_t)used);
}

/* Missing ones as a list: those that XDP cannot do without, or the others with what is lost. */
static bool list_gaps(char *list, size_t size, bool xdp, bool needed)
{
	struct privilege_gap gaps[PRIVILEGES_MAX_GAPS];
	const size_t count = privileges_missing(xdp, gaps);
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		/* For ipc_lock there is the limit on locked memory, which has a line of its own. */
		if (needed != (gaps[i].xdp && strcmp(gaps[i].name, "ipc_lock") != 0))
			continue;
		used += (size_t)snprintf(list + used, size - used, "%scap_%s", used ? ", " : "",
		                         gaps[i].name);
		if (!needed && used < size)
			used += (size_t)snprintf(list + used, size - used, " (%s)", gaps[i].loss);
	}
	return used > 0;
}

static void check_capabilities(struct findings *findings, bool xdp)
{
	char command[3 * PATH_MAX], list[400]; /* a command that is too long is not shown */

	if (!list_gaps(list, sizeof(list), xdp, true)) {
		const bool some = list_gaps(list, sizeof(list), xdp, false);

		findings_add(findings, FINDING_OK, "capabilities", NULL, "%s%s",
		             some ? "enough; without " : "all that have a use", list);
	} else if (geteuid() == 0) { /* a container's: only who started that can give more */
		findings_add(findings, FINDING_PROBLEM, "capabilities", NULL,
		             "root is without %s, which XDP needs; a container is given them with "
		             "--cap-add, in a compose file by cap_add",
		             list);
	} else {
		rerun_command(command, sizeof(command), "", true);
		findings_add(findings, FINDING_PROBLEM, "capabilities", command,
		             "user %u is without %s, which XDP needs; the command gives them (a "
		             "service: AmbientCapabilities; a container: --cap-add, in a compose "
		             "file cap_add)",
		             geteuid(), list);
	}
}

/* Memory of all interfaces that are there. */
static uint64_t memory_wanted(const struct ingest_config *ingest)
{
	char *names = strdup(ingest->interfaces), *rest = names, *name;
	uint64_t bytes = 0;

	while (names && (name = strsep(&rest, ",")))
		bytes += attach_memory_bytes(name, ingest);
	free(names);
	return bytes;
}

static void check_memlock(struct findings *findings, const struct ingest_config *ingest)
{
	const uint64_t wanted = memory_wanted(ingest);
	struct rlimit limit = {0};
	char command[3 * PATH_MAX] = "";

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (privileges_hold("ipc_lock") || privileges_hold("sys_resource")) {
		findings_add(findings, FINDING_OK, "memlock", NULL,
		             "%llu kB are wanted, the process has no limit",
		             (unsigned long long)(wanted >> 10));
		return;
	}
	if (limit.rlim_cur >= wanted) {
		findings_add(findings, FINDING_OK, "memlock", NULL,
		             "%llu kB are wanted, the limit is higher",
		             (unsigned long long)(wanted >> 10));
		return;
	}
	if (limit.rlim_max >= wanted) /* the shell may raise its own so far */
		snprintf(command, sizeof(command), "ulimit -S -l %llu",
		         (unsigned long long)((wanted + 1023) >> 10));
	else if (geteuid() !=
	         0) /* cap_ipc_lock goes beyond it; root who has not got it cannot give it */
		rerun_command(command, sizeof(command), "", true);
	findings_add(
		findings, FINDING_PROBLEM, "memlock", command,
		"AF_XDP sockets want %llu kB of locked memory, the limit is %llu kB (a service: "
		"LimitMEMLOCK=infinity; a container: --cap-add IPC_LOCK or --ulimit memlock=-1)",
		(unsigned long long)(wanted >> 10), (unsigned long long)(limit.rlim_cur >> 10));
}

void check_rights(struct findings *findings, const struct ingest_config *ingest, bool xdp)
{
	check_capabilities(findings, xdp);
	if (xdp)
		check_memlock(findings, ingest);
}

void check_pins(struct findings *findings)
{
	char command[200];
	const int error = bpffs_check_access(command, sizeof(command));

	if (!error)
		findings_add(findings, FINDING_OK, "bpffs", NULL,
		             "mounted, and " BPFFS_OURS " can be written");
	else if (error == -ENOENT && privileges_hold("sys_admin"))
		findings_add(findings, FINDING_OK, "bpffs", NULL,
		             "none at " BPFFS_ROOT "; it is mounted at the start");
	else if (error == -ENOENT)
		findings_add(
			findings, FINDING_WARNING, "bpffs", command,
			"none is mounted at " BPFFS_ROOT
			": XDP works but is not pinned, so bpftool finds its maps by number only");
	else
		findings_add(
			findings, FINDING_WARNING, "bpffs", command,
			"user %u cannot write " BPFFS_OURS
			": XDP works but is not pinned, so bpftool finds its maps by number only",
			geteuid());
}

void check_descriptors(struct findings *findings, bool xdp)
{
	struct rlimit limit = {0};
	char command[3 * PATH_MAX], before[64];

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= DESCRIPTORS_WANTED) {
		findings_add(findings, FINDING_OK, "descriptors", NULL, "at most %llu",
		             (unsigned long long)limit.rlim_max);
		return;
	}
	snprintf(before, sizeof(before), "prlimit --nofile=%d ", DESCRIPTORS_WANTED * 4);
	rerun_command(command, sizeof(command), before, xdp);
	findings_add(findings, FINDING_WARNING, "descriptors", command,
	             "at most %llu: too few for some hundred channels with outputs; the command "
	             "raises it (a service: LimitNOFILE=%d; a container: --ulimit nofile=%d)",
	             (unsigned long long)limit.rlim_max, DESCRIPTORS_WANTED * 4,
	             DESCRIPTORS_WANTED * 4);
}
