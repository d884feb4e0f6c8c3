/*
 * Sender threads. A sender is a tick loop and the list of its tasks; the list is the thread's own.
 */
#include "sender.h"

#include "base/container.h"
#include "base/prefetch.h"
#include "srt_gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_SENDERS        16
#define DEFAULT_SENDERS    4
#define GATHER_MAX_TICK_US 10000 /* with longer ticks packets would be laid aside too long */
#define FULL               32 /* tasks; before, one thread that wakes for all is cheaper than two */
#define PREFETCHED_BYTES   192 /* of a task and what lies behind it, while the one before runs */

struct sender {
	struct tick_loop *loop;
	unsigned int index;
	struct sender_task *tasks; /* the sender's thread */
	size_t load;               /* tasks given to it; the manager's thread */
	char name[16];
};

struct senders {
	unsigned int count;
	bool gathers; /* libsrt's datagrams, see srt_gather.h */
	struct sender all[MAX_SENDERS];
	struct tick_loop *loops[MAX_SENDERS];
};

static void sender_tick(void *context, int64_t now_ns)
{
	struct sender *sender = context;

	srt_gather_flush();
	for (struct sender_task *task = sender->tasks; task; task = task->next) {
		prefetch_range(task->next, PREFETCHED_BYTES);
		task->tick(task, now_ns);
	}
}

static bool sender_is_idle(void *context)
{
	const struct sender *sender = context;

	return !sender->tasks;
}

static unsigned int default_count(void)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores < DEFAULT_SENDERS ? (unsigned int)cores : DEFAULT_SENDERS;
}

int senders_create(struct senders **out, const struct senders_config *config)
{
	struct senders *senders;
	int error = 0;

	if (config->count > MAX_SENDERS)
		return -EINVAL;
	senders = calloc(1, sizeof(*senders));
	if (!senders)
		return -ENOMEM;
	senders->count = config->count ? config->count : default_count();
	senders->gathers = config->tick_us <= GATHER_MAX_TICK_US;
	if (senders->gathers)
		srt_gather_start();
	for (unsigned int i = 0; !error && i < senders->count; i++) {
		struct sender *sender = &senders->all[i];
		struct tick_config tick = {.name = sender->name,
		                           .period_us = config->tick_us,
		                           /* one after the other: bursts half as big */
		                           .delay_us = config->tick_us / senders->count * i,
		                           .tick = sender_tick,
		                           .is_idle = sender_is_idle,
		                           .context = sender};

		sender->index = i;
		snprintf(sender->name, sizeof(sender->name), "sender-%u", i % MAX_SENDERS);
		error = tick_loop_create(&sender->loop, &tick);
		senders->loops[i] = sender->loop;
	}
	if (error) {
		senders_destroy(senders);
		return error;
	}
	*out = senders;
	return 0;
}

void senders_destroy(struct senders *senders)
{
	if (!senders)
		return;
	for (unsigned int i = 0; i < senders->count; i++)
		tick_loop_destroy(senders->loops[i]);
	if (senders->gathers)
		srt_gather_stop();
	free(senders);
}

struct tick_loop *const *senders_loops(const struct senders *senders, size_t *count)
{
	*count = senders->count;
	return senders->loops;
}

struct sender *senders_pick(struct senders *senders)
{
	struct sender *best = &senders->all[0];

	for (unsigned int i = 0; i < senders->count; i++) {
		if (senders->all[i].load < FULL)
			return &senders->all[i];
		if (senders->all[i].load < best->load)
			best = &senders->all[i];
	}
	return best;
}

static void run_add(struct command *command)
{
	struct sender_task *task = container_of(command, struct sender_task, add);

	task->next = task->sender->tasks;
	task->sender->tasks = task;
}

static void run_remove(struct command *command)
{
	struct sender_task *task = container_of(command, struct sender_task, remove);
	struct sender_task **link = &task->sender->tasks;

	while (*link && *link != task)
		link = &(*link)->next;
	if (*link)
		*link = task->next;
	task->release(task);
}

void sender_add(struct sender *sender, struct sender_task *task)
{
	task->sender = sender;
	task->add.run = run_add;
	task->remove.run = run_remove;
	sender->load++;
	tick_loop_post(sender->loop, &task->add);
}

void sender_remove(struct sender_task *task)
{
	task->sender->load--;
	tick_loop_post(task->sender->loop, &task->remove);
}

void sender_post(struct sender *sender, struct command *command)
{
	tick_loop_post(sender->loop, command);
}

unsigned int sender_index(const struct sender *sender)
{
	return sender->index;
}
