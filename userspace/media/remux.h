/*
 * Remuxer: the TS of one channel in, FLV tags out, whatever the number of RTMP outputs.
 *
 * TS packets -> PSI (program, PIDs) -> PES -> access units -> FLV tags. Video and audio share one
 * clock: 90 kHz time stamps are unwrapped against a common reference and turned into milliseconds
 * by rounding the absolute time, so that their distance is kept to the millisecond.
 */
#ifndef MEDIA_REMUX_H
#define MEDIA_REMUX_H

#include "base/table.h"
#include "flv.h"
#include "psi.h"
#include "remux_choice.h"

struct remuxer;

/* Takes over one reference to tag. */
typedef void (*remux_tag_fn)(void *context, struct flv_tag *tag);

#define REMUX_COUNTERS(X)                                                                          \
	X(video_frames, COUNTER_TOTAL, "frames", "Video access units remuxed")                     \
	X(audio_frames, COUNTER_TOTAL, "frames", "Audio access units remuxed")                     \
	X(damaged_units, COUNTER_TOTAL, "frames", "Access units dropped for a continuity error")   \
	X(malformed_units, COUNTER_TOTAL, "frames", "Access units dropped as not readable")        \
	X(untimed_units, COUNTER_TOTAL, "frames", "Access units dropped for want of a time stamp") \
	X(discontinuities, COUNTER_TOTAL, "events", "Continuity errors in remuxed streams")        \
	X(ignored_packets, COUNTER_TOTAL, "packets", "TS packets ignored as faulty or scrambled")  \
	X(clock_jumps, COUNTER_TOTAL, "events", "Time stamp jumps bridged by the output clock")    \
	X(unsupported_streams, COUNTER_GAUGE, "streams", "Streams that RTMP outputs cannot get")

struct remux_counters {
	REMUX_COUNTERS(COUNTER_MEMBER)
};

/*
 * The first video stream that FLV can carry is taken, and of the audio streams that it can carry those that
 * a choice asks for. Video begins with the first parameter sets, audio at once.
 *
 * Within the video tags and within the audio tags time stamps strictly increase. When the source's
 * time stamps jump (back, or more than 10 s ahead) the output clock goes on without a gap.
 *
 * A header tag precedes the frame it is for, whenever it has changed: onMetaData, then the sequence
 * header. Several readers share the tags; remuxer_wants tells which of them are whose.
 *
 * Until the first remuxer_set_choices there is one reader, all of whose choices are 0.
 *
 * Owns: *out is the caller's, freed by remuxer_destroy. emit is called from remuxer_push with every
 * finished tag, in order of decoding per kind. Errors: -ENOMEM. Thread: any.
 */
int remuxer_create(struct remuxer **out, remux_tag_fn emit, void *context);

/* NULL is fine. Thread: the one that pushes. */
void remuxer_destroy(struct remuxer *remuxer);

/*
 * The choices of all readers, copied: nothing is made that none of them asks for. A choice without audio
 * (none of that language, or not so many) has the rest. Errors: -ENOMEM, and those before stand. Thread: as
 * push.
 */
int remuxer_set_choices(struct remuxer *remuxer, const struct remux_choice *choices, size_t count);

/*
 * Follow the program of that number, or, with 0, the first of the PAT; time goes on without a gap. Thread: as
 * push.
 */
void remuxer_set_program(struct remuxer *remuxer, uint16_t number);

/*
 * Take count TS packets of 188 bytes each. Bytes are hostile: whatever is malformed is skipped and
 * counted. Thread: one at a time (a sender's).
 */
void remuxer_push(struct remuxer *remuxer, const uint8_t *packets, size_t count);

/*
 * The stream ends here: emit the access unit that only the next one would have completed. What is
 * pushed afterwards goes on. Thread: as push.
 */
void remuxer_flush(struct remuxer *remuxer);

/* TS packets are missing before the next push: drop what is half assembled. Thread: as push. */
void remuxer_discontinuity(struct remuxer *remuxer);

/* A reader of that choice takes the tag, which is of this remuxer's. Thread: as push. */
bool remuxer_wants(const struct remuxer *remuxer, const struct flv_tag *tag,
                   const struct remux_choice *choice);

/*
 * The headers a late joiner needs before its first key frame: onMetaData, video and audio sequence
 * header, as far as they are known. choice: one of those that were set. Writes up to 3 tags with a reference
 * each (the caller's) and returns their number. Thread: as push.
 */
size_t remuxer_get_headers(const struct remuxer *remuxer, const struct remux_choice *choice,
                           struct flv_tag *headers[3]);

#define REMUX_MAX_CUES 8

/*
 * The cue messages that a late joiner of that choice needs, if its first frame is at now_ms: of the splices that are
 * still to come. Writes up to REMUX_MAX_CUES tags with that time stamp, a reference each (the caller's), and
 * returns their number. Thread: as push.
 */
size_t remuxer_get_cues(const struct remuxer *remuxer, const struct remux_choice *choice,
                        int64_t now_ms, struct flv_tag *cues[REMUX_MAX_CUES]);

/*
 * The program's streams that no reader can get, as the gauge unsupported_streams counts them: RTMP cannot carry them, or
 * they are further video streams or audio beyond the limit. Writes up to max of them and returns how many there are.
 * psi_get_type_name names their types. Thread: as push.
 */
size_t remuxer_get_skipped(const struct remuxer *remuxer, struct psi_stream *streams, size_t max);

/*
 * What a reader of that choice does not get, for people: "MPEG-2 video not sent: RTMP cannot carry it", "no audio
 * track 2 …", or "" when there is nothing to say. size: of text with its 0, at least 1. Thread: as push.
 */
void remuxer_describe(const struct remuxer *remuxer, const struct remux_choice *choice, char *text,
                      size_t size);

/* Another number when remuxer_describe may say something else than before. Thread: as push. */
unsigned int remuxer_revision(const struct remuxer *remuxer);

/*
 * Whether the program that is followed has video that RTMP can carry: a late joiner then waits for a key
 * frame. False before the program is known. Thread: as push.
 */
bool remuxer_has_video(const struct remuxer *remuxer);

/* Borrowed, valid until destroy. Thread: any. */
const struct remux_counters *remuxer_counters(const struct remuxer *remuxer);

#endif
