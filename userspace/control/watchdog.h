/*
 * The watchdog: the service manager hears that the program works, as long as the ingest thread and every sender thread
 * tick. When one stands still the log says which, and the service manager, hearing nothing, ends and restarts the
 * program (WatchdogSec= of the unit).
 */
#ifndef CONTROL_WATCHDOG_H
#define CONTROL_WATCHDOG_H

#include "base/liveness.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest;
struct senders;

/* The members are the module's own. */
struct watchdog {
	struct liveness liveness;
	int64_t interval_ns; /* within which the service manager wants to hear; or ours, for the log */
	int64_t alive_ns;    /* when all threads were last found alive */
	bool stalled;        /* and the log has said so */
};

/*
 * Watch these threads from now on. ingest and senders are borrowed for as long as watchdog_look is called.
 * Errors: -ENOSPC for more threads than liveness holds. Thread: main.
 */
int watchdog_init(struct watchdog *watchdog, const struct ingest *ingest,
                  const struct senders *senders);

/* Nanoseconds between two looks, a quarter of the interval, at most 5 s. Thread: main. */
int64_t watchdog_pause_ns(const struct watchdog *watchdog);

/*
 * Look whether the threads tick, and say so to the service manager if they all do. Takes no lock, so that nothing
 * but the threads themselves decides. Thread: main.
 */
void watchdog_look(struct watchdog *watchdog);

#endif
