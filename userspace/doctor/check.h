/*
 * The checks, one function a part of the host. Each adds what it found; none changes anything. Thread: main.
 */
#ifndef DOCTOR_CHECK_H
#define DOCTOR_CHECK_H

#include "base/access_files.h"
#include "findings.h"
#include "host.h"
#include "ingest/ingest.h"
#include "ingest/preflight.h"

#include <stdbool.h>
#include <sys/timex.h>

/* Kernel release, BTF, who may use BPF, its compiler. */
void check_kernel(struct findings *findings, const struct host *host);

/* Capabilities, and what the limit on locked memory is to the ingest's AF_XDP sockets. xdp: it is asked for. */
void check_rights(struct findings *findings, const struct ingest_config *ingest, bool xdp);

/* The BPF file system and our folder in it. */
void check_pins(struct findings *findings);

/* How many descriptors the process may have. xdp: it is asked for. */
void check_descriptors(struct findings *findings, bool xdp);

/* What files are needed and where the HTTP server is to listen. */
struct check_files_config {
	const char *config_dir, *dashboard_dir, *http;
	bool dashboard_given; /* by an option, not found */
	bool starting;        /* a program that runs with these is in the way, and not good news */
};

/* The configuration folder; true when a running program has it. */
bool check_config_dir(struct findings *findings, const struct check_files_config *config);

void check_dashboard(struct findings *findings, const struct check_files_config *config);

/* Token, certificate and key. */
void check_access(struct findings *findings, const struct access_files *files);

/* The address for HTTP. running: there is a program that may have it. */
void check_http(struct findings *findings, const struct check_files_config *config, bool running);

/* Sockets' queues and the backlog that packets may wait in. xdp: is asked for. */
void check_queues(struct findings *findings, const struct host *host, bool may_exceed);

/* Is the clock synchronised: what adjtimex(2) returned, and the status that it filled in. */
void check_clock(struct findings *findings, const struct host *host, int state, int status);

/* One interface: findings->subject is its name. Errors: -ENODEV when there is none of that name. */
int check_interface(struct findings *findings, const struct host *host,
                    const struct ingest_config *ingest);

/* Of an interface whose facts are known: driver, MTU, channels, rings, offloads, VLAN tags. */
void check_driver(struct findings *findings, const struct host *host,
                  const struct preflight_facts *facts);

/* Where an interface's interrupts go, and whether its memory is near. */
void check_placement(struct findings *findings, const struct host *host);

/* Routes and filters that concern an interface. */
void check_routes(struct findings *findings, const struct host *host);

#endif
