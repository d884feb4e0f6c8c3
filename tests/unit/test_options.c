/*
 * Options: command line before environment before default, and what is refused.
 */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_WORDS 10

static const char *const variables[] = {
	"DISTRIBUTOR_CONFIG_DIR",     "DISTRIBUTOR_HTTP",          "DISTRIBUTOR_INTERFACE",
	"DISTRIBUTOR_INGEST",         "DISTRIBUTOR_DASHBOARD_DIR", "DISTRIBUTOR_SENDERS",
	"DISTRIBUTOR_INGEST_TICK_US", "DISTRIBUTOR_SEND_TICK_US",  "DISTRIBUTOR_LOG_LEVEL",
	"DISTRIBUTOR_LOG_FORMAT",     "DISTRIBUTOR_ZERO_COPY",     "DISTRIBUTOR_FILL_RING",
	"DISTRIBUTOR_TOKEN_FILE",     "DISTRIBUTOR_TLS_CERT",      "DISTRIBUTOR_TLS_KEY",
};

static int clear_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

/*
 * Parse the words, separated by single spaces. What is printed goes to a file and comes back in
 * output, unless that is NULL. Strings in options point into a static buffer.
 */
static enum options_result parse(struct options *options, const char *words, char *output,
                                 size_t size)
{
	static char buffer[512];
	char *argv[MAX_WORDS + 2] = {(char[]){"medialive-distributor"}}, *rest = buffer;
	const int saved[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
	FILE *file = tmpfile();
	enum options_result result;
	int argc = 1;
	size_t n;

	assert_non_null(file);
	snprintf(buffer, sizeof(buffer), "%s", words);
	while (*words && rest) {
		assert_true(argc <= MAX_WORDS);
		argv[argc++] = strsep(&rest, " ");
	}
	optind = 0;
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	result = options_parse(options, argc, argv);
	fflush(stdout);
	dup2(saved[0], STDOUT_FILENO);
	dup2(saved[1], STDERR_FILENO);
	close(saved[0]);
	close(saved[1]);
	if (output) {
		rewind(file);
		n = fread(output, 1, size - 1, file);
		output[n] = '\0';
	}
	fclose(file);
	return result;
}

static void test_defaults(void **state)
{
	struct options options;
	char printed[100];

	(void)state;
	assert_int_equal(parse(&options, "", printed, sizeof(printed)), OPTIONS_RUN);
	assert_string_equal(printed, "");
	assert_string_equal(options.config_dir, "./config");
	assert_string_equal(options.http, "127.0.0.1:8000");
	assert_non_null(options.dashboard_dir);
	assert_int_equal(options.ingest.mode, INGEST_AUTO);
	assert_null(options.ingest.interfaces);
	assert_int_equal(options.ingest.tick_us, 2000);
	assert_int_equal(options.senders.count, 0);
	assert_int_equal(options.senders.tick_us, 5000);
	assert_int_equal(options.log_level, LOG_LEVEL_INFO);
	assert_false(options.log_json);
	assert_false(options.detach);
	assert_false(options.ingest.zero_copy);
	assert_int_equal(options.ingest.frames, 8192);
	assert_null(options.token_file);
	assert_null(options.tls_cert);
	assert_null(options.tls_key);
}

static void check_all(const struct options *options)
{
	assert_string_equal(options->config_dir, "/etc/x");
	assert_string_equal(options->http, "[::]:80");
	assert_string_equal(options->dashboard_dir, "/srv/d");
	assert_int_equal(options->ingest.mode, INGEST_XDP);
	assert_string_equal(options->ingest.interfaces, "eth0,eth1");
	assert_int_equal(options->ingest.tick_us, 100);
	assert_int_equal(options->senders.count, 16);
	assert_int_equal(options->senders.tick_us, 50000);
	assert_int_equal(options->log_level, LOG_LEVEL_DEBUG);
	assert_true(options->log_json);
	assert_true(options->ingest.zero_copy);
	assert_int_equal(options->ingest.frames, 65536);
}

static void test_command_line(void **state)
{
	struct options first, second;

	(void)state;
	assert_int_equal(parse(&first,
	                       "--config-dir /etc/x --http=[::]:80 --dashboard-dir=/srv/d "
	                       "--interface eth0,eth1 --ingest=xdp",
	                       NULL, 0),
	                 OPTIONS_RUN);
	assert_int_equal(parse(&second,
	                       "--ingest-tick-us=100 --send-tick-us=50000 --senders=16 "
	                       "--log-level=debug --log-format json --zero-copy --fill-ring=65536",
	                       NULL, 0),
	                 OPTIONS_RUN);
	second.ingest.interfaces = "eth0,eth1"; /* first's strings are overwritten by now */
	second.ingest.mode = first.ingest.mode;
	second.config_dir = "/etc/x";
	second.http = "[::]:80";
	second.dashboard_dir = "/srv/d";
	check_all(&second);
}

static void set_environment(void)
{
	static const char *const values[] = {"/etc/x", "[::]:80", "eth0,eth1", "xdp",   "/srv/d",
	                                     "16",     "100",     "50000",     "debug", "json",
	                                     "yes",    "65536",   "/t",        "/c",    "/k"};

	for (size_t i = 0; i < COUNT(variables); i++)
		setenv(variables[i], values[i], 1);
}

static void test_environment(void **state)
{
	struct options options;

	(void)state;
	set_environment();
	assert_int_equal(parse(&options, "", NULL, 0), OPTIONS_RUN);
	check_all(&options);
	assert_string_equal(options.token_file, "/t");
	assert_string_equal(options.tls_cert, "/c");
	assert_string_equal(options.tls_key, "/k");
	assert_int_equal(parse(&options, "--senders=2 --ingest auto --http 127.0.0.1:9", NULL, 0),
	                 OPTIONS_RUN);
	assert_int_equal(options.senders.count, 2);
	assert_int_equal(options.ingest.mode, INGEST_AUTO);
	assert_string_equal(options.http, "127.0.0.1:9");
	assert_string_equal(options.config_dir, "/etc/x");
}

static void test_flag(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse(&options, "--doctor --dashboard-dir /srv", NULL, 0), OPTIONS_RUN);
	assert_true(options.doctor && options.dashboard_given && !options.detach);
	assert_int_equal(parse(&options, "--detach --interface eth0", NULL, 0), OPTIONS_RUN);
	assert_true(options.detach && !options.doctor && !options.dashboard_given);
	assert_string_equal(options.ingest.interfaces, "eth0");
}

