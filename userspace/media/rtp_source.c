/*
 * Source validation by probation.
 */
#include "rtp_source.h"

static bool is_confirmed(const struct rtp_source *source, const struct rtp_packet *packet)
{
	const int ahead = rtp_distance(source->candidate, packet->sequence);

	return source->has_candidate && packet->ssrc == source->candidate_ssrc && ahead > 0 &&
	       ahead <= RTP_SOURCE_STEP;
}

struct rtp_judgement rtp_source_judge(struct rtp_source *source, const struct rtp_packet *packet,
                                      int misorder, bool silent)
{
	const bool same_ssrc = source->started && packet->ssrc == source->ssrc;
	const int ahead = rtp_distance(source->newest, packet->sequence);
	struct rtp_judgement judgement = {.place = RTP_PLACE_SAME};
	int first;

	/* After silence nothing is late any more: a step back is a restart. */
	if (same_ssrc && ahead <= RTP_SOURCE_STEP && ahead >= (silent ? 1 : -misorder)) {
		judgement.behind = ahead <= 0;
		source->has_candidate = false;
		if (ahead > 0)
			source->newest = packet->sequence;
		return judgement;
	}
	judgement.confirmed = is_confirmed(source, packet);
	if (!judgement.confirmed && !silent) {
		judgement.place = RTP_PLACE_UNSURE;
		source->has_candidate = true;
		source->candidate = packet->sequence;
		source->candidate_ssrc = packet->ssrc;
		return judgement;
	}
	first = rtp_distance(source->newest,
	                     judgement.confirmed ? source->candidate : packet->sequence);
	if (!same_ssrc || first <= 0 || first > RTP_MAX_DROPOUT)
		judgement.place = RTP_PLACE_NEW;
	*source = (struct rtp_source){
		.started = true, .ssrc = packet->ssrc, .newest = packet->sequence};
	return judgement;
}
