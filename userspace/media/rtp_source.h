/*
 * Which source a path of an RTP stream is listening to, and where in its sequence: the validity rules of
 * RFC 3550 section A.1, made harder to forge.
 *
 *  - A packet of the same SSRC from `misorder` behind the newest up to RTP_SOURCE_STEP ahead of it
 *    belongs to the source.
 *  - Anything else (another SSRC, a jump) is believed when a second packet of the same SSRC follows
 *    within RTP_SOURCE_STEP of it and no packet of the old place came between: one-packet SSRCs and
 *    single forged numbers change nothing. A jump forward by up to RTP_MAX_DROPOUT is loss then, every
 *    other one a new place.
 *  - When the stream has been silent, the first packet is believed.
 *
 * A packet that is not yet believed is the candidate; the caller keeps a copy of it, so that nothing is
 * lost when the second confirms it. One thread at a time.
 */
#ifndef MEDIA_RTP_SOURCE_H
#define MEDIA_RTP_SOURCE_H

#include "rtp.h"

#define RTP_SOURCE_STEP 16 /* larger steps forward want a second packet */

/* Zero-initialise. */
struct rtp_source {
	bool started, has_candidate;
	uint16_t newest, candidate;
	uint32_t ssrc, candidate_ssrc;
};

enum rtp_place {
	RTP_PLACE_SAME,   /* goes on; perhaps reordered, a duplicate, or after loss */
	RTP_PLACE_NEW,    /* another source, or another place in the sequence of this one */
	RTP_PLACE_UNSURE, /* the candidate now; the next packets decide */
};

struct rtp_judgement {
	enum rtp_place place;
	bool confirmed; /* the candidate precedes this packet at the same place */
	bool behind;    /* the same place, behind the newest: reordered or a duplicate */
};

/*
 * Judge a packet and move on. misorder: packets behind the newest that are not yet a jump, see
 * RTP_MAX_MISORDER; silent: nothing of the stream has come for long, or ever. RFC 3550 section A.1.
 */
struct rtp_judgement rtp_source_judge(struct rtp_source *source, const struct rtp_packet *packet,
                                      int misorder, bool silent);

#endif
