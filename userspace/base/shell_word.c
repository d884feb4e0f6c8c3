/*
 * Quoted only where it has to be, by POSIX's single quotes, so that usual names stay legible.
 */
#include "shell_word.h"

#include <stdio.h>
#include <string.h>

void shell_word(char *out, size_t size, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./-@:+,=";
	size_t n = 0;

	if (*text && !text[strspn(text, plain)]) {
		snprintf(out, size, "%s", text);
		return;
	}
	out[n++] = '\'';
	for (; *text && n + 6 < size; text++) {
		if (*text == '\'')
			n += (size_t)snprintf(out + n, size - n, "'\\''");
		else
			out[n++] = *text;
	}
	out[n++] = '\'';
	out[n] = '\0';
}
