/*
 * AC-3 and E-AC-3 track: PES packets -> units of frames, as they are. Stream types are not always right
 * about which of the two it is; the frames are.
 */
#include "ac3.h"
#include "track_audio.h"

#include <errno.h>

struct track {
	struct audio_track audio;
	bool divided; /* dependent substreams are met at the beginning of PES packets */
};

static uint32_t get_identity(const struct ac3_header *header)
{
	return header->sample_rate << 8 | (uint32_t)header->enhanced << 4 |
	       (uint32_t)header->has_lfe << 3 | header->coding_mode;
}

/*
 * A PES packet normally begins with a unit and one ends where it does, which is taken for granted: waiting
 * for the next packet to know would delay every unit. Once that has been wrong, it is waited for.
 */
static int find(struct audio_track *audio, const uint8_t *data, size_t size, bool ends,
                struct audio_unit *unit)
{
	struct track *track = (struct track *)audio;
	struct ac3_header header;
	struct ac3_unit found;
	int error = ac3_parse_header(data, size, &header);

	if (error)
		return error;
	if (header.dependent && audio->synced)
		track->divided = true;
	error = ac3_parse_unit(data, size, ends && !track->divided, &found);
	unit->bytes = error ? size + 1 : found.bytes;
	unit->identity = get_identity(&header);
	return error == -EINVAL ? error : 0;
}

static void take(struct audio_track *audio, const uint8_t *data, size_t size)
{
	struct audio_format format = {0};
	struct ac3_unit unit;
	int64_t time;

	/* The end of data is that of the unit: it was found with what follows it. */
	if (ac3_parse_unit(data, size, true, &unit) < 0 ||
	    !audio_track_time(audio, unit.sample_rate, unit.samples, &time))
		return;
	format.codec = unit.enhanced ? FLV_AUDIO_EAC3 : FLV_AUDIO_AC3;
	format.sample_rate = unit.sample_rate;
	format.channels = unit.channels;
	audio_track_emit(audio, time, &format, data, size);
}

static const struct audio_kind kind = {
	.max_unit_bytes = AC3_MAX_UNIT_BYTES,
	.header_bytes = AC3_HEADER_BYTES,
	.find = find,
	.take = take,
};

static bool accepts(const struct pes_packet *packet)
{
	struct ac3_header header;

	return ac3_parse_header(packet->data, packet->size, &header) == 0;
}

static struct track *create(struct track_host *host)
{
	return audio_track_create(host, &kind, sizeof(struct track));
}

const struct track_class track_ac3 = {
	.type = FLV_AUDIO,
	.accepts = accepts,
	.create = create,
	.destroy = audio_track_destroy,
	.push = audio_track_push,
	.lose = audio_track_lose,
	.describe = audio_track_describe,
};
