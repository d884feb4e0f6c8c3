/*
 * The AF_XDP back end: one interface, its XDP program and a socket for each receive queue.
 */
#include "source.h"

#include "bpf/steer.h"
#include "frame.h"
#include "queue_socket.h"
#include "rules.h"
#include "steering.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct steered_source {
	struct packet_source base;
	char interface[IF_NAMESIZE];
	bool generic;
	struct steering *steering;
	struct rules *rules;
	unsigned int queues;
	struct queue_socket *sockets[STEER_MAX_QUEUES];
};

/* A drain in progress, for the frame callback. */
struct drain {
	const struct binding_table *table;
	const char *interface;
	int64_t now_ns;
};

static struct steered_source *steered_source(struct packet_source *source)
{
	return (struct steered_source *)source;
}

/*
 * Receive queues of the interface. Asked before XDP is attached: virtio counts the queues that it adds
 * for XDP as well.
 */
static unsigned int count_queues(const char *interface)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (char *)&channels};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int count = 0;

	if (fd < 0)
		return 1;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (!ioctl(fd, SIOCETHTOOL, &request))
		count = channels.combined_count + channels.rx_count;
	close(fd);
	if (count > STEER_MAX_QUEUES)
		count = STEER_MAX_QUEUES;
	return count ? count : 1;
}

static void explain_socket(int error, unsigned int queue, char *why, size_t size)
{
	switch (error) {
	case -EPERM:
		snprintf(why, size, "AF_XDP sockets need CAP_NET_RAW");
		break;
	case -ENOBUFS:
		snprintf(why, size, "memory for queue %u is over the memlock limit (ulimit -l)",
		         queue);
		break;
	case -EBUSY:
		snprintf(why, size, "another program has an AF_XDP socket on queue %u", queue);
		break;
	default:
		snprintf(why, size, "AF_XDP socket on queue %u failed: %s", queue,
		         strerror(-error));
	}
}

static int open_sockets(struct steered_source *s, char *why, size_t size)
{
	int error;

	for (unsigned int queue = 0; queue < s->queues; queue++) {
		error = queue_socket_create(&s->sockets[queue], s->interface, queue);
		if (!error)
			error = steering_set_socket(s->steering, queue,
			                            queue_socket_fd(s->sockets[queue]));
		if (error) {
			explain_socket(error, queue, why, size);
			return error;
		}
	}
	return 0;
}

static int open_rules(struct steered_source *s, char *why, size_t size)
{
	const struct rules_maps maps = {
		.ports = steering_map(s->steering, STEERING_PORTS),
		.port_index = steering_map(s->steering, STEERING_PORT_INDEX),
		.filters = steering_map(s->steering, STEERING_FILTERS),
		.port_counters = steering_map(s->steering, STEERING_PORT_COUNTERS),
		.sources = steering_map(s->steering, STEERING_SOURCES),
		.ceilings = steering_map(s->steering, STEERING_CEILINGS),
		.locals = steering_map(s->steering, STEERING_LOCALS),
	};
	const int error = rules_create(&s->rules, &maps);

	if (error)
		snprintf(why, size, "the tables of the XDP program cannot be filled: %s",
		         strerror(-error));
	return error;
}

/* What comes by another interface is another source's to receive. */
static bool is_served(const struct steered_source *s, const struct ingest_binding *binding)
{
	return !binding->target.interface[0] || !strcmp(binding->target.interface, s->interface);
}

static int explain_rule(const struct steered_source *s, int error, uint16_t port, char *why,
                        size_t size)
{
	if (error == -ENOSPC)
		snprintf(why, size,
		         "cannot steer port %u on %s: its table is full (%d ports, %d sources)",
		         port, s->interface, STEER_MAX_PORTS, STEER_MAX_SOURCES);
	else if (error)
		snprintf(why, size, "cannot steer port %u on %s: %s", port, s->interface,
		         strerror(-error));
	return error;
}

static int steered_add(struct packet_source *source, struct ingest_binding *binding, char *why,
                       size_t size)
{
	struct steered_source *s = steered_source(source);
	const struct ingest_target *target = &binding->target;
	int error;

	if (!is_served(s, binding))
		return 0;
	error = rules_add(s->rules, &target->address, target->port, &binding->filter);
	return explain_rule(s, error, target->port, why, size);
}

