/*
 * Units cut out of a buffer: a PES packet is copied behind what is left of the one before, in pieces
 * when it is large.
 *
 * In step, a unit is believed when another one begins behind it, or nothing is there yet to look at. Out
 * of step, it must be of the configuration known or else be followed by another one of its own or by the
 * end of the packet, and one that can be told so goes before an earlier one that cannot yet.
 */
#include "track_audio.h"

#include "ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct track *audio_track_create(struct track_host *host, const struct audio_kind *kind,
                                 size_t size)
{
	struct audio_track *audio = calloc(1, size);

	if (!audio)
		return NULL;
	audio->host = host;
	audio->kind = kind;
	/* Two units and the header of a third one always fit. */
	audio->capacity = 2 * (kind->max_unit_bytes + kind->header_bytes);
	audio->data = malloc(audio->capacity);
	if (!audio->data) {
		free(audio);
		return NULL;
	}
	return (struct track *)audio;
}

static struct audio_track *get_audio(struct track *track)
{
	return (struct audio_track *)track;
}

void audio_track_destroy(struct track *track)
{
	if (!track)
		return;
	free(get_audio(track)->data);
	free(track);
}

void audio_track_count_malformed(struct audio_track *audio)
{
	counter_add(&audio->host->counters->malformed_units, 1);
}

/* 90 kHz since base. */
static int64_t elapsed(const struct audio_track *audio)
{
	if (!audio->rate)
		return 0;
	return (int64_t)((audio->samples * TS_CLOCK_HZ + audio->rate / 2) / audio->rate);
}

bool audio_track_time(struct audio_track *audio, unsigned int rate, unsigned int samples,
                      int64_t *time)
{
	if (!audio->timed) {
		counter_add(&audio->host->counters->untimed_units, 1);
		return false;
	}
	*time = audio->base + elapsed(audio);
	if (audio->rate != rate) {
		audio->rate = rate;
		audio->base = *time;
		audio->samples = 0;
	}
	audio->samples += samples;
	return true;
}

static bool is_same_format(const struct audio_format *a, const struct audio_format *b)
{
	return a->codec == b->codec && a->sample_rate == b->sample_rate &&
	       a->channels == b->channels && a->config_bytes == b->config_bytes &&
	       !memcmp(a->config, b->config, a->config_bytes);
}

/* Emit a sequence header if the format has changed. */
static void configure(struct audio_track *audio, const struct audio_format *format,
                      int64_t timestamp_ms)
{
	struct flv_tag *tag;

	if (audio->has_format && is_same_format(format, &audio->format))
		return;
	tag = flv_write_audio_header(timestamp_ms, format->codec, format->config,
	                             format->config_bytes);
	if (!tag)
		return;
	audio->format = *format;
	audio->has_format = true;
	audio->host->emit(audio->host->context, tag);
}

void audio_track_emit(struct audio_track *audio, int64_t time, const struct audio_format *format,
                      const uint8_t *frame, size_t size)
{
	int64_t time_ms = track_stamp(audio->host, time);
	struct flv_tag *tag;

	configure(audio, format, time_ms);
	tag = flv_write_audio_frame(time_ms, format->codec, frame, size);
	if (!tag) {
		audio_track_count_malformed(audio);
		return;
	}
	counter_add(&audio->host->counters->audio_frames, 1);
	audio->host->emit(audio->host->context, tag);
}

/* Some multiplexers fill up the last TS packet of a PES packet by bytes in it. */
static bool is_padding(const uint8_t *data, size_t size)
{
	size_t i = 1;

	if (size == 0 || size >= TS_PACKET_BYTES || (data[0] != 0x00 && data[0] != 0xff))
		return false;
	while (i < size && data[i] == data[0])
		i++;
	return i == size;
}

/* Whether the unit that ends where data begins is to be believed by what follows it. */
static int check_next(struct audio_track *audio, const struct audio_unit *unit, const uint8_t *data,
                      size_t size, bool ends)
{
	bool known = audio->has_identity && unit->identity == audio->identity;
	struct audio_unit next;
	int error;

	if (size == 0)
		return ends || audio->synced ? 0 : -EAGAIN;
	error = audio->kind->find(audio, data, size, ends, &next);
	if (error == -EINVAL && ends && is_padding(data, size))
		return 0;
	if (audio->synced)
		return error == -EINVAL ? -EINVAL : 0;
	if (error == -EAGAIN)
		return known && ends ? 0 : -EAGAIN;
	return error || next.identity != unit->identity ? -EINVAL : 0;
}

/* There is a whole unit at data, and it is believed. */
static int find_unit(struct audio_track *audio, const uint8_t *data, size_t size, bool ends,
                     struct audio_unit *unit)
{
	int error = audio->kind->find(audio, data, size, ends, unit);

	if (error)
		return error;
	if (unit->bytes > size)
		return -EAGAIN;
	return check_next(audio, unit, data + unit->bytes, size - unit->bytes, ends);
}

