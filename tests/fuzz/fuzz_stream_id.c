/*
 * Stream ids from any caller: parsing stays within the text, what is taken out of it lies within it, and an id
 * always is itself.
 */
#include "output/stream_id.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const char *text, const struct stream_id_value *value)
{
	if (!value->text)
		return;
	if (value->text < text || value->text + value->size > text + strlen(text))
		abort();
}

/* A resource that is taken out and asked for by itself is the same one. */
static void check_resource(const struct stream_id *id)
{
	char *name;

	if (!id->resource.text)
		return;
	name = strndup(id->resource.text, id->resource.size);
	if (name && !stream_id_has_resource(id, name))
		abort();
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct stream_id id;

	if (!text)
		return 0;
	stream_id_parse(&id, text);
	check_value(text, &id.resource);
	check_value(text, &id.mode);
	check_value(text, &id.type);
	check_resource(&id);
	if (!stream_id_is(&id, text))
		abort();
	/* What asks for something else says so, which plain ids cannot. */
	if (!stream_id_is_request(&id) && !id.mode.text && !id.type.text)
		abort();
	free(text);
	return 0;
}
