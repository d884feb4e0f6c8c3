/*
 * Members of RTMP outputs.
 */
#include "rtmp_field.h"

#include "field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MASK "***"

/* Whether a key that was given for one of them may go to the other, whatever their query strings. */
static bool same_peer(const struct output_url *a, const struct output_url *b)
{
	const size_t n = strcspn(b->rtmp.app, "?");

	return a->scheme == b->scheme && a->rtmp.tls == b->rtmp.tls && a->port == b->port &&
	       !strcasecmp(a->host, b->host) && strcspn(a->rtmp.app, "?") == n &&
	       !strncmp(a->rtmp.app, b->rtmp.app, n);
}

/* Take a key that is given, or null for none. */
static int set_key(struct output_entry *entry, const json_t *value, const char *field,
                   struct api_error *error)
{
	const char *text = json_string_value(value);
	const size_t limit = sizeof(((struct output_url *)0)->rtmp.key);

	if (json_is_null(value)) {
		free(entry->stream_key);
		entry->stream_key = NULL;
		return 0;
	}
	if (!text)
		return field_wrong_type(error, field, "a string or null");
	if (!*text || strlen(text) >= limit)
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s must have 1 to %zu bytes", field, limit - 1);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return api_error_set(error, 422, "invalid_value", field,
			                     "%s must not have control characters", field);
	if (*text == ' ' ||
	    text[strlen(text) - 1] == ' ') /* pasted along; a server would not say why */
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s must not begin or end with a space", field);
	return field_set_string(&entry->stream_key, text, error);
}

/* The stored key stays, unless the URL brings one or names another peer. masked: it was sent back as ***. */
static int keep_key(struct output_entry *entry, bool masked, const struct output_url *before,
                    const struct output_url *url, const char *field, struct api_error *error)
{
	if (!entry->stream_key && !masked)
		return 0;
	if (!masked && url->rtmp.key[0]) {
		free(entry->stream_key);
		entry->stream_key = NULL;
		return 0;
	}
	if (entry->stream_key && before && same_peer(before, url))
		return 0;
	return api_error_set(error, 422, "invalid_value", field,
	                     masked ? "*** stands for the stored stream key of the same peer, and "
	                              "there is none"
	                            : "The stored stream key is for another peer: give it again");
}

static int apply_key(struct output_entry *entry, const struct output_url *before,
                     const struct output_url *url, const json_t *object, const char *field,
                     struct api_error *error)
{
	const json_t *value = json_object_get(object, "stream_key");
	const bool masked = json_is_string(value) && !strcmp(json_string_value(value), MASK);

	if (value && !masked ? set_key(entry, value, field, error)
	                     : keep_key(entry, masked, before, url, field, error))
		return -1;
	if (entry->stream_key && url->rtmp.key[0])
		return api_error_set(
			error, 422, "invalid_value", field,
			"The URL has a stream key already: rtmp://host/app has none, and "
			"several levels of an application end in / then");
	/* What is only renamed or switched off may lack it: a file is taken as it is. */
	if (!entry->stream_key && !url->rtmp.key[0] &&
	    (!before || value || json_object_get(object, "url")))
		return api_error_set(error, 422, "missing_field", field,
		                     "The stream key is missing: it follows the application in the "
		                     "URL, or is given as stream_key");
	return 0;
}

static int apply_option(struct rtmp_options *options, const struct rtmp_option *option,
                        const json_t *value, const char *field, struct api_error *error)
{
	const bool nullable = !strcmp(option->name, "tls_ca");
	const char *must_be;

	if (nullable && json_is_null(value)) {
		options->tls_ca[0] = '\0';
		return 0;
	}
	if (!json_is_string(value))
		return field_wrong_type(error, field, nullable ? "a string or null" : "a string");
	must_be = option->set(options, json_string_value(value));
	if (must_be)
		return api_error_set(error, 422, "invalid_value", field, "%s must be %s", field,
		                     must_be);
	return 0;
}

static int apply_options(struct rtmp_options *options, bool tls, const json_t *object,
                         const char *prefix, struct api_error *error)
{
	const json_t *value;
	char field[FIELD_BYTES];

	for (size_t i = 0; i < RTMP_TEXT_OPTIONS; i++) {
		const struct rtmp_option *option = &rtmp_option_table[i];

		snprintf(field, sizeof(field), "%s%s", prefix, option->name);
		value = json_object_get(object, option->name);
		if (!value)
			continue;
		if (option->tls && !tls)
			return api_error_set(error, 422, "invalid_value", field,
			                     "%s is of rtmps:// alone", field);
		if (apply_option(options, option, value, field, error))
			return -1;
	}
	snprintf(field, sizeof(field), "%sbacklog_ms", prefix);
	value = json_object_get(object, "backlog_ms");
	return value ? field_number(&options->backlog_ms, value, field, RTMP_MIN_BACKLOG_MS,
	                            RTMP_MAX_BACKLOG_MS, error)
	             : 0;
}

/* An output of another scheme. */
static int apply_none(struct output_entry *entry, const json_t *object, const char *prefix,
                      struct api_error *error)
{
	static const char *const names[] = {RTMPS_FIELD_NAMES};
	char field[FIELD_BYTES];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!json_object_get(object, names[i]))
			continue;
		snprintf(field, sizeof(field), "%s%s", prefix, names[i]);
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s is of rtmp:// and rtmps:// alone", field);
	}
	free(entry->stream_key);
	entry->stream_key = NULL;
	entry->rtmp = rtmp_options_default();
	return 0;
}

int rtmp_field_apply(struct output_entry *entry, const struct output_url *before,
                     const json_t *object, const char *prefix, struct api_error *error)
{
	struct rtmp_options options = before ? entry->rtmp : rtmp_options_default();
	char field[FIELD_BYTES], why[160];
	struct output_url url;

	if (!output_entry_is_rtmp(entry))
		return apply_none(entry, object, prefix, error);
	snprintf(field, sizeof(field), "%surl", prefix);
	if (output_url_parse(&url, entry->url, why, sizeof(why)))
		return api_error_set(error, 422, "invalid_url", field, "%s", why);
	if (!entry->tls) {
		options.tls_verify = true;
		options.tls_ca[0] = '\0';
	}
	if (apply_options(&options, entry->tls, object, prefix, error))
		return -1;
	entry->rtmp = options;
	snprintf(field, sizeof(field), "%sstream_key", prefix);
	return apply_key(entry, before, &url, object, field, error);
}

static json_t *key_json(const struct output_entry *entry, enum rtmp_secrets secrets)
{
	if (!entry->stream_key)
		return json_null();
	return json_string(secrets == RTMP_SECRETS_MASKED ? MASK : entry->stream_key);
}

static json_t *option_json(const struct rtmp_options *options, const struct rtmp_option *option)
{
	char text[RTMP_OPTION_BYTES];

	option->get(options, text);
	return *text ? json_string(text) : json_null();
}

json_t *rtmp_field_add(json_t *object, const struct output_entry *entry, enum rtmp_secrets secrets)
{
	int failed = 0;

	if (!object || !output_entry_is_rtmp(entry))
		return object;
	failed |= json_object_set_new(object, "stream_key", key_json(entry, secrets));
	for (size_t i = 0; i < RTMP_TEXT_OPTIONS; i++) {
		const struct rtmp_option *option = &rtmp_option_table[i];

		if (!option->tls || entry->tls)
			failed |= json_object_set_new(object, option->name,
			                              option_json(&entry->rtmp, option));
	}
	failed |= json_object_set_new(object, "backlog_ms", json_integer(entry->rtmp.backlog_ms));
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}
