/*
 * One interface: is it there, is it on, and does somebody else's XDP program sit on it.
 */
#include "check.h"

#include "base/shell_word.h"
#include "ingest/attach.h"
#include "ingest/bpffs.h"
#include "ingest/claim.h"
#include "ingest/ethtool.h"
#include "ingest/foreign.h"
#include "ingest/pins.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

/* The names of those that there are. */
static void list_interfaces(char *out, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	size_t used = 0;

	out[0] = '\0';
	for (struct if_nameindex *i = all; i && i->if_index && used < size; i++)
		if (strcmp(i->if_name, "lo") != 0)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
			                         i->if_name);
	if (all)
		if_freenameindex(all);
}

static void check_link(struct findings *findings)
{
	const unsigned int flags = ethtool_get_flags(findings->subject);
	char command[SHELL_WORD_INTERFACE_BYTES + 32], word[SHELL_WORD_INTERFACE_BYTES];

	shell_word(word, sizeof(word), findings->subject);
	snprintf(command, sizeof(command), "ip link set %s up", word);
	if (!(flags & IFF_UP))
		findings_add(findings, FINDING_PROBLEM, "link", command, "it is switched off");
	else if (!(flags & IFF_RUNNING))
		findings_add(findings, FINDING_WARNING, "link", NULL,
		             "it is on but has no carrier: cable, switch port or the other end");
	else
		findings_add(findings, FINDING_OK, "link", NULL, "up");
}

/* A program of ours that was killed has left its pinned link; the next start takes it over. */
static bool is_left_by_us(const char *interface, unsigned int ifindex)
{
	char path[BPFFS_PATH_MAX];
	bool ours;
	int link;

	if (bpffs_name_directory(path, interface))
		return false;
	link = pins_open_link(path);
	if (link < 0)
		return false;
	ours = pins_link_is_on(link, ifindex);
	close(link);
	return ours;
}

static void check_program(struct findings *findings, unsigned int ifindex)
{
	struct foreign foreign;
	pid_t holder;
	int error;

	if (claim_is_held(findings->subject, &holder)) {
		findings_add(findings, FINDING_OK, "xdp-program", NULL,
		             "a distributor serves it (process %d)", (int)holder);
		return;
	}
	error = foreign_find(ifindex, &foreign);
	if (error == -ENOENT)
		findings_add(findings, FINDING_OK, "xdp-program", NULL, "no other one is attached");
	else if (error)
		findings_add(findings, FINDING_UNKNOWN, "xdp-program", NULL,
		             "the kernel does not tell which is attached: %s", strerror(-error));
	else if (is_left_by_us(findings->subject, ifindex))
		findings_add(findings, FINDING_OK, "xdp-program", NULL,
		             "one that a distributor has left, which the next start takes over");
	else
		findings_add(findings, FINDING_PROBLEM, "xdp-program", foreign.remove,
		             "XDP %s is attached (show: %s)%s", foreign.program, foreign.show,
		             foreign.is_unsure ? "; whether by a link, only root sees" : "");
}

int check_interface(struct findings *findings, const struct host *host,
                    const struct ingest_config *ingest)
{
	const unsigned int ifindex = if_nametoindex(findings->subject);
	struct preflight_facts facts;
	char names[300];

	if (!ifindex) {
		list_interfaces(names, sizeof(names));
		findings_add(findings, FINDING_PROBLEM, "link", NULL,
		             "there is no interface of that name; there are: %s", names);
		return -ENODEV;
	}
	check_link(findings);
	attach_get_facts(&facts, findings->subject, ingest);
	if (ingest->mode != INGEST_UDP) {
		check_driver(findings, host, &facts);
		check_program(findings, ifindex);
	}
	check_placement(findings, host);
	check_routes(findings, host);
	return 0;
}
