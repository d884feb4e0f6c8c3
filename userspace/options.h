/*
 * The program's options: command line before environment before default.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/log.h"
#include "ingest/ingest.h"
#include "output/sender.h"

#include <stdbool.h>

struct options {
	const char *config_dir;
	const char *http; /* ADDR:PORT */
	const char *dashboard_dir;
	const char *token_file, *tls_cert, *tls_key; /* NULL: none */
	bool dashboard_given;                        /* by an option or variable, not found */
	struct ingest_config ingest;
	struct senders_config senders;
	enum log_level log_level;
	bool log_json;
	bool detach; /* remove what is left in the kernel, and end */
	bool doctor; /* check the host, and end */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE,  /* help or version was printed: exit with 0 */
	OPTIONS_ERROR, /* what is wrong was printed: exit with 2 */
};

/* Strings are borrowed from argv and the environment. Thread: main. */
enum options_result options_parse(struct options *options, int argc, char **argv);

#endif
