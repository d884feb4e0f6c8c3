/*
 * Entries: copying, freeing, comparing. The only user of libuuid.
 */
#include "entry.h"

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

int output_entry_copy(struct output_entry *out, const struct output_entry *from)
{
	struct output_entry copy = *from;

	copy.name = strdup(from->name);
	copy.url = strdup(from->url);
	if (!copy.name || !copy.url) {
		free(copy.name);
		free(copy.url);
		return -ENOMEM;
	}
	json_incref(copy.extra);
	*out = copy;
	return 0;
}

void output_entry_free(struct output_entry *entry)
{
	free(entry->name);
	free(entry->url);
	json_decref(entry->extra);
	*entry = (struct output_entry){0};
}

int channel_entry_copy(struct channel_entry *out, const struct channel_entry *from)
{
	struct channel_entry copy = *from;

	copy.output_count = 0;
	json_incref(copy.extra);
	copy.name = strdup(from->name);
	copy.outputs = calloc(from->output_count ? from->output_count : 1, sizeof(*copy.outputs));
	if (!copy.name || !copy.outputs)
		goto fail;
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

bool channel_entry_same_input(const struct channel_entry *a, const struct channel_entry *b)
{
	return a->rtp_port == b->rtp_port && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

static bool is_any(const struct in6_addr *address)
{
	static const struct in6_addr any4 = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	return IN6_IS_ADDR_UNSPECIFIED(address) || IN6_ARE_ADDR_EQUAL(address, &any4);
}

/* SMPTE 2022-1: column FEC on port + 2, row FEC on port + 4. */
static bool share_a_port(const struct channel_entry *a, const struct channel_entry *b)
{
	for (int i = 0; i <= (a->fec ? 4 : 0); i += 2)
		for (int j = 0; j <= (b->fec ? 4 : 0); j += 2)
			if (a->rtp_port + i == b->rtp_port + j)
				return true;
	return false;
}

bool channel_entry_overlaps(const struct channel_entry *a, const struct channel_entry *b)
{
	if (!share_a_port(a, b))
		return false;
	if (IN6_ARE_ADDR_EQUAL(&a->address, &b->address))
		return true;
	return IN6_IS_ADDR_V4MAPPED(&a->address) == IN6_IS_ADDR_V4MAPPED(&b->address) &&
	       (is_any(&a->address) || is_any(&b->address));
}

void channel_entry_endpoint(const struct channel_entry *entry, char *out, size_t size)
{
	snprintf(out, size, strchr(entry->rtp_ip, ':') ? "[%s]:%u" : "%s:%u", entry->rtp_ip,
	         entry->rtp_port);
}
