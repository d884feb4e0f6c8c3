/*
 * The table of events. An event is known by its command, id and kind; a segment also by its type and number, because
 * the segments of a break may share an id.
 */
#include "cue_table.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_MS 1000 /* between a time that was announced and an order to do it now */

static void forget(struct cue_entry *entry)
{
	free(entry->section);
	*entry = (struct cue_entry){0};
}

static bool has_id_of(const struct cue_entry *entry, const struct cue_event *event)
{
	return entry->used && entry->event.command == event->command &&
	       entry->event.id == event->id;
}

static struct cue_entry *find(struct cue_table *table, const struct cue_event *event)
{
	for (size_t i = 0; i < CUE_TABLE_ENTRIES; i++) {
		struct cue_entry *entry = &table->entries[i];

		if (has_id_of(entry, event) && entry->event.kind == event->kind &&
		    entry->event.segmentation_type == event->segmentation_type &&
		    (!event->segmentation_type || entry->event.number == event->number))
			return entry;
	}
	return NULL;
}

/* The two are known and not more than `distance` apart. */
static bool is_near(int64_t a, int64_t b, int64_t distance)
{
	return a != CUE_NO_TIME && b != CUE_NO_TIME && a - b <= distance && b - a <= distance;
}

static bool is_same_place(const struct cue_entry *entry, const struct cue_event *event,
                          int64_t time_ms, int64_t now_ms)
{
	if (event->immediate && entry->event.immediate)
		return now_ms == CUE_NO_TIME || entry->heard_ms == CUE_NO_TIME ||
		       is_near(now_ms, entry->heard_ms, CUE_SAME_MS);
	if (event->immediate)
		return is_near(now_ms, entry->time_ms, NEAR_MS);
	if (entry->event.immediate)
		return is_near(time_ms, entry->time_ms, NEAR_MS);
	if (time_ms == CUE_NO_TIME || entry->time_ms == CUE_NO_TIME)
		return event->pts == entry->event.pts;
	return is_near(time_ms, entry->time_ms, 1);
}

static bool is_repetition(const struct cue_entry *entry, const struct cue_event *event,
                          int64_t time_ms, int64_t now_ms)
{
	return is_same_place(entry, event, time_ms, now_ms) &&
	       entry->event.has_duration == event->has_duration &&
	       entry->event.duration == event->duration;
}

/* What was said of the same event and holds no more. */
static void forget_contrary(struct cue_table *table, const struct cue_event *event)
{
	for (size_t i = 0; i < CUE_TABLE_ENTRIES; i++) {
		struct cue_entry *entry = &table->entries[i];

		if (!has_id_of(entry, event) || entry->event.kind == event->kind)
			continue;
		/* Who orders out and in with one id, and no times, means another break by the next out. */
		if (event->kind == CUE_CANCEL || entry->event.kind == CUE_CANCEL ||
		    (event->immediate && entry->event.immediate && event->kind != CUE_NOTE &&
		     entry->event.kind != CUE_NOTE))
			forget(entry);
	}
}

static struct cue_entry *make_room(struct cue_table *table)
{
	struct cue_entry *oldest = &table->entries[0];

	for (size_t i = 0; i < CUE_TABLE_ENTRIES; i++) {
		struct cue_entry *entry = &table->entries[i];

		if (!entry->used)
			return entry;
		if (entry->heard < oldest->heard)
			oldest = entry;
	}
	forget(oldest);
	return oldest;
}

struct cue_entry *cue_table_hear(struct cue_table *table, const struct cue_event *event,
                                 int64_t time_ms, int64_t now_ms)
{
	struct cue_entry *entry = find(table, event);

	if (entry && is_repetition(entry, event, time_ms, now_ms)) {
		entry->heard = ++table->heard;
		entry->heard_ms = now_ms;
		return NULL;
	}
	if (entry)
		forget(entry);
	forget_contrary(table, event);
	entry = make_room(table);
	*entry = (struct cue_entry){
		.used = true,
		.event = *event,
		.time_ms = time_ms,
		.heard_ms = now_ms,
		.heard = ++table->heard,
	};
	return entry;
}

bool cue_table_is_told(const struct cue_table *table, enum cue_kind kind, int64_t time_ms)
{
	for (size_t i = 0; i < CUE_TABLE_ENTRIES; i++) {
		const struct cue_entry *entry = &table->entries[i];

		if (entry->used && entry->told && entry->event.kind == kind &&
		    !entry->event.immediate && is_near(entry->time_ms, time_ms, 1))
			return true;
	}
	return false;
}

void cue_table_keep(struct cue_entry *entry, const uint8_t *section, size_t size)
{
	entry->section = malloc(size);
	if (!entry->section)
		return;
	memcpy(entry->section, section, size);
	entry->size = size;
	entry->leads = true;
}

void cue_table_clear(struct cue_table *table)
{
	for (size_t i = 0; i < CUE_TABLE_ENTRIES; i++)
		forget(&table->entries[i]);
}
