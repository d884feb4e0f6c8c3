#include "shown.h"

#include "config.h"

#include "base/utf8.h"

#include <stdio.h>

json_t *shown_text(const char *text)
{
	char copy[520];

	if (!*text)
		return json_null();
	/* It may come from a peer: bytes that are not UTF-8 must not lose the object. */
	snprintf(copy, sizeof(copy), "%s", text);
	utf8_repair(copy);
	return json_string(copy);
}

json_t *shown_time(int64_t seconds)
{
	char text[CONFIG_TIME_BYTES];

	if (!seconds)
		return json_null();
	config_format_time(text, seconds);
	return json_string(text);
}

static json_t *counter(enum counter_type type, uint64_t value, uint64_t base)
{
	switch (type) {
	case COUNTER_TOTAL:
		return json_integer((json_int_t)(value - base));
	case COUNTER_GAUGE:
		return json_integer((json_int_t)value);
	case COUNTER_GAUGE_MILLI:
		return json_real((double)value / 1000);
	}
	return NULL;
}

json_t *shown_counters(json_t *object, const struct counter_info *table, size_t count,
                       const void *values, const uint64_t *base)
{
	for (size_t i = 0; object && i < count; i++) {
		json_t *value = counter(table[i].type, values ? counter_at(values, i) : 0,
		                        base ? base[i] : 0);

		if (json_object_set_new_nocheck(object, table[i].name, value)) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}
