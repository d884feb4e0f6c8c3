/*
 * How the interfaces are served, told to others: the short form of GET /api/health and the report of GET
 * /api/system.
 */
#include "ingest_base.h"

#include "link_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ingest is const to who asks; the lock is nobody's state. */
static pthread_mutex_t *lock_of(const struct ingest *ingest)
{
	return &((struct ingest *)ingest)->lock;
}

static void explain_mode(const struct served_interface *interface, char *text, size_t size)
{
	if (!interface->ifindex)
		snprintf(text, size, "there is no interface of that name");
	else if (interface->ingest->config.mode == INGEST_UDP)
		snprintf(text, size, "--ingest udp");
	else
		attach_describe(&interface->attachment, text, size);
}

/* All but the interface's own counters. Under the lock. */
static void fill_in(const struct served_interface *interface, struct ingest_report *report)
{
	const struct attachment *a = &interface->attachment;

	report->present = interface->ifindex != 0;
	report->up = interface->up;
	report->mode = ingest_mode_name(a->mode);
	snprintf(report->name, sizeof(report->name), "%s", interface->name);
	explain_mode(interface, report->reason, sizeof(report->reason));
	report->facts = a->facts;
	report->finding_count = a->finding_count;
	memcpy(report->findings, a->findings, sizeof(report->findings));
	report->step_count = a->step_count;
	memcpy(report->steps, a->steps, sizeof(report->steps));
	if (a->source)
		a->source->ops->report(a->source, report);
	report->rx_dropped = interface->past_dropped;
	report->rx_ring_full = interface->past_ring_full;
	for (uint32_t i = 0; i < report->queue_count; i++) {
		report->rx_dropped += report->queues[i].rx_dropped;
		report->rx_ring_full += report->queues[i].rx_ring_full;
	}
}

int ingest_report_interface(const struct ingest *ingest, size_t index, struct ingest_report *report)
{
	unsigned int ifindex;

	if (index >= ingest->interface_count)
		return -ENOENT;
	memset(report, 0, sizeof(*report));
	pthread_mutex_lock(lock_of(ingest));
	fill_in(&ingest->interfaces[index], report);
	ifindex = ingest->interfaces[index].ifindex;
	pthread_mutex_unlock(lock_of(ingest));
	link_stats_read(&report->link, ifindex); /* zero without an answer */
	return 0;
}

static void describe(const struct served_interface *interface, struct ingest_report *report,
                     struct ingest_interface_info *info)
{
	memset(report, 0, sizeof(*report));
	fill_in(interface, report);
	*info = (struct ingest_interface_info){.queues = report->queue_count,
	                                       .rx_dropped = report->rx_dropped,
	                                       .rx_ring_full = report->rx_ring_full};
	snprintf(info->name, sizeof(info->name), "%s", report->name);
	snprintf(info->mode, sizeof(info->mode), "%s", report->mode);
	snprintf(info->reason, sizeof(info->reason), "%s", report->reason);
}

size_t ingest_interfaces(const struct ingest *ingest, struct ingest_interface_info *infos,
                         size_t max)
{
	struct ingest_report *report = malloc(sizeof(*report));

	pthread_mutex_lock(lock_of(ingest));
	for (size_t i = 0; report && i < ingest->interface_count && i < max; i++)
		describe(&ingest->interfaces[i], report, &infos[i]);
	pthread_mutex_unlock(lock_of(ingest));
	free(report);
	return report ? ingest->interface_count : 0;
}
