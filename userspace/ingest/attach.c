/*
 * Attaching. A driver that is known to refuse (preflight.h) is not tried: its answer would be a bare number,
 * and the finding says what to do. An interface is served in one mode as a whole: when the socket of one
 * queue fails, the next mode is tried for all of them.
 */
#include "attach.h"

#include "ethtool.h"
#include "queue_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM_TAKES_FRAGS true /* bpf/steer.bpf.c */

static void add_step(struct attachment *a, const char *mode, const struct refusal *refusal)
{
	if (a->step_count < REPORT_MAX_STEPS)
		a->steps[a->step_count++] = (struct report_step){mode, *refusal};
}

/* What the driver is known to refuse native XDP for. Errors: -EOPNOTSUPP. */
static int check_driver(const struct attachment *a, struct refusal *why)
{
	for (size_t i = 0; i < a->finding_count; i++) {
		if (a->findings[i].severity != PREFLIGHT_REFUSED)
			continue;
		snprintf(why->reason, sizeof(why->reason), "%s", a->findings[i].sentence);
		snprintf(why->fix, sizeof(why->fix), "%s", a->findings[i].command);
		return -EOPNOTSUPP;
	}
	return 0;
}

static uint32_t frame_count(const struct ingest_config *config)
{
	return config->frames ? config->frames : QUEUE_SOCKET_FRAMES;
}

static int try_mode(struct attachment *a, enum ingest_mode mode, const struct ingest_config *config,
                    uint64_t elsewhere_bytes)
{
	const struct steered_config steered = {
		.interface = a->facts.interface,
		.generic = mode == INGEST_XDP_GENERIC,
		.zero_copy = config->zero_copy,
		.queues = a->facts.queues,
		.frames = frame_count(config),
		.frame_bytes = preflight_frame_bytes(&a->facts),
		.elsewhere_bytes = elsewhere_bytes,
	};
	struct refusal why = {0};
	int error = steered.generic ? 0 : check_driver(a, &why);

	if (!error)
		error = steered_source_create(&a->source, &steered, &why);
	if (error) {
		if (!*why.reason)
			snprintf(why.reason, sizeof(why.reason), "%s", strerror(-error));
		add_step(a, ingest_mode_name(mode), &why);
		return error;
	}
	a->mode = mode;
	if (*why.reason)
		add_step(a, "zero-copy", &why);
	return 0;
}

/* Another program, privileges, memory: generic XDP has the same needs. */
static bool refuses_any_mode(int error)
{
	return error == -EBUSY || error == -EPERM || error == -EACCES || error == -ENOBUFS;
}

void attach_get_facts(struct preflight_facts *facts, const char *interface,
                      const struct ingest_config *config)
{
	*facts = (struct preflight_facts){.frags = PROGRAM_TAKES_FRAGS,
	                                  .zero_copy = config->zero_copy};
	ethtool_get_facts(facts, interface);
}

int attach_interface(struct attachment *a, const char *interface,
                     const struct ingest_config *config, uint64_t elsewhere_bytes)
{
	int error;

	*a = (struct attachment){.mode = INGEST_UDP};
	attach_get_facts(&a->facts, interface, config);
	if (config->mode == INGEST_UDP)
		return 0;
	a->finding_count = preflight_check(&a->facts, a->findings);
	if (config->mode != INGEST_AUTO)
		return try_mode(a, config->mode, config, elsewhere_bytes);
	error = try_mode(a, INGEST_XDP, config, elsewhere_bytes);
	if (error && !refuses_any_mode(error))
		try_mode(a, INGEST_XDP_GENERIC, config, elsewhere_bytes);
	return 0;
}

uint64_t attach_memory_bytes(const char *interface, const struct ingest_config *config)
{
	struct preflight_facts facts = {.zero_copy = config->zero_copy};

	if (!if_nametoindex(interface))
		return 0;
	ethtool_get_facts(&facts, interface);
	return (uint64_t)facts.queues * frame_count(config) * preflight_frame_bytes(&facts);
}

static const char *title(const char *mode)
{
	if (!strcmp(mode, "xdp"))
		return "native XDP";
	return strcmp(mode, "xdp-generic") ? mode : "generic XDP";
}

void attach_describe(const struct attachment *a, char *text, size_t size)
{
	size_t used = 0;
	int n;

	text[0] = '\0';
	for (size_t i = 0; i < a->step_count && used < size; i++) {
		const struct report_step *step = &a->steps[i];

		n = snprintf(text + used, size - used, "%sno %s: %s%s%s%s", i ? "; " : "",
		             title(step->mode), step->refusal.reason,
		             *step->refusal.fix ? " [mend: " : "", step->refusal.fix,
		             *step->refusal.fix ? "]" : "");
		used += n > 0 ? (size_t)n : 0;
	}
}
