/*
 * AMF0, the value format of RTMP command and data messages (Adobe, Action Message Format -- AMF 0).
 *
 * A writer over memory of the caller's. A write that does not fit writes nothing and sets
 * `overrun`, which the caller checks once after the last one. Any thread, one at a time.
 *
 *	amf_write_string(&w, "onMetaData");
 *	amf_begin_array(&w, 2);
 *	amf_write_key(&w, "width"), amf_write_number(&w, 1920);
 *	amf_write_key(&w, "stereo"), amf_write_boolean(&w, true);
 *	amf_end(&w);
 */
#ifndef MEDIA_AMF_H
#define MEDIA_AMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct amf_writer {
	uint8_t *start, *at, *end;
	bool overrun; /* a write did not fit; nothing has been written since */
};

/* A writer over size bytes at data, which it borrows. */
static inline struct amf_writer amf_writer(uint8_t *data, size_t size)
{
	return (struct amf_writer){.start = data, .at = data, .end = data + size};
}

/* Bytes written so far. */
static inline size_t amf_size(const struct amf_writer *w)
{
	return (size_t)(w->at - w->start);
}

/* A number, which is an IEEE double on the wire. Section 2.2. */
void amf_write_number(struct amf_writer *w, double value);

/* Section 2.3. */
void amf_write_boolean(struct amf_writer *w, bool value);

/* A string of UTF-8, at most 65535 bytes (longer: overrun). Section 2.4. */
void amf_write_string(struct amf_writer *w, const char *text);

/* Section 2.7. */
void amf_write_null(struct amf_writer *w);

/* Begin an object; pairs of amf_write_key and a value follow, then amf_end. Section 2.5. */
void amf_begin_object(struct amf_writer *w);

/* Begin an ECMA array of count pairs, which follow as in an object. Section 2.10. */
void amf_begin_array(struct amf_writer *w, uint32_t count);

/* Begin a list of count values, which follow without names and without an end. Section 2.12. */
void amf_begin_list(struct amf_writer *w, uint32_t count);

/* The name of the value that is written next. */
void amf_write_key(struct amf_writer *w, const char *name);

/* End the object or array begun last. Section 2.11. */
void amf_end(struct amf_writer *w);

#endif
