/*
 * AAC track: PES packets -> ADTS frames -> raw AAC frames.
 */
#include "aac.h"
#include "base/bytes.h"
#include "track_audio.h"

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

static void take(struct audio_track *audio, const uint8_t *data, size_t size)
{
	struct audio_format format = {.codec = FLV_AUDIO_AAC, .config_bytes = AAC_CONFIG_BYTES};
	struct aac_header header;
	int64_t time;

	if (aac_parse_header(data, size, &header) < 0 ||
	    !audio_track_time(audio, header.sample_rate, AAC_FRAME_SAMPLES * header.raw_blocks,
	                      &time))
		return;
	/* FLV has neither program config elements nor ADTS frames of several raw data blocks. */
	if (header.channel_config == 0 || header.raw_blocks != 1) {
		audio_track_count_malformed(audio);
		return;
	}
	aac_write_config(&header, format.config);
	format.sample_rate = header.sample_rate;
	format.channels = aac_get_channels(&header);
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
	return audio_track_create(host, &kind, sizeof(struct audio_track));
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
