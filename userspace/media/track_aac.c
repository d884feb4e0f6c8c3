/*
 * AAC track: PES packets -> ADTS frames -> raw AAC frames.
 *
 * A PES packet holds several frames, and a frame may go on in the next one. The PTS is that of the
 * first frame that starts in the packet; frame n after it comes n * 1024 samples later, counted
 * from the PTS and not from the frame before, so that rounding does not add up.
 */
#include "track.h"

#include "aac.h"
#include "ts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct track {
	struct track_host *host;
	bool has_config; /* a sequence header was emitted, for `config` */
	uint8_t config[AAC_CONFIG_BYTES];
	unsigned int sample_rate, channels;
	bool timed;
	int64_t base;     /* 90 kHz: PTS on the continuous clock … */
	uint64_t samples; /* … and samples since */
	bool synced;      /* the last frame ended where the next one starts */
	uint8_t rest
		[AAC_MAX_FRAME_BYTES]; /* beginning of a frame that goes on in the next packet */
	size_t rest_size;
};

static struct track *create(struct track_host *host)
{
	struct track *track = calloc(1, sizeof(*track));

	if (track)
		track->host = host;
	return track;
}

static bool accepts(const struct pes_packet *packet)
{
	return aac_is_adts(packet->data, packet->size);
}

static void destroy(struct track *track)
{
	free(track);
}

static void count_malformed(struct track *track)
{
	counter_add(&track->host->counters->malformed_units, 1);
}

/* 90 kHz since base. */
static int64_t elapsed(const struct track *track)
{
	if (!track->sample_rate)
		return 0;
	return (int64_t)((track->samples * TS_CLOCK_HZ + track->sample_rate / 2) /
	                 track->sample_rate);
}

/* Take over the configuration of a frame, which a sequence header tells. */
static void configure(struct track *track, const struct aac_header *header, int64_t timestamp_ms)
{
	uint8_t config[AAC_CONFIG_BYTES];
	struct flv_tag *tag;

	aac_write_config(header, config);
	if (track->has_config && !memcmp(config, track->config, sizeof(config)))
		return;
	tag = flv_write_aac_header(timestamp_ms, config, sizeof(config));
	if (!tag)
		return;
	memcpy(track->config, config, sizeof(config));
	track->channels = aac_get_channels(header);
	track->has_config = true;
	track->host->emit(track->host->context, tag);
}

static void emit_frame(struct track *track, const struct aac_header *header, const uint8_t *frame)
{
	struct flv_tag *tag;
	int64_t time, time_ms;

	if (!track->timed) {
		counter_add(&track->host->counters->untimed_units, 1);
		return;
	}
	time = track->base + elapsed(track);
	if (track->sample_rate != header->sample_rate) {
		track->sample_rate = header->sample_rate;
		track->base = time;
		track->samples = 0;
	}
	track->samples += (uint64_t)AAC_FRAME_SAMPLES * header->raw_blocks;
	/* FLV has neither program config elements nor ADTS frames of several raw data blocks. */
	if (header->channel_config == 0 || header->raw_blocks != 1) {
		count_malformed(track);
		return;
	}
	time_ms = track_stamp(track->host, time);
	configure(track, header, time_ms);
	tag = flv_write_aac_frame(time_ms, frame + header->header_bytes,
	                          header->frame_bytes - header->header_bytes);
	if (!tag) {
		count_malformed(track);
		return;
	}
	counter_add(&track->host->counters->audio_frames, 1);
	track->host->emit(track->host->context, tag);
}

/*
 * There is a frame at data: a header, and, when it was searched for, one of the configuration
 * known and another one behind the frame or nothing there to look at.
 */
static int find_frame(const struct track *track, const uint8_t *data, size_t size,
                      struct aac_header *header)
{
	uint8_t config[AAC_CONFIG_BYTES];
	struct aac_header next;
	int error = aac_parse_header(data, size, header);

	if (error || track->synced)
		return error;
	aac_write_config(header, config);
	if (track->has_config && memcmp(config, track->config, sizeof(config)))
		return -EINVAL;
	if (size > header->frame_bytes)
		error = aac_parse_header(data + header->frame_bytes, size - header->frame_bytes,
		                         &next);
	return error == -EINVAL ? -EINVAL : 0;
}

/* Emit the frames in data, and keep what is left of the last one. */
static void take_frames(struct track *track, const uint8_t *data, size_t size)
{
	struct aac_header header;

	while (size > 0) {
		int error = find_frame(track, data, size, &header);

		if (error == -EAGAIN || (!error && size < header.frame_bytes)) {
			memcpy(track->rest, data, size);
			track->rest_size = size;
			return;
		}
		if (error) {
			if (track->synced)
				count_malformed(track);
			track->synced = false;
			data++;
			size--;
			continue;
		}
		track->synced = true;
		emit_frame(track, &header, data);
		data += header.frame_bytes;
		size -= header.frame_bytes;
	}
}

/* Complete the frame begun in the packet before. Returns how many bytes of data that took. */
static size_t take_rest(struct track *track, const uint8_t *data, size_t size)
{
	struct aac_header header;
	size_t taken = 0;

	while (track->rest_size > 0) {
		int error = aac_parse_header(track->rest, track->rest_size, &header);
		size_t wanted = error == -EAGAIN ? AAC_MIN_HEADER_BYTES : header.frame_bytes;
		size_t n = size - taken;

		if (error == -EINVAL) {
			count_malformed(track);
			track->synced = false;
			track->rest_size = 0;
			return taken;
		}
		if (n > wanted - track->rest_size)
			n = wanted - track->rest_size;
		memcpy(track->rest + track->rest_size, data + taken, n);
		track->rest_size += n;
		taken += n;
		if (track->rest_size < wanted)
			return taken;
		if (!error) {
			track->rest_size = 0;
			track->synced = true;
			emit_frame(track, &header, track->rest);
		}
	}
	return taken;
}

static void push(struct track *track, const struct pes_packet *packet)
{
	size_t taken = take_rest(track, packet->data, packet->size);

	if (packet->has_pts && track_place(track->host, packet, elapsed(track), &track->base)) {
		track->samples = 0;
		track->timed = true;
	}
	take_frames(track, packet->data + taken, packet->size - taken);
}

static void lose(struct track *track)
{
	track->rest_size = 0;
	track->synced = false;
}

static void describe(const struct track *track, struct flv_metadata *metadata)
{
	if (!track->has_config)
		return;
	metadata->has_audio = true;
	metadata->sample_rate = track->sample_rate;
	metadata->channels = track->channels;
}

const struct track_class track_aac = {
	.type = FLV_AUDIO,
	.accepts = accepts,
	.create = create,
	.destroy = destroy,
	.push = push,
	.lose = lose,
	.describe = describe,
};
