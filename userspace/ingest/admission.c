/*
 * Allowlists and ceilings on kernel sockets.
 */
#include "admission.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/prefix.h"
#include "binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEP_BACK_NS (5 * NS_PER_MS) /* more than datagrams can overtake each other */

void admission_destroy(struct admission *admission)
{
	if (admission)
		prefix_set_destroy(admission->sources);
	free(admission);
}

/* On the ingest thread. */
static void run_replace(struct command *command)
{
	struct admission *admission = container_of(command, struct admission, replace);
	struct ingest_binding *binding = admission->binding;

	if (binding->admission->ceiling.interval != admission->ceiling.interval)
		binding->arrival_ns = 0; /* another pace: it begins anew */
	admission_destroy(binding->admission);
	binding->admission = admission;
}

int admission_create(struct admission **out, struct ingest_binding *binding,
                     const struct ingest_filter *filter)
{
	struct admission *admission = calloc(1, sizeof(*admission));

	if (!admission)
		return -ENOMEM;
	admission->replace.run = run_replace;
	admission->binding = binding;
	admission->ceiling = ceiling_make(filter->max_pps);
	if (filter->source_count > 0 &&
	    prefix_set_create(&admission->sources, filter->sources, filter->source_count)) {
		free(admission);
		return -ENOMEM;
	}
	*out = admission;
	return 0;
}

static bool is_from_source(const struct prefix_set *sources, const struct sockaddr *sender)
{
	struct in6_addr address;

	return address_from_sockaddr(&address, sender) && prefix_set_has(sources, &address);
}

/* When the kernel got the datagram, by the real-time clock. */
static int64_t arrival_ns(struct msghdr *header)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(header);
	struct timespec time;

	if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS)
		memcpy(&time, CMSG_DATA(control), sizeof(time));
	else
		clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * NS_PER_S + time.tv_nsec;
}

/*
 * Arrival times go back when the clock is set, and once when they have just been asked for: datagrams that the kernel
 * got before bear the time at which they are read. The pace goes back with them, or what comes next would be too early.
 */
static bool is_within_ceiling(struct ingest_binding *binding, const struct ceiling *ceiling,
                              int64_t now_ns)
{
	const int64_t back_ns = binding->arrival_ns - now_ns;
	uint64_t state;

	if (!binding->arrival_ns)
		binding->ceiling_state = ceiling_start((uint64_t)now_ns);
	else if (back_ns > STEP_BACK_NS)
		binding->ceiling_state -= ceiling_start((uint64_t)back_ns);
	binding->arrival_ns = now_ns;
	state = ceiling_next(ceiling, binding->ceiling_state, (uint64_t)now_ns);
	if (state == binding->ceiling_state)
		return false;
	binding->ceiling_state = state;
	return true;
}

bool admission_admits(struct ingest_binding *binding, struct msghdr *header)
{
	const struct admission *admission = binding->admission;

	if (admission->sources && !is_from_source(admission->sources, header->msg_name)) {
		counter_add(&binding->dropped.dropped_stranger, 1);
		return false;
	}
	if (admission->ceiling.interval &&
	    !is_within_ceiling(binding, &admission->ceiling, arrival_ns(header))) {
		counter_add(&binding->dropped.dropped_rate, 1);
		return false;
	}
	return true;
}
