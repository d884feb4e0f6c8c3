/*
 * NAL units of a byte stream, as H.264 and HEVC share it (ITU-T H.264 Annex B, H.265 Annex B), and the
 * messages of their SEI.
 */
#ifndef MEDIA_NAL_H
#define MEDIA_NAL_H

#include "base/bytes.h"

/* A NAL unit: header and payload, neither start code nor trailing zeros; size is never 0. */
struct nal_unit {
	const uint8_t *data;
	size_t size;
};

/*
 * Take the next NAL unit out of a byte stream with start codes of 3 or 4 bytes. What precedes the
 * first start code is skipped, so are empty NAL units. Returns false when there is none left.
 * Points into the stream's bytes. Thread: any.
 */
bool nal_next(struct byte_reader *stream, struct nal_unit *nal);

/* The bytes begin with a start code, zeros before it included. Thread: any. */
bool nal_is_start(const uint8_t *data, size_t size);

/* The SEI messages of size bytes at data, after the NAL unit header, hold one of that type. Thread: any. */
bool nal_has_sei(const uint8_t *data, size_t size, size_t type);

#define SEI_RECOVERY_POINT 6

/*
 * A byte stream that comes in pieces, kept as far as it is still needed. Embedded, zero-initialised; its
 * memory grows to the most that was held, and is freed by nal_stream_fini. NAL units are told by their
 * place in `data`, which moves. Thread: one at a time.
 */
struct nal_stream {
	uint8_t *data;
	size_t size, capacity;
	bool open;       /* a NAL unit has begun, whose end is not known yet … */
	size_t open_at;  /* … here */
	size_t searched; /* a start code is to be searched for from here on */
};

struct nal_place {
	size_t at, size;
};

/*
 * Add bytes, copied. Errors: -ENOSPC when more than NAL_STREAM_MAX_BYTES would be held, -ENOMEM; nothing was
 * added then.
 */
int nal_stream_add(struct nal_stream *stream, const uint8_t *data, size_t size);

#define NAL_STREAM_MAX_BYTES (16u << 20)

/* The next NAL unit whose end has come. Returns false when there is none. */
bool nal_stream_next(struct nal_stream *stream, struct nal_place *place);

/* After nal_stream_next said false: the one that is open ends here. Returns false when there is none. */
bool nal_stream_close(struct nal_stream *stream, struct nal_place *place);

/* Forget the bytes before `at`; those after it move to the front. */
void nal_stream_drop(struct nal_stream *stream, size_t at);

/* Forget everything. */
void nal_stream_reset(struct nal_stream *stream);

void nal_stream_fini(struct nal_stream *stream);

#endif
