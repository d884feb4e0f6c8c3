/*
 * A look is four times as frequent as the service manager wants to hear from us, so that one late look, or loops without
 * work (a tick a second), are not taken for a standstill.
 */
#include "watchdog.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "ingest/ingest.h"
#include "output/sender.h"

#define DEFAULT_INTERVAL_NS \
	(10 * NS_PER_S) /* of the log's lines, when no service manager listens */
#define MAX_PAUSE_NS (5 * NS_PER_S)

int watchdog_init(struct watchdog *watchdog, const struct ingest *ingest,
                  const struct senders *senders)
{
	size_t count;
	struct tick_loop *const *loops = senders_loops(senders, &count);
	int error;

	*watchdog = (struct watchdog){.interval_ns = (int64_t)notify_watchdog_us() * NS_PER_US,
	                              .alive_ns = clock_now_ns()};
	if (!watchdog->interval_ns)
		watchdog->interval_ns = DEFAULT_INTERVAL_NS;
	error = liveness_watch(&watchdog->liveness, ingest_loop(ingest));
	for (size_t i = 0; !error && i < count; i++)
		error = liveness_watch(&watchdog->liveness, loops[i]);
	return error;
}

int64_t watchdog_pause_ns(const struct watchdog *watchdog)
{
	const int64_t quarter_ns = watchdog->interval_ns / 4;

	return quarter_ns < MAX_PAUSE_NS ? quarter_ns : MAX_PAUSE_NS;
}

static void explain_stall(struct watchdog *watchdog, const char *name, int64_t still_ns)
{
	if (watchdog->stalled || still_ns < watchdog->interval_ns / 2)
		return;
	watchdog->stalled = true;
	log_error("thread \"%s\" stands still for %.1f s; the watchdog is not fed", name,
	          (double)still_ns / NS_PER_S);
}

void watchdog_look(struct watchdog *watchdog)
{
	const struct tick_loop *stalled = liveness_find_stalled(&watchdog->liveness);
	const int64_t now_ns = clock_now_ns();

	if (stalled) {
		explain_stall(watchdog, tick_loop_name(stalled), now_ns - watchdog->alive_ns);
		return;
	}
	notify_alive();
	if (watchdog->stalled)
		log_warning("all threads work again, after %.1f s",
		            (double)(now_ns - watchdog->alive_ns) / NS_PER_S);
	watchdog->stalled = false;
	watchdog->alive_ns = now_ns;
}
