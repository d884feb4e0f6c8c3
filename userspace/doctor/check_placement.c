/*
 * Which processors an interface's interrupts go to, and whether the program's memory and threads are on its NUMA
 * node.
 */
#include "check.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IRQS 256
#define MAX_CPUS 1024

struct irqs {
	const struct host *host;
	unsigned int all[MAX_IRQS], queues[MAX_IRQS];
	size_t all_count, queue_count;
};

static bool take_irq(void *context, const char *name)
{
	struct irqs *irqs = context;
	char *end;
	const unsigned long number = strtoul(name, &end, 10);

	if (*name && !*end && irqs->all_count < MAX_IRQS)
		irqs->all[irqs->all_count++] = (unsigned int)number;
	return true;
}

static bool is_listed(const struct irqs *irqs, unsigned long number)
{
	for (size_t i = 0; i < irqs->all_count; i++)
		if (irqs->all[i] == number)
			return true;
	return false;
}

/* Is it a receive queue's, by its name? Drivers also have one for their management. */
static bool is_queue(const char *line)
{
	return strcasestr(line, "rx") || strstr(line, "input") || strstr(line, "comp");
}

static void find_queues(struct irqs *irqs)
{
	FILE *file = host_open(irqs->host, "/proc/interrupts");
	char *line = NULL, *end;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		const unsigned long number = strtoul(line, &end, 10);

		if (end != line && *end == ':' && is_listed(irqs, number) && is_queue(end) &&
		    irqs->queue_count < MAX_IRQS)
			irqs->queues[irqs->queue_count++] = (unsigned int)number;
	}
	free(line);
	if (file)
		fclose(file);
}

/* A virtio device has them one level up, at its PCI device. */
static void find_irqs(struct irqs *irqs, const char *interface)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/msi_irqs", interface);
	host_each(irqs->host, path, take_irq, irqs);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/../msi_irqs", interface);
	if (!irqs->all_count)
		host_each(irqs->host, path, take_irq, irqs);
	find_queues(irqs);
}

struct process_search {
	const struct host *host;
	bool found;
};

static bool is_irqbalance(void *context, const char *name)
{
	struct process_search *search = context;
	char command[32];

	if (isdigit((unsigned char)*name) &&
	    !host_read(search->host, command, sizeof(command), "/proc/%s/comm", name))
		search->found = !strcmp(command, "irqbalance");
	return !search->found;
}

/* Every interrupt to a processor of its own, as far as there are some, of those in the list. */
static void spread_command(char *command, size_t size, const struct irqs *irqs, const char *cpus)
{
	size_t used = (size_t)snprintf(command, size, "for pair in");
	unsigned int cpu = 0;

	for (size_t i = 0; i < irqs->queue_count && used < size; i++, cpu++) {
		while (!host_list_has(cpus, cpu)) /* cpus is not empty */
			cpu = cpu < MAX_CPUS ? cpu + 1 : 0;
		used += (size_t)snprintf(command + used, size - used, " %u:%u", irqs->queues[i],
		                         cpu);
	}
	if (used < size)
		snprintf(command + used, size - used,
		         "; do echo \"${pair#*:}\" >/proc/irq/\"${pair%%:*}\"/smp_affinity_list; "
		         "done");
}

/* Where an interrupt goes: what was asked for, if that is one processor; it comes into force with the next one. */
static void processor_of(const struct host *host, unsigned int irq, char *out, size_t size)
{
	host_read(host, out, size, "/proc/irq/%u/smp_affinity_list", irq);
	if (!*out || strpbrk(out, ",-"))
		host_read(host, out, size, "/proc/irq/%u/effective_affinity_list", irq);
}

static bool same_processor(const struct irqs *irqs, char *cpu, size_t size)
{
	char other[64];

	cpu[0] = '\0';
	for (size_t i = 0; i < irqs->queue_count; i++) {
		processor_of(irqs->host, irqs->queues[i], other, sizeof(other));
		if (i == 0)
			snprintf(cpu, size, "%s", other);
		if (!*other || strpbrk(other, ",-") || strcmp(cpu, other) != 0)
			return false;
	}
	return irqs->queue_count > 1;
}

