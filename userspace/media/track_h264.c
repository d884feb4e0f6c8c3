/*
 * H.264 track: PES packet -> NAL units -> access units -> FLV frames.
 *
 * Parameter sets go to the sequence header, of which a new one precedes the frame when they
 * change; access unit delimiters and filler data are left out; everything else stays, SEI
 * (captions) included. The two fields of a frame stay together, as a sample of ISO/IEC 14496-15 is
 * a frame.
 *
 * A PES packet starts with an access unit and ends with one. When it holds several, its time stamps
 * are those of the first, and the others follow in steps of a frame.
 */
#include "track.h"

#include "h264_params.h"
#include "ts.h"

#include <stdlib.h>

#define MAX_NALS           1024 /* in a PES packet; with one slice to an Ethernet frame, 1.4 MB */
#define DEFAULT_FRAME_TIME (TS_CLOCK_HZ / 25)
#define MAX_FRAME_TIME     TS_CLOCK_HZ

struct track {
	struct track_host *host;
	struct h264_params params;
	bool has_header; /* a sequence header was emitted */
	int64_t frame_time;
	struct h264_nal nals[MAX_NALS]; /* of the PES packet at hand, without parameter sets */
	size_t nal_count;
	bool has_sps; /* the PES packet at hand held one */
	uint8_t avcc[H264_AVCC_MAX_BYTES];
};

static struct track *create(struct track_host *host)
{
	struct track *track = calloc(1, sizeof(*track));

	if (!track)
		return NULL;
	track->host = host;
	track->frame_time = DEFAULT_FRAME_TIME;
	return track;
}

static bool accepts(const struct pes_packet *packet)
{
	(void)packet; /* no other codec shares its stream type */
	return true;
}

static void destroy(struct track *track)
{
	free(track);
}

static void count_malformed(struct track *track)
{
	counter_add(&track->host->counters->malformed_units, 1);
}

/*
 * Take the NAL units of a PES packet apart. Returns false when there are too many: parameter sets
 * count too, for each of them costs a search.
 */
static bool collect(struct track *track, const struct pes_packet *packet)
{
	struct byte_reader stream = byte_reader(packet->data, packet->size);
	struct h264_nal nal;
	size_t count = 0;

	track->nal_count = 0;
	track->has_sps = false;
	while (h264_next_nal(&stream, &nal)) {
		if (count++ == MAX_NALS)
			return false;
		switch (h264_nal_type(&nal)) {
		case H264_NAL_SPS:
			track->has_sps = true;
			/* fall through */
		case H264_NAL_PPS:
			if (h264_params_add(&track->params, &nal) < 0)
				count_malformed(track);
			break;
		case H264_NAL_FILLER:
			break;
		default:
			track->nals[track->nal_count++] = nal;
		}
	}
	return true;
}

/*
 * Decoding can start here: an IDR picture; a recovery point, which open GOPs and intra refresh
 * have in its place; or, where an encoder marks neither, I slices alone behind parameter sets.
 */
static bool is_key(const struct track *track, const struct h264_nal *nals, size_t count,
                   bool after_sps)
{
	bool intra = after_sps;

	for (size_t i = 0; i < count; i++) {
		struct h264_slice slice;

		if (h264_nal_type(&nals[i]) == H264_NAL_IDR)
			return true;
		if (h264_nal_type(&nals[i]) == H264_NAL_SEI && h264_has_recovery_point(&nals[i]))
			return true;
		if (intra && h264_is_slice(&nals[i]))
			intra = h264_parse_slice(&nals[i], &track->params.sps, &slice) == 0 &&
			        (slice.type == H264_SLICE_I || slice.type == H264_SLICE_SI);
	}
	return intra;
}

static void emit_header(struct track *track, int64_t timestamp_ms)
{
	size_t size = h264_params_write_avcc(&track->params, track->avcc);
	struct flv_tag *tag = flv_write_avc_header(timestamp_ms, track->avcc, size);

	if (!tag) {
		track->params.changed = true; /* try again at the next frame */
		return;
	}
	track->has_header = true;
	track->host->emit(track->host->context, tag);
}

