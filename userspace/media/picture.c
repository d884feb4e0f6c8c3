/*
 * Access units: where they are cut, and their time.
 */
#include "picture.h"

#include "ts.h"

#include <string.h>

/* PES packets in a row, after which every one is taken to end an access unit; after one that did not. */
#define WHOLE_PACKETS      2
#define WHOLE_AGAIN        100
#define DEFAULT_FRAME_TIME (TS_CLOCK_HZ / 25)
#define MAX_FRAME_TIME     TS_CLOCK_HZ

static struct remux_counters *counters(struct picture_cutter *cutter)
{
	return cutter->host->counters;
}

static int64_t get_step(const struct picture_cutter *cutter)
{
	return cutter->frame_time ? cutter->frame_time : DEFAULT_FRAME_TIME;
}

/* The time of a frame: as the stream tells, else by the last two DTS. */
static void update_frame_time(struct picture_cutter *cutter, int64_t since_last)
{
	const double rate = cutter->codec->get_rate(cutter->track);

	if (rate >= 1)
		cutter->frame_time = (int64_t)(TS_CLOCK_HZ / rate + 0.5);
	else if (since_last > 0 && since_last <= MAX_FRAME_TIME)
		cutter->frame_time = since_last;
}

/* Hand over the first n NAL units as an access unit. */
static void take(struct picture_cutter *cutter, size_t n)
{
	const struct timeline_cursor before = cutter->host->cursor;
	struct nal_unit nals[PICTURE_MAX_NALS];
	struct picture picture = {.nals = nals, .count = n};

	if (!track_place(cutter->host, &cutter->time, get_step(cutter), &picture.dts))
		return;
	if (cutter->time.has_pts)
		cutter->distance = timeline_distance(cutter->time.pts, cutter->time.dts);
	update_frame_time(cutter, before.started ? picture.dts - before.output : 0);
	picture.distance = cutter->distance;
	for (size_t i = 0; i < n; i++)
		nals[i] = (struct nal_unit){cutter->stream.data + cutter->nals[i].at,
		                            cutter->nals[i].size};
	cutter->codec->take(cutter->track, &picture);
}

/* The time stamps of an access unit that begins with a NAL unit: the first in a PES packet has those of it. */
static struct pes_packet take_time(struct picture_cutter *cutter, const struct nal_place *place)
{
	struct pes_packet *offered =
		place->at >= cutter->packet_at ? &cutter->offered : &cutter->offered_open;
	const struct pes_packet time = *offered;

	*offered = (struct pes_packet){0};
	return time;
}

/* The open access unit ends before NAL unit n; what follows is in the next. */
static void cut(struct picture_cutter *cutter, size_t n)
{
	take(cutter, n);
	memmove(cutter->nals, cutter->nals + n, (cutter->count - n) * sizeof(cutter->nals[0]));
	cutter->count -= n;
	cutter->boundary = 0;
	cutter->has_slice = false;
	cutter->time = cutter->boundary_time;
}

static void drop_open(struct picture_cutter *cutter, counter_t *why)
{
	if (cutter->has_slice)
		counter_add(why, 1);
	cutter->count = 0;
	cutter->boundary = 0;
	cutter->has_slice = false;
}

static bool has_fields(const struct picture_cutter *cutter)
{
	return cutter->codec->has_fields && cutter->codec->has_fields(cutter->track);
}

/* The stream has access units that go on in the next PES packet. */
static void find_spanning(struct picture_cutter *cutter)
{
	cutter->spans = true;
	cutter->whole = 0;
	if (!cutter->ended)
		return;
	/* Its beginning is gone already, as if it were all; this is the rest. */
	counter_add(&counters(cutter)->damaged_units, 1);
	drop_open(cutter, &counters(cutter)->damaged_units);
	cutter->synced = false;
	cutter->ended = false;
}

/* The first slice in a PES packet tells how the stream is cut into packets. */
static void learn(struct picture_cutter *cutter, size_t at, enum picture_part part)
{
	if (!cutter->learning || at < cutter->learn_at)
		return;
	if (part == PICTURE_SLICE)
		find_spanning(cutter);
	else if (cutter->whole < WHOLE_AGAIN)
		cutter->whole++;
	cutter->learning = at < cutter->packet_at; /* it was of the packet before this one */
	cutter->learn_at = cutter->packet_at;
}

static void add(struct picture_cutter *cutter, const struct nal_place *place,
                enum picture_part part)
{
	if (cutter->count == PICTURE_MAX_NALS) {
		counter_add(&counters(cutter)->malformed_units, 1);
		cutter->has_slice = false;
		drop_open(cutter, &counters(cutter)->malformed_units);
		cutter->synced = false;
		return;
	}
	if (cutter->count == 0)
		cutter->time = take_time(cutter, place);
	if (part == PICTURE_OPENING && cutter->has_slice && !cutter->boundary) {
		cutter->boundary = cutter->count;
		cutter->boundary_time = take_time(cutter, place);
	}
	cutter->nals[cutter->count++] = *place;
}

