/*
 * Stream ids: one pass over the pairs; a fault anywhere makes the whole id plain.
 */
#include "stream_id.h"

#include <string.h>

#define FORM "#!::"

static bool value_is(const struct stream_id_value *value, const char *text)
{
	return value->text && value->size == strlen(text) &&
	       !memcmp(value->text, text, value->size);
}

/* Where the value of a key belongs; NULL for keys that mean nothing here. */
static struct stream_id_value *place(struct stream_id *id, const char *key, size_t size)
{
	if (size != 1)
		return NULL;
	switch (*key) {
	case 'r':
		return &id->resource;
	case 'm':
		return &id->mode;
	case 't':
		return &id->type;
	default:
		return NULL;
	}
}

/* Take one pair, [pair, end). Returns whether it is one. */
static bool take_pair(struct stream_id *id, const char *pair, const char *end)
{
	const char *equals = memchr(pair, '=', (size_t)(end - pair));
	struct stream_id_value *value;

	if (!equals || equals == pair)
		return false;
	value = place(id, pair, (size_t)(equals - pair));
	if (!value)
		return true;
	if (value->text)
		return false;
	value->text = equals + 1;
	value->size = (size_t)(end - equals - 1);
	return true;
}

static bool take_pairs(struct stream_id *id, const char *pairs)
{
	bool going = true;

	while (going) {
		const char *end = strchrnul(pairs, ',');

		if (!take_pair(id, pairs, end))
			return false;
		going = *end;
		pairs = end + 1;
	}
	return true;
}

void stream_id_parse(struct stream_id *out, const char *text)
{
	const struct stream_id plain = {.whole = text, .resource = {text, strlen(text)}};

	*out = (struct stream_id){.whole = text};
	if (strncmp(text, FORM, strlen(FORM)) != 0 || !take_pairs(out, text + strlen(FORM)))
		*out = plain;
}

bool stream_id_is(const struct stream_id *id, const char *name)
{
	return !strcmp(id->whole, name);
}

bool stream_id_has_resource(const struct stream_id *id, const char *name)
{
	return value_is(&id->resource, name);
}

bool stream_id_is_request(const struct stream_id *id)
{
	return (!id->mode.text || value_is(&id->mode, "request")) &&
	       (!id->type.text || value_is(&id->type, "stream"));
}
