/*
 * Findings are handed on one by one; nothing is kept but how many there were.
 */
#include "findings.h"

#include "base/shell_word.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KERNEL_SETTINGS "/etc/sysctl.d/60-medialive-distributor.conf"

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

void finding_set_kernel(char *out, size_t size, const char *name, long long value)
{
	char line[160], word[400];

	snprintf(line, sizeof(line), "%s = %lld", name, value);
	shell_word(word, sizeof(word), line);
	snprintf(out, size, "echo %s >>" KERNEL_SETTINGS " && sysctl -p " KERNEL_SETTINGS, word);
}
