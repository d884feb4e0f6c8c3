/*
 * Parameter sets.
 */
#include "param_sets.h"

#include <errno.h>
#include <string.h>

#define RECORD_HEADER_BYTES 4

static size_t record_bytes(const uint8_t *record)
{
	return RECORD_HEADER_BYTES + load_be16(record + 2);
}

static const uint8_t *get_end(const struct param_sets *sets)
{
	return sets->data + sets->size;
}

/* The place of a record in data, or size when there is none. */
static size_t find(const struct param_sets *sets, uint8_t kind, uint8_t id)
{
	const uint8_t *at = sets->data;

	while (at < get_end(sets) && (at[0] != kind || at[1] != id))
		at += record_bytes(at);
	return (size_t)(at - sets->data);
}

static void remove_record(struct param_sets *sets, size_t place)
{
	uint8_t *record = sets->data + place;
	const size_t bytes = record_bytes(record);

	memmove(record, record + bytes, sets->size - place - bytes);
	sets->size -= bytes;
}

static bool is_held(const struct param_sets *sets, size_t place, const struct nal_unit *nal)
{
	const uint8_t *record = sets->data + place;

	return record < get_end(sets) && load_be16(record + 2) == nal->size &&
	       !memcmp(record + RECORD_HEADER_BYTES, nal->data, nal->size);
}

int param_sets_put(struct param_sets *sets, uint8_t kind, uint8_t id, const struct nal_unit *nal,
                   unsigned int max)
{
	const size_t place = find(sets, kind, id);
	const bool is_new = place == sets->size;
	const size_t freed = is_new ? 0 : record_bytes(sets->data + place);
	uint8_t *record;

	if (is_held(sets, place, nal))
		return 0;
	if (nal->size > UINT16_MAX || (is_new && param_sets_count(sets, kind) >= max) ||
	    sets->size - freed + RECORD_HEADER_BYTES + nal->size > sizeof(sets->data))
		return -ENOSPC;
	if (!is_new)
		remove_record(sets, place);
	record = sets->data + sets->size;
	record[0] = kind;
	record[1] = id;
	store_be16(record + 2, (uint16_t)nal->size);
	memcpy(record + RECORD_HEADER_BYTES, nal->data, nal->size);
	sets->size += record_bytes(record);
	sets->changed = true;
	return !is_new;
}

void param_sets_remove(struct param_sets *sets, uint8_t kind)
{
	for (size_t at = 0; at < sets->size;) {
		if (sets->data[at] == kind)
			remove_record(sets, at);
		else
			at += record_bytes(sets->data + at);
	}
}

unsigned int param_sets_count(const struct param_sets *sets, uint8_t kind)
{
	unsigned int n = 0;

	for (const uint8_t *at = sets->data; at < get_end(sets); at += record_bytes(at))
		n += at[0] == kind;
	return n;
}

uint8_t *param_sets_write(const struct param_sets *sets, uint8_t kind, uint8_t *out)
{
	for (const uint8_t *at = sets->data; at < get_end(sets); at += record_bytes(at)) {
		const size_t bytes = record_bytes(at) - 2; /* with the size before the NAL unit */

		if (at[0] != kind)
			continue;
		memcpy(out, at + 2, bytes);
		out += bytes;
	}
	return out;
}
