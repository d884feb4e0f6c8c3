/*
 * Options: one table of names, environment variables, defaults and help, from which parsing and the help
 * text are made.
 */
#include "options.h"

#include "base/listen_address.h"
#include "base/version.h"
#include "ingest/interface_names.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef DISTRIBUTOR_VERSION
#define DISTRIBUTOR_VERSION "0.1.0"
#endif
#ifndef DASHBOARD_DIR
#define DASHBOARD_DIR "/usr/local/share/medialive-distributor/dashboard"
#endif

enum option_id {
	OPTION_CONFIG_DIR,
	OPTION_HTTP,
	OPTION_INTERFACE,
	OPTION_INGEST,
	OPTION_ZERO_COPY,
	OPTION_FILL_RING,
	OPTION_DASHBOARD_DIR,
	OPTION_TOKEN_FILE,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	OPTION_SENDERS,
	OPTION_INGEST_TICK_US,
	OPTION_SEND_TICK_US,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FORMAT,
	OPTION_DETACH,
	OPTION_DOCTOR,
	OPTION_COUNT,
	OPTION_HELP = 1000,
	OPTION_VERSION,
};

/* environment NULL: on the command line alone. argument NULL: none; set_option gets "yes" then. */
static const struct {
	const char *name, *environment, *fallback, *argument, *help;
} table[OPTION_COUNT] = {
	[OPTION_CONFIG_DIR] = {"config-dir", "DISTRIBUTOR_CONFIG_DIR", "./config", "DIR",
                               "where channels.json is kept"},
	[OPTION_HTTP] = {"http", "DISTRIBUTOR_HTTP", "127.0.0.1:8000", "ADDR:PORT",
                         "API and dashboard; IPv6 in brackets"},
	[OPTION_INTERFACE] = {"interface", "DISTRIBUTOR_INTERFACE", NULL, "IF[,IF...]",
                              "interfaces to attach XDP to (none: kernel sockets)"},
	[OPTION_INGEST] = {"ingest", "DISTRIBUTOR_INGEST", "auto", "MODE",
                           "auto, xdp, xdp-generic or udp; auto takes the best that works"},
	[OPTION_ZERO_COPY] = {"zero-copy", "DISTRIBUTOR_ZERO_COPY", NULL, NULL,
                              "XDP without copying where the driver can (ena is slower so)"},
	[OPTION_FILL_RING] =
		{"fill-ring", "DISTRIBUTOR_FILL_RING", "8192", "N",
                 "frames a receive queue holds, 2 kB each: a power of two, 1024 to 65536"},
	[OPTION_DASHBOARD_DIR] = {"dashboard-dir", "DISTRIBUTOR_DASHBOARD_DIR", NULL, "DIR",
                                  "the dashboard's files (default: those it was installed with)"},
	[OPTION_TOKEN_FILE] = {"token-file", "DISTRIBUTOR_TOKEN_FILE", NULL, "FILE",
                               "has the bearer token that the API asks for (none: anybody)"},
	[OPTION_TLS_CERT] = {"tls-cert", "DISTRIBUTOR_TLS_CERT", NULL, "FILE",
                             "PEM certificate chain: HTTPS instead of HTTP"},
	[OPTION_TLS_KEY] = {"tls-key", "DISTRIBUTOR_TLS_KEY", NULL, "FILE",
                            "PEM key of that certificate"},
	[OPTION_SENDERS] = {"senders", "DISTRIBUTOR_SENDERS", "0", "N",
                            "sender threads, 1 to 16; 0: as many as cores, at most 4"},
	[OPTION_INGEST_TICK_US] = {"ingest-tick-us", "DISTRIBUTOR_INGEST_TICK_US", "2000", "US",
                                   "how often packets are fetched, 100 to 10000"},
	[OPTION_SEND_TICK_US] = {"send-tick-us", "DISTRIBUTOR_SEND_TICK_US", "5000", "US",
                                 "how often outputs are fed, 1000 to 50000"},
	[OPTION_LOG_LEVEL] = {"log-level", "DISTRIBUTOR_LOG_LEVEL", "info", "LEVEL",
                              "error, warning, info or debug"},
	[OPTION_LOG_FORMAT] = {"log-format", "DISTRIBUTOR_LOG_FORMAT", "text", "FORMAT",
                               "text or json"},
	[OPTION_DETACH] = {"detach", NULL, NULL, NULL,
                           "remove what a program that was killed has left in the kernel, and end"},
	[OPTION_DOCTOR] = {"doctor", NULL, NULL, NULL,
                           "check this host for these options, say what to mend and how, and end"},
};

