/*
 * Findings are handed on one by one; nothing is kept but how many there were.
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void findings_add(struct findings *findings, enum finding_status status, const char *check,
                  const char *fix, const char *format, ...)
{
	struct finding finding = {.status = status,
	                          .subject = findings->subject ? findings->subject : "",
	                          .check = check};
	va_list args;

	va_start(args, format);
	vsnprintf(finding.sentence, sizeof(finding.sentence), format, args);
	va_end(args);
	if (fix && strlen(fix) < sizeof(finding.fix)) /* half a command would be worse than none */
		strcpy(finding.fix, fix);
	findings->counts[status]++;
	findings->take(findings->context, &finding);
}

const char *finding_status_name(enum finding_status status)
{
	static const char *const names[] = {"ok", "unknown", "warning", "problem"};

	return names[status];
}

void finding_quote(char *out, size_t size, const char *text)
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
