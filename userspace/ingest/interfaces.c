/*
 * Serving interfaces. What takes time (attaching, closing sockets) happens on the thread that watches them,
 * between two commands to the ingest thread, which goes on draining everything else. Kernel sockets stay open
 * throughout and receive while XDP does not.
 *
 *   absent -- interface_serve: attach, add every binding, command begin --> served
 *   served -- interface_withdraw: remove from the sources, detach, command end --> leaving
 *   leaving -- end has run, interface_free_source --> absent
 */
#include "ingest_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/event.h"
#include "ethtool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct packet_source **draining_slot(struct served_interface *interface)
{
	return &interface->ingest->draining[1 + (interface - interface->ingest->interfaces)];
}

static void run_begin(struct command *command)
{
	struct served_interface *interface = container_of(command, struct served_interface, begin);

	*draining_slot(interface) = interface->to_drain;
}

static void run_end(struct command *command)
{
	struct served_interface *interface = container_of(command, struct served_interface, end);
	struct packet_source **slot = draining_slot(interface);

	if (*slot) /* what it still holds */
		(*slot)->ops->drain(*slot, &interface->ingest->table, clock_now_ns());
	*slot = NULL;
	atomic_store(&interface->let_go, true);
}

/* What the other interfaces' sockets lock, or would if they could. */
static uint64_t memory_elsewhere(const struct served_interface *interface)
{
	const struct ingest *ingest = interface->ingest;
	uint64_t bytes = 0;

	for (size_t i = 0; i < ingest->interface_count; i++)
		if (&ingest->interfaces[i] != interface)
			bytes += attach_memory_bytes(ingest->interfaces[i].name, &ingest->config);
	return bytes;
}

void interface_tell_mode(const struct served_interface *interface)
{
	static const char *const names[] = {[INGEST_XDP] = "native XDP",
	                                    [INGEST_XDP_GENERIC] = "generic XDP",
	                                    [INGEST_UDP] = "kernel sockets"};
	const struct attachment *a = &interface->attachment;
	char steps[450];

	attach_describe(a, steps, sizeof(steps));
	event_add(a->step_count ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "ingest_mode",
	          interface->name, "interface %s: %s%s%.180s", interface->name, names[a->mode],
	          *steps ? "; " : "", steps);
	if (strlen(steps) > 180)
		log_warning("interface %s: %s", interface->name, steps);
}

/*
 * To both sides at once for who binds: every binding that is there is added to the source, and later ones
 * find it among the sources. One whose rule does not fit in is left to the kernel sockets.
 */
static void publish(struct served_interface *interface, const struct attachment *attachment,
                    unsigned int ifindex)
{
	struct ingest *ingest = interface->ingest;
	struct packet_source *kernel = ingest->draining[0], *source = attachment->source;
	char why[200] = "";

	pthread_mutex_lock(&ingest->lock);
	interface->attachment = *attachment;
	interface->ifindex = ifindex;
	for (struct ingest_binding *b = ingest->bound; source && b; b = b->next_bound)
		if (source->ops->add(source, b, why, sizeof(why)))
			log_warning("interface %s: %s", interface->name, why);
	if (source)
		ingest->sources[ingest->source_count++] = source;
	if (kernel->ops->rejoin)
		kernel->ops->rejoin(kernel, interface->name);
	interface->to_drain = source;
	if (ingest->loop)
		tick_loop_post(ingest->loop, &interface->begin);
	else /* at the start: no other thread yet */
		run_begin(&interface->begin);
	pthread_mutex_unlock(&ingest->lock);
}

int interface_serve(struct served_interface *interface, unsigned int ifindex)
{
	struct attachment attachment;
	const int error = attach_interface(&attachment, interface->name, &interface->ingest->config,
	                                   memory_elsewhere(interface));

	publish(interface, &attachment, ifindex);
	return error;
}

/* The counters of sockets and rules go with them; totals only grow. Under the lock. */
static void keep_losses(struct served_interface *interface)
{
	struct packet_source *source = interface->attachment.source;
	struct ingest_report *report = source ? calloc(1, sizeof(*report)) : NULL;

	for (struct ingest_binding *b = interface->ingest->bound; source && b; b = b->next_bound)
		source->ops->count(source, b, &b->past);
	if (!report)
		return;
	source->ops->report(source, report);
	for (uint32_t i = 0; i < report->queue_count; i++) {
		interface->past_dropped += report->queues[i].rx_dropped;
		interface->past_ring_full += report->queues[i].rx_ring_full;
	}
	free(report);
}

