/*
 * A thread that wakes on a fixed period, and the only way to reach what it owns: commands. One that has nothing to do
 * sleeps until a command comes.
 *
 * A command is embedded in the object it concerns, so posting allocates nothing and cannot fail.
 * Commands run on the loop's thread, in the order in which one poster posted them, before the tick
 * that follows. An object that several loops may still be using is retired: its command visits the
 * loops one after the other (the grace period) and only then frees it.
 */
#ifndef BASE_TICK_H
#define BASE_TICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tick_loop;
struct command;

typedef void (*command_fn)(struct command *command);
typedef void (*tick_fn)(void *context, int64_t now_ns);
typedef bool (*idle_fn)(void *context);

struct command {
	struct command *next; /* the queue's own */
	command_fn run;
};

struct tick_config {
	const char *name;   /* thread name, at most 15 bytes; borrowed */
	uint32_t period_us; /* 100 to 100000 */
	uint32_t delay_us;  /* of the first tick: loops started together need not tick together */
	tick_fn tick;       /* called every period with the monotonic time */
	idle_fn is_idle;    /* after a tick: nothing to do until a command comes; NULL: never so */
	void *context;      /* passed to both; borrowed */
};

/*
 * Start the thread. Owns: *out is the caller's, freed by tick_loop_destroy; untouched on error.
 * Errors: -EINVAL for a period out of range, -ENOMEM, or the negative errno of pthread_create.
 * Thread: any but a loop.
 */
int tick_loop_create(struct tick_loop **out, const struct tick_config *config);

/*
 * Stop the thread, join it, run the commands still queued on the calling thread, and free the loop.
 * NULL is fine. Thread: any but the loop's own; nobody may post any more.
 */
void tick_loop_destroy(struct tick_loop *loop);

/*
 * Queue a command. Owns: the command is the loop's until it runs; run may free it. Thread: any.
 */
void tick_loop_post(struct tick_loop *loop, struct command *command);

/*
 * How often it has ticked; the tick under way does not count yet. One without work ticks once a second. Thread: any.
 */
uint64_t tick_loop_count(const struct tick_loop *loop);

/* Its name, borrowed from its configuration. Thread: any. */
const char *tick_loop_name(const struct tick_loop *loop);

/* An object on its way out; embed it, zero-initialised. */
struct retirement {
	struct command command;
	struct tick_loop *const *loops;
	size_t loop_count, visited;
	void (*release)(struct retirement *retirement);
};

/*
 * Call release once every one of the loops has run the commands posted before this call. It is called
 * on the last loop's thread, or at once when there is none. loops is borrowed until then, and must be
 * in the order in which the loops are destroyed. Thread: any.
 */
void retire(struct retirement *retirement, struct tick_loop *const *loops, size_t loop_count,
            void (*release)(struct retirement *retirement));

#endif