/* Emit the NAL units from first up to end as one frame. */
static void emit_unit(struct track *track, size_t first, size_t end, int64_t dts, int64_t distance)
{
	struct h264_nal *nals = &track->nals[first];
	int64_t pts_ms = timeline_to_ms(dts + distance), dts_ms;
	struct flv_tag *tag;
	bool has_slice = false, key;
	size_t count = 0;

	for (size_t i = 0; i < end - first; i++) {
		has_slice = has_slice || h264_is_slice(&nals[i]);
		if (h264_nal_type(&nals[i]) != H264_NAL_DELIMITER)
			nals[count++] = nals[i];
	}
	if (!has_slice) {
		count_malformed(track);
		return;
	}
	key = is_key(track, nals, count, track->has_sps && first == 0);
	dts_ms = track_stamp(track->host, dts);
	if (track->params.changed || !track->has_header)
		emit_header(track, dts_ms);
	tag = flv_write_avc_frame(dts_ms, pts_ms - dts_ms, key, nals, count);
	if (!tag) {
		count_malformed(track);
		return;
	}
	counter_add(&track->host->counters->video_frames, 1);
	track->host->emit(track->host->context, tag);
}

static bool is_second_field(const struct h264_slice *first, const struct h264_slice *second)
{
	return first->field && second->field && first->bottom != second->bottom &&
	       first->frame_num == second->frame_num;
}

/* Split the NAL units of the PES packet into access units. Section 7.4.1.2.3 and .4. */
static void emit_units(struct track *track, int64_t dts, int64_t distance)
{
	size_t start = 0,
	       boundary = 0; /* boundary: what follows the slices so far, 0 for nothing */
	bool has_slice = false, paired = false;
	struct h264_slice opening = {0}, slice;

	for (size_t i = 0; i < track->nal_count; i++) {
		unsigned int type = h264_nal_type(&track->nals[i]);

		if (type != H264_NAL_SLICE && type != H264_NAL_IDR &&
		    type != H264_NAL_PARTITION_A) {
			if (has_slice && !boundary)
				boundary = i;
			continue;
		}
		if (h264_parse_slice(&track->nals[i], &track->params.sps, &slice) < 0)
			continue;
		if (has_slice && slice.first_mb == 0) {
			if (!paired && is_second_field(&opening, &slice)) {
				paired = true;
			} else {
				size_t end = boundary ? boundary : i;

				emit_unit(track, start, end, dts, distance);
				dts += track->frame_time;
				start = end;
				paired = false;
				opening = slice;
			}
		}
		if (!has_slice)
			opening = slice;
		has_slice = true;
		boundary = 0;
	}
	emit_unit(track, start, track->nal_count, dts, distance);
}

/* The time of a frame: by VUI, else by the last two DTS. */
static void update_frame_time(struct track *track, int64_t since_last)
{
	double rate = track->params.has_sps ? h264_get_frame_rate(&track->params.sps) : 0;

	if (rate >= 1)
		track->frame_time = (int64_t)(TS_CLOCK_HZ / rate + 0.5);
	else if (since_last > 0 && since_last <= MAX_FRAME_TIME)
		track->frame_time = since_last;
}

static void push(struct track *track, const struct pes_packet *packet)
{
	struct timeline_cursor before = track->host->cursor;
	int64_t dts, distance;

	if (!collect(track, packet)) {
		count_malformed(track);
		return;
	}
	if (!track_place(track->host, packet, track->frame_time, &dts))
		return;
	distance = packet->has_pts ? timeline_distance(packet->pts, packet->dts) : 0;
	update_frame_time(track, before.started ? dts - before.output : 0);
	/* Without parameter sets nothing can be decoded, nor told apart. */
	if (h264_params_complete(&track->params) && track->nal_count > 0)
		emit_units(track, dts, distance);
}

static void lose(struct track *track)
{
	(void)track; /* an access unit never spans PES packets */
}

static void describe(const struct track *track, struct flv_metadata *metadata)
{
	const struct h264_sps *sps = &track->params.sps;

	if (!track->has_header)
		return;
	metadata->has_video = true;
	metadata->width = sps->width;
	metadata->height = sps->height;
	metadata->frame_rate = h264_get_frame_rate(sps);
}

const struct track_class track_h264 = {
	.type = FLV_VIDEO,
	.accepts = accepts,
	.create = create,
	.destroy = destroy,
	.push = push,
	.lose = lose,
	.describe = describe,
};
