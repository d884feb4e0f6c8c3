/*
 * The HTTP address. Asked by the doctor and before the start, as the files are (check_files.c).
 */
#include "check.h"

#include "base/listen_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTS_TRIED     20
#define FIRST_FREE_PORT 8000 /* for who may not have one below 1024 */

/* As the server does it. Errors: negative errno. */
static int try_address(const struct listen_address *address)
{
	const int on = 1;
	const int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->any, address->size) || listen(fd, 1))
		error = -errno;
	close(fd);
	return error;
}

/* The same address with another port, that is free: "" when there is none near. */
static void other_port_command(char *command, size_t size, const char *text,
                               struct listen_address *address)
{
	const unsigned int first = listen_address_port(address) < 1024
	                                   ? FIRST_FREE_PORT
	                                   : listen_address_port(address) + 1;

	command[0] = '\0';
	for (unsigned int port = first; port < first + PORTS_TRIED && port <= UINT16_MAX; port++) {
		listen_address_set_port(address, (uint16_t)port);
		if (try_address(address))
			continue;
		snprintf(command, size, "export DISTRIBUTOR_HTTP='%.*s:%u'",
		         (int)(strrchr(text, ':') - text), text, port);
		return;
	}
}

struct distributor_search {
	const struct host *host;
	struct stat network;
	unsigned long pid; /* 0: none */
};

/* A process by the program's name, in this network as far as that can be told. */
static bool look_for_distributor(void *context, const char *name)
{
	struct distributor_search *search = context;
	const unsigned long pid = strtoul(name, NULL, 10);
	char command[32], path[64];
	struct stat network;

	if (!pid || pid == (unsigned long)getpid() ||
	    host_read(search->host, command, sizeof(command), "/proc/%lu/comm", pid) ||
	    strcmp(command, "medialive-distr") != 0) /* the kernel keeps 15 letters */
		return true;
	snprintf(path, sizeof(path), "/proc/%lu/ns/net", pid);
	if (stat(path, &network) ? errno == EACCES
	                         : network.st_dev == search->network.st_dev &&
	                                   network.st_ino == search->network.st_ino)
		search->pid = pid;
	return !search->pid;
}

/* The process that is a distributor beside this one, or 0. */
static unsigned long find_distributor(void)
{
	static const struct host host = {""};
	struct distributor_search search = {.host = &host};

	if (!stat("/proc/self/ns/net", &search.network))
		host_each(&host, "/proc", look_for_distributor, &search);
	return search.pid;
}

static void refuse_http(struct findings *findings, const char *text, struct listen_address *address,
                        int error)
{
	const unsigned int port = listen_address_port(address);
	char command[FINDING_FIX_BYTES];

	if (error == -EACCES)
		finding_set_kernel(command, sizeof(command), "net.ipv4.ip_unprivileged_port_start",
		                   port);
	else
		other_port_command(command, sizeof(command), text, address);
	if (error == -EADDRINUSE)
		findings_add(
			findings, FINDING_PROBLEM, "http", command,
			"%s is taken by another program (which: ss -ltnp 'sport = :%u'), maybe by a "
			"distributor that runs; another address is given by --http, or without it by DISTRIBUTOR_HTTP (a service: "
			"in /etc/default/medialive-distributor)",
			text, port);
	else if (error == -EACCES)
		findings_add(findings, FINDING_PROBLEM, "http", command,
		             "%s: ports below 1024 need cap_net_bind_service", text);
	else if (error == -EADDRNOTAVAIL)
		findings_add(findings, FINDING_PROBLEM, "http", NULL,
		             "%s is not an address of this machine (these are: ip -brief address)",
		             text);
	else
		findings_add(findings, FINDING_PROBLEM, "http", NULL, "cannot listen on %s: %s",
		             text, strerror(-error));
}

void check_http(struct findings *findings, const struct check_files_config *config, bool running)
{
	struct listen_address address;
	int error = listen_address_parse(&address, config->http);
	unsigned long pid;

	if (!error)
		error = try_address(&address);
	if (!error)
		findings_add(findings, FINDING_OK, "http", NULL, "%s is free", config->http);
	else if (error == -EADDRINUSE && running && !config->starting)
		findings_add(findings, FINDING_OK, "http", NULL,
		             "%s is taken, as a distributor runs", config->http);
	else if (error == -EADDRINUSE && !config->starting && (pid = find_distributor()))
		findings_add(
			findings, FINDING_WARNING, "http", NULL,
			"%s is taken, it seems by the distributor that runs as process %lu "
			"(which: ss -ltnp 'sport = :%u'): --doctor looks at that one when it is "
			"given its options; a second one needs another --http",
			config->http, pid, listen_address_port(&address));
	else
		refuse_http(findings, config->http, &address, error);
}
