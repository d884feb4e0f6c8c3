/*
 * Sender threads: min(cores, 4) tick loops of 5 ms, each with its share of outputs and remuxers. Those without sleep.
 */
#ifndef OUTPUT_SENDER_H
#define OUTPUT_SENDER_H

#include "base/tick.h"

#include <stddef.h>
#include <stdint.h>

struct senders;
struct sender;

struct senders_config {
	unsigned int count; /* 1 to 16; 0 = min(cores, 4) */
	uint32_t tick_us;   /* 1000 to 50000, default 5000 */
};

/* Owns: *out is the caller's, freed by senders_destroy. Errors: negative errno. Thread: main. */
int senders_create(struct senders **out, const struct senders_config *config);

/* Stop and join. NULL is fine. Thread: main, after every output and feed was destroyed. */
void senders_destroy(struct senders *senders);

/* The loops, borrowed, in the order in which they are destroyed, for retire(). Thread: any. */
struct tick_loop *const *senders_loops(const struct senders *senders, size_t *count);

/* The first sender that is not yet full, or else the one that has the fewest tasks. Thread: manager. */
struct sender *senders_pick(struct senders *senders);

/* Something a sender does every tick; embed it. */
struct sender_task {
	struct command add, remove; /* two, because the first may still be queued */
	struct sender *sender;
	struct sender_task *next;
	void (*tick)(struct sender_task *task, int64_t now_ns);
	void (*release)(struct sender_task *task); /* called last, on the sender's thread */
};

/*
 * Run task->tick every tick from now on. The task is the sender's until task->release was called, which
 * happens after sender_remove, on the sender's thread. Thread: manager (both).
 */
void sender_add(struct sender *sender, struct sender_task *task);
void sender_remove(struct sender_task *task);

/* Run a command on the sender's thread, see tick_loop_post. Thread: any. */
void sender_post(struct sender *sender, struct command *command);

/* The sender's number, 0 to count - 1. Thread: any. */
unsigned int sender_index(const struct sender *sender);

#endif
