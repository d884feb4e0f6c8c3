/*
 * The class of a video track, but for its codec.
 */
#include "track_video.h"

#include <stdlib.h>

static struct picture_cutter *cutter_of(struct track *track)
{
	return (struct picture_cutter *)track;
}

struct track *video_track_create(struct track_host *host, const struct picture_codec *codec,
                                 size_t size)
{
	struct picture_cutter *cutter = calloc(1, size);

	if (!cutter)
		return NULL;
	cutter->codec = codec;
	cutter->track = (struct track *)cutter;
	cutter->host = host;
	return cutter->track;
}

bool video_track_accepts(const struct pes_packet *packet)
{
	(void)packet;
	return true;
}

void video_track_destroy(struct track *track)
{
	if (!track)
		return;
	picture_fini(cutter_of(track));
	free(track);
}

void video_track_push(struct track *track, const struct pes_packet *packet)
{
	picture_push(cutter_of(track), packet);
}

void video_track_lose(struct track *track)
{
	picture_lose(cutter_of(track));
}

void video_track_flush(struct track *track)
{
	picture_flush(cutter_of(track));
}

void video_track_count_malformed(const struct picture_cutter *cutter)
{
	counter_add(&cutter->host->counters->malformed_units, 1);
}
