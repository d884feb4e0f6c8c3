/*
 * Ingest: the sources, the binding table, and the thread that drains them.
 *
 * The manager's thread opens sockets and edits BPF maps itself, so that it can say at once why a port
 * cannot be had; the ingest thread only ever learns of finished bindings, by command.
 */
#include "ingest.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "source.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INTERFACES 16

/* An interface that was asked for, and the source that serves it: NULL means kernel sockets. */
struct served_interface {
	char name[16];
	char reason[400]; /* why not a better mode, or "" */
	struct packet_source *source;
};

struct ingest {
	struct tick_loop *loop;
	struct binding_table table;
	struct packet_source *sources[MAX_INTERFACES + 1]; /* the kernel's first */
	size_t source_count;
	struct served_interface interfaces[MAX_INTERFACES];
	size_t interface_count;
	char *interface_names; /* as configured; the kernel source borrows it */
};

const struct counter_info ingest_counter_table[] = {INGEST_COUNTERS(COUNTER_ROW)};

static void tick_channels(struct ingest *ingest, int64_t now_ns)
{
	for (struct ingest_binding *b = ingest->table.all; b; b = b->next_all)
		if (b->target.input == CHANNEL_MEDIA)
			channel_tick(b->target.channel, now_ns);
}

static void ingest_tick(void *context, int64_t now_ns)
{
	struct ingest *ingest = context;

	for (size_t i = 0; i < ingest->source_count; i++)
		ingest->sources[i]->ops->drain(ingest->sources[i], &ingest->table, now_ns);
	tick_channels(ingest, now_ns);
}

static int try_steered(struct ingest *ingest, struct served_interface *interface, bool generic,
                       char *why, size_t size)
{
	int error = steered_source_create(&interface->source, interface->name, generic, why, size);

	if (error)
		return error;
	ingest->sources[ingest->source_count++] = interface->source;
	log_info("interface %s: %s XDP", interface->name, generic ? "generic" : "native");
	return 0;
}

/* Native XDP, then generic, then kernel sockets. */
static void step_down(struct ingest *ingest, struct served_interface *interface)
{
	char native[160] = "", generic[160] = "";

	if (!try_steered(ingest, interface, false, native, sizeof(native)))
		return;
	if (!try_steered(ingest, interface, true, generic, sizeof(generic))) {
		snprintf(interface->reason, sizeof(interface->reason), "not native: %s", native);
		log_warning("interface %s: %s", interface->name, interface->reason);
		return;
	}
	snprintf(interface->reason, sizeof(interface->reason), "native XDP: %s; generic XDP: %s",
	         native, generic);
	log_warning("interface %s: kernel sockets instead of XDP: %s", interface->name,
	            interface->reason);
}

static int serve_interface(struct ingest *ingest, struct served_interface *interface,
                           enum ingest_mode mode)
{
	char why[160] = "";
	int error;

	if (!if_nametoindex(interface->name)) {
		log_error("interface %s: there is no interface of that name", interface->name);
		return -ENODEV;
	}
	if (mode == INGEST_UDP) {
		snprintf(interface->reason, sizeof(interface->reason), "--ingest udp");
		return 0;
	}
	if (mode == INGEST_AUTO) {
		step_down(ingest, interface);
		return 0;
	}
	error = try_steered(ingest, interface, mode == INGEST_XDP_GENERIC, why, sizeof(why));
	if (error)
		log_error("interface %s: %s", interface->name, why);
	return error;
}

static int serve_interfaces(struct ingest *ingest, enum ingest_mode mode)
{
	char *names = strdup(ingest->interface_names), *rest = names, *name;
	struct served_interface *interface;
	int error = names ? 0 : -ENOMEM;

	while (!error && (name = strsep(&rest, ","))) {
		if (ingest->interface_count == MAX_INTERFACES) {
			log_error("more than %d interfaces", MAX_INTERFACES);
			error = -E2BIG;
			break;
		}
		interface = &ingest->interfaces[ingest->interface_count++];
		snprintf(interface->name, sizeof(interface->name), "%s", name);
		error = serve_interface(ingest, interface, mode);
	}
	free(names);
	return error;
}

