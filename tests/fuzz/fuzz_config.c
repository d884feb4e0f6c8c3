/*
 * Bodies of REST calls and values of channels.json from anywhere. What is taken must survive a round trip
 * through the file, and every error must fit into JSON again.
 */
#include "control/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct api_error *error)
{
	json_t *field = json_string(error->field), *message = json_string(error->message);

	if (!field || !message || error->status < 400 || !error->code[0])
		abort();
	json_decref(field);
	json_decref(message);
}

static void check_round_trip(const struct channel_entry *entry)
{
	json_t *first = config_to_stored(entry), *second;
	struct channel_entry again = {0};
	char why[160];

	if (!first || config_from_stored(&again, "id", first, why, sizeof(why)))
		abort();
	second = config_to_stored(&again);
	if (!json_equal(first, second))
		abort();
	json_decref(first);
	json_decref(second);
	channel_entry_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *body = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
	struct channel_entry entry = {0};
	struct api_error error = {0};
	char why[160];

	if (!body)
		return 0;
	if (config_apply_channel(&entry, body, true, &error)) {
		check_error(&error);
	} else {
		check_round_trip(&entry);
		if (config_apply_channel(&entry, body, false, &error))
			check_error(&error);
		else
			check_round_trip(&entry);
	}
	channel_entry_free(&entry);
	if (!config_from_stored(&entry, "id", body, why, sizeof(why))) {
		check_round_trip(&entry);
		channel_entry_free(&entry);
	}
	json_decref(body);
	return 0;
}
