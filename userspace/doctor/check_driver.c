/*
 * What the driver can, and what stands in its way: the table is that of ingest/preflight.h, by which the program
 * itself decides.
 */
#include "check.h"

#include "base/shell_word.h"
#include "bpf/steer.h"

#include <net/if.h>
#include <string.h>

#define MTU_WANTED  1356 /* IPv4, UDP, RTP and seven TS packets */
#define RING_WANTED 1024
#define MTU_USUAL   1500

#define COMMAND_BYTES (SHELL_WORD_INTERFACE_BYTES + 32)

struct driver_check {
	const struct preflight_facts *facts;
	struct preflight_finding list[PREFLIGHT_MAX_FINDINGS];
	size_t count;
	char interface[SHELL_WORD_INTERFACE_BYTES]; /* as a word of a command */
};

/* Add what is known against it; false when nothing is. */
static bool add_known(struct findings *findings, const struct driver_check *check,
                      enum preflight_subject subject, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < check->count; i++) {
		const struct preflight_finding *known = &check->list[i];

		if (known->subject != subject)
			continue;
		findings_add(findings,
		             known->severity == PREFLIGHT_REFUSED ? FINDING_PROBLEM
		                                                  : FINDING_WARNING,
		             name, known->command, "%s", known->sentence);
		found = true;
	}
	return found;
}

static void check_name(struct findings *findings, const struct preflight_facts *facts)
{
	struct preflight_ability can;
	char mtu[48] = "any MTU";

	if (!preflight_describe(facts, &can)) {
		findings_add(
			findings, FINDING_WARNING, "driver", NULL,
			"%s is not among those whose limits are known; native XDP is tried, then "
			"generic",
			*facts->driver ? facts->driver : "it has no name and");
		return;
	}
	if (can.max_mtu)
		snprintf(mtu, sizeof(mtu), "an MTU of at most %u", can.max_mtu);
	findings_add(findings, FINDING_OK, "driver", NULL,
	             "%s %s: native XDP with %s, %s zero-copy", facts->driver, facts->version, mtu,
	             can.zero_copy ? "and" : "no");
}

static void check_mtu(struct findings *findings, const struct driver_check *check)
{
	char command[COMMAND_BYTES];

	if (add_known(findings, check, PREFLIGHT_MTU, "mtu"))
		return;
	if (check->facts->mtu >= MTU_WANTED) {
		findings_add(findings, FINDING_OK, "mtu", NULL, "%u", check->facts->mtu);
		return;
	}
	snprintf(command, sizeof(command), "ip link set %s mtu %d", check->interface, MTU_USUAL);
	findings_add(findings, FINDING_WARNING, "mtu", command,
	             "%u: MediaLive's datagrams are %d bytes long with their headers",
	             check->facts->mtu, MTU_WANTED);
}

static void check_channels(struct findings *findings, const struct driver_check *check)
{
	const struct preflight_facts *facts = check->facts;

	if (add_known(findings, check, PREFLIGHT_CHANNELS, "channels"))
		return;
	if (facts->queues > STEER_MAX_QUEUES)
		findings_add(
			findings, FINDING_WARNING, "channels", NULL,
			"%u receive queues, %d are received from; packets of the others come by "
			"kernel sockets",
			facts->queues, STEER_MAX_QUEUES);
	else if (facts->max_combined)
		findings_add(findings, FINDING_OK, "channels", NULL, "%u of %u", facts->combined,
		             facts->max_combined);
	else
		findings_add(findings, FINDING_OK, "channels", NULL, "receive queues: %u",
		             facts->queues);
}

static void check_rings(struct findings *findings, const struct driver_check *check)
{
	const struct preflight_facts *facts = check->facts;
	const uint32_t wanted = facts->max_rx_ring < RING_WANTED ? facts->max_rx_ring : RING_WANTED;
	char command[COMMAND_BYTES];

	if (add_known(findings, check, PREFLIGHT_RINGS, "rings"))
		return;
	if (!facts->rx_ring || facts->rx_ring >= wanted) {
		findings_add(findings, FINDING_OK, "rings", NULL,
		             facts->rx_ring ? "%u descriptors, of %u at most"
		                            : "the driver has none to set",
		             facts->rx_ring, facts->max_rx_ring);
		return;
	}
	snprintf(command, sizeof(command), "ethtool -G %s rx %u", check->interface, wanted);
	findings_add(
		findings, FINDING_WARNING, "rings", command,
		"%u descriptors for receiving, %u are possible: a busy processor loses packets",
		facts->rx_ring, facts->max_rx_ring);
}

struct vlan_search {
	const struct host *host;
	const char *interface;
	char found[IF_NAMESIZE];
};

/* One VLAN of /proc/net/vlan: its file names the interface that it is on. */
static bool look_at_vlan(void *context, const char *name)
{
	struct vlan_search *search = context;
	char line[200], device[IF_NAMESIZE];
	FILE *file = host_open(search->host, "/proc/net/vlan/%s", name);

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Device: %15s", device) == 1 && !strcmp(device, search->interface))
			snprintf(search->found, sizeof(search->found), "%.15s", name);
	if (file)
		fclose(file);
	return !*search->found;
}

static void check_vlan(struct findings *findings, const struct host *host,
                       const struct driver_check *check)
{
	struct vlan_search search = {.host = host, .interface = findings->subject};
	const bool taken_out = check->facts->rx_vlan;
	char command[COMMAND_BYTES];

	host_each(host, "/proc/net/vlan", look_at_vlan, &search);
	if (!taken_out || !*search.found) {
		findings_add(findings, FINDING_OK, "rxvlan", NULL, "%s",
		             taken_out ? "on, and no VLAN is on it"
		                       : "off: tags stay in the frames");
		return;
	}
	snprintf(command, sizeof(command), "ethtool -K %s rxvlan off", check->interface);
	findings_add(
		findings, FINDING_WARNING, "rxvlan", command,
		"tags are taken out before XDP sees them, and %s is a VLAN on it: streams to the "
		"same address and port in two VLANs are not told apart",
		search.found);
}

void check_driver(struct findings *findings, const struct host *host,
                  const struct preflight_facts *facts)
{
	struct driver_check check = {.facts = facts};

	shell_word(check.interface, sizeof(check.interface), findings->subject);
	check.count = preflight_check(facts, check.list);
	check_name(findings, facts);
	check_mtu(findings, &check);
	check_channels(findings, &check);
	check_rings(findings, &check);
	if (!add_known(findings, &check, PREFLIGHT_OFFLOADS, "offloads"))
		findings_add(findings, FINDING_OK, "offloads", NULL, "none that XDP minds");
	add_known(findings, &check, PREFLIGHT_ZERO_COPY, "zero-copy");
	check_vlan(findings, host, &check);
}
