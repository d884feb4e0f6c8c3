/*
 * The text grows by doubling. Once something did not fit in, the writer stays silent: the caller looks once, at the
 * end.
 */
#include "exposition.h"

#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for n bytes and the final NUL. */
static int reserve(struct exposition *out, size_t n)
{
	size_t room = out->room ? out->room : 4096;
	char *text;

	if (out->error)
		return out->error;
	if (n >= out->max_bytes || out->size > out->max_bytes - n - 1)
		return out->error = -EFBIG;
	while (room < out->size + n + 1)
		room *= 2;
	if (room == out->room)
		return 0;
	text = realloc(out->text, room);
	if (!text)
		return out->error = -ENOMEM;
	out->text = text;
	out->room = room;
	return 0;
}

static void append(struct exposition *out, const char *text)
{
	const size_t n = strlen(text);

	if (reserve(out, n))
		return;
	memcpy(out->text + out->size, text, n + 1);
	out->size += n;
}

/*
 * Write text to `to` as the format wants it, and return its length; to NULL: only count. Both in label values and in
 * help a backslash and a line feed are escaped, quotes in label values alone.
 */
static size_t escape(char *to, const char *text, int quotes)
{
	size_t n = 0;

	for (; *text; text++) {
		const int special = *text == '\\' || *text == '\n' || (quotes && *text == '"');

		if (special && to)
			to[n] = '\\';
		n += (size_t)special;
		if (to)
			to[n] = (char)(*text == '\n' ? 'n' : *text);
		n++;
	}
	return n;
}

void exposition_family(struct exposition *out, const char *name, enum exposition_type type,
                       const char *help)
{
	out->name = name;
	out->help = help;
	out->type = type;
	out->announced = 0;
}

/* HELP and TYPE, before the first sample. */
static void announce(struct exposition *out)
{
	const size_t n = escape(NULL, out->help, 0);

	if (out->announced)
		return;
	out->announced = 1;
	append(out, "# HELP ");
	append(out, out->name);
	append(out, " ");
	if (!reserve(out, n)) {
		escape(out->text + out->size, out->help, 0);
		out->size += n;
	}
	append(out, "\n# TYPE ");
	append(out, out->name);
	append(out, out->type == EXPOSITION_COUNTER ? " counter\n" : " gauge\n");
}

static void sample(struct exposition *out, const char *labels, const char *value)
{
	announce(out);
	append(out, out->name);
	if (*labels) {
		append(out, "{");
		append(out, labels);
		append(out, "}");
	}
	append(out, " ");
	append(out, value);
	append(out, "\n");
}

void exposition_integer(struct exposition *out, const char *labels, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	sample(out, labels, text);
}

void exposition_number(struct exposition *out, const char *labels, double value)
{
	char text[40];

	if (isnan(value))
		strcpy(text, "NaN");
	else if (isinf(value))
		strcpy(text, value > 0 ? "+Inf" : "-Inf");
	else
		snprintf(text, sizeof(text), "%.15g", value);
	sample(out, labels, text);
}

int exposition_label(char **labels, const char *name, const char *value)
{
	const size_t have = *labels ? strlen(*labels) : 0, name_bytes = strlen(name);
	char *repaired = strdup(value), *text = NULL;
	size_t n = have;

	if (repaired) {
		utf8_repair(repaired);
		text = realloc(*labels,
		               have + name_bytes + escape(NULL, repaired, 1) + sizeof(",=\"\""));
	}
	if (!text) {
		free(repaired);
		return -ENOMEM;
	}
	n += (size_t)sprintf(text + n, "%s%s=\"", have ? "," : "", name);
	n += escape(text + n, repaired, 1);
	strcpy(text + n, "\"");
	free(repaired);
	*labels = text;
	return 0;
}

void exposition_free(struct exposition *out)
{
	free(out->text);
	*out = (struct exposition){0};
}
