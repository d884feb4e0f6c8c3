/*
 * Pictures cut out of the PES packets of H.264 or HEVC: NAL units in, access units with their time out.
 *
 * The cuts are made by the types of the NAL units, not by the PES packets: one packet may hold several access
 * units, or a part of one. Most streams have one access unit to a packet, which then is complete with the
 * packet's last byte; in others its end shows only when the next one begins. A stream is held to be of the
 * second kind until some packets have shown it to be of the first; one with fields always is, for an encoder may
 * change from frames to fields with any picture.
 */
#ifndef MEDIA_PICTURE_H
#define MEDIA_PICTURE_H

#include "nal.h"
#include "pes.h"
#include "track.h"

#define PICTURE_MAX_NALS 1024 /* of an access unit */

/* What a NAL unit is to the cuts. */
enum picture_part {
	PICTURE_NOTHING, /* to be left out */
	PICTURE_OPENING, /* after a slice it belongs to the next access unit */
	PICTURE_INSIDE,  /* it belongs to the access unit that it is in */
	PICTURE_FIRST,   /* the first slice of a picture */
	PICTURE_SLICE,   /* another slice of the picture */
};

/* An access unit: its NAL units, and the time stamps of the PES packet that it was the first to begin in. */
struct picture {
	struct nal_unit *nals;
	size_t count;
	int64_t dts;      /* continuous clock, 90 kHz */
	int64_t distance; /* to PTS, 90 kHz */
};

/* What the codec does. Everything is borrowed. */
struct picture_codec {
	/* Called once for each NAL unit, in order. */
	enum picture_part (*classify)(struct track *track, const struct nal_unit *nal);
	/* A whole access unit that has a slice; it may change the array of NAL units. */
	void (*take)(struct track *track, struct picture *picture);
	/* Frames a second as the stream tells; 0: not told. */
	double (*get_rate)(const struct track *track);
	/* Frames may come as two fields, which a stream may put in a PES packet each. NULL: never. */
	bool (*has_fields)(const struct track *track);
};

/* Embedded by the codec's track, zero-initialised but for what is said. Thread: one at a time. */
struct picture_cutter {
	const struct picture_codec *codec; /* set by the user, as are … */
	struct track *track;
	struct track_host *host; /* … these */

	struct nal_stream stream;
	struct nal_place nals[PICTURE_MAX_NALS]; /* from the open access unit on */
	size_t count;
	size_t boundary; /* index of what may begin the next access unit; 0: nothing yet */
	bool has_slice;  /* the open access unit has */
	bool synced;     /* else what comes is dropped up to where an access unit begins */

	size_t packet_at; /* where the PES packet at hand begins in the stream */
	/* Time stamps: of the open access unit, of the one that begins at the boundary … */
	struct pes_packet time, boundary_time;
	/* … and for the next that begins: in the PES packet at hand, with a NAL unit begun in one before. */
	struct pes_packet offered, offered_open;

	unsigned int whole; /* PES packets in a row that began with an access unit */
	bool spans;         /* one did not, ever */
	bool ended;         /* the last access unit was taken to end with its PES packet */
	bool learning;      /* the first slice from … */
	size_t learn_at;    /* … here on tells of its PES packet */

	int64_t frame_time; /* 90 kHz; 0: not known yet */
	int64_t distance;   /* PTS from DTS, of the last that told */
};

/* Take a PES packet. */
void picture_push(struct picture_cutter *cutter, const struct pes_packet *packet);

/* Bytes are missing before the next packet. */
void picture_lose(struct picture_cutter *cutter);

/* The stream ends: what is there is complete. */
void picture_flush(struct picture_cutter *cutter);

/* Frames a second: as told, else as measured, 0 when neither. */
double picture_get_rate(const struct picture_cutter *cutter);

void picture_fini(struct picture_cutter *cutter);

#endif
