/*
 * AMF0 writer.
 */
#include "amf.h"

#include "base/bytes.h"

#include <string.h>

enum amf_marker {
	AMF_NUMBER = 0,
	AMF_BOOLEAN = 1,
	AMF_STRING = 2,
	AMF_OBJECT = 3,
	AMF_NULL = 5,
	AMF_ECMA_ARRAY = 8,
	AMF_OBJECT_END = 9,
	AMF_STRICT_ARRAY = 10,
};

/* Room for n more bytes, or NULL and overrun. */
static uint8_t *reserve(struct amf_writer *w, size_t n)
{
	uint8_t *at = w->at;

	if (w->overrun || (size_t)(w->end - at) < n) {
		w->overrun = true;
		return NULL;
	}
	w->at += n;
	return at;
}

static void write_marker(struct amf_writer *w, enum amf_marker marker)
{
	uint8_t *p = reserve(w, 1);

	if (p)
		p[0] = (uint8_t)marker;
}

void amf_write_number(struct amf_writer *w, double value)
{
	uint8_t *p = reserve(w, 9);
	uint64_t bits;

	if (!p)
		return;
	memcpy(&bits, &value, sizeof(bits));
	p[0] = AMF_NUMBER;
	store_be32(p + 1, (uint32_t)(bits >> 32));
	store_be32(p + 5, (uint32_t)bits);
}

void amf_write_boolean(struct amf_writer *w, bool value)
{
	uint8_t *p = reserve(w, 2);

	if (!p)
		return;
	p[0] = AMF_BOOLEAN;
	p[1] = value;
}

void amf_write_key(struct amf_writer *w, const char *name)
{
	size_t length = strlen(name);
	uint8_t *p = length <= UINT16_MAX ? reserve(w, 2 + length) : NULL;

	if (!p) {
		w->overrun = true;
		return;
	}
	store_be16(p, (uint16_t)length);
	memcpy(p + 2, name, length);
}

void amf_write_string(struct amf_writer *w, const char *text)
{
	write_marker(w, AMF_STRING);
	amf_write_key(w, text);
}

void amf_write_null(struct amf_writer *w)
{
	write_marker(w, AMF_NULL);
}

void amf_begin_object(struct amf_writer *w)
{
	write_marker(w, AMF_OBJECT);
}

static void begin_counted(struct amf_writer *w, enum amf_marker marker, uint32_t count)
{
	uint8_t *p = reserve(w, 5);

	if (!p)
		return;
	p[0] = (uint8_t)marker;
	store_be32(p + 1, count);
}

void amf_begin_array(struct amf_writer *w, uint32_t count)
{
	begin_counted(w, AMF_ECMA_ARRAY, count);
}

void amf_begin_list(struct amf_writer *w, uint32_t count)
{
	begin_counted(w, AMF_STRICT_ARRAY, count);
}

void amf_end(struct amf_writer *w)
{
	amf_write_key(w, "");
	write_marker(w, AMF_OBJECT_END);
}
