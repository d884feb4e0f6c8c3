/*
 * Names by rule, so that a counter that is new in a table needs nothing here unless its unit is new too.
 */
#include "metric_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The units of the tables that are not a metric's: how names of ours end in them, how libsrt's begin. */
static const struct unit {
	const char *unit, *suffix, *srt_prefix;
	const char *base; /* "": the name says what is counted */
	double multiply, divide;
} units[] = {
	{"milliseconds", "_ms", "ms", "_seconds", 1, 1000},
	{"microseconds", "_us", "us", "_seconds", 1, 1000000},
	{"bits_per_second", "_bps", "", "_bytes_per_second", 1, 8},
	{"megabits_per_second", "_mbps", "mbps", "_bytes_per_second", 125000, 1},
	{"bytes", "", "byte", "_bytes", 1, 1},
	{"packets", "", "pkt", "_packets", 1, 1},
};

static const struct unit *unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].unit, name))
			return &units[i];
	}
	return NULL;
}

static bool has_upper_case(const char *name)
{
	while (*name && !isupper((unsigned char)*name))
		name++;
	return *name;
}

static bool ends_in(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

/* One of libsrt's, from behind its unit: SndTsbPdDelay is snd_tsb_pd_delay, RTT is rtt. */
static void to_snake_case(char *out, size_t size, const char *name)
{
	size_t n = 0;

	for (const char *c = name; *c && n + 2 < size; c++) {
		const bool begins = isupper((unsigned char)*c) && c > name &&
		                    (islower((unsigned char)c[-1]) || islower((unsigned char)c[1]));

		if (begins)
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)*c);
	}
	out[n] = '\0';
}

/* What stands between prefix and `_total`. */
static void make_srt(char *out, size_t size, const char *name, const struct unit *unit)
{
	char given[METRIC_NAME_BYTES], snake[METRIC_NAME_BYTES];
	const size_t prefix = unit ? strlen(unit->srt_prefix) : 0;

	if (unit && !strncmp(name, unit->srt_prefix, prefix))
		name += prefix;
	snprintf(given, sizeof(given), "%.*s",
	         (int)(strlen(name) - (ends_in(name, "Total") ? strlen("Total") : 0)), name);
	to_snake_case(snake, sizeof(snake), given);
	snprintf(out, size, "srt_%.60s%s", snake, unit ? unit->base : "");
}

static void make_own(char *out, size_t size, const char *name, const struct unit *unit)
{
	const bool is_told = unit && *unit->suffix && ends_in(name, unit->suffix);

	snprintf(out, size, "%.*s%s", (int)(strlen(name) - (is_told ? strlen(unit->suffix) : 0)),
	         name, is_told ? unit->base : "");
}

int metric_name_make(struct metric_name *out, const char *prefix, const struct counter_info *info)
{
	const struct unit *unit = unit_of(info->unit);
	char middle[METRIC_NAME_BYTES] = "";
	int n;

	if (has_upper_case(info->name))
		make_srt(middle, sizeof(middle), info->name, unit);
	else
		make_own(middle, sizeof(middle), info->name, unit);
	*out = (struct metric_name){.multiply = unit ? unit->multiply : 1,
	                            .divide = unit ? unit->divide : 1};
	n = snprintf(out->text, sizeof(out->text), "%s%s%s", prefix, middle,
	             info->type == COUNTER_TOTAL ? "_total" : "");
	return n < 0 || (size_t)n >= sizeof(out->text) ? -1 : 0;
}
