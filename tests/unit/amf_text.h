/*
 * AMF0 values as text, for tests to compare: "onCuePoint {type:\"event\",time:1.5}".
 */
#ifndef TESTS_AMF_TEXT_H
#define TESTS_AMF_TEXT_H

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define AMF_TEXT_DEPTH 4

struct amf_text {
	char *at, *end;
	bool failed;
};

static inline void amf_text_put(struct amf_text *t, const char *text, size_t size)
{
	if ((size_t)(t->end - t->at) <= size) {
		t->failed = true;
		return;
	}
	memcpy(t->at, text, size);
	t->at += size;
	*t->at = 0;
}

static inline void amf_text_number(struct amf_text *t, struct byte_reader *r)
{
	uint64_t bits = (uint64_t)bytes_u32(r) << 32;
	char number[64];
	double value;

	bits |= bytes_u32(r);
	memcpy(&value, &bits, sizeof(value));
	snprintf(number, sizeof(number), "%.6f", value);
	if (strchr(number, '.')) {
		char *end = number + strlen(number);

		while (end[-1] == '0')
			*--end = 0;
		if (end[-1] == '.')
			*--end = 0;
	}
	amf_text_put(t, number, strlen(number));
}

static inline void amf_text_string(struct amf_text *t, struct byte_reader *r, const char *quote)
{
	const size_t size = bytes_u16(r);
	const uint8_t *data = bytes_take(r, size);

	amf_text_put(t, quote, strlen(quote));
	if (data)
		amf_text_put(t, (const char *)data, size);
	amf_text_put(t, quote, strlen(quote));
}

static inline void amf_text_value(struct amf_text *t, struct byte_reader *r, int depth,
                                  const char *quote);

static inline void amf_text_object(struct amf_text *t, struct byte_reader *r, int depth)
{
	const char *before = "{";

	while (!r->overrun && !t->failed) {
		if (bytes_left(r) >= 3 && load_be24(r->at) == 9) {
			bytes_take(r, 3);
			amf_text_put(t, "}", 1);
			return;
		}
		amf_text_put(t, before, 1);
		before = ",";
		amf_text_string(t, r, "");
		amf_text_put(t, ":", 1);
		amf_text_value(t, r, depth, "\"");
	}
}

static inline void amf_text_value(struct amf_text *t, struct byte_reader *r, int depth,
                                  const char *quote)
{
	switch (bytes_u8(r)) {
	case 0:
		amf_text_number(t, r);
		break;
	case 1:
		if (bytes_u8(r))
			amf_text_put(t, "true", 4);
		else
			amf_text_put(t, "false", 5);
		break;
	case 2:
		amf_text_string(t, r, quote);
		break;
	case 8:
		bytes_take(r, 4); /* of an ECMA array: how many */
				  /* fall through */
	case 3:
		if (depth == 0)
			t->failed = true;
		else
			amf_text_object(t, r, depth - 1);
		break;
	case 5:
		amf_text_put(t, "null", 4);
		break;
	default:
		t->failed = true;
	}
}

/* All values of a message, the first string bare, into text of room bytes. False: not AMF, or too long. */
static inline bool amf_text(char *text, size_t room, const uint8_t *data, size_t size)
{
	struct amf_text t = {.at = text, .end = text + room};
	struct byte_reader r = byte_reader(data, size);
	const char *quote = "";

	while (bytes_left(&r) > 0 && !r.overrun && !t.failed) {
		if (t.at != text)
			amf_text_put(&t, " ", 1);
		amf_text_value(&t, &r, AMF_TEXT_DEPTH, quote);
		quote = "\"";
	}
	return !r.overrun && !t.failed;
}

#endif
