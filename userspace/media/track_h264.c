/*
 * H.264 track: PES packets -> access units -> FLV frames.
 *
 * Parameter sets go to the sequence header, of which a new one precedes the frame when they
 * change; access unit delimiters and filler data are left out; everything else stays, SEI
 * (captions) included. The two fields of a frame stay together, as a sample of ISO/IEC 14496-15 is
 * a frame.
 */
#include "h264_params.h"
#include "track_video.h"

struct track {
	struct picture_cutter cutter;
	/* For the cuts: the SPS that came last, which may be of the access unit after the one at hand. */
	struct h264_sps sps;
	bool has_slice, paired; /* … a slice in `last`, and the second field of a frame */
	struct h264_slice opening, last; /* first slice of the picture, and the newest */
	bool last_idr;

	struct h264_params params; /* of the access units emitted */
	bool has_header;           /* a sequence header was emitted */
	uint8_t avcc[H264_AVCC_MAX_BYTES];
};

static bool is_second_field(const struct h264_slice *first, const struct h264_slice *second)
{
	return first->field && second->field && first->bottom != second->bottom &&
	       first->frame_num == second->frame_num;
}

/* Sections 7.4.1.2.3 and .4, as far as it takes. */
static enum picture_part classify_slice(struct track *track, const struct nal_unit *nal)
{
	const bool idr = h264_nal_type(nal) == H264_NAL_IDR;
	struct h264_slice slice;
	bool first;

	if (h264_parse_slice(nal, &track->sps, &slice) < 0) {
		video_track_count_malformed(&track->cutter);
		return PICTURE_INSIDE;
	}
	first = !track->has_slice || slice.first_mb == 0 ||
	        slice.frame_num != track->last.frame_num || idr != track->last_idr;
	track->last = slice;
	track->last_idr = idr;
	if (!first)
		return PICTURE_SLICE;
	if (track->has_slice && !track->paired && is_second_field(&track->opening, &slice)) {
		track->paired = true;
		return PICTURE_SLICE;
	}
	/* After a loss a picture may be without its beginning. */
	if (!track->has_slice && slice.first_mb != 0)
		return PICTURE_SLICE;
	track->has_slice = true;
	track->paired = false;
	track->opening = slice;
	return PICTURE_FIRST;
}

static enum picture_part classify(struct track *track, const struct nal_unit *nal)
{
	const unsigned int type = h264_nal_type(nal);
	struct h264_sps sps;

	switch (type) {
	case H264_NAL_SLICE:
	case H264_NAL_PARTITION_A:
	case H264_NAL_IDR:
		return classify_slice(track, nal);
	case H264_NAL_SPS:
		if (nal->size >= 4 && h264_parse_sps(nal, &sps) == 0)
			track->sps = sps;
		return PICTURE_OPENING;
	case H264_NAL_PPS:
	case H264_NAL_DELIMITER:
	case H264_NAL_SEI:
		return PICTURE_OPENING;
	case H264_NAL_FILLER:
		return PICTURE_NOTHING;
	default:
		return type >= H264_NAL_PREFIX && type <= H264_NAL_RESERVED_18 ? PICTURE_OPENING
		                                                               : PICTURE_INSIDE;
	}
}

static double get_rate(const struct track *track)
{
	return track->params.has_sps ? h264_get_frame_rate(&track->params.sps) : 0;
}

/*
 * Decoding can start here: an IDR picture; a recovery point, which open GOPs and intra refresh
 * have in its place; or, where an encoder marks neither, I slices alone behind parameter sets.
 */
static bool is_key(const struct track *track, const struct picture *picture, bool after_sps)
{
	bool intra = after_sps;

	for (size_t i = 0; i < picture->count; i++) {
		const struct nal_unit *nal = &picture->nals[i];
		struct h264_slice slice;

		if (h264_nal_type(nal) == H264_NAL_IDR)
			return true;
		if (h264_nal_type(nal) == H264_NAL_SEI && h264_has_recovery_point(nal))
			return true;
		if (intra && h264_is_slice(nal))
			intra = h264_parse_slice(nal, &track->params.sps, &slice) == 0 &&
			        (slice.type == H264_SLICE_I || slice.type == H264_SLICE_SI);
	}
	return intra;
}

/* Move the parameter sets of an access unit to params, drop delimiters. Returns whether an SPS was there. */
static bool take_params(struct track *track, struct picture *picture)
{
	size_t count = 0;
	bool has_sps = false;

	for (size_t i = 0; i < picture->count; i++) {
		const struct nal_unit *nal = &picture->nals[i];

		switch (h264_nal_type(nal)) {
		case H264_NAL_SPS:
			has_sps = true;
			/* fall through */
		case H264_NAL_PPS:
			if (h264_params_add(&track->params, nal) < 0)
				video_track_count_malformed(&track->cutter);
			break;
		case H264_NAL_DELIMITER:
			break;
		default:
			picture->nals[count++] = *nal;
		}
	}
	picture->count = count;
	return has_sps;
}

static void emit_header(struct track *track, int64_t timestamp_ms)
{
	size_t size = h264_params_write_avcc(&track->params, track->avcc);
	struct flv_tag *tag = flv_write_video_header(FLV_AVC, timestamp_ms, track->avcc, size);

	if (!tag) {
		track->params.sets.changed = true; /* try again at the next frame */
		return;
	}
	track->has_header = true;
	track->cutter.host->emit(track->cutter.host->context, tag);
}

static void take(struct track *track, struct picture *picture)
{
	const bool has_sps = take_params(track, picture);
	const int64_t pts_ms = timeline_to_ms(picture->dts + picture->distance);
	int64_t dts_ms;
	struct flv_tag *tag;

	/* Without parameter sets nothing can be decoded. */
	if (!h264_params_complete(&track->params))
		return;
	dts_ms = track_stamp(track->cutter.host, picture->dts);
	if (track->params.sets.changed || !track->has_header)
		emit_header(track, dts_ms);
	tag = flv_write_video_frame(FLV_AVC, dts_ms, pts_ms - dts_ms,
	                            is_key(track, picture, has_sps), picture->nals, picture->count);
	if (!tag) {
		video_track_count_malformed(&track->cutter);
		return;
	}
	counter_add(&track->cutter.host->counters->video_frames, 1);
	track->cutter.host->emit(track->cutter.host->context, tag);
}

static bool has_fields(const struct track *track)
{
	return !track->sps.frame_mbs_only;
}

static const struct picture_codec codec = {
	.classify = classify,
	.take = take,
	.get_rate = get_rate,
	.has_fields = has_fields,
};

static struct track *create(struct track_host *host)
{
	struct track *track = video_track_create(host, &codec, sizeof(*track));

	if (track)
		track->sps.frame_mbs_only = true; /* until there is one */
	return track;
}

static void lose(struct track *track)
{
	video_track_lose(track); /* judges what it has by the slice before */
	track->has_slice = false;
}

static void describe(const struct track *track, struct flv_metadata *metadata)
{
	const struct h264_sps *sps = &track->params.sps;

	if (!track->has_header)
		return;
	metadata->has_video = true;
	metadata->width = sps->width;
	metadata->height = sps->height;
	metadata->frame_rate = picture_get_rate(&track->cutter);
	metadata->video_codec = FLV_CODEC_AVC;
}

const struct track_class track_h264 = {
	.type = FLV_VIDEO,
	.accepts = video_track_accepts,
	.create = create,
	.destroy = video_track_destroy,
	.push = video_track_push,
	.lose = lose,
	.flush = video_track_flush,
	.describe = describe,
};
