/*
 * REST bodies to entries: a body is first checked for fields that nobody knows, then field by field.
 */
#include "config.h"

#include "channel_field.h"
#include "field.h"
#include "rtmp_field.h"

#include "output/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Check the URL that an output gets, its secrets filled in from the present one. */
static int apply_url(struct output_entry *entry, struct output_url *parsed, const json_t *value,
                     const char *field, struct api_error *error)
{
	char text[OUTPUT_URL_BYTES], why[160];

	if (!json_is_string(value))
		return field_wrong_type(error, field, "a string");
	switch (output_url_unmask(text, json_string_value(value), entry->url)) {
	case 0:
		break;
	case -EINVAL:
		return api_error_set(
			error, 422, "invalid_url", field,
			"*** stands for a stored secret of the same peer, and there is none");
	default:
		return api_error_set(error, 422, "invalid_url", field,
		                     "the URL is longer than %d bytes", OUTPUT_URL_BYTES - 1);
	}
	if (output_url_parse(parsed, text, why, sizeof(why)))
		return api_error_set(error, 422, "invalid_url", field, "%s", why);
	return output_entry_set_url(entry, text) ? api_error_no_memory(error) : 0;
}

int config_apply_output(struct output_entry *entry, const json_t *body, bool is_new,
                        const char *prefix, struct api_error *error)
{
	static const char *const of_new[] = {"name", "url", "enabled", RTMPS_FIELD_NAMES, NULL};
	static const char *const of_known[] = {"id", "name", "url", "enabled", RTMPS_FIELD_NAMES,
	                                       NULL};
	const json_t *name, *url, *enabled;
	struct output_url parsed, before;
	char field[FIELD_BYTES], why[160];
	bool was_known;

	if (field_members(body, is_new || !*prefix ? of_new : of_known, prefix, error))
		return -1;
	name = json_object_get(body, "name");
	url = json_object_get(body, "url");
	enabled = json_object_get(body, "enabled");
	if (is_new) {
		entry_new_id(entry->id);
		entry->enabled = true;
	}
	was_known = !is_new && !output_url_parse(&before, entry->url, why, sizeof(why));
	snprintf(field, sizeof(field), "%surl", prefix);
	if (is_new && !url)
		return api_error_set(error, 422, "missing_field", field, "%s is missing", field);
	if (url && apply_url(entry, &parsed, url, field, error))
		return -1;
	if (rtmp_field_apply(entry, was_known ? &before : NULL, body, prefix, error))
		return -1;
	snprintf(field, sizeof(field), "%sname", prefix);
	if (name && field_name(&entry->name, name, field, error))
		return -1;
	if (is_new && !name && field_default_name(&entry->name, &parsed, error))
		return -1;
	snprintf(field, sizeof(field), "%senabled", prefix);
	if (enabled && field_bool(&entry->enabled, enabled, field, error))
		return -1;
	return 0;
}

/* Start element `to` of a new output list from the present output that body names, if it names one. */
static int take_known_output(struct output_entry *to, const struct channel_entry *entry,
                             const json_t *body, const char *prefix, bool *is_new,
                             struct api_error *error)
{
	const json_t *id = json_object_get(body, "id");
	const struct output_entry *known;
	char field[FIELD_BYTES];

	*is_new = !id;
	if (!id)
		return 0;
	snprintf(field, sizeof(field), "%sid", prefix);
	if (!json_is_string(id))
		return field_wrong_type(error, field, "a string");
	known = channel_entry_find(entry, json_string_value(id));
	if (!known)
		return api_error_set(error, 422, "invalid_value", field,
		                     "The channel has no output with this id");
	if (output_entry_copy(to, known))
		return api_error_no_memory(error);
	return 0;
}

/* Replace the outputs of entry by the list; known ids keep their output, the others are new. */
static int apply_outputs(struct channel_entry *entry, const json_t *list, bool is_new,
                         struct api_error *error)
{
	struct channel_entry next = {0};
	size_t count = json_array_size(list);
	char prefix[32];

	if (!json_is_array(list))
		return field_wrong_type(error, "outputs", "an array");
	if (count > ENTRY_MAX_OUTPUTS)
		return api_error_set(error, 409, "limit", "outputs",
		                     "A channel has at most %d outputs", ENTRY_MAX_OUTPUTS);
	next.outputs = calloc(count ? count : 1, sizeof(*next.outputs));
	if (!next.outputs)
		return api_error_no_memory(error);
	for (size_t i = 0; i < count; i++) {
		struct output_entry *to = &next.outputs[i];
		const json_t *body = json_array_get(list, i);
		bool is_new_output = true;

		next.output_count = i + 1;
		snprintf(prefix, sizeof(prefix), "outputs[%zu].", i);
		if ((!is_new &&
		     take_known_output(to, entry, body, prefix, &is_new_output, error)) ||
		    config_apply_output(to, body, is_new_output, prefix, error))
			goto fail;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(next.outputs[j].id, to->id) != 0)
				continue;
			strcat(prefix, "id");
			api_error_set(error, 422, "invalid_value", prefix,
			              "This id is given twice");
			goto fail;
		}
	}
	for (size_t i = 0; i < entry->output_count; i++)
		output_entry_free(&entry->outputs[i]);
	free(entry->outputs);
	entry->outputs = next.outputs;
	entry->output_count = count;
	return 0;
fail:
	channel_entry_free(&next);
	return -1;
}

int config_apply_channel(struct channel_entry *entry, const json_t *body, bool is_new,
                         struct api_error *error)
{
	static const char *const required[] = {"name", "rtp_port"};
	const json_t *outputs;

	if (field_members(body, channel_field_names, "", error))
		return -1;
	for (size_t i = 0; is_new && i < 2; i++) {
		if (!json_object_get(body, required[i]))
			return api_error_set(error, 422, "missing_field", required[i],
			                     "%s is missing", required[i]);
	}
	if (is_new)
		channel_field_defaults(entry);
	if (channel_field_apply(entry, body, false, error))
		return -1;
	outputs = json_object_get(body, "outputs");
	return outputs ? apply_outputs(entry, outputs, is_new, error) : 0;
}
