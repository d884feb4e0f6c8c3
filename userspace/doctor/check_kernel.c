/*
 * The kernel and its BPF.
 */
#include "check.h"

#include <errno.h>
#include <string.h>

#define KERNEL_WANTED_MAJOR 6
#define KERNEL_WANTED_MINOR 1

static void check_release(struct findings *findings, const struct host *host)
{
	unsigned int major, minor;
	char release[128];

	if (host_read(host, release, sizeof(release), "/proc/sys/kernel/osrelease") ||
	    sscanf(release, "%u.%u", &major, &minor) != 2) {
		findings_add(findings, FINDING_UNKNOWN, "kernel", NULL,
		             "its release cannot be read from /proc/sys/kernel/osrelease");
		return;
	}
	if (major > KERNEL_WANTED_MAJOR ||
	    (major == KERNEL_WANTED_MAJOR && minor >= KERNEL_WANTED_MINOR)) {
		findings_add(findings, FINDING_OK, "kernel", NULL, "%s", release);
		return;
	}
	findings_add(
		findings, FINDING_PROBLEM, "kernel", NULL,
		"%s: XDP needs %d.%d or newer, as Debian 12, Debian 13 and Ubuntu 24.04 have it; "
		"--ingest udp does without",
		release, KERNEL_WANTED_MAJOR, KERNEL_WANTED_MINOR);
}

static void check_btf(struct findings *findings, const struct host *host)
{
	if (host_has(host, "/sys/kernel/btf/vmlinux"))
		findings_add(findings, FINDING_OK, "btf", NULL, "/sys/kernel/btf/vmlinux is there");
	else
		findings_add(findings, FINDING_WARNING, "btf", NULL,
		             "no /sys/kernel/btf/vmlinux: the kernel was built without "
		             "CONFIG_DEBUG_INFO_BTF; relaying works, bpftool and tracers see less");
}

static void check_unprivileged(struct findings *findings, const struct host *host)
{
	char command[FINDING_FIX_BYTES];
	int64_t disabled;

	finding_set_kernel(command, sizeof(command), "kernel.unprivileged_bpf_disabled", 2);
	if (host_read_number(host, &disabled, "/proc/sys/kernel/unprivileged_bpf_disabled"))
		findings_add(findings, FINDING_UNKNOWN, "unprivileged-bpf", NULL,
		             "kernel.unprivileged_bpf_disabled cannot be read");
	else if (disabled)
		findings_add(findings, FINDING_OK, "unprivileged-bpf", NULL,
		             "BPF is closed to users without capabilities");
	else
		findings_add(findings, FINDING_WARNING, "unprivileged-bpf", command,
		             "any user may load BPF programs; this one does not need that");
}

static void check_jit(struct findings *findings, const struct host *host)
{
	int64_t enabled;
	const int error = host_read_number(host, &enabled, "/proc/sys/net/core/bpf_jit_enable");
	char command[FINDING_FIX_BYTES];

	finding_set_kernel(command, sizeof(command), "net.core.bpf_jit_enable", 1);
	if (error)
		findings_add(findings, FINDING_UNKNOWN, "bpf-jit", NULL,
		             "net.core.bpf_jit_enable %s",
		             error == -ENOENT ? "is not visible in this network namespace"
		                              : "is for root to read");
	else if (enabled)
		findings_add(findings, FINDING_OK, "bpf-jit", NULL, "BPF is compiled");
	else
		findings_add(findings, FINDING_WARNING, "bpf-jit", command,
		             "BPF is interpreted: a packet costs several times as much");
}

void check_kernel(struct findings *findings, const struct host *host)
{
	check_release(findings, host);
	check_btf(findings, host);
	check_unprivileged(findings, host);
	check_jit(findings, host);
}
