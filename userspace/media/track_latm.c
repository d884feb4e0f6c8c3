/*
 * AAC track: PES packets -> LOAS frames -> AudioMuxElement -> raw AAC frames.
 */
#include "aac.h"
#include "latm.h"
#include "track_audio.h"

#include <errno.h>
#include <string.h>

struct track {
	struct audio_track audio;
	struct latm latm;
	uint8_t frame[LATM_MAX_SYNC_BYTES]; /* one sub-frame, its bits moved to bytes */
};

_Static_assert(LATM_MAX_CONFIG_BYTES <= AUDIO_MAX_CONFIG_BYTES, "a sequence header has room");

static int find(struct audio_track *audio, const uint8_t *data, size_t size, bool ends,
                struct audio_unit *unit)
{
	(void)audio;
	(void)ends;
	unit->identity = 0; /* the header tells nothing but a length */
	return latm_parse_sync(data, size, &unit->bytes);
}

static void emit(struct track *track, int64_t time, size_t size)
{
	const struct latm *latm = &track->latm;
	struct audio_format format = {
		.codec = FLV_AUDIO_AAC,
		.sample_rate = latm->config.output_rate,
		.channels = latm->config.channels,
		.config_bytes = latm->config_bytes,
	};

	memcpy(format.config, latm->config_data, latm->config_bytes);
	audio_track_emit(&track->audio, time, &format, track->frame, size);
}

static void take(struct audio_track *audio, const uint8_t *data, size_t size)
{
	struct track *track = (struct track *)audio;
	struct latm *latm = &track->latm;
	struct bit_reader r;
	int error = latm_open(latm, data + LATM_HEADER_BYTES, size - LATM_HEADER_BYTES, &r);

	for (unsigned int i = 0; i < latm->frames && !error; i++) {
		size_t frame_bytes = 0;
		int64_t time;

		error = latm_next(&r, track->frame, &frame_bytes);
		if (error || !audio_track_time(audio, latm->config.sample_rate,
		                               latm->config.frame_samples, &time))
			continue;
		if (frame_bytes > 0)
			emit(track, time, frame_bytes);
	}
	/* Before the first configuration nothing is wrong: the stream was joined in the middle. */
	if (error && error != -ENOENT)
		audio_track_count_malformed(audio);
}

static const struct audio_kind kind = {
	.max_unit_bytes = LATM_MAX_SYNC_BYTES,
	.header_bytes = LATM_HEADER_BYTES,
	.find = find,
	.take = take,
};

static bool accepts(const struct pes_packet *packet)
{
	size_t bytes;

	return latm_parse_sync(packet->data, packet->size, &bytes) == 0;
}

static struct track *create(struct track_host *host)
{
	return audio_track_create(host, &kind, sizeof(struct track));
}

const struct track_class track_latm = {
	.type = FLV_AUDIO,
	.accepts = accepts,
	.create = create,
	.destroy = audio_track_destroy,
	.push = audio_track_push,
	.lose = audio_track_lose,
	.describe = audio_track_describe,
};
