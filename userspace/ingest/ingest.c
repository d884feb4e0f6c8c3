/*
 * Ingest: the sources, the binding table, and the thread that drains them.
 *
 * The manager's thread opens sockets and edits BPF maps itself, so that it can say at once why a port
 * cannot be had; the ingest thread only ever learns of finished bindings, by command.
 */
#include "ingest_base.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct counter_info ingest_counter_table[] = {INGEST_COUNTERS(COUNTER_ROW)};

static void tick_channels(struct ingest *ingest, int64_t now_ns)
{
	unsigned int list;

	while (binding_table_turn(&ingest->table, &list, now_ns))
		for (struct ingest_binding *b = ingest->table.all[list]; b; b = b->next_all)
			if (b->target.input == CHANNEL_MEDIA)
				channel_tick(b->target.channel, now_ns);
}

static void ingest_tick(void *context, int64_t now_ns)
{
	struct ingest *ingest = context;

	for (size_t i = 0; i < 1 + INGEST_MAX_INTERFACES; i++)
		if (ingest->draining[i])
			ingest->draining[i]->ops->drain(ingest->draining[i], &ingest->table,
			                                now_ns);
	tick_channels(ingest, now_ns);
}

static int open_kernel_source(struct ingest *ingest)
{
	int error;

	if (ingest->config.interfaces) {
		ingest->interface_names = strdup(ingest->config.interfaces);
		if (!ingest->interface_names)
			return -ENOMEM;
		ingest->config.interfaces = ingest->interface_names;
	} else if (ingest->config.mode == INGEST_XDP || ingest->config.mode == INGEST_XDP_GENERIC) {
		log_error("XDP needs --interface");
		return -EINVAL;
	} else if (ingest->config.mode == INGEST_AUTO) {
		log_info("kernel sockets, because XDP needs --interface");
	}
	error = kernel_source_create(&ingest->sources[0], ingest->interface_names);
	if (error)
		return error;
	ingest->source_count = 1;
	ingest->draining[0] = ingest->sources[0];
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
	ingest->config = *config;
	pthread_mutex_init(&ingest->lock, NULL);
	error = binding_table_create(&ingest->table);
	if (!error)
		error = open_kernel_source(ingest);
	if (!error)
		error = interfaces_open(ingest);
	if (!error && config->attached)
		error = config->attached(config->context);
	if (!error)
		error = tick_loop_create(&ingest->loop, &tick);
	if (!error)
		error = interfaces_watch(ingest);
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
	interfaces_stop(ingest);
	tick_loop_destroy(ingest->loop);
	interfaces_close(ingest);
	if (ingest->draining[0])
		ingest->draining[0]->ops->destroy(ingest->draining[0]);
	binding_table_destroy(&ingest->table);
	pthread_mutex_destroy(&ingest->lock);
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
	for (size_t i = 0; i < 1 + INGEST_MAX_INTERFACES; i++)
		if (ingest->draining[i])
			ingest->draining[i]->ops->release(ingest->draining[i], binding);
	binding_destroy(binding);
}

static void list_bound(struct ingest *ingest, struct ingest_binding *binding)
{
	binding->next_bound = ingest->bound;
	binding->bound_link = &ingest->bound;
	if (ingest->bound)
		ingest->bound->bound_link = &binding->next_bound;
	ingest->bound = binding;
}

static void unlist_bound(struct ingest_binding *binding)
{
	if (!binding->bound_link)
		return;
	*binding->bound_link = binding->next_bound;
	if (binding->next_bound)
		binding->next_bound->bound_link = binding->bound_link;
}

/*
 * Close the first `count` sources to the binding; the ingest thread, which may be reading from them at
 * this moment, frees it. Under the lock.
 */
static void give_up(struct ingest_binding *binding, size_t count)
{
	struct ingest *ingest = binding->ingest;

	while (count-- > 0)
		ingest->sources[count]->ops->remove(ingest->sources[count], binding);
	unlist_bound(binding);
	tick_loop_post(ingest->loop, &binding->remove);
}

int ingest_bind(struct ingest_binding **out, struct ingest *ingest,
                const struct ingest_target *target, const struct ingest_filter *filter, char *why,
                size_t size)
{
	struct ingest_binding *binding;
	int error = binding_create(&binding, target, filter);

	if (error) {
		snprintf(why, size, "out of memory");
		return error;
	}
	binding->add.run = run_add;
	binding->remove.run = run_remove;
	binding->ingest = ingest;
	pthread_mutex_lock(&ingest->lock);
	for (size_t i = 0; i < ingest->source_count; i++) {
		error = ingest->sources[i]->ops->add(ingest->sources[i], binding, why, size);
		if (error) {
			give_up(binding, i);
			pthread_mutex_unlock(&ingest->lock);
			return error;
		}
	}
	list_bound(ingest, binding);
	tick_loop_post(ingest->loop, &binding->add);
	pthread_mutex_unlock(&ingest->lock);
	*out = binding;
	return 0;
}

/* Sources that have the new filter already go back to the old one: it had room before. */
static void restore_filter(struct ingest_binding *binding, size_t count)
{
	struct ingest *ingest = binding->ingest;
	char why[200];

	while (count-- > 0)
		if (ingest->sources[count]->ops->set_filter(ingest->sources[count], binding,
		                                            &binding->filter, why, sizeof(why)))
			log_error("the filter of UDP port %u cannot be restored: %s",
			          binding->target.port, why);
}

/* Every source has it, or none. Under the lock. */
static int replace_filter(struct ingest_binding *binding, const struct ingest_filter *filter,
                          char *why, size_t size)
{
	struct ingest *ingest = binding->ingest;

	for (size_t i = 0; i < ingest->source_count; i++) {
		const int error = ingest->sources[i]->ops->set_filter(ingest->sources[i], binding,
		                                                      filter, why, size);

		if (error) {
			restore_filter(binding, i);
			return error;
		}
	}
	return 0;
}

int ingest_set_filter(struct ingest_binding *binding, const struct ingest_filter *filter, char *why,
                      size_t size)
{
	struct ingest *ingest = binding->ingest;
	struct ingest_filter copy;
	int error = filter_copy(&copy, filter);

	if (error) {
		snprintf(why, size, "out of memory");
		return error;
	}
	pthread_mutex_lock(&ingest->lock);
	error = replace_filter(binding, &copy, why, size);
	if (error) {
		filter_clear(&copy);
	} else {
		filter_clear(&binding->filter);
		binding->filter = copy;
	}
	pthread_mutex_unlock(&ingest->lock);
	return error;
}

void ingest_count(const struct ingest_binding *binding, struct ingest_counters *sum)
{
	struct ingest *ingest;

	if (!binding)
		return;
	ingest = binding->ingest;
	pthread_mutex_lock(&ingest->lock);
	counters_add(sum, &binding->past, INGEST_COUNTER_COUNT);
	for (size_t i = 0; i < ingest->source_count; i++)
		ingest->sources[i]->ops->count(ingest->sources[i], binding, sum);
	pthread_mutex_unlock(&ingest->lock);
}

void ingest_unbind(struct ingest_binding *binding)
{
	struct ingest *ingest;

	if (!binding)
		return;
	ingest = binding->ingest;
	pthread_mutex_lock(&ingest->lock);
	give_up(binding, ingest->source_count);
	pthread_mutex_unlock(&ingest->lock);
}

const struct ingest_config *ingest_get_config(const struct ingest *ingest)
{
	return &ingest->config;
}
