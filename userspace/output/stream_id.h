/*
 * What a reader asks of an SRT listener: its stream id, plain or as "#!::key=value,…" (SRT Access Control Guidelines,
 * Haivision/srt docs/features/access-control.md).
 *
 *	news                            the resource "news"
 *	#!::r=news,m=request,u=alice    the same, to be read
 *
 * Of the keys, r (resource), m (mode) and t (type) count; u, h, s and all others may be there. What begins with "#!::"
 * but is no list of pairs, or has one of those three twice, is a plain id, and so is the nested form "#!:{…}".
 */
#ifndef OUTPUT_STREAM_ID_H
#define OUTPUT_STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>

#define STREAM_ID_BYTES 513 /* with the final NUL; libsrt takes no longer one */

struct stream_id_value {
	const char *text; /* not terminated; NULL: not given */
	size_t size;
};

struct stream_id {
	const char *whole; /* as given; borrowed, and so are the values */
	struct stream_id_value resource, mode, type;
};

/* Take an id apart; any bytes are fine. out borrows text. Thread: any. */
void stream_id_parse(struct stream_id *out, const char *text);

/* Whether that is the whole id. Thread: any. */
bool stream_id_is(const struct stream_id *id, const char *name);

/* Whether that is the resource; never for an id that names none. Thread: any. */
bool stream_id_has_resource(const struct stream_id *id, const char *name);

/* Whether a stream is to be read: m=request and t=stream, which are what is meant without them. Thread: any. */
bool stream_id_is_request(const struct stream_id *id);

#endif
