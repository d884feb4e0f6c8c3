/*
 * The order of the checks, and how findings are shown.
 */
#include "doctor.h"

#include "base/log.h"
#include "base/privileges.h"
#include "base/utf8.h"
#include "check.h"
#include "ingest/claim.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* context: whether a command was printed whose effect a reboot ends; those for the kernel's settings last. */
static void print_text(void *context, const struct finding *finding)
{
	bool *passing = context;
	char name[48];

	snprintf(name, sizeof(name), "%s%s%s", finding->subject, *finding->subject ? " " : "",
	         finding->check);
	printf("%-8s %-24s %s\n", finding_status_name(finding->status), name, finding->sentence);
	if (!*finding->fix)
		return;
	printf("    %s\n", finding->fix);
	*passing = *passing || *finding->subject || !strcmp(finding->check, "bpffs");
}

/* A JSON string (RFC 8259, section 7). */
static void print_string(const char *name, const char *text)
{
	char repaired[2 * FINDING_FIX_BYTES];

	snprintf(repaired, sizeof(repaired), "%s", text);
	utf8_repair(repaired);
	printf("\"%s\":\"", name);
	for (const char *at = repaired; *at; at++) {
		const unsigned char c = (unsigned char)*at;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(void *context, const struct finding *finding)
{
	(void)context;
	putchar('{');
	print_string("status", finding_status_name(finding->status));
	putchar(',');
	print_string("interface", finding->subject);
	putchar(',');
	print_string("check", finding->check);
	putchar(',');
	print_string("message", finding->sentence);
	putchar(',');
	print_string("fix", finding->fix);
	puts("}");
}

static struct check_files_config files_of(const struct doctor_config *config, bool starting)
{
	return (struct check_files_config){config->config_dir, config->dashboard_dir, config->http,
	                                   config->dashboard_given, starting};
}

static void check_interfaces(struct findings *findings, const struct host *host,
                             const struct ingest_config *ingest)
{
	char *names = strdup(ingest->interfaces), *rest = names, *name;

	while (names && (name = strsep(&rest, ","))) {
		findings->subject = name;
		check_interface(findings, host, ingest);
	}
	findings->subject = NULL;
	free(names);
}

/* Does a distributor serve one of the interfaces? Its other files may be others than ours. */
static bool is_served(const struct ingest_config *ingest)
{
	char *names = ingest->interfaces ? strdup(ingest->interfaces) : NULL, *rest = names, *name;
	bool served = false;
	pid_t holder;

	while (names && !served && (name = strsep(&rest, ",")))
		served = claim_is_held(name, &holder);
	free(names);
	return served;
}

static void check_host(struct findings *findings, const struct doctor_config *config)
{
	const struct check_files_config files = files_of(config, false);
	const struct host host = {""};
	const bool xdp = config->ingest->interfaces && config->ingest->mode != INGEST_UDP;
	struct timex clock = {0};
	bool running;
	int state;

	check_kernel(findings, &host);
	check_rights(findings, config->ingest, xdp);
	if (xdp)
		check_pins(findings);
	check_descriptors(findings, xdp);
	running = check_config_dir(findings, &files) || is_served(config->ingest);
	check_http(findings, &files, running);
	check_dashboard(findings, &files);
	check_access(findings, &config->access);
	check_queues(findings, &host, privileges_hold("net_admin"));
	state = adjtimex(&clock);
	check_clock(findings, &host, state, clock.status);
	if (config->ingest->interfaces)
		check_interfaces(findings, &host, config->ingest);
}

/* Has all that was printed arrived? It may be what a script decides by. */
static bool is_written(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	log_error("cannot print what was found: %s", strerror(errno));
	return false;
}

static void print_sum(const unsigned int *counts, bool no_interface, bool passing)
{
	printf("%u ok, %u unknown, %u warnings, %u problems\n", counts[FINDING_OK],
	       counts[FINDING_UNKNOWN], counts[FINDING_WARNING], counts[FINDING_PROBLEM]);
	if (no_interface)
		printf("Without --interface no network interface was looked at.\n");
	if (passing)
		printf("What ip, ethtool, mount and echo to /proc set is gone with a reboot: "
		       "docs/DEPLOYMENT.md, \"After a reboot\", makes it last.\n");
	if (geteuid() != 0)
		printf("Commands that change the host are for root.\n");
}

bool doctor_run(const struct doctor_config *config)
{
	bool passing = false;
	struct findings findings = {.take = config->json ? print_json : print_text,
	                            .context = &passing};

	check_host(&findings, config);
	if (!config->json)
		print_sum(findings.counts, !config->ingest->interfaces, passing);
	return is_written() && !findings.counts[FINDING_PROBLEM];
}

static void log_problem(void *context, const struct finding *finding)
{
	(void)context;
	if (finding->status != FINDING_PROBLEM)
		return;
	log_error("%s: %s%s%s%s", finding->check, finding->sentence,
	          *finding->fix ? " [mend: " : "", finding->fix, *finding->fix ? "]" : "");
}

bool doctor_before_start(const struct doctor_config *config)
{
	const struct check_files_config files = files_of(config, true);
	struct findings findings = {.take = log_problem};

	check_config_dir(&findings, &files);
	check_dashboard(&findings, &files);
	check_http(&findings, &files, false);
	return !findings.counts[FINDING_PROBLEM];
}