/* An empty variable is as good as none, and an empty --interface takes the variable's back. */
static void test_empty_values(void **state)
{
	struct options options;

	(void)state;
	for (size_t i = 0; i < COUNT(variables); i++)
		setenv(variables[i], "", 1);
	assert_int_equal(parse(&options, "", NULL, 0), OPTIONS_RUN);
	assert_string_equal(options.config_dir, "./config");
	assert_int_equal(options.ingest.tick_us, 2000);
	setenv("DISTRIBUTOR_INTERFACE", "eth0", 1);
	assert_int_equal(parse(&options, "--interface=", NULL, 0), OPTIONS_RUN);
	assert_null(options.ingest.interfaces);
}

static const struct {
	const char *words;
	const char *named; /* part of what is printed */
} refused[] = {
	{"--senders=17", "--senders: \"17\""},
	{"--senders=-1", "--senders: \"-1\""},
	{"--senders=two", "--senders: \"two\""},
	{"--senders=2x", "--senders: \"2x\""},
	{"--senders=", "--senders: \"\""},
	{"--senders=99999999999999999999", "--senders"},
	{"--senders=4294967297", "--senders"}, /* 2^32 + 1 */
	{"--ingest-tick-us=99", "--ingest-tick-us"},
	{"--ingest-tick-us=10001", "--ingest-tick-us"},
	{"--send-tick-us=999", "--send-tick-us"},
	{"--send-tick-us=50001", "--send-tick-us"},
	{"--ingest=XDP", "--ingest: \"XDP\""},
	{"--ingest=", "--ingest"},
	{"--log-level=verbose", "--log-level"},
	{"--log-format=xml", "--log-format"},
	{"--senders", "senders"},
	{"--nonsense", "nonsense"},
	{"--help=yes", "help"},
	{"--detach=yes", "detach"},
	{"--zero-copy=yes", "zero-copy"},
	{"--fill-ring=1000", "--fill-ring: \"1000\""},
	{"--fill-ring=512", "--fill-ring"},
	{"--fill-ring=131072", "--fill-ring"},
	{"--fill-ring=0", "--fill-ring"},
	{"--http=8000", "--http: \"8000\""},
	{"--http=localhost:8000", "--http"},
	{"--config-dir=", "--config-dir: \"\""},
	{"--interface=a/b", "\"a/b\" cannot be an interface's name"},
	{"--interface=eth0,eth0", "interface eth0 is given twice"},
	{"--ingest=xdp", "need --interface"},
	{"--ingest=xdp-generic --interface=", "need --interface"},
	{"--ingest=udp --zero-copy", "--zero-copy"},
	{"--ingest=xdp-generic --interface=eth0 --zero-copy", "--zero-copy"},
	{"--tls-cert=/c", "go together"},
	{"--tls-key=/k", "go together"},
	{"--tls-key=", "--tls-key: \"\""},
	{"--token-file=", "--token-file: \"\""},
	{"--detach --doctor", "exclude each other"},
	{"--doctor=yes", "doctor"},
	{"--detach eth0", "unexpected argument \"eth0\""},
	{"-x", "x"},
	{"word", "unexpected argument \"word\""},
	{"--senders=1 word", "unexpected argument \"word\""},
	{"-- --senders=1", "unexpected argument \"--senders=1\""},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct options options;
		char printed[1000];

		if (parse(&options, refused[i].words, printed, sizeof(printed)) != OPTIONS_ERROR)
			fail_msg("\"%s\" was taken", refused[i].words);
		if (!strstr(printed, refused[i].named))
			fail_msg("\"%s\" printed: %s", refused[i].words, printed);
	}
}

