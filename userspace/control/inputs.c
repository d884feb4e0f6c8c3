/*
 * Bindings of inputs.
 */
#include "inputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *prefix_of(size_t index)
{
	return index ? "backup." : "";
}

/* What an ingest error means to the caller of the API. */
static int bind_error(struct api_error *error, size_t index, int code, const char *why)
{
	const char *field = "rtp_port", *name = "invalid_value";
	char full[32];
	int status = 422;

	switch (code) {
	case -EADDRINUSE:
		status = 409;
		name = "port_in_use";
		break;
	case -EADDRNOTAVAIL:
	case -EINVAL:
		field = "rtp_ip";
		break;
	case -ENODEV:
		field = "interface";
		break;
	case -EACCES:
	case -EPERM:
		break;
	case -ENOSPC:
		return api_error_set(error, 409, "limit", NULL, "%s", why);
	default:
		return api_error_set(error, 500, "start_failed", NULL, "%s", why);
	}
	snprintf(full, sizeof(full), "%s%s", prefix_of(index), field);
	return api_error_set(error, status, name, full, "%s", why);
}

static struct ingest_target target_of(struct channel *channel, const struct channel_entry *entry,
                                      size_t index, enum channel_input kind)
{
	const struct input_entry *input = &entry->inputs[index];
	struct ingest_target target = {.channel = channel,
	                               .path = (unsigned int)index,
	                               .input = kind,
	                               .address = input->address,
	                               .port = (uint16_t)(input->rtp_port + 2 * kind)};

	memcpy(target.interface, input->interface, sizeof(target.interface));
	return target;
}

static struct ingest_filter filter_of(const struct channel_entry *entry, size_t index)
{
	return (struct ingest_filter){.sources = entry->inputs[index].sources,
	                              .source_count = entry->inputs[index].source_count,
	                              .max_pps = entry->max_pps};
}

int inputs_bind(struct ingest_binding **out, struct ingest *ingest, struct channel *channel,
                const struct channel_entry *entry, size_t index, struct api_error *error)
{
	const struct ingest_target target = target_of(channel, entry, index, CHANNEL_MEDIA);
	const struct ingest_filter filter = filter_of(entry, index);
	char why[200] = "", endpoint[96];
	int code = ingest_bind(out, ingest, &target, &filter, why, sizeof(why));

	if (!code)
		return 0;
	*out = NULL;
	input_entry_endpoint(&entry->inputs[index], endpoint, sizeof(endpoint));
	if (!why[0])
		snprintf(why, sizeof(why), "cannot receive on %s: %s", endpoint, strerror(-code));
	return bind_error(error, index, code, why);
}

void inputs_bind_fec(struct live_input *input, struct ingest *ingest, struct channel *channel,
                     const struct channel_entry *entry, size_t index, char *missing, size_t size)
{
	const struct ingest_filter filter = filter_of(entry, index);

	for (enum channel_input kind = CHANNEL_FEC_COLUMN; kind < CHANNEL_INPUTS; kind++) {
		const int port = entry->inputs[index].rtp_port + 2 * (int)kind;
		const struct ingest_target target = target_of(channel, entry, index, kind);
		char why[200] = "there is no such port";

		if (input->bindings[kind] ||
		    (port <= UINT16_MAX && !ingest_bind(&input->bindings[kind], ingest, &target,
		                                        &filter, why, sizeof(why))))
			continue;
		input->bindings[kind] = NULL;
		if (!missing[0])
			snprintf(missing, size, "no FEC on port %d: %s", port, why);
	}
}

static void unbind(struct live_input *input, enum channel_input kind)
{
	ingest_count(input->bindings[kind], &input->gone);
	ingest_unbind(input->bindings[kind]);
	input->bindings[kind] = NULL;
}

void inputs_unbind_fec(struct live_input *input)
{
	unbind(input, CHANNEL_FEC_COLUMN);
	unbind(input, CHANNEL_FEC_ROW);
}

void inputs_unbind(struct live_input *input)
{
	inputs_unbind_fec(input);
	unbind(input, CHANNEL_MEDIA);
}

int inputs_set_filter(const struct live_input *input, const struct channel_entry *entry,
                      size_t index, struct api_error *error)
{
	const struct ingest_filter filter = filter_of(entry, index);
	char why[200];
	int code = 0;

	for (size_t i = 0; i < CHANNEL_INPUTS && !code; i++) {
		snprintf(why, sizeof(why), "cannot set who may send to the channel");
		if (input->bindings[i])
			code = ingest_set_filter(input->bindings[i], &filter, why, sizeof(why));
	}
	return code ? bind_error(error, index, code, why) : 0;
}

void inputs_count(const struct live_input *input, struct ingest_counters *sum)
{
	for (size_t i = 0; i < CHANNEL_INPUTS; i++)
		ingest_count(input->bindings[i], sum);
	counters_add(sum, &input->gone, INGEST_COUNTER_COUNT);
}
