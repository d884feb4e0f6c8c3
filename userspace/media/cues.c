/*
 * Cue messages: what is new in a section, and who is told.
 */
#include "cues.h"

#include "cue_message.h"
#include "cue_table.h"
#include "ts.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_PAST_MS (600 * 1000) /* a splice that was longer ago is of no use to anybody */

struct cues {
	struct cue_host host;
	unsigned int flavours;
	int64_t last_ms; /* time stamp given out last, or CUE_NO_TIME */
	struct cue_table table;
};

/* The time stamp for what is sent now. */
static int64_t stamp(struct cues *cues, int64_t now_ms)
{
	if (cues->last_ms == CUE_NO_TIME || now_ms > cues->last_ms)
		cues->last_ms = now_ms;
	return cues->last_ms;
}

static bool is_wanted(const struct cues *cues, enum cue_flavour flavour)
{
	return cues->flavours >> flavour & 1u;
}

static void tell(struct cues *cues, enum cue_flavour flavour, const struct cue_entry *entry,
                 const struct cue_place *place, const uint8_t *section, size_t size)
{
	struct flv_tag *tag;

	if (!is_wanted(cues, flavour))
		return;
	tag = cue_message_create(flavour, &entry->event, place, section, size);
	if (tag)
		cues->host.emit(cues->host.context, tag);
}

/* It is too late for this one: the break is over, or too long ago. */
static bool is_over(const struct cue_event *event, const struct cue_place *place)
{
	const int64_t past_ms = place->sent_ms - place->time_ms;

	if (event->kind == CUE_OUT && event->has_duration &&
	    past_ms >= (int64_t)(event->duration / (TS_CLOCK_HZ / 1000)))
		return past_ms > 0;
	return past_ms > MAX_PAST_MS;
}

static int64_t find_time(struct cues *cues, const struct cue_event *event, int64_t now_ms)
{
	return event->immediate ? now_ms : cues->host.time_ms(cues->host.context, event->pts);
}

/* Tell entry's event to those who want `flavours`, unless nobody can have heard the stream yet. */
static void tell_all(struct cues *cues, const enum cue_flavour *flavours, size_t count,
                     const struct cue_entry *entry, const uint8_t *section, size_t size)
{
	struct cue_place place = {.time_ms = entry->time_ms};

	if (entry->heard_ms == CUE_NO_TIME || entry->time_ms == CUE_NO_TIME)
		return;
	place.sent_ms = stamp(cues, entry->heard_ms);
	if (entry->event.immediate)
		place.time_ms = place.sent_ms;
	if (is_over(&entry->event, &place))
		return;
	for (size_t i = 0; i < count; i++)
		tell(cues, flavours[i], entry, &place, section, size);
}

/* The section as a whole, for the most weighty of its news. */
static void pass_on(struct cues *cues, struct cue_entry *lead, const uint8_t *section, size_t size)
{
	static const enum cue_flavour flavours[] = {CUE_ONADCUE};

	if (!lead->event.immediate)
		cue_table_keep(lead, section, size);
	tell_all(cues, flavours, 1, lead, section, size);
}

/* One splice, for those who do not look into the section. */
static void tell_splice(struct cues *cues, struct cue_entry *entry)
{
	static const enum cue_flavour flavours[] = {CUE_ONCUEPOINT_SCTE35, CUE_ONCUEPOINT,
	                                            CUE_YOUTUBE};

	if (!entry->event.immediate &&
	    cue_table_is_told(&cues->table, entry->event.kind, entry->time_ms))
		return;
	entry->told = true;
	tell_all(cues, flavours, sizeof(flavours) / sizeof(flavours[0]), entry, NULL, 0);
}

/* In the order of a seam between two breaks: what is cancelled, the way in, the way out again. */
static void tell_splices(struct cues *cues, struct cue_entry **news, size_t count)
{
	static const enum cue_kind order[] = {CUE_CANCEL, CUE_IN, CUE_OUT};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (size_t j = 0; j < count; j++) {
			if (!news[j] || news[j]->event.kind != order[i])
				continue;
			tell_splice(cues, news[j]);
			if (order[i] != CUE_CANCEL)
				break;
		}
	}
}

void cues_push(struct cues *cues, const uint8_t *section, size_t size)
{
	struct scte35_section parsed;
	struct cue_event events[CUE_SECTION_EVENTS];
	struct cue_entry *news[CUE_SECTION_EVENTS], *lead = NULL;
	const int64_t now_ms = cues->host.current_ms(cues->host.context);
	size_t count;

	if (scte35_parse(&parsed, section, size))
		return;
	size = 3u + (load_be16(section + 1) & 0xfffu);
	count = cue_events_read(&parsed, events);
	for (size_t i = 0; i < count; i++)
		news[i] = cue_table_hear(&cues->table, &events[i],
		                         find_time(cues, &events[i], now_ms), now_ms);
	for (size_t i = 0; i < count; i++) {
		/* An event may contradict one before it in the section, whose entry is gone then. */
		if (news[i] && (!news[i]->used || news[i]->event.id != events[i].id ||
		                news[i]->event.kind != events[i].kind))
			news[i] = NULL;
		if (news[i] && (!lead || news[i]->event.kind < lead->event.kind))
			lead = news[i];
	}
	if (!lead)
		return;
	pass_on(cues, lead, section, size);
	tell_splices(cues, news, count);
}

/* A message for a reader that joins late, or NULL. */
static struct flv_tag *remind(struct cues *cues, enum cue_flavour flavour, struct cue_entry *entry,
                              int64_t now_ms)
{
	struct cue_place place = {.sent_ms = now_ms};

	if (!entry->used || entry->event.immediate ||
	    !(flavour == CUE_ONADCUE ? entry->leads : entry->told))
		return NULL;
	if (entry->time_ms == CUE_NO_TIME)
		entry->time_ms = cues->host.time_ms(cues->host.context, entry->event.pts);
	place.time_ms = entry->time_ms;
	if (entry->time_ms == CUE_NO_TIME || entry->time_ms <= now_ms)
		return NULL;
	return cue_message_create(flavour, &entry->event, &place, entry->section, entry->size);
}

size_t cues_get_pending(struct cues *cues, enum cue_flavour flavour, int64_t now_ms,
                        struct flv_tag *tags[CUES_MAX_PENDING])
{
	size_t count = 0;

	for (size_t i = 0; i < CUE_TABLE_ENTRIES && count < CUES_MAX_PENDING; i++) {
		tags[count] = remind(cues, flavour, &cues->table.entries[i], now_ms);
		if (tags[count])
			count++;
	}
	if (count)
		stamp(cues, now_ms);
	return count;
}

int cues_create(struct cues **out, const struct cue_host *host)
{
	struct cues *cues = calloc(1, sizeof(*cues));

	if (!cues)
		return -ENOMEM;
	cues->host = *host;
	cues->last_ms = CUE_NO_TIME;
	*out = cues;
	return 0;
}

void cues_set_flavours(struct cues *cues, unsigned int flavours)
{
	cues->flavours = flavours;
}

void cues_destroy(struct cues *cues)
{
	if (!cues)
		return;
	cue_table_clear(&cues->table);
	free(cues);
}