/* The processors near the interface: those of its node, else all. */
static void near_processors(const struct host *host, const char *interface, char *list, size_t size)
{
	int64_t node;

	if (!host_read_number(host, &node, "/sys/class/net/%s/device/numa_node", interface) &&
	    node >= 0 &&
	    !host_read(host, list, size, "/sys/devices/system/node/node%d/cpulist", (int)node) &&
	    *list)
		return;
	host_read(host, list, size, "/sys/devices/system/cpu/online");
}

static void check_irqs(struct findings *findings, const struct host *host)
{
	struct irqs irqs = {.host = host};
	struct process_search irqbalance = {.host = host};
	char command[FINDING_FIX_BYTES], cpus[256], cpu[64];

	find_irqs(&irqs, findings->subject);
	near_processors(host, findings->subject, cpus, sizeof(cpus));
	if (!irqs.queue_count) {
		findings_add(findings, FINDING_OK, "irq", NULL, "it has no interrupts of its own");
		return;
	}
	host_each(host, "/proc", is_irqbalance, &irqbalance);
	if (same_processor(&irqs, cpu, sizeof(cpu)) && *cpus && strpbrk(cpus, ",-")) {
		spread_command(command, sizeof(command), &irqs, cpus);
		findings_add(findings, FINDING_WARNING, "irq", command,
		             "the interrupts of all %zu queues go to processor %s",
		             irqs.queue_count, cpu);
	} else {
		findings_add(findings, FINDING_OK, "irq", NULL,
		             irqs.queue_count > 1 ? "the interrupts of %zu queues are spread"
		                                  : "%zu interrupt, nothing to spread",
		             irqs.queue_count);
	}
	if (irqbalance.found && irqs.queue_count > 1)
		findings_add(
			findings, FINDING_WARNING, "irqbalance",
			"systemctl disable --now irqbalance",
			"irqbalance runs and moves the queues' interrupts; place them once instead");
}

/* What the service may use, if it has been told, else this process. */
static bool leaves_node(const struct host *host, const char *node_cpus)
{
	char list[256];
	cpu_set_t set;

	if (!host_read(host, list, sizeof(list),
	               "/sys/fs/cgroup/system.slice/medialive-distributor.service/cpuset.cpus") &&
	    *list) {
		for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++)
			if (host_list_has(list, cpu) && !host_list_has(node_cpus, cpu))
				return true;
		return false;
	}
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !host_list_has(node_cpus, cpu))
			return true;
	return false;
}

static void check_node(struct findings *findings, const struct host *host)
{
	char nodes[64], cpus[256] = "", command[400];
	int64_t node = -1;

	host_read(host, nodes, sizeof(nodes), "/sys/devices/system/node/online");
	host_read_number(host, &node, "/sys/class/net/%s/device/numa_node", findings->subject);
	if (node >= 0)
		host_read(host, cpus, sizeof(cpus), "/sys/devices/system/node/node%d/cpulist",
		          (int)node);
	if (!strpbrk(nodes, ",-") || !*cpus) {
		findings_add(findings, FINDING_OK, "numa", NULL, "%s",
		             strpbrk(nodes, ",-") ? "it belongs to no node" : "one node");
		return;
	}
	if (!leaves_node(host, cpus)) {
		findings_add(findings, FINDING_OK, "numa", NULL,
		             "on node %d, and so is the program", (int)node);
		return;
	}
	snprintf(command, sizeof(command),
	         "systemctl set-property medialive-distributor.service AllowedCPUs=%s "
	         "AllowedMemoryNodes=%d",
	         cpus, (int)node);
	findings_add(findings, FINDING_WARNING, "numa", command,
	             "it is on node %d, and the program may run on others, away from its packets",
	             (int)node);
}

void check_placement(struct findings *findings, const struct host *host)
{
	check_irqs(findings, host);
	check_node(findings, host);
}
