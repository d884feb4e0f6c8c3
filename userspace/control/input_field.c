/*
 * Fields of inputs.
 */
#include "input_field.h"

#include "field.h"

#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Set rtp_ip and address; false when text is no address. */
static bool set_address(struct input_entry *entry, const char *text)
{
	struct in6_addr address;

	if (address_parse(&address, text))
		return false;
	entry->address = address;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		inet_ntop(AF_INET, &address.s6_addr[12], entry->rtp_ip, sizeof(entry->rtp_ip));
	else
		inet_ntop(AF_INET6, &address, entry->rtp_ip, sizeof(entry->rtp_ip));
	return true;
}

int input_field_address(struct input_entry *entry, const json_t *value, const char *prefix,
                        struct api_error *error)
{
	char field[FIELD_BYTES];

	snprintf(field, sizeof(field), "%srtp_ip", prefix);
	if (!json_is_string(value))
		return field_wrong_type(error, field, "a string");
	if (!set_address(entry, json_string_value(value)))
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s must be an IPv4 or IPv6 address", field);
	return 0;
}

int input_field_port(struct input_entry *entry, const json_t *value, const char *prefix,
                     struct api_error *error)
{
	char field[FIELD_BYTES];
	unsigned int port;

	snprintf(field, sizeof(field), "%srtp_port", prefix);
	if (field_number(&port, value, field, 1, 65535, error))
		return -1;
	entry->rtp_port = (uint16_t)port;
	return 0;
}

/* Fill sources, which have room for all of the list. */
static int parse_sources(struct prefix *sources, const json_t *list, const char *prefix,
                         struct api_error *error)
{
	char field[FIELD_BYTES];
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
	{
		snprintf(field, sizeof(field), "%ssources[%zu]", prefix, i);
		if (!json_is_string(value))
			return field_wrong_type(error, field, "a string");
		if (prefix_parse(&sources[i], json_string_value(value)))
			return api_error_set(
				error, 422, "invalid_value", field,
				"%s must be an address or a network such as 10.1.0.0/16 or "
				"2001:db8::/32, without bits behind the network",
				field);
	}
	return 0;
}

int input_field_sources(struct input_entry *entry, const json_t *value, const char *prefix,
                        struct api_error *error)
{
	const size_t count = json_array_size(value);
	struct prefix *sources = NULL;
	char field[FIELD_BYTES];

	snprintf(field, sizeof(field), "%ssources", prefix);
	if (!json_is_array(value))
		return field_wrong_type(error, field, "an array");
	if (count > ENTRY_MAX_SOURCES)
		return api_error_set(error, 409, "limit", field, "%s has at most %d prefixes",
		                     field, ENTRY_MAX_SOURCES);
	if (count && !(sources = calloc(count, sizeof(*sources))))
		return api_error_no_memory(error);
	if (parse_sources(sources, value, prefix, error)) {
		free(sources);
		return -1;
	}
	free(entry->sources);
	entry->sources = sources;
	entry->source_count = count;
	return 0;
}

/* As the kernel judges names of interfaces. */
static bool is_interface_name(const char *name)
{
	return *name && strlen(name) < IF_NAMESIZE && strcmp(name, ".") && strcmp(name, "..") &&
	       !strpbrk(name, "/: \t\n\v\f\r");
}

int input_field_interface(struct input_entry *entry, const json_t *value, const char *prefix,
                          struct api_error *error)
{
	char field[FIELD_BYTES];

	snprintf(field, sizeof(field), "%sinterface", prefix);
	if (json_is_null(value)) {
		entry->interface[0] = '\0';
		return 0;
	}
	if (!json_is_string(value))
		return field_wrong_type(error, field, "a string or null");
	if (!is_interface_name(json_string_value(value)))
		return api_error_set(error, 422, "invalid_value", field,
		                     "%s must be the name of an interface", field);
	snprintf(entry->interface, sizeof(entry->interface), "%s", json_string_value(value));
	return 0;
}

void input_field_defaults(struct input_entry *entry)
{
	set_address(entry, "0.0.0.0");
}

/* The members of a backup. */
static int apply_backup(struct input_entry *entry, const json_t *value, struct api_error *error)
{
	static const char *const known[] = {"rtp_ip", "rtp_port", "sources", "interface", NULL};
	static const char prefix[] = "backup.";
	const json_t *member;

	if (field_members(value, known, prefix, error))
		return -1;
	if (!(member = json_object_get(value, "rtp_port")))
		return api_error_set(error, 422, "missing_field", "backup.rtp_port",
		                     "backup.rtp_port is missing");
	if (input_field_port(entry, member, prefix, error))
		return -1;
	if ((member = json_object_get(value, "rtp_ip")) &&
	    input_field_address(entry, member, prefix, error))
		return -1;
	if ((member = json_object_get(value, "sources")) &&
	    input_field_sources(entry, member, prefix, error))
		return -1;
	if ((member = json_object_get(value, "interface")) &&
	    input_field_interface(entry, member, prefix, error))
		return -1;
	return 0;
}

int input_field_backup(struct input_entry *entry, const json_t *value, bool lenient,
                       struct api_error *error)
{
	static const char *const members[] = {"rtp_ip", "rtp_port", "sources", "interface", NULL};
	struct input_entry next = {0};
	json_t *known = NULL;
	int failed = 0;

	input_field_defaults(&next);
	if (lenient && json_is_object(value) && !(known = field_known_members(value, members)))
		return api_error_no_memory(error);
	if (!json_is_null(value))
		failed = apply_backup(&next, known ? known : value, error);
	json_decref(known);
	if (failed) {
		input_entry_free(&next);
		return -1;
	}
	input_entry_free(entry);
	*entry = next;
	return 0;
}

json_t *input_field_sources_json(const struct input_entry *entry)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; list && i < entry->source_count; i++) {
		prefix_format(text, &entry->sources[i]);
		if (json_array_append_new(list, json_string(text))) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

json_t *input_field_interface_json(const struct input_entry *entry)
{
	return entry->interface[0] ? json_string(entry->interface) : json_null();
}

json_t *input_field_backup_json(const struct input_entry *entry)
{
	if (!entry->rtp_port)
		return json_null();
	return json_pack("{s:s, s:i, s:o, s:o}", "rtp_ip", entry->rtp_ip, "rtp_port",
	                 entry->rtp_port, "sources", input_field_sources_json(entry), "interface",
	                 input_field_interface_json(entry));
}
