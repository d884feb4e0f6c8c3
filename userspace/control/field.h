/*
 * Kinds of fields, each with one function that checks a JSON value and stores it. REST bodies (config.c) and
 * channels.json (stored.c) are read with the same functions, so nothing comes out of the file that could
 * not have been put in.
 *
 * All return 0, or -1 with error filled and the entry unchanged. field: what errors call the value, e.g.
 * "outputs[1].name". Any thread.
 */
#ifndef CONTROL_FIELD_H
#define CONTROL_FIELD_H

#include "entry.h"
#include "error.h"

#include "output/url.h"

#define FIELD_BYTES 64 /* longest name of a field with its final NUL, as in struct api_error */

/* Errors that do not depend on the field. They return -1. */
int field_wrong_type(struct api_error *error, const char *field, const char *type);

/*
 * body must be an object whose members are all in known, which ends with NULL. prefix: of field names,
 * e.g. "outputs[1].", or "".
 */
int field_members(const json_t *body, const char *const *known, const char *prefix,
                  struct api_error *error);

/*
 * A copy of an object with the members in known alone, without those that are null. Owns: a new reference, or
 * NULL without memory.
 */
json_t *field_known_members(const json_t *object, const char *const *known);

/* A string of 1 to 128 characters without control characters. Owns: *name, replaced. */
int field_name(char **name, const json_t *value, const char *field, struct api_error *error);

/*
 * What an output is called when nobody names it: SCHEME://HOST:PORT, or rtmp(s)://HOST/APP, without any secret,
 * cut so that field_name would take it. Owns: *name, replaced.
 */
int field_default_name(char **name, const struct output_url *url, struct api_error *error);

/* Owns: *to, replaced by a copy of text. */
int field_set_string(char **to, const char *text, struct api_error *error);

/* true or false. */
int field_bool(bool *to, const json_t *value, const char *field, struct api_error *error);

/* An integer from min to max. */
int field_number(unsigned int *to, const json_t *value, const char *field, unsigned int min,
                 unsigned int max, struct api_error *error);

/* One of two strings. */
int field_choice(bool *to, const json_t *value, const char *field, const char *if_false,
                 const char *if_true, struct api_error *error);

#endif
