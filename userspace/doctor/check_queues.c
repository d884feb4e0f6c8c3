/*
 * Where packets wait in the kernel: sockets' receive queues, and the backlog of each processor, which they go
 * through on veth, loopback and with receive packet steering.
 */
#include "check.h"

#include <errno.h>
#include <stdlib.h>

#define BACKLOG_WANTED 10000

static void check_receive_queue(struct findings *findings, const struct host *host, bool may_exceed)
{
	char command[FINDING_FIX_BYTES];
	int64_t bytes;

	if (may_exceed) {
		findings_add(findings, FINDING_OK, "rmem", NULL,
		             "sockets get their %d kB whatever net.core.rmem_max is",
		             INGEST_SOCKET_BYTES >> 10);
		return;
	}
	if (host_read_number(host, &bytes, "/proc/sys/net/core/rmem_max")) {
		findings_add(findings, FINDING_UNKNOWN, "rmem", NULL,
		             "net.core.rmem_max is not visible here");
		return;
	}
	if (bytes >= INGEST_SOCKET_BYTES) {
		findings_add(findings, FINDING_OK, "rmem", NULL, "net.core.rmem_max is %lld",
		             (long long)bytes);
		return;
	}
	finding_set_kernel(command, sizeof(command), "net.core.rmem_max", INGEST_SOCKET_BYTES);
	findings_add(
		findings, FINDING_WARNING, "rmem", command,
		"net.core.rmem_max is %lld, kernel sockets want %d: bursts may be lost that come "
		"by them (this process has no cap_net_admin, which exceeds it)",
		(long long)bytes, INGEST_SOCKET_BYTES);
}

/* Packets that found the backlog full, of all processors, since the host has started. */
static int count_drops(const struct host *host, unsigned long *drops)
{
	FILE *file = host_open(host, "/proc/net/softnet_stat");
	unsigned long one;

	if (!file)
		return -errno;
	*drops = 0;
	while (fscanf(file, "%*x %lx%*[^\n]", &one) == 1)
		*drops += one;
	fclose(file);
	return 0;
}

static void check_backlog(struct findings *findings, const struct host *host)
{
	unsigned long drops = 0;
	char command[FINDING_FIX_BYTES];
	int64_t length;

	if (host_read_number(host, &length, "/proc/sys/net/core/netdev_max_backlog") ||
	    count_drops(host, &drops)) {
		findings_add(
			findings, FINDING_UNKNOWN, "backlog", NULL,
			"net.core.netdev_max_backlog is not visible in this network namespace");
		return;
	}
	if (!drops || length >= BACKLOG_WANTED) {
		findings_add(findings, FINDING_OK, "backlog", NULL,
		             "net.core.netdev_max_backlog is %lld, %lu packets found it full",
		             (long long)length, drops);
		return;
	}
	finding_set_kernel(command, sizeof(command), "net.core.netdev_max_backlog", BACKLOG_WANTED);
	findings_add(
		findings, FINDING_WARNING, "backlog", command,
		"net.core.netdev_max_backlog is %lld, and %lu packets were lost because it was full",
		(long long)length, drops);
}

void check_queues(struct findings *findings, const struct host *host, bool may_exceed)
{
	check_receive_queue(findings, host, may_exceed);
	check_backlog(findings, host);
}
