/*
 * Checks of single fields.
 */
#include "field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CHARACTERS 128
#define DEFAULT_HOST_MAX    100 /* of a host in a default name: leaves room for the port */

int field_wrong_type(struct api_error *error, const char *field, const char *type)
{
	return api_error_set(error, 422, "invalid_type", field, "%s must be %s", field, type);
}

/* body must be an object whose members are all in known. */
int field_members(const json_t *body, const char *const *known, const char *prefix,
                  struct api_error *error)
{
	char field[FIELD_BYTES];
	const char *key;
	json_t *value;
	size_t i;

	if (!json_is_object(body)) {
		snprintf(field, sizeof(field), "%s", prefix);
		if (*field)
			field[strlen(field) - 1] = '\0'; /* the dot */
		return api_error_set(error, 422, "invalid_type", field, "%s must be a JSON object",
		                     *field ? field : "The body");
	}
	json_object_foreach((json_t *)body, key, value)
	{
		for (i = 0; known[i] && strcmp(known[i], key) != 0; i++)
			;
		if (known[i])
			continue;
		snprintf(field, sizeof(field), "%s%.60s", prefix, key);
		return api_error_set(error, 422, "unknown_field", field, "There is no field %.60s",
		                     key);
	}
	return 0;
}

json_t *field_known_members(const json_t *object, const char *const *known)
{
	json_t *copy = json_object(), *value;

	for (size_t i = 0; copy && known[i]; i++) {
		value = json_object_get(object, known[i]);
		if (value && !json_is_null(value) && json_object_set(copy, known[i], value)) {
			json_decref(copy);
			copy = NULL;
		}
	}
	return copy;
}

/* NULL, or why text is no name. */
static const char *name_fault(const char *text)
{
	size_t characters = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0))
			return "must not have control characters";
		characters += (*c & 0xc0) != 0x80;
	}
	if (characters < 1 || characters > NAME_MAX_CHARACTERS)
		return "must have 1 to 128 characters";
	return NULL;
}

int field_set_string(char **to, const char *text, struct api_error *error)
{
	char *copy = strdup(text);

	if (!copy)
		return api_error_no_memory(error);
	free(*to);
	*to = copy;
	return 0;
}

int field_name(char **name, const json_t *value, const char *field, struct api_error *error)
{
	const char *fault;

	if (!json_is_string(value))
		return field_wrong_type(error, field, "a string");
	fault = name_fault(json_string_value(value));
	if (fault)
		return api_error_set(error, 422, "invalid_value", field, "%s %s", field, fault);
	return field_set_string(name, json_string_value(value), error);
}

int field_bool(bool *to, const json_t *value, const char *field, struct api_error *error)
{
	if (!json_is_boolean(value))
		return field_wrong_type(error, field, "true or false");
	*to = json_is_true(value);
	return 0;
}

int field_number(unsigned int *to, const json_t *value, const char *field, unsigned int min,
                 unsigned int max, struct api_error *error)
{
	if (!json_is_integer(value))
		return field_wrong_type(error, field, "an integer");
	if (json_integer_value(value) < min || json_integer_value(value) > max)
		return api_error_set(error, 422, "invalid_value", field, "%s must be from %u to %u",
		                     field, min, max);
	*to = (unsigned int)json_integer_value(value);
	return 0;
}

int field_choice(bool *to, const json_t *value, const char *field, const char *if_false,
                 const char *if_true, struct api_error *error)
{
	if (!json_is_string(value))
		return field_wrong_type(error, field, "a string");
	if (strcmp(json_string_value(value), if_false) != 0 &&
	    strcmp(json_string_value(value), if_true) != 0)
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s must be \"%s\" or \"%s\"", field, if_false, if_true);
	*to = !strcmp(json_string_value(value), if_true);
	return 0;
}

/* Cut text to the length of a name, between characters. */
static void cut_to_name(char *text)
{
	size_t n = NAME_MAX_CHARACTERS; /* bytes: no more characters than that either */

	if (strlen(text) <= n)
		return;
	while ((text[n] & 0xc0) == 0x80)
		n--;
	text[n] = '\0';
}

int field_default_name(char **name, const struct output_url *url, struct api_error *error)
{
	static const char *const schemes[] = {
		[OUTPUT_SRT] = "srt", [OUTPUT_UDP] = "udp", [OUTPUT_RTP] = "rtp"};
	char text[sizeof(url->rtmp.app) + DEFAULT_HOST_MAX + 32];
	const char *open = strchr(url->host, ':') ? "[" : "", *close = *open ? "]" : "";
	int n;

	if (url->scheme != OUTPUT_RTMP) {
		snprintf(text, sizeof(text), "%s://%s%.*s%s:%u", schemes[url->scheme], open,
		         DEFAULT_HOST_MAX, url->host, close, url->port);
		return field_set_string(name, text, error);
	}
	n = snprintf(text, sizeof(text), "rtmp%s://%s%.*s%s", url->rtmp.tls ? "s" : "", open,
	             DEFAULT_HOST_MAX, url->host, close);
	/* Without its query string, which may be a secret. */
	snprintf(text + n, sizeof(text) - (size_t)n, "/%.*s", (int)strcspn(url->rtmp.app, "?"),
	         url->rtmp.app);
	cut_to_name(text);
	if (name_fault(text))
		text[n] = '\0'; /* an application may have control characters */
	return field_set_string(name, text, error);
}
