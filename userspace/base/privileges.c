/*
 * Capabilities through capget(2) and capset(2): glibc has no wrappers, and of a library only a few lines
 * would be used. Root is not special: it stays user 0, to whom files belong, with the same capabilities.
 */
#include "privileges.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))
#define FOR_SOCKETS     (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE))
#define FOR_XDP         (BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_IPC_LOCK))

static const char *const names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == CAP_CHECKPOINT_RESTORE + 1, "in order");

struct sets {
	uint64_t effective, permitted;
};

static int read_sets(struct sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	return 0;
}

/* Nothing is inheritable, and so nothing ambient. */
static int write_sets(const struct sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{(uint32_t)sets->effective, (uint32_t)sets->permitted, 0},
		{(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32), 0},
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int privileges_raise(void)
{
	struct sets sets;
	const int error = read_sets(&sets);

	if (error || sets.effective == sets.permitted)
		return error;
	sets.effective = sets.permitted;
	return write_sets(&sets);
}

static const struct {
	int capability;
	bool xdp;
	const char *loss;
} uses[] = {
	{CAP_BPF, true, "XDP programs cannot be loaded"},
	{CAP_NET_ADMIN, true, "XDP programs cannot be attached"},
	{CAP_PERFMON, true, "the kernel refuses the XDP program's pointer arithmetic"},
	{CAP_NET_RAW, true, "AF_XDP sockets cannot be opened"},
	{CAP_IPC_LOCK, true, "packet memory counts against the memlock limit (ulimit -l)"},
	{CAP_NET_ADMIN, false, "socket buffers are limited by net.core.rmem_max"},
	{CAP_NET_BIND_SERVICE, false, "ports below 1024 cannot be used"},
};

/* Before there was CAP_BPF, CAP_SYS_ADMIN stood for it and still does. */
static bool admin_stands_in(uint64_t permitted)
{
	return permitted & BIT(CAP_SYS_ADMIN) && (~permitted & (BIT(CAP_BPF) | BIT(CAP_PERFMON)));
}

_Static_assert(sizeof(uses) / sizeof(uses[0]) <= PRIVILEGES_MAX_GAPS, "gaps has room for all");

size_t privileges_missing(bool xdp, struct privilege_gap *gaps)
{
	struct sets sets;
	size_t count = 0;

	if (read_sets(&sets))
		return 0;
	if (admin_stands_in(sets.effective))
		sets.effective |= BIT(CAP_BPF) | BIT(CAP_PERFMON);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (sets.effective & BIT(uses[i].capability) || (uses[i].xdp && !xdp))
			continue;
		gaps[count++] = (struct privilege_gap){names[uses[i].capability], uses[i].loss,
		                                       uses[i].xdp};
	}
	return count;
}

void privileges_explain(bool xdp)
{
	struct privilege_gap gaps[PRIVILEGES_MAX_GAPS];
	const size_t count = privileges_missing(xdp, gaps);

	for (size_t i = 0; i < count; i++)
		log_write(gaps[i].xdp ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "no cap_%s: %s",
		          gaps[i].name, gaps[i].loss);
}

bool privileges_hold(const char *name)
{
	struct sets sets;

	if (read_sets(&sets))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return sets.effective & BIT(i);
	return false;
}

/* With the capabilities in effect now. What does not exist yet is made in what does. */
static bool may_write(const char *directory)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s", directory);
	while (faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) && errno == ENOENT) {
		slash = strrchr(path, '/');
		if (!slash)
			strcpy(path, ".");
		else if (slash == path)
			strcpy(path, "/");
		else
			*slash = '\0';
	}
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS))
		return false;
	snprintf(path, sizeof(path), "%s/channels.json", directory);
	return !faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) || errno == ENOENT;
}

/* Root whose configuration is another user's: `sudo` in that user's directory. */
static int keep_access(struct sets *sets, const char *directory)
{
	const uint64_t permitted = sets->permitted;
	int error;

	sets->effective &= ~(BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH));
	error = write_sets(sets);
	if (!error && !may_write(directory))
		sets->effective |= BIT(CAP_DAC_OVERRIDE) & permitted;
	return error;
}

static void drop_bounding(uint64_t keep)
{
	for (unsigned int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (i > CAP_CHECKPOINT_RESTORE || !(keep & BIT(i)))
			if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
				return; /* no CAP_SETPCAP: then no_new_privs has to do */
}

int privileges_drop(bool xdp, const char *directory)
{
	uint64_t keep = FOR_SOCKETS | (xdp ? FOR_XDP : 0);
	struct sets sets;
	int error = read_sets(&sets);

	if (error)
		return error;
	if (xdp && admin_stands_in(sets.permitted))
		keep |= BIT(CAP_SYS_ADMIN);
	sets.effective = sets.permitted & (keep | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SETPCAP));
	error = keep_access(&sets, directory);
	if (error)
		return error;
	keep = sets.effective & ~BIT(CAP_SETPCAP);
	drop_bounding(keep);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	sets.effective = keep;
	sets.permitted = keep;
	return write_sets(&sets);
}

size_t privileges_names(char *out, size_t size)
{
	struct sets sets;
	size_t used = 0, count = 0;

	out[0] = '\0';
	if (read_sets(&sets))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && used < size; i++)
		if (sets.effective & BIT(i))
			used += (size_t)snprintf(out + used, size - used, "%scap_%s",
			                         count++ ? "," : "", names[i]);
	return count;
}
