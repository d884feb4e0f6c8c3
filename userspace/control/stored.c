/*
 * Entries to the values of channels.json and back.
 *
 * Reading reuses the checks of REST bodies for all that this program knows, so that nothing comes out of
 * the file that could not have been put in; only URLs are taken as they are, because a channel must not
 * be lost over an output that another version understood. A member that is null counts as absent.
 */
#include "config.h"

#include "channel_field.h"
#include "field.h"
#include "input_field.h"
#include "rtmp_field.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void config_format_time(char *out, int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&t, &utc) || !strftime(out, CONFIG_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc))
		out[0] = '\0';
}

/* The member of that name, or NULL when it is absent or null. */
static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

static json_t *outputs_to_stored(const struct channel_entry *entry)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < entry->output_count; i++) {
		const struct output_entry *o = &entry->outputs[i];
		json_t *item = json_pack("{s:s, s:s, s:s, s:b}", "id", o->id, "name", o->name,
		                         "url", o->url, "enabled", o->enabled);

		item = rtmp_field_add(item, o, RTMP_SECRETS_PLAIN);
		if (item && o->extra)
			json_object_update_missing(item, o->extra);
		if (!item || json_array_append_new(list, item)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *config_to_stored(const struct channel_entry *entry)
{
	json_t *outputs = outputs_to_stored(entry), *config, *value;
	char created_at[CONFIG_TIME_BYTES];

	if (!outputs)
		return NULL;
	config = channel_field_json(entry);
	if (!config || json_object_set(config, "outputs", outputs)) {
		json_decref(config);
		config = NULL;
	}
	json_decref(outputs);
	if (!config)
		return NULL;
	if (entry->extra)
		json_object_update_missing(config, entry->extra);
	config_format_time(created_at, entry->created_at_s);
	value = json_pack("{s:o, s:s, s:s}", "config", config, "desired",
	                  entry->running ? "running" : "stopped", "created_at", created_at);
	return value;
}

/* The members of object that are not in known, or NULL when there are none. */
static json_t *unknown_members(const json_t *object, const char *const *known)
{
	json_t *others = json_copy((json_t *)object);

	for (size_t i = 0; others && known[i]; i++)
		json_object_del(others, known[i]);
	if (!others || json_object_size(others))
		return others;
	json_decref(others);
	return NULL;
}

/* A short text of letters, digits, '-' and '_', as programs make ids. */
static bool is_id(const char *id)
{
	size_t n = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

	return n > 0 && n < ENTRY_ID_BYTES && !id[n];
}

/* The given name, or field_default_name's, or "output" when the URL is foreign to this program. */
static int stored_output_name(struct output_entry *out, const json_t *name, const char *field,
                              struct api_error *error)
{
	struct output_url url;
	char why[128];

	if (name)
		return field_name(&out->name, name, field, error);
	if (output_url_parse(&url, out->url, why, sizeof(why)))
		return field_set_string(&out->name, "output", error);
	return field_default_name(&out->name, &url, error);
}

/* Members that this program knows of an output; the others are only kept. */
static const char *const *known_members(const struct output_entry *entry)
{
	static const char *const any[] = {"id", "name", "url", "enabled", NULL};
	static const char *const rtmp[] = {"id", "name", "url", "enabled", RTMP_FIELD_NAMES, NULL};
	static const char *const rtmps[] = {"id", "name", "url", "enabled", RTMPS_FIELD_NAMES,
	                                    NULL};

	if (!output_entry_is_rtmp(entry))
		return any;
	return entry->tls ? rtmps : rtmp;
}

/* An RTMP output without any stream key is taken: it is in state error then, and its channel is not lost. */
static int rtmp_from_stored(struct output_entry *out, const json_t *value, const char *field,
                            struct api_error *error)
{
	static const char *const names[] = {RTMPS_FIELD_NAMES, NULL};
	struct output_url url;
	char why[128];
	json_t *members;
	char dotted[FIELD_BYTES];
	int failed;

	out->rtmp = rtmp_options_default();
	if (!output_entry_is_rtmp(out) || output_url_parse(&url, out->url, why, sizeof(why)))
		return 0;
	members = field_known_members(value, names);
	if (!members)
		return api_error_no_memory(error);
	if (!out->tls) {
		json_object_del(members, "tls_verify");
		json_object_del(members, "tls_ca");
	}
	snprintf(dotted, sizeof(dotted), "%.60s.", field);
	failed = rtmp_field_apply(out, &url, members, dotted, error);
	json_decref(members);
	return failed;
}

static int output_from_stored(struct output_entry *out, const json_t *value, size_t index,
                              struct api_error *error)
{
	const json_t *id = member(value, "id"), *url = member(value, "url");
	const json_t *enabled = member(value, "enabled");
	char field[FIELD_BYTES];

	snprintf(field, sizeof(field), "outputs[%zu]", index);
	if (!json_is_string(url))
		return field_wrong_type(error, field, "an object with a url");
	if (id && (!json_is_string(id) || !is_id(json_string_value(id))))
		return field_wrong_type(error, field, "an object with a plain id");
	if (id)
		snprintf(out->id, sizeof(out->id), "%s", json_string_value(id));
	else
		entry_new_id(out->id);
	out->enabled = true;
	if (output_entry_set_url(out, json_string_value(url)))
		return api_error_no_memory(error);
	out->extra = unknown_members(value, known_members(out));
	if (rtmp_from_stored(out, value, field, error))
		return -1;
	if (stored_output_name(out, member(value, "name"), field, error))
		return -1;
	return enabled ? field_bool(&out->enabled, enabled, field, error) : 0;
}

static int outputs_from_stored(struct channel_entry *out, const json_t *list,
                               struct api_error *error)
{
	size_t count = json_array_size(list);

	if (list && (!json_is_array(list) || count > ENTRY_MAX_OUTPUTS))
		return field_wrong_type(error, "outputs", "an array of at most 256 outputs");
	out->outputs = calloc(count ? count : 1, sizeof(*out->outputs));
	if (!out->outputs)
		return api_error_no_memory(error);
	for (size_t i = 0; i < count; i++) {
		out->output_count = i + 1;
		if (output_from_stored(&out->outputs[i], json_array_get(list, i), i, error))
			return -1;
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(out->outputs[i].id, out->outputs[j].id))
				return field_wrong_type(error, "outputs", "without repeated ids");
		}
	}
	return 0;
}

