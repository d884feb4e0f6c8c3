/*
 * Interfaces, their queues, the verdicts of XDP: the members of GET /api/system that are numbers.
 */
#include "metrics.h"

#include "metrics_owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct family {
	const char *name, *member;
	enum exposition_type type;
	const char *help;
};

static const struct family interface_families[] = {
	{"distributor_interface_present", "present", EXPOSITION_GAUGE, "1 when it exists"},
	{"distributor_interface_up", "up", EXPOSITION_GAUGE,
         "1 when it is switched on and has a carrier"},
	{"distributor_interface_mtu_bytes", "mtu", EXPOSITION_GAUGE, "Longest IP packet"},
	{"distributor_interface_umem_bytes", "umem_bytes", EXPOSITION_GAUGE,
         "Locked memory of its AF_XDP sockets"},
	{"distributor_interface_rx_dropped_total", "rx_dropped", EXPOSITION_COUNTER,
         "Frames lost by its AF_XDP sockets: none was free, or too big for one"},
	{"distributor_interface_rx_ring_full_total", "rx_ring_full", EXPOSITION_COUNTER,
         "Frames lost by its AF_XDP sockets: the receive ring was full"},
};

static const struct family queue_families[] = {
	{"distributor_queue_frames_received_total", "frames_received", EXPOSITION_COUNTER,
         "Frames received by the AF_XDP socket of the queue"},
	{"distributor_queue_rx_dropped_total", "rx_dropped", EXPOSITION_COUNTER,
         "Frames lost: none was free, or too big for one"},
	{"distributor_queue_rx_ring_full_total", "rx_ring_full", EXPOSITION_COUNTER,
         "Frames lost: the receive ring was full"},
	{"distributor_queue_rx_fill_ring_empty_total", "rx_fill_ring_empty", EXPOSITION_COUNTER,
         "Times that no frame was free"},
};

static const struct family link_families[] = {
	{"distributor_link_rx_packets_total", "rx_packets", EXPOSITION_COUNTER,
         "Packets received by the interface, whoever they were for"},
	{"distributor_link_rx_bytes_total", "rx_bytes", EXPOSITION_COUNTER,
         "Bytes received by the interface, whoever they were for"},
	{"distributor_link_rx_errors_total", "rx_errors", EXPOSITION_COUNTER,
         "Bad packets received by the interface"},
	{"distributor_link_rx_dropped_total", "rx_dropped", EXPOSITION_COUNTER,
         "Packets dropped by the interface"},
	{"distributor_link_rx_missed_total", "rx_missed", EXPOSITION_COUNTER,
         "Packets that the device had no room for"},
};

static const char *const modes[] = {"xdp", "xdp-generic", "udp"};

static void write_families(struct exposition *out, const struct metrics_owners *owners,
                           const struct family *families, size_t count)
{
	for (size_t i = 0; i < count; i++)
		metrics_write_plain(out, owners, families[i].name, families[i].member,
		                    families[i].type, families[i].help);
}

static const char *name_of(const json_t *interface)
{
	return json_string_value(json_object_get(interface, "name"));
}

static int write_own(struct exposition *out, const json_t *interfaces)
{
	const struct metric_name speed = {.text = "distributor_interface_speed_bytes_per_second",
	                                  .multiply = 125000,
	                                  .divide = 1};
	struct metrics_owners shown = {0}, links = {0};
	const json_t *interface;
	int error;
	size_t i;

	json_array_foreach(interfaces, i, interface)
	{
		const struct metrics_label label = {"interface", name_of(interface)};

		metrics_owners_add(&shown, interface, &label, 1);
		metrics_owners_add(&links, json_object_get(interface, "link"), &label, 1);
	}
	metrics_write_states(out, &shown, "distributor_interface_mode", "mode", modes, COUNT(modes),
	                     "1 for how it is received on");
	metrics_write_member(out, &shown, &speed, "speed_mbps", EXPOSITION_GAUGE,
	                     "What its link can carry, where the driver says");
	write_families(out, &shown, interface_families, COUNT(interface_families));
	write_families(out, &links, link_families, COUNT(link_families));
	error = shown.error ? shown.error : links.error;
	metrics_owners_free(&shown);
	metrics_owners_free(&links);
	return error;
}

static int write_queues(struct exposition *out, const json_t *interfaces)
{
	struct metrics_owners owners = {0};
	const json_t *interface, *queue;
	char number[16];
	size_t i, j;
	int error;

	json_array_foreach(interfaces, i, interface)
	{
		json_array_foreach(json_object_get(interface, "queues"), j, queue)
		{
			const struct metrics_label labels[] = {{"interface", name_of(interface)},
			                                       {"queue", number}};

			snprintf(number, sizeof(number), "%d",
			         (int)json_integer_value(json_object_get(queue, "queue")));
			metrics_owners_add(&owners, queue, labels, COUNT(labels));
		}
	}
	write_families(out, &owners, queue_families, COUNT(queue_families));
	error = owners.error;
	metrics_owners_free(&owners);
	return error;
}

/* A sample for each interface and verdict. */
static int write_verdicts(struct exposition *out, const json_t *interfaces)
{
	json_t *interface, *count;
	const char *verdict;
	char *labels;
	size_t i;

	exposition_family(out, "distributor_interface_verdicts_total", EXPOSITION_COUNTER,
	                  "Frames by what the XDP program made of them");
	json_array_foreach(interfaces, i, interface)
	{
		json_object_foreach(json_object_get(interface, "verdicts"), verdict, count)
		{
			labels = NULL;
			if (exposition_label(&labels, "interface", name_of(interface)) ||
			    exposition_label(&labels, "verdict", verdict)) {
				free(labels);
				return -ENOMEM;
			}
			exposition_integer(out, labels, (uint64_t)json_integer_value(count));
			free(labels);
		}
	}
	return 0;
}

int metrics_write_interfaces(struct exposition *out, const json_t *interfaces)
{
	int error = write_own(out, interfaces);

	if (!error)
		error = write_queues(out, interfaces);
	return error ? error : write_verdicts(out, interfaces);
}
