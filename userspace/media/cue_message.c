/*
 * Cue messages. The member that tells an absolute time is the last one of its message, so that it is found again when
 * the message goes into a connection with a clock of its own.
 */
#include "cue_message.h"

#include "amf.h"
#include "ts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1)

enum {
	BODY_MAX_BYTES = BASE64_BYTES(SCTE35_MAX_BYTES) + 512,
	TIME_KEY_BYTES = 2 + 4, /* "time" and its length */
	NUMBER_BYTES = 9,
	END_BYTES = 3,
	TIME_TAIL_BYTES = TIME_KEY_BYTES + NUMBER_BYTES + END_BYTES,
};

/* What has become of the event by the time the message is sent. */
struct timing {
	double time_s;
	double pre_roll_s; /* until the splice; 0 when it is past */
	double elapsed_s;  /* since then; 0 before */
	double duration_s; /* as told, 0: not known */
	double left_s;     /* of it */
};

static struct timing get_timing(const struct cue_event *event, const struct cue_place *place)
{
	const int64_t ahead_ms = place->time_ms - place->sent_ms;
	struct timing t = {.time_s = (double)place->time_ms / 1000.0};

	if (ahead_ms > 0)
		t.pre_roll_s = (double)ahead_ms / 1000.0;
	else
		t.elapsed_s = (double)-ahead_ms / 1000.0;
	if (event->has_duration)
		t.duration_s = (double)event->duration / TS_CLOCK_HZ;
	t.left_s = t.duration_s > t.elapsed_s ? t.duration_s - t.elapsed_s : 0;
	return t;
}

/* RFC 4648 section 4; out has room for BASE64_BYTES(size). */
static void encode_base64(char *out, const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		const size_t n = size - i < 3 ? size - i : 3;
		const uint32_t bits = (uint32_t)data[i] << 16 |
		                      (n > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
		                      (n > 2 ? data[i + 2] : 0);

		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 0x3f];
		*out++ = n > 1 ? digits[bits >> 6 & 0x3f] : '=';
		*out++ = n > 2 ? digits[bits & 0x3f] : '=';
	}
	*out = 0;
}

static void write_text(struct amf_writer *w, const char *key, const char *value)
{
	amf_write_key(w, key);
	amf_write_string(w, value);
}

static void write_number(struct amf_writer *w, const char *key, double value)
{
	amf_write_key(w, key);
	amf_write_number(w, value);
}

static void write_flag(struct amf_writer *w, const char *key, bool value)
{
	amf_write_key(w, key);
	amf_write_boolean(w, value);
}

static void write_id(struct amf_writer *w, uint32_t id)
{
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, id);
	write_text(w, "id", text);
}

static double to_ms(double seconds)
{
	return (double)(int64_t)(seconds * 1000.0 + 0.5);
}

static void write_scte35(struct amf_writer *w, const struct cue_event *event,
                         const struct timing *t)
{
	amf_write_string(w, "onCuePoint");
	amf_begin_object(w);
	write_text(w, "type", "scte35");
	amf_write_key(w, "parameters");
	amf_begin_object(w);
	write_text(w, "messageType", scte35_command_name(event->command));
	write_number(w, "splice_command_type", event->command);
	write_number(w, "splice_event_id", event->id);
	write_flag(w, "splice_event_cancel_indicator", event->kind == CUE_CANCEL);
	write_flag(w, "out_of_network_indicator", event->kind == CUE_OUT);
	write_flag(w, "splice_immediate", event->immediate);
	write_number(w, "pre_roll_time", to_ms(t->pre_roll_s));
	write_number(w, "break_duration", to_ms(t->left_s));
	write_number(w, "unique_program_id", event->unique_program_id);
	write_number(w, "avail_num", event->number);
	write_number(w, "avail_expected", event->expected);
	if (event->segmentation_type)
		write_number(w, "segmentation_type_id", event->segmentation_type);
	if (event->has_upid)
		write_number(w, "segmentation_upid", (double)event->upid);
	amf_end(w);
	amf_end(w);
}

static const char *simple_type(enum cue_kind kind)
{
	switch (kind) {
	case CUE_OUT:
		return "SpliceOut";
	case CUE_IN:
		return "SpliceIn";
	default:
		return "SpliceCancel";
	}
}

static void write_simple(struct amf_writer *w, const struct cue_event *event,
                         const struct timing *t)
{
	amf_write_string(w, "onCuePoint");
	amf_begin_object(w);
	write_text(w, "name", "scte35");
	write_text(w, "type", "event");
	amf_write_key(w, "parameters");
	amf_begin_object(w);
	write_text(w, "type", simple_type(event->kind));
	write_id(w, event->id);
	write_number(w, "duration", t->left_s);
	amf_end(w);
	write_number(w, "time", t->time_s);
	amf_end(w);
}

