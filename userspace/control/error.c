/*
 * The error object of the REST API.
 */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drop a UTF-8 character that was cut in the middle at the end of text. */
static void trim_cut_character(char *text)
{
	size_t n = strlen(text), back = 0, need;
	unsigned char lead;

	while (back < n && back < 3 && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back == n)
		return;
	lead = (unsigned char)text[n - 1 - back];
	need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
	if (back < need)
		text[n - 1 - back] = '\0';
}

int api_error_set(struct api_error *error, int status, const char *code, const char *field,
                  const char *format, ...)
{
	va_list args;

	error->status = status;
	snprintf(error->code, sizeof(error->code), "%s", code);
	snprintf(error->field, sizeof(error->field), "%s", field ? field : "");
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	trim_cut_character(error->field);
	trim_cut_character(error->message);
	return -1;
}

int api_error_no_memory(struct api_error *error)
{
	return api_error_set(error, 500, "out_of_memory", NULL, "Not enough memory");
}