static int steered_set_filter(struct packet_source *source, struct ingest_binding *binding,
                              const struct ingest_filter *filter, char *why, size_t size)
{
	struct steered_source *s = steered_source(source);
	const struct ingest_target *target = &binding->target;
	int error;

	if (!is_served(s, binding))
		return 0;
	error = rules_set_filter(s->rules, &target->address, target->port, filter);
	return explain_rule(s, error, target->port, why, size);
}

static void steered_remove(struct packet_source *source, struct ingest_binding *binding)
{
	struct steered_source *s = steered_source(source);

	if (is_served(s, binding))
		rules_remove(s->rules, &binding->target.address, binding->target.port);
}

static void steered_count(struct packet_source *source, const struct ingest_binding *binding,
                          struct ingest_counters *sum)
{
	const struct steered_source *s = steered_source(source);
	struct rules_drops drops;

	if (!is_served(s, binding))
		return;
	drops = rules_drops(s->rules, &binding->target.address, binding->target.port);
	counter_add(&sum->dropped_stranger, drops.strangers);
	counter_add(&sum->dropped_rate, drops.over_rate);
}

static void steered_release(struct packet_source *source, struct ingest_binding *binding)
{
	(void)source;
	(void)binding;
}

static void receive_frame(void *context, const uint8_t *frame, size_t size)
{
	const struct drain *drain = context;
	struct frame_datagram datagram;
	struct ingest_binding *binding;

	if (frame_parse(&datagram, frame, size))
		return;
	binding = binding_table_find(drain->table, drain->interface, &datagram.destination,
	                             datagram.port);
	if (binding) /* else: unbound a moment ago */
		channel_receive(binding->target.channel, binding->target.path,
		                binding->target.input, datagram.payload, datagram.size,
		                drain->now_ns);
}

static void steered_drain(struct packet_source *source, const struct binding_table *table,
                          int64_t now_ns)
{
	struct steered_source *s = steered_source(source);
	struct drain drain = {.table = table, .interface = s->interface, .now_ns = now_ns};

	for (unsigned int queue = 0; queue < s->queues; queue++)
		queue_socket_drain(s->sockets[queue], receive_frame, &drain);
}

static void steered_info(struct packet_source *source, struct ingest_interface_info *info)
{
	const struct steered_source *s = steered_source(source);
	struct queue_socket_losses losses;

	snprintf(info->mode, sizeof(info->mode), "%s", s->generic ? "xdp-generic" : "xdp");
	info->queues = s->queues;
	for (unsigned int queue = 0; queue < s->queues; queue++) {
		queue_socket_get_losses(s->sockets[queue], &losses);
		info->rx_dropped += losses.dropped;
		info->rx_ring_full += losses.ring_full;
	}
}

static void steered_destroy(struct packet_source *source)
{
	struct steered_source *s = steered_source(source);

	steering_destroy(s->steering); /* first: frames pass to the kernel while sockets close */
	rules_destroy(s->rules);
	for (unsigned int queue = 0; queue < s->queues; queue++)
		queue_socket_destroy(s->sockets[queue]);
	free(s);
}

static const struct source_ops steered_ops = {
	.add = steered_add,
	.set_filter = steered_set_filter,
	.remove = steered_remove,
	.count = steered_count,
	.release = steered_release,
	.drain = steered_drain,
	.info = steered_info,
	.destroy = steered_destroy,
};

int steered_source_create(struct packet_source **out, const char *interface, bool generic,
                          char *why, size_t size)
{
	const unsigned int ifindex = if_nametoindex(interface);
	struct steered_source *s;
	int error;

	if (!ifindex) {
		snprintf(why, size, "there is no interface of that name");
		return -ENODEV;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.ops = &steered_ops;
	s->generic = generic;
	snprintf(s->interface, sizeof(s->interface), "%s", interface);
	s->queues = count_queues(interface);
	error = steering_create(&s->steering, ifindex, generic, why, size);
	if (!error)
		error = open_rules(s, why, size);
	if (!error)
		error = open_sockets(s, why, size);
	if (error) {
		steered_destroy(&s->base);
		return error;
	}
	*out = &s->base;
	return 0;
}
