/*
 * The remuxer's inside, shared by remux.c (streams) and remux_readers.c (what each reader gets of them).
 */
#ifndef MEDIA_REMUX_STATE_H
#define MEDIA_REMUX_STATE_H

#include "cues.h"
#include "demux.h"
#include "remux.h"
#include "remux_plan.h"
#include "track.h"

/* Slot 0 is video, the others audio in the order of the plan. */
enum { SLOT_VIDEO, SLOT_AUDIO, SLOTS = SLOT_AUDIO + REMUX_MAX_AUDIO };

_Static_assert(SLOTS <= DEMUX_SLOTS, "a slot of the demultiplexer each");

_Static_assert(CUES_MAX_PENDING == REMUX_MAX_CUES, "passed on as they are");

#define HEVC_FORMS (HEVC_LEGACY + 1)

/*
 * onMetaData differs by audio track, none being one, and by the form of HEVC. Its variant is 1 + its
 * number.
 */
#define METADATA_KINDS ((REMUX_MAX_AUDIO + 1) * HEVC_FORMS)

/* The data rate of a stream, measured in windows of its own time. */
struct remux_rate {
	bool started;
	int64_t since_ms;
	uint64_t bytes; /* since then */
	double told;    /* kbit/s, as onMetaData tells; 0: not known yet */
};

struct remux_slot {
	struct remuxer *remuxer;
	struct track_host host;
	const struct track_class *class; /* of track */
	struct track *track;             /* NULL: no such stream, or nobody wants it */
	bool doubtful;                   /* its class has not accepted the stream yet */
	uint16_t pid;
	/* The sequence header emitted last, or NULL; by form if it has a variant, else in the first. */
	struct flv_tag *headers[HEVC_FORMS];
	struct remux_rate rate;
};

struct remuxer {
	remux_tag_fn emit;
	void *context;
	struct demuxer *demuxer;
	struct timeline timeline;
	struct remux_slot slots[SLOTS];
	struct remux_choice *choices; /* of all readers */
	size_t choice_count;
	uint16_t program_wanted;    /* 0: the first */
	unsigned int revision;      /* counts what changes the words of remuxer_describe */
	struct psi_program program; /* the one followed; no streams before it is known */
	struct remux_plan plan;
	struct cues *cues; /* NULL: nobody wants them, or there are none */
	/* As emitted last, NULL where nobody wants that kind or nothing is known. */
	struct flv_tag *metadata[METADATA_KINDS];
	int64_t metadata_ms; /* time stamp of the newest */
	struct remux_counters counters;
};

/* The streams that are left out may be others now. In remux.c. */
void remuxer_count_skipped(struct remuxer *remuxer);

/* Make slots, cue messages and sections be what plan and choices want. In remux.c. */
void remuxer_fill_slots(struct remuxer *remuxer);

/*
 * A frame of the slot's was finished: add it to the stream's rate, which onMetaData tells. In remux_rate.c.
 */
void remuxer_measure(struct remuxer *remuxer, struct remux_slot *slot, const struct flv_tag *tag);

/*
 * Make the onMetaData tags that readers want at timestamp_ms, in exchange for those held; and emit those that
 * tell of news, a slot (NULL: none). In remux_readers.c.
 */
void remuxer_make_metadata(struct remuxer *remuxer, int64_t timestamp_ms,
                           const struct remux_slot *news);

/* Has any been made? In remux_readers.c. */
bool remuxer_has_metadata(const struct remuxer *remuxer);

#endif