static void write_ad_cue(struct amf_writer *w, const struct cue_event *event,
                         const struct timing *t, const uint8_t *section, size_t size)
{
	char cue[BASE64_BYTES(SCTE35_MAX_BYTES)];

	encode_base64(cue, section, size);
	amf_write_string(w, "onAdCue");
	amf_begin_object(w);
	write_text(w, "cue", cue);
	write_text(w, "type", "scte35");
	write_id(w, event->id);
	write_number(w, "duration", t->duration_s);
	if (t->elapsed_s > 0)
		write_number(w, "elapsed", t->elapsed_s);
	write_number(w, "time", t->time_s);
	amf_end(w);
}

static void write_youtube(struct amf_writer *w, const struct cue_event *event,
                          const struct timing *t)
{
	amf_write_string(w, "onCuePoint");
	amf_begin_object(w);
	write_text(w, "type", "com.youtube.cuepoint");
	write_text(w, "version", "0.1");
	write_number(w, "pre_roll_time_sec", t->pre_roll_s);
	write_flag(w, "cue_point_start", event->kind == CUE_OUT);
	write_number(w, "break_duration_sec", t->left_s);
	write_number(w, "splice_event_id", event->id);
	amf_end(w);
}

/* Whether the flavour has words for it. */
static bool can_tell(enum cue_flavour flavour, enum cue_kind kind)
{
	switch (flavour) {
	case CUE_ONADCUE:
		return true;
	case CUE_ONCUEPOINT_SCTE35:
	case CUE_ONCUEPOINT:
		return kind != CUE_NOTE;
	case CUE_YOUTUBE:
		return kind == CUE_OUT || kind == CUE_IN;
	default:
		return false;
	}
}

struct flv_tag *cue_message_create(enum cue_flavour flavour, const struct cue_event *event,
                                   const struct cue_place *place, const uint8_t *section,
                                   size_t size)
{
	uint8_t body[BODY_MAX_BYTES];
	struct amf_writer w = amf_writer(body, sizeof(body));
	const struct timing timing = get_timing(event, place);
	struct flv_tag *tag;

	if (!can_tell(flavour, event->kind) || size > SCTE35_MAX_BYTES)
		return NULL;
	if (flavour == CUE_ONCUEPOINT_SCTE35)
		write_scte35(&w, event, &timing);
	else if (flavour == CUE_ONCUEPOINT)
		write_simple(&w, event, &timing);
	else if (flavour == CUE_ONADCUE)
		write_ad_cue(&w, event, &timing, section, size);
	else
		write_youtube(&w, event, &timing);
	tag = w.overrun ? NULL : flv_tag_create(FLV_SCRIPT, place->sent_ms, amf_size(&w));
	if (!tag)
		return NULL;
	memcpy(tag->body, body, tag->size);
	tag->variant = (uint8_t)flavour;
	return tag;
}

/* Where the absolute time is in a message that has one, else NULL. */
static const uint8_t *find_time(const struct flv_tag *tag)
{
	static const uint8_t key[TIME_KEY_BYTES] = {0, 4, 't', 'i', 'm', 'e'};
	const uint8_t *at;

	if (tag->type != FLV_SCRIPT || tag->header || tag->size < TIME_TAIL_BYTES ||
	    (tag->variant != CUE_ONCUEPOINT && tag->variant != CUE_ONADCUE))
		return NULL;
	at = tag->body + tag->size - TIME_TAIL_BYTES;
	return memcmp(at, key, sizeof(key)) == 0 ? at + TIME_KEY_BYTES : NULL;
}

struct flv_tag *cue_message_rebase(struct flv_tag *tag, int64_t base_ms)
{
	const uint8_t *at = find_time(tag);
	uint64_t bits;
	double seconds;
	struct flv_tag *copy;
	struct amf_writer w;

	if (!at)
		return flv_tag_ref(tag);
	copy = flv_tag_create(tag->type, tag->timestamp_ms, tag->size);
	if (!copy)
		return NULL;
	copy->variant = tag->variant;
	memcpy(copy->body, tag->body, tag->size);
	bits = (uint64_t)load_be32(at + 1) << 32 | load_be32(at + 5);
	memcpy(&seconds, &bits, sizeof(seconds));
	/* In whole milliseconds, so that no rounding shows. */
	seconds = (double)((int64_t)(seconds * 1000.0 + (seconds < 0 ? -0.5 : 0.5)) - base_ms) /
	          1000.0;
	w = amf_writer(copy->body + (at - tag->body), NUMBER_BYTES);
	amf_write_number(&w, seconds);
	return copy;
}
