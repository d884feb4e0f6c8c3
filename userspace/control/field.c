/*
 * Checks of single fields.
 */
#include "field.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CHARACTERS 128
#define DEFAULT_HOST_MAX    100 /* of a host in a default name: leaves room for the port */

int field_out_of_memory(struct api_error *error)
{
	return api_error_set(error, 500, "out_of_memory", NULL, "Not enough memory");
}

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
		return field_out_of_memory(error);
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

/* Set rtp_ip and address; false when text is no address. */
static bool set_address(struct channel_entry *entry, const char *text)
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, &address.s6_addr[12]) != 1 &&
	    inet_pton(AF_INET6, text, &address) != 1)
		return false;
	entry->address = address;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		inet_ntop(AF_INET, &address.s6_addr[12], entry->rtp_ip, sizeof(entry->rtp_ip));
	else
		inet_ntop(AF_INET6, &address, entry->rtp_ip, sizeof(entry->rtp_ip));
	return true;
}

int field_address(struct channel_entry *entry, const json_t *value, struct api_error *error)
{
	if (!json_is_string(value))
		return field_wrong_type(error, "rtp_ip", "a string");
	if (!set_address(entry, json_string_value(value)))
		return api_error_set(error, 422, "invalid_value", "rtp_ip",
		                     "rtp_ip must be an IPv4 or IPv6 address");
	return 0;
}

int field_port(struct channel_entry *entry, const json_t *value, struct api_error *error)
{
	if (!json_is_integer(value))
		return field_wrong_type(error, "rtp_port", "an integer");
	if (json_integer_value(value) < 1 || json_integer_value(value) > 65535)
		return api_error_set(error, 422, "invalid_value", "rtp_port",
		                     "rtp_port must be from 1 to 65535");
	entry->rtp_port = (uint16_t)json_integer_value(value);
	return 0;
}

int field_fec(struct channel_entry *entry, const json_t *value, struct api_error *error)
{
	if (!json_is_string(value))
		return field_wrong_type(error, "fec", "a string");
	entry->fec = !strcmp(json_string_value(value), "auto");
	if (!entry->fec && strcmp(json_string_value(value), "off") != 0)
		return api_error_set(error, 422, "invalid_value", "fec",
		                     "fec must be \"auto\" or \"off\"");
	return 0;
}

int field_reorder(struct channel_entry *entry, const json_t *value, struct api_error *error)
{
	if (!json_is_integer(value))
		return field_wrong_type(error, "reorder_ms", "an integer");
	if (json_integer_value(value) < 0 || json_integer_value(value) > ENTRY_MAX_REORDER_MS)
		return api_error_set(error, 422, "invalid_value", "reorder_ms",
		                     "reorder_ms must be from 0 to %d", ENTRY_MAX_REORDER_MS);
	entry->reorder_ms = (unsigned int)json_integer_value(value);
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
	char text[sizeof(url->rtmp.app) + DEFAULT_HOST_MAX + 32];
	const char *open = strchr(url->host, ':') ? "[" : "", *close = *open ? "]" : "";
	int n;

	if (url->scheme == OUTPUT_SRT) {
		snprintf(text, sizeof(text), "srt://%s%.*s%s:%u", open, DEFAULT_HOST_MAX, url->host,
		         close, url->port);
		return field_set_string(name, text, error);
	}
	n = snprintf(text, sizeof(text), "rtmp://%s%.*s%s", open, DEFAULT_HOST_MAX, url->host,
	             close);
	snprintf(text + n, sizeof(text) - (size_t)n, "/%s", url->rtmp.app);
	cut_to_name(text);
	if (name_fault(text))
		text[n] = '\0'; /* an application may have control characters */
	return field_set_string(name, text, error);
}

void field_set_defaults(struct channel_entry *entry)
{
	set_address(entry, "0.0.0.0");
	entry->reorder_ms = ENTRY_REORDER_MS;
}
