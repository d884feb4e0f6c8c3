/*
 * What audio tracks share: frames found in PES packets, their time, their tags.
 *
 * A PES packet holds several frames, and a frame may go on in the next one. Its PTS is that of the
 * first frame that starts in it; frame n after that one comes n times its samples later, counted from
 * the PTS and not from the frame before, so that rounding does not add up.
 *
 * A codec begins its struct track with a struct audio_track, and says by a struct audio_kind how to tell
 * frames.
 */
#ifndef MEDIA_TRACK_AUDIO_H
#define MEDIA_TRACK_AUDIO_H

#include "flv_audio.h"
#include "track.h"

#define AUDIO_MAX_CONFIG_BYTES 512
#define AUDIO_MAX_CANDIDATES   16

struct audio_track;

/* A piece of the stream that is taken as a whole: a frame, or several that belong together. */
struct audio_unit {
	size_t bytes;
	uint32_t identity; /* the same in all units of a stream until its configuration changes */
};

struct audio_kind {
	size_t max_unit_bytes;
	size_t header_bytes; /* so many are enough for find to tell whether a unit begins */
	/*
	 * The unit that begins at data. ends: the PES packet ends with the data. Its size may exceed the
	 * data: its end is not there, or cannot be told yet. Errors: -EINVAL when none begins there,
	 * -EAGAIN when that cannot be told yet.
	 */
	int (*find)(struct audio_track *audio, const uint8_t *data, size_t size, bool ends,
	            struct audio_unit *unit);
	/* Take the unit of size bytes: emit its frames. */
	void (*take)(struct audio_track *audio, const uint8_t *data, size_t size);
};

/* What a frame is to be decoded by. */
struct audio_format {
	enum flv_audio_codec codec;
	unsigned int sample_rate;               /* Hz, for onMetaData */
	unsigned int channels;                  /* 0: not told */
	uint8_t config[AUDIO_MAX_CONFIG_BYTES]; /* body of the sequence header */
	size_t config_bytes;
};

/* The first member of a codec's struct track. Of its members codecs read `synced` only. */
struct audio_track {
	struct track_host *host;
	const struct audio_kind *kind;

	uint8_t *data; /* not cut into units yet: the end of the packet before, then the packet */
	size_t size, capacity;
	size_t mark;       /* where the packet's bytes begin in data … */
	bool marked;       /* … if nothing has started in it yet */
	bool synced;       /* the last unit ended where the next one starts */
	bool has_identity; /* of the unit taken last: */
	uint32_t identity;
	size_t searched; /* out of step: no unit begins before here in data but maybe these */
	size_t candidates[AUDIO_MAX_CANDIDATES], candidate_count;

	bool timed;
	int64_t base;      /* 90 kHz: PTS on the continuous clock … */
	uint64_t samples;  /* … and samples since, */
	unsigned int rate; /* so many a second */

	bool has_format; /* a sequence header was emitted, for `format` */
	struct audio_format format;
};

/*
 * Make a track of size bytes, a codec's own, zeroed behind the struct audio_track that it begins with. NULL
 * without memory. host is borrowed until audio_track_destroy.
 */
struct track *audio_track_create(struct track_host *host, const struct audio_kind *kind,
                                 size_t size);

/* What a class has for all kinds, see track.h. */
void audio_track_destroy(struct track *track);
void audio_track_push(struct track *track, const struct pes_packet *packet);
void audio_track_lose(struct track *track);
void audio_track_describe(const struct track *track, struct flv_metadata *metadata);

/* Count something that was dropped as not readable. */
void audio_track_count_malformed(struct audio_track *audio);

/*
 * For take: the time, 90 kHz on the continuous clock, of the next frame, which has so many samples of
 * so many a second. Returns false, and counts the frame, when no time is known yet.
 */
bool audio_track_time(struct audio_track *audio, unsigned int rate, unsigned int samples,
                      int64_t *time);

/* For take: emit a frame, and before it a sequence header if the format is not that of the one before. */
void audio_track_emit(struct audio_track *audio, int64_t time, const struct audio_format *format,
                      const uint8_t *frame, size_t size);

#endif
