#include "whole.h"

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

json_t *whole_to_json(const struct channel_entry *const *entries, size_t count)
{
	json_t *root = json_object();

	for (size_t i = 0; root && i < count; i++) {
		if (json_object_set_new(root, entries[i]->id, config_to_stored(entries[i]))) {
			json_decref(root);
			root = NULL;
		}
	}
	return root;
}

void whole_insert(struct channel_entry *entries, size_t n, const struct channel_entry *entry)
{
	for (; n > 0 && entries[n - 1].created_at_s > entry->created_at_s; n--)
		entries[n] = entries[n - 1];
	entries[n] = *entry;
}

void whole_free(struct channel_entry *entries, size_t count)
{
	for (size_t i = 0; entries && i < count; i++)
		channel_entry_free(&entries[i]);
	free(entries);
}

/* A backup has its secrets. What was copied from where they are masked would replace them by their masks. */
static int check_secrets(const struct channel_entry *entry, struct api_error *error)
{
	char url[OUTPUT_URL_BYTES];

	for (size_t i = 0; i < entry->output_count; i++) {
		const struct output_entry *output = &entry->outputs[i];

		if (strcmp(output->url, "***") != 0 &&
		    output_url_unmask(url, output->url, NULL) != -EINVAL)
			continue;
		return api_error_set(
			error, 422, "invalid_value", NULL,
			"channel \"%.60s\": output \"%.60s\" has *** in place of a secret",
			entry->name, output->name);
	}
	return 0;
}

static int read_entry(struct channel_entry *out, const char *id, const json_t *value,
                      struct api_error *error)
{
	char why[sizeof(error->message)];
	const int failed = config_from_stored(out, id, value, why, sizeof(why));

	if (failed == -ENOMEM)
		return api_error_no_memory(error);
	if (failed)
		return api_error_set(error, 422, "invalid_value", NULL, "%s", why);
	if (!check_secrets(out, error))
		return 0;
	channel_entry_free(out);
	return -1;
}

int whole_from_json(struct channel_entry **out, size_t *count, const json_t *root,
                    struct api_error *error)
{
	const size_t size = json_object_size(root);
	struct channel_entry *entries, entry;
	size_t n = 0;
	const char *id;
	json_t *value;

	if (size > ENTRY_MAX_CHANNELS)
		return api_error_set(error, 409, "limit", NULL, "There may be %d channels",
		                     ENTRY_MAX_CHANNELS);
	entries = calloc(size + 1, sizeof(*entries));
	if (!entries)
		return api_error_no_memory(error);
	json_object_foreach((json_t *)root, id, value)
	{
		if (read_entry(&entry, id, value, error)) {
			whole_free(entries, n);
			return -1;
		}
		whole_insert(entries, n++, &entry);
	}
	*out = entries;
	*count = n;
	return 0;
}
