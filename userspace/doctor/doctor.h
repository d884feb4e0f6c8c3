/*
 * Is this host fit to run the distributor as it was asked for? What is not is said in a line, with the command that
 * mends it.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "base/access_files.h"
#include "ingest/ingest.h"

#include <stdbool.h>

struct doctor_config {
	const char *config_dir;
	const char *dashboard_dir;
	bool dashboard_given; /* by an option, not found */
	const char *http;     /* ADDR:PORT */
	struct access_files access;
	const struct ingest_config *ingest;
	bool json; /* a JSON object a line instead of text */
};

/*
 * Check everything and print it to standard output. Changes nothing. Whether there is no problem, and all was
 * printed. Thread: main, before others exist.
 */
bool doctor_run(const struct doctor_config *config);

/*
 * Check what the program is about to use (configuration folder, dashboard, HTTP address) and log what keeps it
 * from starting. Whether nothing does. Thread: main, before others exist.
 */
bool doctor_before_start(const struct doctor_config *config);

#endif