static void print_help(void)
{
	char left[40];

	printf("Usage: medialive-distributor [OPTION]...\n"
	       "Relays MPEG-TS channels from RTP over UDP to SRT and RTMP destinations.\n\n");
	for (int i = 0; i < OPTION_COUNT; i++) {
		snprintf(left, sizeof(left), "--%s %s", table[i].name,
		         table[i].argument ? table[i].argument : "");
		printf("  %-28s %s\n", left, table[i].help);
		if (!table[i].environment)
			continue;
		printf("  %-28s %s%s%s\n", "", table[i].environment,
		       table[i].fallback ? ", default " : "",
		       table[i].fallback ? table[i].fallback : "");
	}
	printf("  %-28s this text\n  %-28s the version\n\n", "--help", "--version");
	printf("Each option can also be given by the environment variable named below it.\n"
	       "SIGTERM, SIGINT and SIGHUP end the program cleanly, with exit status 0.\n");
}

static int parse_number(const char *text, unsigned long low, unsigned long high, uint32_t *out)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < low || value > high)
		return -EINVAL;
	*out = (uint32_t)value;
	return 0;
}

static int parse_frames(const char *text, uint32_t *frames)
{
	uint32_t value;

	if (parse_number(text, INGEST_MIN_FRAMES, INGEST_MAX_FRAMES, &value) ||
	    (value & (value - 1)))
		return -EINVAL;
	*frames = value;
	return 0;
}

/* Of an option without argument, which an environment variable may still switch off. */
static int parse_switch(const char *text, bool *on, char *why, size_t size)
{
	const bool yes = !strcmp(text, "yes") || !strcmp(text, "1");

	snprintf(why, size, "yes or no");
	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "0") != 0)
		return -EINVAL;
	*on = yes;
	return 0;
}

static int parse_format(const char *text, bool *json)
{
	*json = !strcmp(text, "json");
	return *json || !strcmp(text, "text") ? 0 : -EINVAL;
}

static int set_path(const char **to, const char *value, char *why, size_t size)
{
	*to = value;
	snprintf(why, size, "a file is wanted");
	return *value ? 0 : -EINVAL;
}