void interface_withdraw(struct served_interface *interface)
{
	struct ingest *ingest = interface->ingest;
	struct packet_source *source;

	pthread_mutex_lock(&ingest->lock);
	source = interface->attachment.source;
	for (size_t i = 0; source && i < ingest->source_count; i++) {
		if (ingest->sources[i] == source) {
			ingest->sources[i] = ingest->sources[--ingest->source_count];
			break;
		}
	}
	keep_losses(interface);
	interface->attachment = (struct attachment){.mode = INGEST_UDP};
	interface->ifindex = 0;
	pthread_mutex_unlock(&ingest->lock);
	if (source)
		source->ops->stop(source);
	interface->to_free = source;
	interface->leaving = true;
	atomic_store(&interface->let_go, false);
	tick_loop_post(ingest->loop, &interface->end);
}

void interface_free_source(struct served_interface *interface)
{
	if (interface->to_free)
		interface->to_free->ops->destroy(interface->to_free);
	interface->to_free = NULL;
	interface->leaving = false;
}

/* The names were checked: they fit, and so do all of them. */
static void add_interface(struct ingest *ingest, const char *name)
{
	struct served_interface *interface = &ingest->interfaces[ingest->interface_count++];

	*interface = (struct served_interface){.ingest = ingest,
	                                       .begin.run = run_begin,
	                                       .end.run = run_end,
	                                       .attachment.mode = INGEST_UDP};
	snprintf(interface->name, sizeof(interface->name), "%s", name);
}

static bool is_strict(const struct ingest *ingest)
{
	return ingest->config.mode == INGEST_XDP || ingest->config.mode == INGEST_XDP_GENERIC;
}

/* At the start. One that is not there is no error, unless XDP on it is asked for strictly. */
static int open_interface(struct served_interface *interface)
{
	const unsigned int ifindex = if_nametoindex(interface->name);
	unsigned int flags;
	char why[450];
	int error;

	if (!ifindex && is_strict(interface->ingest)) {
		log_error(
			"interface %s: there is none of that name, and --ingest %s takes nothing else",
			interface->name, ingest_mode_name(interface->ingest->config.mode));
		return -ENODEV;
	}
	if (!ifindex) {
		log_warning(
			"interface %s: there is none of that name; it is served when it appears",
			interface->name);
		return 0;
	}
	flags = ethtool_get_flags(interface->name);
	interface->switched_on = flags & IFF_UP;
	interface->up = (flags & IFF_UP) && (flags & IFF_RUNNING);
	error = interface_serve(interface, ifindex);
	if (!error) {
		interface_tell_mode(interface);
		return 0;
	}
	attach_describe(&interface->attachment, why, sizeof(why));
	log_error("interface %s: %s", interface->name, why);
	return error;
}

/* May fail; then the limit in force decides, and attaching says what is missing. */
static void raise_memlock_limit(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

int interfaces_open(struct ingest *ingest)
{
	char *names, *rest, *name, why[200];
	int error;

	if (!ingest->interface_names)
		return 0;
	error = interface_names_check(ingest->interface_names, why, sizeof(why));
	if (error) {
		log_error("%s", why);
		return error;
	}
	error = link_watch_create(&ingest->watch); /* first: nothing may happen unseen */
	if (error) {
		log_error("interfaces cannot be watched: %s", strerror(-error));
		return error;
	}
	if (ingest->config.mode != INGEST_UDP)
		raise_memlock_limit();
	names = rest = strdup(ingest->interface_names);
	if (!names)
		return -ENOMEM;
	while ((name = strsep(&rest, ",")))
		add_interface(ingest, name);
	free(names);
	for (size_t i = 0; !error && i < ingest->interface_count; i++)
		error = open_interface(&ingest->interfaces[i]);
	return error;
}

void interfaces_close(struct ingest *ingest)
{
	for (size_t i = 0; i < ingest->interface_count; i++) {
		struct served_interface *interface = &ingest->interfaces[i];

		interface_free_source(interface);
		if (interface->attachment.source)
			interface->attachment.source->ops->destroy(interface->attachment.source);
	}
	link_watch_destroy(ingest->watch);
}
