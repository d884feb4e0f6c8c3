/*
 * FLV tag bodies, which are also the bodies of RTMP audio, video and data messages (Adobe Flash
 * Video File Format 10.1, annex E; Enhanced RTMP v2 for the codecs FLV did not know).
 *
 * A tag is immutable once made and shared by reference count between the remuxer and every RTMP
 * output of a channel, so an access unit is stored once however many outputs it goes to.
 */
#ifndef MEDIA_FLV_H
#define MEDIA_FLV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flv_type { FLV_AUDIO = 8, FLV_VIDEO = 9, FLV_SCRIPT = 18 };

struct flv_tag {
	atomic_uint references;
	enum flv_type type;
	int64_t timestamp_ms; /* DTS on the remuxer's continuous clock: no wrap, may be negative */
	bool key;             /* video: a frame to start at */
	bool header;          /* sequence header or onMetaData: wanted by every late joiner */
	uint8_t audio_track; /* audio: its number among the program's audio streams, in PMT order */
	uint8_t variant;     /* 0: for everyone; else remuxer_wants() tells whom it is for */
	size_t size;         /* of body */
	uint8_t body[];
};

/*
 * A tag with one reference and an uninitialised body of size bytes, at most FLV_MAX_BODY_BYTES.
 * Returns NULL when size is out of range or there is no memory. Thread: any.
 */
struct flv_tag *flv_tag_create(enum flv_type type, int64_t timestamp_ms, size_t size);

/* Take another reference; returns tag. Thread: any. */
struct flv_tag *flv_tag_ref(struct flv_tag *tag);

/* Drop a reference; the last one frees. NULL is fine. Thread: any. */
void flv_tag_unref(struct flv_tag *tag);

/* The size field of a tag and of an RTMP message has 24 bits. */
#define FLV_MAX_BODY_BYTES 0xffffffu

#endif