/* What seemed to begin the next access unit was in this one: the time stamps are for another still. */
static void cancel_boundary(struct picture_cutter *cutter)
{
	if (cutter->boundary && cutter->nals[cutter->boundary].at >= cutter->packet_at)
		cutter->offered = cutter->boundary_time;
	cutter->boundary = 0;
}

static void add_slice(struct picture_cutter *cutter, const struct nal_place *place,
                      enum picture_part part)
{
	if (part == PICTURE_FIRST && cutter->has_slice)
		cut(cutter, cutter->boundary ? cutter->boundary : cutter->count);
	if (part == PICTURE_SLICE && !cutter->has_slice) { /* the first is missing */
		counter_add(&counters(cutter)->damaged_units, 1);
		drop_open(cutter, &counters(cutter)->damaged_units);
		cutter->synced = false;
		return;
	}
	cancel_boundary(cutter);
	add(cutter, place, part);
	cutter->has_slice = cutter->count > 0;
}

static void take_nal(struct picture_cutter *cutter, const struct nal_place *place)
{
	const struct nal_unit nal = {cutter->stream.data + place->at, place->size};
	const enum picture_part part = cutter->codec->classify(cutter->track, &nal);
	const bool is_slice = part == PICTURE_FIRST || part == PICTURE_SLICE;

	if (part == PICTURE_NOTHING)
		return;
	if (is_slice)
		learn(cutter, place->at, part);
	if (!cutter->synced && part != PICTURE_OPENING && part != PICTURE_FIRST)
		return;
	cutter->synced = true;
	if (is_slice)
		add_slice(cutter, place, part);
	else
		add(cutter, place, part);
}

static void take_nals(struct picture_cutter *cutter)
{
	struct nal_place place;

	while (nal_stream_next(&cutter->stream, &place))
		take_nal(cutter, &place);
}

/* Everything there is, is complete. */
static void finish(struct picture_cutter *cutter)
{
	struct nal_place place;

	if (nal_stream_close(&cutter->stream, &place))
		take_nal(cutter, &place);
	if (cutter->has_slice)
		cut(cutter, cutter->spans && cutter->boundary ? cutter->boundary : cutter->count);
}

/* Give back the bytes that no NAL unit in hand needs. */
static void tidy(struct picture_cutter *cutter)
{
	struct nal_stream *stream = &cutter->stream;
	size_t needed = stream->open ? stream->open_at : stream->searched;

	if (stream->open && stream->open_at >= cutter->packet_at)
		cutter->offered_open = cutter->offered;
	if (cutter->count > 0)
		needed = cutter->nals[0].at;
	nal_stream_drop(stream, needed);
	for (size_t i = 0; i < cutter->count; i++)
		cutter->nals[i].at -= needed;
	cutter->learn_at -= needed < cutter->learn_at ? needed : cutter->learn_at;
	cutter->packet_at = stream->size;
}

void picture_push(struct picture_cutter *cutter, const struct pes_packet *packet)
{
	if (packet->size == 0)
		return;
	if (!nal_is_start(packet->data, packet->size))
		find_spanning(cutter);
	if (nal_stream_add(&cutter->stream, packet->data, packet->size) < 0) {
		counter_add(&counters(cutter)->malformed_units, 1);
		picture_lose(cutter);
		return;
	}
	cutter->offered = *packet;
	if (!cutter->learning) {
		cutter->learning = true;
		cutter->learn_at = cutter->packet_at;
	}
	take_nals(cutter);
	cutter->ended = cutter->whole >= (cutter->spans ? WHOLE_AGAIN : WHOLE_PACKETS) &&
	                !has_fields(cutter);
	if (cutter->ended)
		finish(cutter);
	tidy(cutter);
}

void picture_lose(struct picture_cutter *cutter)
{
	struct nal_place place;

	if (nal_stream_close(&cutter->stream, &place))
		take_nal(cutter, &place); /* its beginning says where it belongs */
	/* Complete is what came before the next began; or, most likely, what whole packets held. */
	if (cutter->boundary)
		cut(cutter, cutter->boundary);
	else if (!cutter->spans && cutter->has_slice)
		cut(cutter, cutter->count);
	drop_open(cutter, &counters(cutter)->damaged_units);
	nal_stream_reset(&cutter->stream);
	cutter->synced = false;
	cutter->ended = false;
	cutter->learning = false;
	cutter->packet_at = 0;
}

void picture_flush(struct picture_cutter *cutter)
{
	finish(cutter);
	tidy(cutter);
	cutter->ended = false;
}

double picture_get_rate(const struct picture_cutter *cutter)
{
	const double rate = cutter->codec->get_rate(cutter->track);

	if (rate > 0 || !cutter->frame_time)
		return rate;
	return (double)TS_CLOCK_HZ / (double)cutter->frame_time;
}

void picture_fini(struct picture_cutter *cutter)
{
	nal_stream_fini(&cutter->stream);
}