static void test_refused_environment(void **state)
{
	static const struct {
		const char *variable, *value;
	} cases[] = {
		{"DISTRIBUTOR_SENDERS", "17"},       {"DISTRIBUTOR_INGEST", "fast"},
		{"DISTRIBUTOR_INGEST_TICK_US", "1"}, {"DISTRIBUTOR_SEND_TICK_US", "1e3"},
		{"DISTRIBUTOR_ZERO_COPY", "please"}, {"DISTRIBUTOR_FILL_RING", "8193"},
		{"DISTRIBUTOR_LOG_LEVEL", "INFO"},   {"DISTRIBUTOR_LOG_FORMAT", "txt"},
		{"DISTRIBUTOR_HTTP", "here"},        {"DISTRIBUTOR_INTERFACE", "eth 0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options options;
		char printed[1000];

		setenv(cases[i].variable, cases[i].value, 1);
		assert_int_equal(parse(&options, "", printed, sizeof(printed)), OPTIONS_ERROR);
		assert_non_null(strstr(printed, cases[i].variable));
		assert_non_null(strstr(printed, cases[i].value));
		if (!strcmp(cases[i].variable, "DISTRIBUTOR_ZERO_COPY"))
			assert_non_null(strstr(printed, "yes or no"));
		unsetenv(cases[i].variable);
	}
}

static void test_unknown_variable(void **state)
{
	struct options options;
	char printed[1000];

	(void)state;
	setenv("DISTRIBUTOR_SENDER", "2", 1);
	assert_int_equal(parse(&options, "", printed, sizeof(printed)), OPTIONS_RUN);
	assert_non_null(strstr(printed, "DISTRIBUTOR_SENDER is no variable"));
	unsetenv("DISTRIBUTOR_SENDER");
}

static void test_help_and_version(void **state)
{
	struct options options;
	char printed[8000];

	(void)state;
	assert_int_equal(parse(&options, "--help", printed, sizeof(printed)), OPTIONS_DONE);
	for (size_t i = 0; i < COUNT(variables); i++)
		assert_non_null(strstr(printed, variables[i]));
	assert_int_equal(parse(&options, "--version", printed, sizeof(printed)), OPTIONS_DONE);
	assert_string_equal(printed, "medialive-distributor " DISTRIBUTOR_VERSION "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, clear_environment),
		cmocka_unit_test_setup(test_command_line, clear_environment),
		cmocka_unit_test_setup(test_environment, clear_environment),
		cmocka_unit_test_setup(test_flag, clear_environment),
		cmocka_unit_test_setup(test_empty_values, clear_environment),
		cmocka_unit_test_setup(test_refused, clear_environment),
		cmocka_unit_test_setup(test_refused_environment, clear_environment),
		cmocka_unit_test_setup(test_unknown_variable, clear_environment),
		cmocka_unit_test_setup(test_help_and_version, clear_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
