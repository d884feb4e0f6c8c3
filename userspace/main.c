/*
 * medialive-distributor: wiring, signals, start and stop.
 *
 * Start: ingest, senders, manager (which restores the channels), API. Stop: API, manager, ingest, senders,
 * so that everything an object needs outlives it. Ingest starts first because privileges are dropped once
 * it has attached XDP, which has to be before there is a second thread.
 *
 * What can be known to be wrong is found before: options by themselves, then files and the HTTP address
 * (doctor/doctor.h). Exit status 2 is for options, 1 for the rest.
 */
#include "api/access.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/privileges.h"
#include "control/manager.h"
#include "control/watchdog.h"
#include "doctor/doctor.h"
#include "ingest/detach.h"
#include "ingest/ingest.h"
#include "options.h"
#include "output/output.h"
#include "output/sender.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define OUTPUTS_PATIENCE_MS 8000 /* an RTMP peer that reads nothing holds its thread for 5 s */
#define TRIM_NS             (5 * NS_PER_S)

struct program {
	struct senders *senders;
	struct ingest *ingest;
	struct manager *manager;
	struct access access;
	struct api_server *api;
	struct watchdog watchdog;
};

static bool wants_xdp(const struct options *options)
{
	return options->ingest.interfaces && options->ingest.mode != INGEST_UDP;
}

static int drop_privileges(void *context)
{
	const struct options *options = context;
	char names[PRIVILEGES_NAMES_MAX];
	const int error = privileges_drop(wants_xdp(options), options->config_dir);

	if (error) {
		log_error("cannot drop privileges: %s", strerror(-error));
		return error;
	}
	privileges_names(names, sizeof(names));
	log_info("capabilities kept: %s", *names ? names : "none");
	return 0;
}

static int start(struct program *p, struct options *options)
{
	struct manager_config manager = {.config_dir = options->config_dir};
	struct api_config api = {.listen = options->http,
	                         .dashboard_dir = options->dashboard_dir,
	                         .access = &p->access};
	const struct access_files files = {options->token_file, options->tls_cert,
	                                   options->tls_key};
	int error = access_load(&p->access, &files);

	if (error)
		return error;

	privileges_explain(wants_xdp(options));
	options->ingest.attached = drop_privileges;
	options->ingest.context = options;
	error = ingest_create(&p->ingest, &options->ingest);
	if (error)
		return error;
	error = senders_create(&p->senders, &options->senders);
	if (error) {
		log_error("cannot start sender threads: %s", strerror(-error));
		return error;
	}
	manager.ingest = p->ingest;
	manager.senders = p->senders;
	error = manager_create(&p->manager, &manager);
	if (error)
		return error;
	api.manager = p->manager;
	error = api_server_create(&p->api, &api);
	if (error)
		return error;
	return watchdog_init(&p->watchdog, p->ingest, p->senders);
}

static void stop(struct program *p)
{
	const bool in_use = api_server_destroy(p->api) != 0;

	access_files_free(&p->access);
	if (in_use) /* a whole configuration that is put starts for seconds, and others wait for it */
		manager_shut(p->manager);
	else
		manager_destroy(p->manager);
	if (output_wait_all(OUTPUTS_PATIENCE_MS))
		log_warning("some outputs did not end in time");
	ingest_destroy(p->ingest); /* its last commands retire objects on to the senders */
	senders_destroy(p->senders);
}

/* Hundreds of channels and outputs are hundreds of descriptors. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warning("descriptor limit stays at %llu", (unsigned long long)limit.rlim_cur);
}

/* Signals are waited for in main: every thread inherits the mask. */
static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP); /* the terminal is gone */
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN); /* librtmp and HTTP clients that hang up */
}

/* Until the program is to end. Meanwhile: feed the watchdog, give memory back. */
static int wait_for_signal(const sigset_t *signals, struct watchdog *watchdog)
{
	const int64_t pause_ns = watchdog_pause_ns(watchdog);
	const struct timespec pause = {.tv_sec = pause_ns / NS_PER_S,
	                               .tv_nsec = pause_ns % NS_PER_S};
	int64_t trimmed_ns = clock_now_ns();
	int received;

	while ((received = sigtimedwait(signals, NULL, &pause)) < 0) {
		watchdog_look(watchdog);
		if (clock_now_ns() - trimmed_ns < TRIM_NS)
			continue;
		output_trim();
		trimmed_ns = clock_now_ns();
	}
	return received;
}

/* From the API's start on to the signal that ends it. */
static void serve(struct program *p, const char *http, const sigset_t *signals)
{
	char status[160];

	snprintf(status, sizeof(status), "API and dashboard on %s", http);
	notify_ready(status);
	log_info("stopping on %s", strsignal(wait_for_signal(signals, &p->watchdog)));
	notify_alive(); /* stopping has the whole interval */
	notify_stopping();
}

int main(int argc, char **argv)
{
	struct program program = {0};
	struct doctor_config doctor;
	struct options options;
	sigset_t signals;
	int error;

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_ERROR:
		return 2;
	case OPTIONS_RUN:
		break;
	}
	log_configure(options.log_level, options.log_json);
	error = privileges_raise();
	if (error)
		log_warning("capabilities are not in effect: %s", strerror(-error));
	if (options.detach)
		return detach_all(options.ingest.interfaces) ? EXIT_FAILURE : EXIT_SUCCESS;
	doctor = (struct doctor_config){
		.config_dir = options.config_dir,
		.dashboard_dir = options.dashboard_dir,
		.dashboard_given = options.dashboard_given,
		.http = options.http,
		.access = {options.token_file, options.tls_cert, options.tls_key},
		.ingest = &options.ingest,
		.json = options.log_json};
	if (options.doctor)
		return doctor_run(&doctor) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (!doctor_before_start(&doctor))
		return EXIT_FAILURE;
	srandom((unsigned int)(time(NULL) ^ getpid()));
	mallopt(M_ARENA_MAX, 2); /* dozens of mostly idle threads need no arena each */
	block_signals(&signals);
	raise_descriptor_limit();
	error = start(&program, &options);
	if (!error)
		serve(&program, options.http, &signals);
	stop(&program);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
