/*
 * The options behind the '?' of a URL, parsed by a table: a row says how an option is spelt, what it may
 * be, and which field of a struct gets it. Any thread.
 */
#ifndef OUTPUT_URL_OPTION_H
#define OUTPUT_URL_OPTION_H

#include "url_text.h"

#define URL_MAX_OPTIONS 64 /* rows of a table */

struct url_option {
	const char *name;
	const char *alias; /* another spelling, or NULL */
	/* Check value and store it in the struct `out`. Errors: -EINVAL with a fault. */
	int (*parse)(const struct url_fault *why, const struct url_option *option,
	             struct url_text value, void *out);
	size_t offset, size; /* of the field: URL_FIELD */
	int64_t low, high;   /* of a number; of a string the fewest characters */
	unsigned int step;   /* a number must be a multiple of it; 0: any */
};

#define URL_FIELD(type, field) offsetof(type, field), sizeof(((type *)0)->field)

/* What rows may parse with: integers of 1, 2, 4 and 8 bytes, bool, char arrays. */
int url_option_number(const struct url_fault *why, const struct url_option *option,
                      struct url_text value, void *out);
int url_option_bool(const struct url_fault *why, const struct url_option *option,
                    struct url_text value, void *out);
int url_option_string(const struct url_fault *why, const struct url_option *option,
                      struct url_text value, void *out);
/* A local address: of one host, in its usual form, or the any-address. */
int url_option_address(const struct url_fault *why, const struct url_option *option,
                       struct url_text value, void *out);

/*
 * Parse "name=value&name=value". Bit i of *given says that row i occurred. Errors: -EINVAL with a fault:
 * an unknown option, an option that occurs twice, a wrong value; out is half filled then.
 */
int url_options_parse(const struct url_fault *why, const struct url_option *table, size_t count,
                      const char *query, void *out, uint64_t *given);

/*
 * The value of the first option of that name in a query, whether or not the rest of it is in order; false:
 * there is none.
 */
bool url_options_find(const char *query, const char *name, struct url_text *value);

#endif
