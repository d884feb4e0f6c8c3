/*
 * Entries: copying, freeing, comparing. The only user of libuuid.
 */
#include "entry.h"

#include "base/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

void entry_new_id(char *id)
{
	uuid_t uuid;

	uuid_generate_random(uuid);
	uuid_unparse_lower(uuid, id);
}

int output_entry_set_url(struct output_entry *entry, const char *url)
{
	char shown[OUTPUT_URL_BYTES], why[160];
	struct output_url parsed;
	char *texts[2];

	output_url_mask(shown, url);
	texts[0] = strdup(url);
	texts[1] = strdup(shown);
	if (!texts[0] || !texts[1]) {
		free(texts[0]);
		free(texts[1]);
		return -ENOMEM;
	}
	free(entry->url);
	free(entry->shown);
	entry->url = texts[0];
	entry->shown = texts[1];
	entry->known = !output_url_parse(&parsed, url, why, sizeof(why));
	entry->listens =
		entry->known && parsed.scheme == OUTPUT_SRT && parsed.srt.mode == SRT_MODE_LISTENER;
	entry->port = entry->listens ? parsed.port : 0;
	entry->scheme = entry->known ? parsed.scheme : OUTPUT_SRT;
	entry->tls = entry->known && parsed.scheme == OUTPUT_RTMP && parsed.rtmp.tls;
	return 0;
}

int output_entry_copy(struct output_entry *out, const struct output_entry *from)
{
	struct output_entry copy = *from;

	copy.name = strdup(from->name);
	copy.url = strdup(from->url);
	copy.shown = strdup(from->shown);
	copy.stream_key = from->stream_key ? strdup(from->stream_key) : NULL;
	if (!copy.name || !copy.url || !copy.shown || (from->stream_key && !copy.stream_key)) {
		free(copy.name);
		free(copy.url);
		free(copy.shown);
		free(copy.stream_key);
		return -ENOMEM;
	}
	json_incref(copy.extra);
	*out = copy;
	return 0;
}

bool output_entry_is_rtmp(const struct output_entry *entry)
{
	return entry->known && entry->scheme == OUTPUT_RTMP;
}

bool output_entry_same_target(const struct output_entry *a, const struct output_entry *b)
{
	const char *a_key = a->stream_key ? a->stream_key : "";
	const char *b_key = b->stream_key ? b->stream_key : "";

	return !strcmp(a->url, b->url) && !strcmp(a_key, b_key) &&
	       rtmp_options_equal(&a->rtmp, &b->rtmp);
}

void output_entry_free(struct output_entry *entry)
{
	free(entry->name);
	free(entry->url);
	free(entry->shown);
	free(entry->stream_key);
	json_decref(entry->extra);
	*entry = (struct output_entry){0};
}

int input_entry_copy(struct input_entry *out, const struct input_entry *from)
{
	struct input_entry copy = *from;

	if (from->source_count) {
		copy.sources = calloc(from->source_count, sizeof(*copy.sources));
		if (!copy.sources)
			return -ENOMEM;
		memcpy(copy.sources, from->sources, from->source_count * sizeof(*copy.sources));
	}
	*out = copy;
	return 0;
}

void input_entry_free(struct input_entry *entry)
{
	free(entry->sources);
	*entry = (struct input_entry){0};
}

int channel_entry_copy(struct channel_entry *out, const struct channel_entry *from)
{
	struct channel_entry copy = *from;

	copy.output_count = 0;
	memset(copy.inputs, 0, sizeof(copy.inputs));
	json_incref(copy.extra);
	copy.name = strdup(from->name);
	copy.outputs = calloc(from->output_count ? from->output_count : 1, sizeof(*copy.outputs));
	if (!copy.name || !copy.outputs)
		goto fail;
	for (size_t i = 0; i < ENTRY_INPUTS; i++) {
		if (input_entry_copy(&copy.inputs[i], &from->inputs[i]))
			goto fail;
	}
	for (size_t i = 0; i < from->output_count; i++, copy.output_count++) {
		if (output_entry_copy(&copy.outputs[i], &from->outputs[i]))
			goto fail;
	}
	*out = copy;
	return 0;
fail:
	channel_entry_free(&copy);
	return -ENOMEM;
}

void channel_entry_free(struct channel_entry *entry)
{
	for (size_t i = 0; i < entry->output_count; i++)
		output_entry_free(&entry->outputs[i]);
	for (size_t i = 0; i < ENTRY_INPUTS; i++)
		input_entry_free(&entry->inputs[i]);
	free(entry->outputs);
	free(entry->name);
	json_decref(entry->extra);
	*entry = (struct channel_entry){0};
}

struct output_entry *channel_entry_find(const struct channel_entry *entry, const char *id)
{
	for (size_t i = 0; i < entry->output_count; i++) {
		if (!strcmp(entry->outputs[i].id, id))
			return &entry->outputs[i];
	}
	return NULL;
}

bool channel_entry_has_backup(const struct channel_entry *entry)
{
	return entry->inputs[1].rtp_port != 0;
}

bool input_entry_same_target(const struct input_entry *a, const struct input_entry *b)
{
	return a->rtp_port == b->rtp_port && IN6_ARE_ADDR_EQUAL(&a->address, &b->address) &&
	       !strcmp(a->interface, b->interface);
}

bool input_entry_same_sources(const struct input_entry *a, const struct input_entry *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++)
		if (a->sources[i].bits != b->sources[i].bits ||
		    !IN6_ARE_ADDR_EQUAL(&a->sources[i].address, &b->sources[i].address))
			return false;
	return true;
}

/* SMPTE 2022-1: column FEC on port + 2, row FEC on port + 4. */
static bool share_a_port(const struct input_entry *a, bool a_fec, const struct input_entry *b,
                         bool b_fec)
{
	for (int i = 0; i <= (a_fec ? 4 : 0); i += 2)
		for (int j = 0; j <= (b_fec ? 4 : 0); j += 2)
			if (a->rtp_port + i == b->rtp_port + j)
				return true;
	return false;
}

bool input_entry_overlaps(const struct input_entry *a, bool a_fec, const struct input_entry *b,
                          bool b_fec)
{
	if (!a->rtp_port || !b->rtp_port || !share_a_port(a, a_fec, b, b_fec))
		return false;
	if (a->interface[0] && b->interface[0] && strcmp(a->interface, b->interface) != 0)
		return false;
	if (IN6_ARE_ADDR_EQUAL(&a->address, &b->address))
		return true;
	return IN6_IS_ADDR_V4MAPPED(&a->address) == IN6_IS_ADDR_V4MAPPED(&b->address) &&
	       (address_is_any(&a->address) || address_is_any(&b->address));
}

const struct input_entry *channel_entry_overlap(const struct channel_entry *a, size_t index,
                                                const struct channel_entry *b)
{
	for (size_t i = 0; i < ENTRY_INPUTS; i++)
		if (input_entry_overlaps(&a->inputs[index], a->fec, &b->inputs[i], b->fec))
			return &b->inputs[i];
	return NULL;
}

void input_entry_endpoint(const struct input_entry *entry, char *out, size_t size)
{
	snprintf(out, size, strchr(entry->rtp_ip, ':') ? "[%s]:%u%s%s" : "%s:%u%s%s", entry->rtp_ip,
	         entry->rtp_port, entry->interface[0] ? " on " : "", entry->interface);
}