/* Look again at the places where a unit may begin. Returns true, and where, when one does. */
static bool check_candidates(struct audio_track *audio, size_t *at, bool ends,
                             struct audio_unit *unit)
{
	size_t kept = 0;

	for (size_t i = 0; i < audio->candidate_count; i++) {
		size_t where = audio->candidates[i];
		int error = find_unit(audio, audio->data + where, audio->size - where, ends, unit);

		if (!error) {
			*at = where;
			return true;
		}
		if (error == -EAGAIN)
			audio->candidates[kept++] = where;
	}
	audio->candidate_count = kept;
	return false;
}

/*
 * Find a unit, and set *at to where it is. If there is none yet, *at is where one may begin, or the end.
 * Every byte is looked at once, but for the candidates, however often a stream comes back to it.
 */
static int search_unit(struct audio_track *audio, size_t *at, bool ends, struct audio_unit *unit)
{
	if (check_candidates(audio, at, ends, unit))
		return 0;
	for (; audio->searched < audio->size; audio->searched++) {
		size_t where = audio->searched;
		int error = find_unit(audio, audio->data + where, audio->size - where, ends, unit);

		if (!error) {
			*at = where;
			return 0;
		}
		if (error == -EAGAIN && audio->candidate_count < AUDIO_MAX_CANDIDATES)
			audio->candidates[audio->candidate_count++] = where;
	}
	*at = audio->candidate_count ? audio->candidates[0] : audio->size;
	return -EAGAIN;
}

/* Out of step from here on. */
static void lose_step(struct audio_track *audio, size_t at)
{
	audio->synced = false;
	audio->candidate_count = 0;
	audio->searched = at;
}

/* Drop what is before at. */
static void drop_until(struct audio_track *audio, size_t at)
{
	audio->size -= at;
	memmove(audio->data, audio->data + at, audio->size);
	audio->mark = audio->mark > at ? audio->mark - at : 0;
	audio->searched = audio->searched > at ? audio->searched - at : 0;
	for (size_t i = 0; i < audio->candidate_count; i++)
		audio->candidates[i] -= at;
}

/* The PTS of the packet is that of the unit that starts now. */
static void set_time(struct audio_track *audio, const struct pes_packet *packet)
{
	audio->marked = false;
	if (packet->has_pts && track_place(audio->host, packet, elapsed(audio), &audio->base)) {
		audio->samples = 0;
		audio->timed = true;
	}
}

/* Take the units that are whole, and keep what is left. */
static void take_units(struct audio_track *audio, const struct pes_packet *packet, bool ends)
{
	struct audio_unit unit;
	size_t at = 0;

	while (at < audio->size) {
		int error = audio->synced ? find_unit(audio, audio->data + at, audio->size - at,
		                                      ends, &unit)
		                          : search_unit(audio, &at, ends, &unit);

		if (error == -EAGAIN)
			break;
		if (error && ends && is_padding(audio->data + at, audio->size - at)) {
			at = audio->size;
			break;
		}
		if (error) {
			audio_track_count_malformed(audio);
			lose_step(audio, at);
			continue;
		}
		if (audio->marked && at >= audio->mark)
			set_time(audio, packet);
		audio->synced = true;
		audio->candidate_count = 0;
		audio->has_identity = true;
		audio->identity = unit.identity;
		audio->kind->take(audio, audio->data + at, unit.bytes);
		at += unit.bytes;
	}
	/* The unit at the end starts in this packet. */
	if (ends && audio->marked && at >= audio->mark && at < audio->size)
		set_time(audio, packet);
	drop_until(audio, at);
}

static void lose(struct audio_track *audio)
{
	audio->size = 0;
	lose_step(audio, 0);
}

void audio_track_push(struct track *track, const struct pes_packet *packet)
{
	struct audio_track *audio = get_audio(track);
	const uint8_t *data = packet->data;
	size_t left = packet->size;

	audio->mark = audio->size;
	audio->marked = true;
	while (left > 0) {
		size_t n = audio->capacity - audio->size;

		if (n > left)
			n = left;
		memcpy(audio->data + audio->size, data, n);
		audio->size += n;
		data += n;
		left -= n;
		take_units(audio, packet, left == 0);
		if (audio->size == audio->capacity) { /* nothing can be told of so much */
			audio_track_count_malformed(audio);
			lose(audio);
			audio->mark = 0;
		}
	}
}

void audio_track_lose(struct track *track)
{
	lose(get_audio(track));
}

void audio_track_describe(const struct track *track, struct flv_metadata *metadata)
{
	const struct audio_track *audio = (const struct audio_track *)track;

	if (!audio->has_format)
		return;
	metadata->has_audio = true;
	metadata->audio_codec = audio->format.codec;
	metadata->sample_rate = audio->format.sample_rate;
	metadata->channels = audio->format.channels;
}
