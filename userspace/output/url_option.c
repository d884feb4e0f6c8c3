/*
 * Options of URLs, by a table.
 */
#include "url_option.h"

#include "base/address.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_BYTES     40 /* of an unknown option's name */
#define SUGGEST_LETTERS 4  /* that two names must begin with */

/* Two's complement, cut to the size of the field: the range was checked. */
static void store(void *field, size_t size, int64_t n)
{
	const uint8_t n8 = (uint8_t)n;
	const uint16_t n16 = (uint16_t)n;
	const uint32_t n32 = (uint32_t)n;

	switch (size) {
	case 1:
		memcpy(field, &n8, size);
		break;
	case 2:
		memcpy(field, &n16, size);
		break;
	case 4:
		memcpy(field, &n32, size);
		break;
	default:
		memcpy(field, &n, sizeof(n));
	}
}

int url_option_number(const struct url_fault *why, const struct url_option *option,
                      struct url_text value, void *out)
{
	int64_t n;

	if (!url_text_number(value, &n) || n < option->low || n > option->high)
		return url_fault_set(why, "%s must be a number from %" PRId64 " to %" PRId64,
		                     option->name, option->low, option->high);
	if (option->step && n % option->step)
		return url_fault_set(why,
		                     "%s must be a multiple of %u from %" PRId64 " to %" PRId64,
		                     option->name, option->step, option->low, option->high);
	store((char *)out + option->offset, option->size, n);
	return 0;
}

int url_option_bool(const struct url_fault *why, const struct url_option *option,
                    struct url_text value, void *out)
{
	bool on;

	if (!url_text_bool(value, &on))
		return url_fault_set(why, "%s must be 1, yes, on, true or 0, no, off, false",
		                     option->name);
	memcpy((char *)out + option->offset, &on, sizeof(on));
	return 0;
}

int url_option_string(const struct url_fault *why, const struct url_option *option,
                      struct url_text value, void *out)
{
	return url_text_decode(why, option->name, value, (size_t)option->low, option->size - 1,
	                       (char *)out + option->offset);
}

int url_option_address(const struct url_fault *why, const struct url_option *option,
                       struct url_text value, void *out)
{
	char text[INET6_ADDRSTRLEN], *field = (char *)out + option->offset;
	struct in6_addr address;

	if (url_text_decode(why, option->name, value, 1, sizeof(text) - 1, text) ||
	    url_text_address(text, field) || address_parse(&address, field) ||
	    address_is_multicast(&address))
		return url_fault_set(why, "%s must be an IP address of this machine", option->name);
	return 0;
}

/* Split name=value off the query; false at its end. Empty pieces ("&&") are skipped. */
static bool next_option(struct url_text *query, struct url_text *name, struct url_text *value)
{
	struct url_text piece;

	do {
		if (!url_text_split(query, '&', &piece))
			return false;
	} while (!piece.size);
	*value = piece;
	url_text_split(value, '=', name);
	return true;
}

static const struct url_option *find(const struct url_option *table, size_t count,
                                     struct url_text name)
{
	for (size_t i = 0; i < count; i++)
		if (url_text_is(name, table[i].name) ||
		    (table[i].alias && url_text_is(name, table[i].alias)))
			return &table[i];
	return NULL;
}

/* "pass" for passphrase, "pbkeylength" for pbkeylen. */
static bool resembles(const char *name, struct url_text given)
{
	size_t n = strlen(name) < given.size ? strlen(name) : given.size;

	return n >= SUGGEST_LETTERS && !memcmp(name, given.at, n);
}

static int unknown(const struct url_fault *why, const struct url_option *table, size_t count,
                   struct url_text name)
{
	int shown = name.size < SHOWN_BYTES ? (int)name.size : SHOWN_BYTES;

	/* Not into the middle of a UTF-8 character. */
	while (shown && (size_t)shown < name.size && (name.at[shown] & 0xc0) == 0x80)
		shown--;
	for (size_t i = 0; i < count; i++)
		if (resembles(table[i].name, name))
			return url_fault_set(why, "unknown option \"%.*s\", is %s meant?", shown,
			                     name.at, table[i].name);
	return url_fault_set(why, "unknown option \"%.*s\"", shown, name.at);
}

int url_options_parse(const struct url_fault *why, const struct url_option *table, size_t count,
                      const char *query, void *out, uint64_t *given)
{
	struct url_text rest = {query, strlen(query)}, name, value;
	int error;

	*given = 0;
	while (next_option(&rest, &name, &value)) {
		const struct url_option *option = find(table, count, name);
		uint64_t bit;

		if (!option)
			return unknown(why, table, count, name);
		bit = UINT64_C(1) << (option - table);
		if (*given & bit)
			return url_fault_set(why, "option %s is given twice", option->name);
		*given |= bit;
		error = option->parse(why, option, value, out);
		if (error)
			return error;
	}
	return 0;
}

bool url_options_find(const char *query, const char *name, struct url_text *value)
{
	struct url_text rest = {query, strlen(query)}, given, its_value;

	while (next_option(&rest, &given, &its_value)) {
		if (url_text_is(given, name)) {
			*value = its_value;
			return true;
		}
	}
	return false;
}
