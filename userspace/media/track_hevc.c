/*
 * HEVC track: PES packets -> access units -> FLV frames, in each of the forms that somebody takes.
 *
 * Parameter sets go to the sequence header, of which a new one precedes the frame when they change; access
 * unit delimiters, filler data and layers above the base are left out; everything else stays, SEI included.
 */
#include "hevc_params.h"
#include "track_video.h"

#define FORMS (HEVC_LEGACY + 1)

static const enum flv_video_form flv_forms[FORMS] = {
	[HEVC_ENHANCED] = FLV_HEVC_ENHANCED,
	[HEVC_LEGACY] = FLV_HEVC_LEGACY,
};

struct track {
	struct picture_cutter cutter;
	struct hevc_params params;
	bool has_header; /* sequence headers were emitted */
	uint8_t hvcc[HEVC_HVCC_MAX_BYTES];
};

static enum picture_part classify(struct track *track, const struct nal_unit *nal)
{
	if (nal->size < HEVC_NAL_HEADER_BYTES) {
		video_track_count_malformed(&track->cutter);
		return PICTURE_NOTHING;
	}
	if (hevc_nal_layer(nal) > 0 || hevc_nal_type(nal) == HEVC_NAL_FILLER)
		return PICTURE_NOTHING;
	if (hevc_is_slice(nal))
		return hevc_is_first_slice(nal) ? PICTURE_FIRST : PICTURE_SLICE;
	return hevc_opens_unit(nal) ? PICTURE_OPENING : PICTURE_INSIDE;
}

static double get_rate(const struct track *track)
{
	return track->params.has_sps ? hevc_get_frame_rate(&track->params.sps) : 0;
}

/* An IRAP picture, or a recovery point, which intra refresh has in its place. */
static bool is_key(const struct picture *picture)
{
	for (size_t i = 0; i < picture->count; i++) {
		const struct nal_unit *nal = &picture->nals[i];

		if (hevc_is_irap(nal) ||
		    (hevc_nal_type(nal) == HEVC_NAL_SEI_PREFIX && hevc_has_recovery_point(nal)))
			return true;
	}
	return false;
}

/* Move the parameter sets of an access unit to params, drop delimiters. */
static void take_params(struct track *track, struct picture *picture)
{
	size_t count = 0;

	for (size_t i = 0; i < picture->count; i++) {
		const struct nal_unit *nal = &picture->nals[i];

		switch (hevc_nal_type(nal)) {
		case HEVC_NAL_VPS:
		case HEVC_NAL_SPS:
		case HEVC_NAL_PPS:
			if (hevc_params_add(&track->params, nal) < 0)
				video_track_count_malformed(&track->cutter);
			break;
		case HEVC_NAL_DELIMITER:
			break;
		default:
			picture->nals[count++] = *nal;
		}
	}
	picture->count = count;
}

/* In all forms: they are small, and who joins later may want the other one. */
static void emit_headers(struct track *track, int64_t timestamp_ms)
{
	const size_t size = hevc_params_write_hvcc(&track->params, track->hvcc);

	for (size_t form = 0; form < FORMS; form++) {
		struct flv_tag *tag =
			flv_write_video_header(flv_forms[form], timestamp_ms, track->hvcc, size);

		if (!tag) {
			track->params.sets.changed = true; /* try again at the next frame */
			return;
		}
		tag->variant = (uint8_t)(1 + form);
		track->has_header = true;
		track->cutter.host->emit(track->cutter.host->context, tag);
	}
}

static void emit_frame(struct track *track, const struct picture *picture, size_t form,
                       int64_t dts_ms)
{
	const int64_t pts_ms = timeline_to_ms(picture->dts + picture->distance);
	struct flv_tag *tag = flv_write_video_frame(flv_forms[form], dts_ms, pts_ms - dts_ms,
	                                            is_key(picture), picture->nals, picture->count);

	if (!tag) {
		video_track_count_malformed(&track->cutter);
		return;
	}
	tag->variant = (uint8_t)(1 + form);
	track->cutter.host->emit(track->cutter.host->context, tag);
}

static void take(struct track *track, struct picture *picture)
{
	int64_t dts_ms;

	take_params(track, picture);
	/* Without parameter sets nothing can be decoded. */
	if (!hevc_params_complete(&track->params))
		return;
	dts_ms = track_stamp(track->cutter.host, picture->dts);
	if (track->params.sets.changed || !track->has_header)
		emit_headers(track, dts_ms);
	counter_add(&track->cutter.host->counters->video_frames, 1);
	for (size_t form = 0; form < FORMS; form++) {
		if (track->cutter.host->forms & 1u << form)
			emit_frame(track, picture, form, dts_ms);
	}
}

static const struct picture_codec codec = {
	.classify = classify,
	.take = take,
	.get_rate = get_rate,
};

static struct track *create(struct track_host *host)
{
	return video_track_create(host, &codec, sizeof(struct track));
}

static void describe(const struct track *track, struct flv_metadata *metadata)
{
	const struct hevc_sps *sps = &track->params.sps;

	if (!track->has_header)
		return;
	metadata->has_video = true;
	metadata->width = sps->width;
	metadata->height = sps->height;
	metadata->frame_rate = picture_get_rate(&track->cutter);
	metadata->video_codec = FLV_FOURCC_HEVC;
}

const struct track_class track_hevc = {
	.type = FLV_VIDEO,
	.accepts = video_track_accepts,
	.create = create,
	.destroy = video_track_destroy,
	.push = video_track_push,
	.lose = video_track_lose,
	.flush = video_track_flush,
	.describe = describe,
};
