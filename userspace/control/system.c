/*
 * The report of each interface as JSON. Names are those of bpf/steer.h, of `ip` and of `ethtool`.
 */
#include "system.h"

#include "base/privileges.h"
#include "base/version.h"
#include "ingest/ingest.h"
#include "ingest/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

static const char *const verdict_names[] = {
	[STEER_REDIRECTED] = "redirected",         [STEER_PASS_NO_SOCKET] = "pass_no_socket",
	[STEER_PASS_NO_RULE] = "pass_no_rule",     [STEER_PASS_NOT_UDP] = "pass_not_udp",
	[STEER_PASS_NOT_IP] = "pass_not_ip",       [STEER_PASS_FRAGMENT] = "pass_fragment",
	[STEER_PASS_MALFORMED] = "pass_malformed", [STEER_PASS_TOO_BIG] = "pass_too_big",
	[STEER_DROP_STRANGER] = "drop_stranger",   [STEER_DROP_RATE] = "drop_rate",
};

_Static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) == STEER_VERDICTS,
               "every verdict has a name");

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* "" becomes null. */
static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

/* Append to a list; the list is gone when there is no memory. */
static void append(json_t **list, json_t *item)
{
	if (*list && json_array_append_new(*list, item)) {
		json_decref(*list);
		*list = NULL;
	}
}

static json_t *describe_steps(const struct ingest_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->step_count; i++)
		append(&list, json_pack("{s:s, s:s, s:o}", "mode", report->steps[i].mode, "reason",
		                        report->steps[i].refusal.reason, "fix",
		                        text_or_null(report->steps[i].refusal.fix)));
	return list;
}

static json_t *describe_findings(const struct ingest_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct preflight_finding *finding = &report->findings[i];

		append(&list, json_pack("{s:s, s:s, s:o}", "severity",
		                        finding->severity == PREFLIGHT_REFUSED ? "refused" : "note",
		                        "sentence", finding->sentence, "command",
		                        text_or_null(finding->command)));
	}
	return list;
}

static json_t *describe_queues(const struct ingest_report *report)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < report->queue_count; i++) {
		const struct report_queue *queue = &report->queues[i];

		append(&list, json_pack("{s:i, s:s, s:i, s:o, s:o, s:o, s:o}", "queue", (int)i,
		                        "mode", queue->zero_copy ? "zero-copy" : "copy", "frames",
		                        (int)queue->frames, "frames_received",
		                        number(queue->frames_received), "rx_dropped",
		                        number(queue->rx_dropped), "rx_ring_full",
		                        number(queue->rx_ring_full), "rx_fill_ring_empty",
		                        number(queue->rx_fill_ring_empty)));
	}
	return list;
}

/* Packets by verdict, or null when no XDP program is there to give one. */
static json_t *describe_verdicts(const struct ingest_report *report)
{
	json_t *object;

	if (!report->queue_count)
		return json_null();
	object = json_object();
	for (size_t i = 0; object && i < STEER_VERDICTS; i++)
		json_object_set_new(object, verdict_names[i], number(report->verdicts[i]));
	return object;
}

/* The interface's own counters. */
static json_t *describe_link(const struct ingest_report *report)
{
	const struct link_stats *link = &report->link;

	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "rx_packets", number(link->rx_packets),
	                 "rx_bytes", number(link->rx_bytes), "rx_errors", number(link->rx_errors),
	                 "rx_dropped", number(link->rx_dropped), "rx_missed",
	                 number(link->rx_missed));
}

static json_t *describe_interface(const struct ingest_report *report)
{
	return json_pack(
		"{s:s, s:b, s:b, s:i, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"name", report->name, "present", report->present, "up", report->up, "mtu",
		(int)report->facts.mtu, "speed_mbps",
		report->facts.speed_mbps ? number(report->facts.speed_mbps) : json_null(), "driver",
		text_or_null(report->facts.driver), "mode", report->mode, "reason", report->reason,
		"steps", describe_steps(report), "preflight", describe_findings(report), "queues",
		describe_queues(report), "rx_dropped", number(report->rx_dropped), "rx_ring_full",
		number(report->rx_ring_full), "umem_bytes", number(report->umem_bytes), "verdicts",
		describe_verdicts(report), "link", describe_link(report));
}

/* The interfaces; *umem_bytes gets the locked memory of all of them. */
static json_t *describe_interfaces(const struct ingest *ingest, uint64_t *umem_bytes)
{
	struct ingest_report *report = malloc(sizeof(*report));
	json_t *list = report ? json_array() : NULL;

	*umem_bytes = 0;
	for (size_t i = 0; list && !ingest_report_interface(ingest, i, report); i++) {
		append(&list, describe_interface(report));
		*umem_bytes += report->umem_bytes;
	}
	free(report);
	return list;
}

static json_t *describe_capabilities(void)
{
	char names[PRIVILEGES_NAMES_MAX], *rest = names, *name;
	json_t *list = json_array();

	privileges_names(names, sizeof(names));
	while (*names && (name = strsep(&rest, ",")))
		append(&list, json_string(name));
	return list;
}

/* Bytes, or null for no limit. */
static json_t *memlock_limit(void)
{
	struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return limit.rlim_cur == RLIM_INFINITY ? json_null() : number(limit.rlim_cur);
}

static json_t *describe_ingest(const struct ingest *ingest)
{
	const struct ingest_config *config = ingest_get_config(ingest);

	return json_pack("{s:s, s:i, s:b, s:i}", "mode", ingest_mode_name(config->mode), "tick_us",
	                 (int)config->tick_us, "zero_copy", config->zero_copy, "fill_ring",
	                 (int)config->frames);
}

json_t *system_describe(const struct ingest *ingest)
{
	uint64_t umem_bytes;
	json_t *interfaces = describe_interfaces(ingest, &umem_bytes);
	struct utsname machine = {0};

	uname(&machine);
	return json_pack("{s:s, s:s, s:s, s:i, s:o, s:{s:o, s:o}, s:o, s:o}", "version",
	                 DISTRIBUTOR_VERSION, "kernel", machine.release, "architecture",
	                 machine.machine, "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN),
	                 "capabilities", describe_capabilities(), "memlock", "limit_bytes",
	                 memlock_limit(), "umem_bytes", number(umem_bytes), "ingest",
	                 describe_ingest(ingest), "interfaces", interfaces);
}
