/*
 * The AF_XDP back end: one interface, its XDP program and a socket for each receive queue.
 */
#include "source.h"

#include "base/address.h"
#include "base/log.h"
#include "base/prefetch.h"
#include "bpf/steer.h"
#include "ethtool.h"
#include "frame.h"
#include "queue_socket.h"
#include "rules.h"
#include "steering.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define RING_AHEAD 3 /* datagrams; fewer come too late, more find no room on the way */

struct steered_source {
	struct packet_source base;
	char interface[IF_NAMESIZE];
	struct steering *steering;
	struct rules *rules;
	uint32_t queues, frames, frame_bytes;
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

static void refuse(struct refusal *why, const char *fix, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(struct refusal *why, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->reason, sizeof(why->reason), format, args);
	va_end(args);
	snprintf(why->fix, sizeof(why->fix), "%s", fix);
}

/* The kernel counts the sockets' memory against the limit unless the program has CAP_IPC_LOCK. */
static void explain_memlock(const struct steered_source *s, const struct steered_config *config,
                            struct refusal *why)
{
	const uint64_t bytes = (uint64_t)s->queues * s->frames * s->frame_bytes;
	const uint64_t all = bytes + config->elsewhere_bytes;
	struct rlimit limit = {0};
	char fix[sizeof(why->fix)];

	getrlimit(RLIMIT_MEMLOCK, &limit);
	snprintf(
		fix, sizeof(fix),
		"ulimit -l %llu (systemd: LimitMEMLOCK=%lluM), CAP_IPC_LOCK, or a smaller --fill-ring",
		(unsigned long long)(all >> 10), (unsigned long long)(all >> 20));
	refuse(why, fix,
	       "AF_XDP needs %llu kB of locked memory for %u queues of %u frames, %llu kB with those of "
	       "other interfaces; the limit is %llu kB",
	       (unsigned long long)(bytes >> 10), s->queues, s->frames,
	       (unsigned long long)(all >> 10), (unsigned long long)(limit.rlim_cur >> 10));
}

static void explain_socket(int error, const struct steered_source *s,
                           const struct steered_config *config, unsigned int queue,
                           struct refusal *why)
{
	switch (error) {
	case -EPERM:
		refuse(why, "run as root, or with CAP_NET_RAW", "AF_XDP sockets need CAP_NET_RAW");
		break;
	case -ENOBUFS:
		explain_memlock(s, config, why);
		break;
	case -EBUSY:
		refuse(why, "ss --xdp --processes",
		       "another program has an AF_XDP socket on queue %u", queue);
		break;
	default:
		refuse(why, "", "AF_XDP socket on queue %u failed: %s", queue, strerror(-error));
	}
}

/* Frames are copied although zero-copy was asked for. */
static void explain_copy(const struct steered_source *s, const struct steered_config *config,
                         struct refusal *why)
{
	for (unsigned int queue = 0; config->zero_copy && queue < s->queues; queue++) {
		const int reason = queue_socket_copy_reason(s->sockets[queue]);

		if (config->generic)
			refuse(why, "", "generic XDP always copies");
		else if (reason == -EOPNOTSUPP)
			refuse(why, "", "queue %u: the driver has no zero-copy", queue);
		else if (reason)
			refuse(why, "dmesg | tail", "queue %u: the driver refused zero-copy: %s",
			       queue, strerror(-reason));
		if (*why->reason)
			break;
	}
}

/*
 * virtio_net gives XDP a queue pair for each processor where it has any left, and the host receives into those
 * as well: each queue that there is once XDP is attached needs its socket.
 */
static uint32_t count_queues(const struct steered_config *config)
{
	const uint32_t now = ethtool_get_queues(config->interface);
	const uint32_t queues = now > config->queues ? now : config->queues;

	return queues < STEER_MAX_QUEUES ? queues : STEER_MAX_QUEUES;
}

static int open_sockets(struct steered_source *s, const struct steered_config *config,
                        struct refusal *why)
{
	struct queue_socket_config socket = {.interface = s->interface,
	                                     .frames = s->frames,
	                                     .frame_bytes = s->frame_bytes,
	                                     .zero_copy = config->zero_copy && !config->generic};
	int error;

	for (; socket.queue < s->queues; socket.queue++) {
		error = queue_socket_create(&s->sockets[socket.queue], &socket);
		if (!error)
			error = steering_set_socket(s->steering, socket.queue,
			                            queue_socket_fd(s->sockets[socket.queue]));
		if (error) {
			explain_socket(error, s, config, socket.queue, why);
			return error;
		}
	}
	explain_copy(s, config, why);
	return 0;
}

static int open_rules(struct steered_source *s, struct refusal *why)
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
		refuse(why, "", "the tables of the XDP program cannot be filled: %s",
		       strerror(-error));
	return error;
}

/*
 * What comes by another interface is another source's to receive. What comes from outside to a loopback address
 * is forged: the kernel knows, and its socket receives what is not.
 */