static int config_members(struct channel_entry *out, const json_t *config, struct api_error *error)
{
	if (!json_is_object(config))
		return field_wrong_type(error, "config", "an object");
	out->extra = unknown_members(config, channel_field_names);
	channel_field_defaults(out);
	if (field_name(&out->name, json_object_get(config, "name"), "name", error) ||
	    input_field_port(&out->inputs[0], json_object_get(config, "rtp_port"), "", error) ||
	    channel_field_apply(out, config, true, error))
		return -1;
	return outputs_from_stored(out, member(config, "outputs"), error);
}

static int desired_from_stored(struct channel_entry *out, const json_t *value,
                               struct api_error *error)
{
	if (!value)
		return 0;
	if (!json_is_string(value) || (strcmp(json_string_value(value), "running") != 0 &&
	                               strcmp(json_string_value(value), "stopped") != 0))
		return field_wrong_type(error, "desired", "running or stopped");
	out->running = !strcmp(json_string_value(value), "running");
	return 0;
}

/* Seconds since 1970; the present when value is no time. Fractions and zone suffixes are ignored. */
static int64_t time_from_stored(const json_t *value)
{
	struct tm utc = {0};

	if (!json_is_string(value) ||
	    !strptime(json_string_value(value), "%Y-%m-%dT%H:%M:%S", &utc))
		return clock_wall_s();
	return (int64_t)timegm(&utc);
}

int config_from_stored(struct channel_entry *out, const char *id, const json_t *value, char *why,
                       size_t size)
{
	const json_t *name = json_object_get(json_object_get(value, "config"), "name");
	struct channel_entry entry = {0};
	struct api_error error;

	if (!is_id(id))
		api_error_set(&error, 422, "invalid_value", "id", "the id is not plain text");
	else if (!json_is_object(value))
		field_wrong_type(&error, "the channel", "an object");
	else if (!config_members(&entry, json_object_get(value, "config"), &error) &&
	         !desired_from_stored(&entry, member(value, "desired"), &error)) {
		snprintf(entry.id, sizeof(entry.id), "%s", id);
		entry.created_at_s = time_from_stored(json_object_get(value, "created_at"));
		*out = entry;
		return 0;
	}
	if (json_is_string(name))
		snprintf(why, size, "channel \"%.120s\" (%.40s): %s", json_string_value(name), id,
		         error.message);
	else
		snprintf(why, size, "channel %.40s: %s", id, error.message);
	channel_entry_free(&entry);
	return error.status == 500 ? -ENOMEM : -EINVAL;
}
