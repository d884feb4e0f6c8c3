/*
 * What video tracks share: they begin with a struct picture_cutter, and say by a struct picture_codec how to cut.
 */
#ifndef MEDIA_TRACK_VIDEO_H
#define MEDIA_TRACK_VIDEO_H

#include "picture.h"
#include "track.h"

/*
 * Make a track of size bytes, a codec's own, zeroed behind the struct picture_cutter that it begins with. NULL
 * without memory. host is borrowed until video_track_destroy.
 */
struct track *video_track_create(struct track_host *host, const struct picture_codec *codec,
                                 size_t size);

/* What a class has for all codecs, see track.h. No other codec shares the stream type of one. */
bool video_track_accepts(const struct pes_packet *packet);
void video_track_destroy(struct track *track);
void video_track_push(struct track *track, const struct pes_packet *packet);
void video_track_lose(struct track *track);
void video_track_flush(struct track *track);

/* Count something that was dropped as not readable. */
void video_track_count_malformed(const struct picture_cutter *cutter);

#endif