static int open_sources(struct ingest *ingest, const struct ingest_config *config)
{
	int error;

	if (config->interfaces) {
		ingest->interface_names = strdup(config->interfaces);
		if (!ingest->interface_names)
			return -ENOMEM;
	}
	error = kernel_source_create(&ingest->sources[0], ingest->interface_names);
	if (error)
		return error;
	ingest->source_count = 1;
	if (config->interfaces)
		return serve_interfaces(ingest, config->mode);
	if (config->mode == INGEST_XDP || config->mode == INGEST_XDP_GENERIC) {
		log_error("XDP needs --interface");
		return -EINVAL;
	}
	if (config->mode == INGEST_AUTO)
		log_info("kernel sockets, because XDP needs --interface");
	return 0;
}

int ingest_create(struct ingest **out, const struct ingest_config *config)
{
	struct ingest *ingest = calloc(1, sizeof(*ingest));
	const struct tick_config tick = {.name = "ingest",
	                                 .period_us = config->tick_us,
	                                 .tick = ingest_tick,
	                                 .context = ingest};
	int error;

	if (!ingest)
		return -ENOMEM;
	error = binding_table_create(&ingest->table);
	if (!error)
		error = open_sources(ingest, config);
	if (!error)
		error = tick_loop_create(&ingest->loop, &tick);
	if (error) {
		ingest_destroy(ingest);
		return error;
	}
	*out = ingest;
	return 0;
}

void ingest_destroy(struct ingest *ingest)
{
	if (!ingest)
		return;
	tick_loop_destroy(ingest->loop);
	while (ingest->source_count > 0) {
		struct packet_source *source = ingest->sources[--ingest->source_count];

		source->ops->destroy(source);
	}
	binding_table_destroy(&ingest->table);
	free(ingest->interface_names);
	free(ingest);
}

struct tick_loop *ingest_loop(const struct ingest *ingest)
{
	return ingest->loop;
}

static void run_add(struct command *command)
{
	struct ingest_binding *binding = container_of(command, struct ingest_binding, add);

	binding_table_add(&binding->ingest->table, binding);
}

static void run_remove(struct command *command)
{
	struct ingest_binding *binding = container_of(command, struct ingest_binding, remove);
	struct ingest *ingest = binding->ingest;

	binding_table_remove(&ingest->table, binding);
	for (size_t i = 0; i < ingest->source_count; i++)
		ingest->sources[i]->ops->release(ingest->sources[i], binding);
	free(binding);
}

/*
 * Close the first `count` sources to the binding; the ingest thread, which may be reading from them at
 * this moment, frees it.
 */
static void give_up(struct ingest_binding *binding, size_t count)
{
	struct ingest *ingest = binding->ingest;

	while (count-- > 0)
		ingest->sources[count]->ops->remove(ingest->sources[count], binding);
	tick_loop_post(ingest->loop, &binding->remove);
}

int ingest_bind(struct ingest_binding **out, struct ingest *ingest,
                const struct ingest_target *target, const struct ingest_filter *filter, char *why,
                size_t size)
{
	struct ingest_binding *binding = calloc(1, sizeof(*binding));
	int error;

	(void)filter;
	if (!binding) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	*binding = (struct ingest_binding){.add.run = run_add,
	                                   .remove.run = run_remove,
	                                   .ingest = ingest,
	                                   .target = *target,
	                                   .socket = -1};
	for (size_t i = 0; i < ingest->source_count; i++) {
		error = ingest->sources[i]->ops->add(ingest->sources[i], binding, why, size);
		if (error) {
			give_up(binding, i);
			return error;
		}
	}
	tick_loop_post(ingest->loop, &binding->add);
	*out = binding;
	return 0;
}

int ingest_set_filter(struct ingest_binding *binding, const struct ingest_filter *filter, char *why,
                      size_t size)
{
	(void)binding;
	(void)filter;
	snprintf(why, size, "not implemented");
	return -ENOSYS;
}

void ingest_count(const struct ingest_binding *binding, struct ingest_counters *sum)
{
	(void)binding;
	(void)sum;
}

void ingest_unbind(struct ingest_binding *binding)
{
	if (binding)
		give_up(binding, binding->ingest->source_count);
}

static void describe(const struct served_interface *interface, struct ingest_interface_info *info)
{
	*info = (struct ingest_interface_info){.mode = "udp"};
	if (interface->source)
		interface->source->ops->info(interface->source, info);
	snprintf(info->name, sizeof(info->name), "%s", interface->name);
	snprintf(info->reason, sizeof(info->reason), "%s", interface->reason);
}

size_t ingest_interfaces(const struct ingest *ingest, struct ingest_interface_info *infos,
                         size_t max)
{
	for (size_t i = 0; i < ingest->interface_count && i < max; i++)
		describe(&ingest->interfaces[i], &infos[i]);
	return ingest->interface_count;
}
