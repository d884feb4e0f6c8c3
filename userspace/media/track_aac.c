/*
 * AAC track: PES packets -> ADTS frames -> raw AAC frames.
 */
#include "aac_config.h"
#include "base/bytes.h"
#include "track_audio.h"

#include <string.h>

struct track {
	struct audio_track audio;
	struct audio_format program; /* of the last program config element, or no config_bytes */
};

_Static_assert(AAC_MAX_PROGRAM_BYTES <= AUDIO_MAX_CONFIG_BYTES, "a sequence header has room");

static int find(struct audio_track *audio, const uint8_t *data, size_t size, bool ends,
                struct audio_unit *unit)
{
	struct aac_header header;
	uint8_t config[AAC_CONFIG_BYTES];
	int error = aac_parse_header(data, size, &header);

	(void)audio;
	(void)ends;
	if (error)
		return error;
	aac_write_config(&header, config);
	unit->bytes = header.frame_bytes;
	unit->identity = load_be16(config);
	return 0;
}

/*
 * What the frame is to be decoded by. The channels may be told by a program config element, which not every
 * frame has: the last one holds for the others. Returns false when there was none.
 */
static bool get_format(struct track *track, const struct aac_header *header, const uint8_t *frame,
                       struct audio_format *format)
{
	uint8_t config[AAC_CONFIG_BYTES];

	aac_write_config(header, config);
	format->sample_rate = header->sample_rate;
	if (header->channel_config != 0) {
		memcpy(format->config, config, AAC_CONFIG_BYTES);
		format->config_bytes = AAC_CONFIG_BYTES;
		format->channels = aac_get_channels(header);
		return true;
	}
	format->config_bytes = aac_config_write_program(header, frame + header->header_bytes,
	                                                header->frame_bytes - header->header_bytes,
	                                                format->config, &format->channels);
	if (format->config_bytes > 0) {
		track->program = *format;
		return true;
	}
	*format = track->program;
	return format->config_bytes > 0 && !memcmp(format->config, config, AAC_CONFIG_BYTES);
}

static void take(struct audio_track *audio, const uint8_t *data, size_t size)
{
	struct audio_format format = {.codec = FLV_AUDIO_AAC};
	struct aac_header header;
	int64_t time;

	if (aac_parse_header(data, size, &header) < 0 ||
	    !audio_track_time(audio, header.sample_rate, AAC_FRAME_SAMPLES * header.raw_blocks,
	                      &time))
		return;
	/* FLV has no frames of several raw data blocks. */
	if (header.raw_blocks != 1 || !get_format((struct track *)audio, &header, data, &format)) {
		audio_track_count_malformed(audio);
		return;
	}
	audio_track_emit(audio, time, &format, data + header.header_bytes,
	                 size - header.header_bytes);
}

static const struct audio_kind kind = {
	.max_unit_bytes = AAC_MAX_FRAME_BYTES,
	.header_bytes = AAC_MIN_HEADER_BYTES,
	.find = find,
	.take = take,
};

static bool accepts(const struct pes_packet *packet)
{
	return aac_is_adts(packet->data, packet->size);
}

static struct track *create(struct track_host *host)
{
	return audio_track_create(host, &kind, sizeof(struct track));
}

const struct track_class track_aac = {
	.type = FLV_AUDIO,
	.accepts = accepts,
	.create = create,
	.destroy = audio_track_destroy,
	.push = audio_track_push,
	.lose = audio_track_lose,
	.describe = audio_track_describe,
};
