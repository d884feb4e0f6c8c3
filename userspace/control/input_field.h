/*
 * The fields of one input: rtp_ip, rtp_port, sources, interface; and the backup, which is an object of them.
 *
 * All return as those of field.h. prefix: before names of fields in errors, "" or "backup.". Any thread.
 */
#ifndef CONTROL_INPUT_FIELD_H
#define CONTROL_INPUT_FIELD_H

#include "entry.h"
#include "error.h"

/* An IPv4 or IPv6 address; its canonical text is stored too. */
int input_field_address(struct input_entry *entry, const json_t *value, const char *prefix,
                        struct api_error *error);

/* 1 to 65535. */
int input_field_port(struct input_entry *entry, const json_t *value, const char *prefix,
                     struct api_error *error);

/* A list of prefixes and addresses. Owns: entry->sources, replaced. */
int input_field_sources(struct input_entry *entry, const json_t *value, const char *prefix,
                        struct api_error *error);

/* The name of an interface, or null. */
int input_field_interface(struct input_entry *entry, const json_t *value, const char *prefix,
                          struct api_error *error);

/* The defaults of an input without a port. */
void input_field_defaults(struct input_entry *entry);

/*
 * A whole backup, or null for none. lenient: members that are null or not known do not count.
 * Owns: entry, replaced.
 */
int input_field_backup(struct input_entry *entry, const json_t *value, bool lenient,
                       struct api_error *error);

/*
 * The list of sources, the interface or null, and the backup or null, as input. Owns: a new reference, or
 * NULL without memory.
 */
json_t *input_field_sources_json(const struct input_entry *entry);
json_t *input_field_interface_json(const struct input_entry *entry);
json_t *input_field_backup_json(const struct input_entry *entry);

#endif
