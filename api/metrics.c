/*
 * Metrics of the program itself, and all metrics put together.
 */
#include "metrics.h"

#include "base/event.h"
#include "base/process.h"
#include "base/version.h"
#include "control/manager.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static void write_number(struct exposition *out, const char *name, enum exposition_type type,
                         const char *help, double value)
{
	exposition_family(out, name, type, help);
	exposition_number(out, "", value);
}

/* The names that Prometheus's own libraries use. Without /proc there is nothing to say. */
static void write_process(struct exposition *out)
{
	struct process_usage usage;

	if (process_usage(&usage))
		return;
	write_number(out, "process_cpu_seconds_total", EXPOSITION_COUNTER,
	             "User and system CPU time spent", usage.cpu_s);
	write_number(out, "process_start_time_seconds", EXPOSITION_GAUGE,
	             "When the program was started, since 1970", usage.started_s);
	write_number(out, "process_resident_memory_bytes", EXPOSITION_GAUGE, "Resident memory",
	             (double)usage.resident_bytes);
	write_number(out, "process_virtual_memory_bytes", EXPOSITION_GAUGE, "Virtual memory",
	             (double)usage.virtual_bytes);
	write_number(out, "process_threads", EXPOSITION_GAUGE, "Threads", (double)usage.threads);
	write_number(out, "process_open_fds", EXPOSITION_GAUGE, "Open file descriptors",
	             (double)usage.open_fds);
	write_number(out, "process_max_fds", EXPOSITION_GAUGE, "Most file descriptors allowed",
	             usage.max_fds == UINT64_MAX ? INFINITY : (double)usage.max_fds);
}

static int write_build(struct exposition *out)
{
	char *labels = NULL;

	if (exposition_label(&labels, "version", DISTRIBUTOR_VERSION))
		return -ENOMEM;
	exposition_family(out, "distributor_build_info", EXPOSITION_GAUGE,
	                  "Always 1; its label is the version");
	exposition_integer(out, labels, 1);
	free(labels);
	write_number(out, "distributor_events_total", EXPOSITION_COUNTER,
	             "Events, as in GET /api/events", (double)event_newest());
	return 0;
}

/* What the manager has to say; both are the caller's to free, also after an error. */
static int ask(struct manager *manager, json_t **channels, json_t **system)
{
	return manager_measures(manager, channels) || manager_system(manager, system) ? -ENOMEM : 0;
}

int metrics_write(struct exposition *out, struct manager *manager, struct api_error *error)
{
	json_t *channels = NULL, *system = NULL;
	int code = ask(manager, &channels, &system);

	*out = (struct exposition){.max_bytes = METRICS_MAX_BYTES};
	if (!code)
		code = write_build(out);
	if (!code)
		code = metrics_write_channels(out, channels);
	if (!code)
		code = metrics_write_interfaces(out, json_object_get(system, "interfaces"));
	write_process(out);
	json_decref(channels);
	json_decref(system);
	if (!code)
		code = out->error;
	if (code == -EFBIG)
		return api_error_set(error, 503, "limit", NULL,
		                     "The metrics of so many outputs are more than %u bytes",
		                     METRICS_MAX_BYTES);
	return code ? api_error_no_memory(error) : 0;
}