static bool is_served(const struct steered_source *s, const struct ingest_binding *binding)
{
	if (address_is_loopback(&binding->target.address))
		return false;
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
	if (error ==
	    -ENOENT) /* its rule found no room when the interface came: the kernel's socket */
		return 0;
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

static void steered_refresh_locals(struct packet_source *source)
{
	struct steered_source *s = steered_source(source);
	const int error = rules_refresh_locals(s->rules);

	if (error)
		log_warning("interface %s: this machine's addresses are not all known to XDP: %s",
		            s->interface, strerror(-error));
}

static bool steered_is_attached(const struct packet_source *source)
{
	return steering_is_attached(((const struct steered_source *)source)->steering);
}

static void steered_release(struct packet_source *source, struct ingest_binding *binding)
{
	(void)source;
	(void)binding;
}

/* A datagram of the batch at hand. */
struct arrived {
	struct ingest_binding *binding;
	struct frame_datagram datagram;
};

/*
 * With hundreds of channels nothing of a channel is in the cache when its next datagram comes. So the way from
 * the port to the ring is gone step by step for the whole batch, each step having the next one's memory brought.
 * The last step's is too much for a whole batch: it is brought a few datagrams ahead.
 */
static void receive_frames(void *context, const struct queue_frame *frames, size_t count)
{
	const struct drain *drain = context;
	struct arrived all[QUEUE_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (frame_parse(&all[n].datagram, frames[i].data, frames[i].size))
			continue;
		binding_table_prefetch(drain->table, all[n++].datagram.port);
	}
	for (size_t i = 0; i < n; i++) {
		const struct frame_datagram *d = &all[i].datagram;

		all[i].binding = binding_table_find(drain->table, drain->interface, &d->destination,
		                                    d->port);
		if (all[i].binding) /* else: unbound a moment ago */
			channel_prefetch(all[i].binding->target.channel);
	}
	for (size_t i = 0; i < n; i++)
		if (all[i].binding)
			channel_prefetch_stream(all[i].binding->target.channel);
	for (size_t i = 0; i < n; i++) {
		const struct arrived *a = &all[i];

		if (i + RING_AHEAD < n && a[RING_AHEAD].binding)
			channel_prefetch_ring(a[RING_AHEAD].binding->target.channel);
		if (i + 2 < n)
			prefetch_range(a[2].datagram.payload, a[2].datagram.size);
		if (a->binding)
			channel_receive(a->binding->target.channel, a->binding->target.path,
			                a->binding->target.input, a->datagram.payload,
			                a->datagram.size, drain->now_ns);
	}
}

static void steered_drain(struct packet_source *source, const struct binding_table *table,
                          int64_t now_ns)
{
	struct steered_source *s = steered_source(source);
	struct drain drain = {.table = table, .interface = s->interface, .now_ns = now_ns};

	for (unsigned int queue = 0; queue < s->queues; queue++)
		queue_socket_drain(s->sockets[queue], receive_frames, &drain);
}

static void steered_report(struct packet_source *source, struct ingest_report *report)
{
	const struct steered_source *s = steered_source(source);
	struct queue_socket_losses losses;

	report->queue_count = s->queues;
	report->umem_bytes = (uint64_t)s->queues * s->frames * s->frame_bytes;
	for (unsigned int queue = 0; queue < s->queues; queue++) {
		queue_socket_get_losses(s->sockets[queue], &losses);
		report->queues[queue] = (struct report_queue){
			.zero_copy = !queue_socket_copy_reason(s->sockets[queue]),
			.frames = s->frames,
			.frames_received = queue_socket_received(s->sockets[queue]),
			.rx_dropped = losses.dropped,
			.rx_ring_full = losses.ring_full,
			.rx_fill_ring_empty = losses.fill_empty,
		};
	}
	steering_get_verdicts(s->steering, report->verdicts);
}

static void steered_stop(struct packet_source *source)
{
	steering_detach(steered_source(source)->steering);
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
	.refresh_locals = steered_refresh_locals,
	.stop = steered_stop,
	.is_attached = steered_is_attached,
	.release = steered_release,
	.drain = steered_drain,
	.report = steered_report,
	.destroy = steered_destroy,
};

/* The steering's sentence, and what can be done about its error. */
static void explain_steering(int error, const char *sentence, struct refusal *why)
{
	const char *fix = "";

	if (error == -EPERM || error == -EACCES)
		fix = "run as root, or with CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_PERFMON";
	else if (error == -EBUSY || error == -EEXIST)
		fix = "stop the other program (bpftool net list shows it)";
	else if (error == -ERANGE || error == -EINVAL)
		fix = "dmesg | tail";
	refuse(why, fix, "%s", sentence);
}

int steered_source_create(struct packet_source **out, const struct steered_config *config,
                          struct refusal *why)
{
	const unsigned int ifindex = if_nametoindex(config->interface);
	struct steered_source *s;
	char sentence[200] = "";
	int error;

	*why = (struct refusal){0};
	if (!ifindex) {
		refuse(why, "", "there is no interface of that name");
		return -ENODEV;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.ops = &steered_ops;
	snprintf(s->interface, sizeof(s->interface), "%s", config->interface);
	s->frames = config->frames;
	s->frame_bytes = config->frame_bytes;
	error = steering_create(&s->steering, ifindex, config->generic, sentence, sizeof(sentence));
	s->queues = count_queues(config);
	if (error)
		explain_steering(error, sentence, why);
	else
		error = open_rules(s, why);
	if (!error)
		error = open_sockets(s, config, why);
	if (error) {
		steered_destroy(&s->base);
		return error;
	}
	*out = &s->base;
	return 0;
}
