/*
 * The failover decision.
 */
#include "failover.h"

#include "base/clock.h"

#include <stdio.h>

bool failover_is_alive(const struct failover *f, unsigned int input, unsigned int timeout_ms,
                       int64_t now_ns)
{
	const int64_t useful_ns = f->inputs[input].useful_ns;

	return useful_ns && now_ns - useful_ns < timeout_ms * NS_PER_MS;
}

static void choose(struct failover *f, unsigned int input, bool held, int64_t now_ns)
{
	f->active = input;
	f->since_ns = now_ns;
	f->held = held;
}

void failover_begin(struct failover *f, const struct failover_settings *settings, int64_t now_ns)
{
	const bool backup = !failover_is_alive(f, INPUT_PRIMARY, settings->timeout_ms, now_ns) &&
	                    failover_is_alive(f, INPUT_BACKUP, settings->timeout_ms, now_ns);

	choose(f, backup ? INPUT_BACKUP : INPUT_PRIMARY, false, now_ns);
}

void failover_note(struct failover *f, unsigned int input, bool useful, int64_t now_ns)
{
	f->inputs[input].any_ns = now_ns;
	if (!useful)
		return;
	f->inputs[input].useful_ns = now_ns;
	if (!f->inputs[input].good_ns)
		f->inputs[input].good_ns = now_ns;
}

void failover_forget(struct failover *f, unsigned int input)
{
	f->inputs[input].any_ns = f->inputs[input].useful_ns = f->inputs[input].good_ns = 0;
}

enum failover_cause failover_select(struct failover *f, unsigned int input, int64_t now_ns)
{
	const bool changes = f->active != input;

	choose(f, input, input == INPUT_BACKUP, changes ? now_ns : f->since_ns);
	return changes ? FAILOVER_BY_HAND : FAILOVER_NONE;
}

/* Why the active input is to be left, if it is. Nulls that ended soon after the rest are not the cause. */
static enum failover_cause fault(const struct failover *f, int64_t timeout_ns, int64_t now_ns)
{
	const int64_t any_ns = f->inputs[f->active].any_ns;
	const int64_t useful_ns = f->inputs[f->active].useful_ns;

	if (now_ns - (useful_ns > f->since_ns ? useful_ns : f->since_ns) < timeout_ns)
		return FAILOVER_NONE;
	return any_ns && now_ns - any_ns < timeout_ns / 2 ? FAILOVER_NULLS : FAILOVER_NOTHING;
}

/* What comes once every timeout_ms is alive, but not good: it would be taken and left in turn. */
static unsigned int stable_ms(const struct failover_settings *settings)
{
	return settings->stable_ms > settings->timeout_ms ? settings->stable_ms
	                                                  : settings->timeout_ms;
}

enum failover_cause failover_decide(struct failover *f, const struct failover_settings *settings,
                                    int64_t now_ns)
{
	const int64_t timeout_ns = settings->timeout_ms * NS_PER_MS;
	const int64_t stable_ns = stable_ms(settings) * NS_PER_MS;
	enum failover_cause cause;

	for (unsigned int i = 0; i < INPUT_COUNT; i++)
		if (!failover_is_alive(f, i, settings->timeout_ms, now_ns))
			f->inputs[i].good_ns = 0;
	cause = fault(f, timeout_ns, now_ns);
	if (cause && f->inputs[!f->active].good_ns) {
		choose(f, !f->active, false, now_ns);
		return cause;
	}
	if (f->active == INPUT_BACKUP && settings->returns && !f->held &&
	    f->inputs[INPUT_PRIMARY].good_ns &&
	    f->inputs[INPUT_PRIMARY].useful_ns - f->inputs[INPUT_PRIMARY].good_ns >= stable_ns) {
		choose(f, INPUT_PRIMARY, false, now_ns);
		return FAILOVER_RETURN;
	}
	return FAILOVER_NONE;
}

void failover_explain(char *out, size_t size, enum failover_cause cause,
                      const struct failover_settings *settings)
{
	switch (cause) {
	case FAILOVER_NOTHING:
		snprintf(out, size, "no TS for %u ms", settings->timeout_ms);
		return;
	case FAILOVER_NULLS:
		snprintf(out, size, "nothing but null packets for %u ms", settings->timeout_ms);
		return;
	case FAILOVER_RETURN:
		snprintf(out, size, "it has been good for %u ms", stable_ms(settings));
		return;
	case FAILOVER_BY_HAND:
	case FAILOVER_NONE:
		snprintf(out, size, "asked for");
		return;
	}
}
