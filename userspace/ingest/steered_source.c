/*
 * The AF_XDP back end: one interface, its XDP program and a socket for each receive queue.
 */
#include "source.h"

#include "bpf/steer.h"
#include "frame.h"
#include "queue_socket.h"
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

#define CACHE_LINE_BYTES 64

struct steered_source {
	struct packet_source base;
	char interface[IF_NAMESIZE];
	bool generic;
	struct steering *steering;
	unsigned int queues;
	struct queue_socket *sockets[STEER_MAX_QUEUES];
};

/* A drain in progress, for the frame callback. */
struct drain {
	const struct binding_table *table;
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

static int steered_add(struct packet_source *source, struct ingest_binding *binding, char *why,
                       size_t size)
{
	struct steered_source *s = steered_source(source);
	const int error = steering_add(s->steering, &binding->target.address, binding->target.port);

	if (error)
		snprintf(why, size, "cannot steer port %u on %s: %s", binding->target.port,
		         s->interface, strerror(-error));
	return error;
}

static void steered_remove(struct packet_source *source, struct ingest_binding *binding)
{
	steering_remove(steered_source(source)->steering, &binding->target.address,
	                binding->target.port);
}

static void steered_release(struct packet_source *source, struct ingest_binding *binding)
{
	(void)source;
	(void)binding;
}

/* Whose datagram a frame brings, or NULL. */
static struct ingest_binding *find(const struct drain *drain, struct frame_datagram *datagram,
                                   const uint8_t *frame, size_t size)
{
	if (frame_parse(datagram, frame, size))
		return NULL;
	return binding_table_find(drain->table, &datagram->destination, datagram->port);
}

/* With hundreds of channels neither the frame nor the channel is in the cache: a third of the cost. */
static void prepare_frame(void *context, const uint8_t *frame, size_t size)
{
	struct frame_datagram datagram;
	const struct ingest_binding *binding = find(context, &datagram, frame, size);

	if (!binding)
		return;
	for (size_t i = 0; i < datagram.size; i += CACHE_LINE_BYTES)
		__builtin_prefetch(datagram.payload + i);
	channel_prefetch(binding->target.channel);
}

static void receive_frame(void *context, const uint8_t *frame, size_t size)
{
	const struct drain *drain = context;
	struct frame_datagram datagram;
	const struct ingest_binding *binding = find(drain, &datagram, frame, size);

	if (binding) /* else: unbound a moment ago */
		channel_receive(binding->target.channel, binding->target.path,
		                binding->target.input, datagram.payload, datagram.size,
		                drain->now_ns);
}

static void steered_drain(struct packet_source *source, const struct binding_table *table,
                          int64_t now_ns)
{
	struct steered_source *s = steered_source(source);
	struct drain drain = {.table = table, .now_ns = now_ns};

	for (unsigned int queue = 0; queue < s->queues; queue++)
		queue_socket_drain_ahead(s->sockets[queue], prepare_frame, receive_frame, &drain);
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
	for (unsigned int queue = 0; queue < s->queues; queue++)
		queue_socket_destroy(s->sockets[queue]);
	free(s);
}

static const struct source_ops steered_ops = {
	.add = steered_add,
	.remove = steered_remove,
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
		error = open_sockets(s, why, size);
	if (error) {
		steered_destroy(&s->base);
		return error;
	}
	*out = &s->base;
	return 0;
}