/* Errors: negative errno; why (size bytes) gets a sentence where the option's help does not do. */
static int set_option(struct options *options, int id, const char *value, char *why, size_t size)
{
	struct listen_address address;

	why[0] = '\0';
	switch (id) {
	case OPTION_CONFIG_DIR:
		options->config_dir = value;
		snprintf(why, size, "a folder is wanted");
		return *value ? 0 : -EINVAL;
	case OPTION_HTTP:
		options->http = value;
		snprintf(why, size, "an address and a port, as 127.0.0.1:8000 or [::1]:8000");
		return listen_address_parse(&address, value);
	case OPTION_INTERFACE:
		options->ingest.interfaces = *value ? value : NULL;
		return *value ? interface_names_check(value, why, size) : 0;
	case OPTION_INGEST:
		return ingest_mode_parse(&options->ingest.mode, value);
	case OPTION_ZERO_COPY:
		return parse_switch(value, &options->ingest.zero_copy, why, size);
	case OPTION_FILL_RING:
		return parse_frames(value, &options->ingest.frames);
	case OPTION_DASHBOARD_DIR:
		options->dashboard_dir = value;
		options->dashboard_given = true;
		return 0;
	case OPTION_TOKEN_FILE:
		return set_path(&options->token_file, value, why, size);
	case OPTION_TLS_CERT:
		return set_path(&options->tls_cert, value, why, size);
	case OPTION_TLS_KEY:
		return set_path(&options->tls_key, value, why, size);
	case OPTION_SENDERS:
		return parse_number(value, 0, 16, &options->senders.count);
	case OPTION_INGEST_TICK_US:
		return parse_number(value, 100, 10000, &options->ingest.tick_us);
	case OPTION_SEND_TICK_US:
		return parse_number(value, 1000, 50000, &options->senders.tick_us);
	case OPTION_LOG_LEVEL:
		return log_level_parse(value, &options->log_level);
	case OPTION_LOG_FORMAT:
		return parse_format(value, &options->log_json);
	case OPTION_DETACH:
		options->detach = true;
		return 0;
	case OPTION_DOCTOR:
		options->doctor = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * Beside the folder that the program is in: one that was built but not installed finds the repository's, one that was
 * installed elsewhere than it was built for finds its own.
 */
static const char *find_dashboard(void)
{
	static const char *const places[] = {"dashboard", "share/medialive-distributor/dashboard"};
	static char path[PATH_MAX + 64];
	const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	if (length <= 0)
		return DASHBOARD_DIR;
	path[length] = '\0';
	for (int up = 0; up < 2; up++) {
		slash = strrchr(path, '/');
		if (!slash)
			return DASHBOARD_DIR;
		*slash = '\0';
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(slash, 64, "/%s", places[i]);
		if (!access(path, R_OK))
			return path;
	}
	return DASHBOARD_DIR;
}

/* Where an option came from: "DISTRIBUTOR_HTTP" or "--http". */
static void refuse(const char *dashes, const char *name, const char *value, const char *why)
{
	fprintf(stderr, "medialive-distributor: %s%s: \"%s\" is not valid: %s\n", dashes, name,
	        value, why);
}

/* Defaults and environment. */
static int set_defaults(struct options *options)
{
	char why[200];

	for (int i = 0; i < OPTION_COUNT; i++) {
		const char *value = table[i].environment ? getenv(table[i].environment) : NULL;
		const bool given = value && *value;

		if (!given)
			value = table[i].fallback;
		if (value && set_option(options, i, value, why, sizeof(why))) {
			refuse("", table[i].environment, value, *why ? why : table[i].help);
			return -EINVAL;
		}
	}
	return 0;
}

/* What each option allows by itself, but not beside another. */
static int check_together(const struct options *options)
{
	const enum ingest_mode mode = options->ingest.mode;
	const bool strict = mode == INGEST_XDP || mode == INGEST_XDP_GENERIC;
	const char *fault = NULL;

	if (options->detach && options->doctor)
		fault = "--detach and --doctor exclude each other";
	else if (options->detach)
		return 0;
	else if (strict && !options->ingest.interfaces)
		fault = "--ingest xdp and xdp-generic (DISTRIBUTOR_INGEST) need --interface "
			"(DISTRIBUTOR_INTERFACE)";
	else if (options->ingest.zero_copy && (mode == INGEST_UDP || mode == INGEST_XDP_GENERIC))
		fault = "--zero-copy (DISTRIBUTOR_ZERO_COPY) is for native XDP, not for --ingest udp "
			"or xdp-generic (DISTRIBUTOR_INGEST)";
	else if (!options->tls_cert != !options->tls_key)
		fault = "--tls-cert (DISTRIBUTOR_TLS_CERT) and --tls-key (DISTRIBUTOR_TLS_KEY) go "
			"together";
	if (!fault)
		return 0;
	fprintf(stderr, "medialive-distributor: %s\n", fault);
	return -EINVAL;
}

/* A misspelt variable would be without effect and without a word. */
static void warn_of_unknown_variables(void)
{
	const char prefix[] = "DISTRIBUTOR_";

	for (char **entry = environ; entry && *entry; entry++) {
		const size_t length = strcspn(*entry, "=");
		bool known = strncmp(*entry, prefix, sizeof(prefix) - 1) != 0;

		for (int i = 0; i < OPTION_COUNT && !known; i++)
			known = table[i].environment && strlen(table[i].environment) == length &&
			        !memcmp(table[i].environment, *entry, length);
		if (!known)
			fprintf(stderr,
			        "medialive-distributor: warning: %.*s is no variable of this program "
			        "(see --help)\n",
			        (int)length, *entry);
	}
}

static enum options_result parse_line(struct options *options, int argc, char **argv,
                                      const struct option *long_options)
{
	char why[200];
	int id;

	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == OPTION_HELP) {
			print_help();
			return OPTIONS_DONE;
		}
		if (id == OPTION_VERSION) {
			printf("medialive-distributor %s\n", DISTRIBUTOR_VERSION);
			return OPTIONS_DONE;
		}
		if (id < 0 || id >= OPTION_COUNT)
			return OPTIONS_ERROR; /* getopt has said why */
		if (set_option(options, id, optarg ? optarg : "yes", why, sizeof(why))) {
			refuse("--", table[id].name, optarg, *why ? why : table[id].help);
			return OPTIONS_ERROR;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "medialive-distributor: unexpected argument \"%s\"\n",
		        argv[optind]);
		return OPTIONS_ERROR;
	}
	return check_together(options) ? OPTIONS_ERROR : OPTIONS_RUN;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
	struct option long_options[OPTION_COUNT + 3] = {0};

	memset(options, 0, sizeof(*options));
	options->dashboard_dir = find_dashboard();
	for (int i = 0; i < OPTION_COUNT; i++)
		long_options[i] = (struct option){
			table[i].name, table[i].argument ? required_argument : no_argument, NULL,
			i};
	long_options[OPTION_COUNT] = (struct option){"help", no_argument, NULL, OPTION_HELP};
	long_options[OPTION_COUNT + 1] =
		(struct option){"version", no_argument, NULL, OPTION_VERSION};
	if (set_defaults(options))
		return OPTIONS_ERROR;
	warn_of_unknown_variables();
	return parse_line(options, argc, argv, long_options);
}
