/*
 * Routing: reverse path filters, and whether the way to the rest of the world is the media interface.
 */
#include "check.h"

#include <net/if.h>
#include <net/route.h>
#include <string.h>

#define STRICT 1 /* of rp_filter */
#define LOOSE  2

struct routes {
	bool default_here, default_elsewhere;
	bool any_elsewhere; /* besides the loopback: the host is multi-homed */
};

/* The main table of IPv4. */
static bool read_routes(const struct host *host, const char *interface, struct routes *routes)
{
	FILE *file = host_open(host, "/proc/net/route");
	char line[256], name[IF_NAMESIZE];
	unsigned long destination, mask;
	unsigned int flags;

	*routes = (struct routes){0};
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		bool here;

		if (sscanf(line, "%15s %lx %*x %x %*d %*d %*d %lx", name, &destination, &flags,
		           &mask) != 4 ||
		    !(flags & RTF_UP) || (flags & RTF_REJECT) || !strcmp(name, "lo"))
			continue;
		here = !strcmp(name, interface);
		routes->any_elsewhere = routes->any_elsewhere || !here;
		if (destination || mask)
			continue;
		routes->default_here = routes->default_here || here;
		routes->default_elsewhere = routes->default_elsewhere || !here;
	}
	fclose(file);
	return true;
}

static void check_default(struct findings *findings, const struct routes *routes)
{
	if (routes->default_here && !routes->default_elsewhere)
		findings_add(
			findings, FINDING_WARNING, "default-route", NULL,
			"the only default route goes out by it: management and outputs share it "
			"with the channels; give these an interface of their own");
	else
		findings_add(findings, FINDING_OK, "default-route", NULL, "%s",
		             routes->default_here ? "there is another one besides its own"
		                                  : "not by this interface");
}

/* sysctl takes a dot in a name for the end of it. */
static void filter_command(char *command, size_t size, const char *interface)
{
	char name[IF_NAMESIZE], setting[64];

	snprintf(name, sizeof(name), "%s", interface);
	for (char *at = name; *at; at++)
		if (*at == '.')
			*at = '/';
	snprintf(setting, sizeof(setting), "net.ipv4.conf.%s.rp_filter", name);
	finding_set_kernel(command, size, setting, LOOSE);
}

static void check_reverse_path(struct findings *findings, const struct host *host,
                               const struct routes *routes)
{
	int64_t all, own;
	char command[FINDING_FIX_BYTES];

	if (host_read_number(host, &all, "/proc/sys/net/ipv4/conf/all/rp_filter") ||
	    host_read_number(host, &own, "/proc/sys/net/ipv4/conf/%s/rp_filter",
	                     findings->subject)) {
		findings_add(findings, FINDING_UNKNOWN, "rp-filter", NULL,
		             "net.ipv4.conf.*.rp_filter cannot be read");
		return;
	}
	own = own > all ? own : all; /* the kernel's rule */
	if (own != STRICT || !routes->any_elsewhere) {
		findings_add(findings, FINDING_OK, "rp-filter", NULL, "%s",
		             own != STRICT ? "the kernel does not insist on the way back"
		                           : "strict, and all routes go by this interface");
		return;
	}
	filter_command(command, sizeof(command), findings->subject);
	findings_add(
		findings, FINDING_WARNING, "rp-filter", command,
		"strict, with routes by other interfaces: groups and streams whose sender is not "
		"reached by this one are dropped before kernel sockets see them");
}

void check_routes(struct findings *findings, const struct host *host)
{
	struct routes routes;

	if (!read_routes(host, findings->subject, &routes)) {
		findings_add(findings, FINDING_UNKNOWN, "default-route", NULL,
		             "/proc/net/route cannot be read");
		return;
	}
	check_default(findings, &routes);
	check_reverse_path(findings, host, &routes);
}
