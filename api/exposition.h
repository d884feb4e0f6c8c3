/*
 * A writer of the Prometheus text exposition format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). No values of its own, no sockets.
 *
 * Samples of a family stand together behind its HELP and TYPE; a family without samples leaves no trace. Thread: one
 * a writer (all).
 */
#ifndef API_EXPOSITION_H
#define API_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE };

/* Zero-initialise, but max_bytes. */
struct exposition {
	char *text; /* owned, freed by exposition_free; NUL-terminated once there is a sample */
	size_t size;
	size_t max_bytes; /* of text */
	size_t room;
	int error; /* 0, -ENOMEM, or -EFBIG: it would be over max_bytes; nothing is written any more */
	/* The family whose samples come now; borrowed. */
	const char *name, *help;
	enum exposition_type type;
	int announced; /* its HELP and TYPE are written */
};

/* Begin a family. name: a metric name; help: one line of text, escaped here. Both are borrowed until the next one. */
void exposition_family(struct exposition *out, const char *name, enum exposition_type type,
                       const char *help);

/* A sample of the family. labels: made by exposition_label, or "". */
void exposition_integer(struct exposition *out, const char *labels, uint64_t value);
void exposition_number(struct exposition *out, const char *labels, double value);

/*
 * Append a label to labels, `a="…",b="…"`, its value escaped and broken UTF-8 in it replaced. labels: owned by the
 * caller, NULL: none yet. Errors: -ENOMEM, and *labels is as before.
 */
int exposition_label(char **labels, const char *name, const char *value);

/* Free what out owns. */
void exposition_free(struct exposition *out);

#endif
