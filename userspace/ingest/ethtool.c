/*
 * Interface questions. A driver need not answer any of them (veth has no rings, a bridge no channels):
 * each is asked on its own.
 */
#include "ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_FEATURES   512
#define FEATURE_BLOCKS ((MAX_FEATURES + 31) / 32)

struct question {
	int fd;
	const char *interface;
};

/* SIOCETHTOOL with one of the structs of linux/ethtool.h. */
static bool ask(const struct question *q, void *data)
{
	struct ifreq request = {.ifr_data = data};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", q->interface);
	return !ioctl(q->fd, SIOCETHTOOL, &request);
}

static void get_driver(const struct question *q, struct preflight_facts *facts)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (!ask(q, &info))
		return;
	snprintf(facts->driver, sizeof(facts->driver), "%.31s", info.driver);
	snprintf(facts->version, sizeof(facts->version), "%.31s", info.version);
}

static void get_channels(const struct question *q, struct preflight_facts *facts)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	facts->queues = 1;
	if (!ask(q, &channels))
		return;
	facts->combined = channels.combined_count;
	facts->max_combined = channels.max_combined;
	if (channels.combined_count + channels.rx_count)
		facts->queues = channels.combined_count + channels.rx_count;
}

static void get_ring(const struct question *q, struct preflight_facts *facts)
{
	struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};

	if (!ask(q, &ring))
		return;
	facts->rx_ring = ring.rx_pending;
	facts->max_rx_ring = ring.rx_max_pending;
}

static void get_speed(const struct question *q, struct preflight_facts *facts)
{
	struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
	uint32_t speed;

	if (!ask(q, &command))
		return;
	speed = ethtool_cmd_speed(&command);
	facts->speed_mbps = speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed;
}

/* How many features the kernel names, 0 when it does not say. */
static uint32_t count_features(const struct question *q)
{
	union {
		struct ethtool_sset_info info;
		uint8_t bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} set = {.bytes = {0}};

	set.info.cmd = ETHTOOL_GSSET_INFO;
	set.info.sset_mask = 1u << ETH_SS_FEATURES;
	if (!ask(q, &set) || !set.info.sset_mask || set.info.data[0] > MAX_FEATURES)
		return 0;
	return set.info.data[0];
}

static void get_features(const struct question *q, struct preflight_facts *facts)
{
	const uint32_t count = count_features(q);
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + MAX_FEATURES * ETH_GSTRING_LEN);
	struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + FEATURE_BLOCKS * sizeof(features->features[0]));

	if (!count || !names || !features)
		goto out;
	*names = (struct ethtool_gstrings){
		.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = count};
	*features = (struct ethtool_gfeatures){.cmd = ETHTOOL_GFEATURES, .size = (count + 31) / 32};
	if (!ask(q, names) || !ask(q, features) || names->len > MAX_FEATURES)
		goto out;
	for (uint32_t i = 0; i < names->len; i++) {
		const char *name = (const char *)names->data + i * ETH_GSTRING_LEN;
		const struct ethtool_get_features_block *block = &features->features[i / 32];
		const uint32_t bit = 1u << (i % 32);

		if (!strncmp(name, "rx-lro", ETH_GSTRING_LEN))
			facts->lro = block->active & bit;
		if (!strncmp(name, "rx-vlan-hw-parse", ETH_GSTRING_LEN))
			facts->rx_vlan = block->active & bit;
		if (!strncmp(name, "rx-gro-hw", ETH_GSTRING_LEN)) {
			facts->gro_hw = block->active & bit;
			facts->gro_hw_fixed =
				!(block->available & bit) || (block->never_changed & bit);
		}
	}
out:
	free(names);
	free(features);
}

static void get_machine(struct preflight_facts *facts)
{
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned int major, minor;
	struct utsname name;

	facts->cpus = cpus > 0 ? (uint32_t)cpus : 1;
	if (!uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2)
		facts->kernel = major * 1000 + minor;
}

void ethtool_get_facts(struct preflight_facts *facts, const char *interface)
{
	const struct question q = {socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), interface};
	struct ifreq request = {0};

	snprintf(facts->interface, sizeof(facts->interface), "%s", interface);
	facts->queues = 1;
	get_machine(facts);
	if (q.fd < 0)
		return;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (!ioctl(q.fd, SIOCGIFMTU, &request))
		facts->mtu = (uint32_t)request.ifr_mtu;
	get_driver(&q, facts);
	get_channels(&q, facts);
	get_ring(&q, facts);
	get_speed(&q, facts);
	get_features(&q, facts);
	close(q.fd);
}

uint32_t ethtool_get_queues(const char *interface)
{
	const struct question q = {socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), interface};
	struct preflight_facts facts = {.queues = 1};

	if (q.fd < 0)
		return facts.queues;
	get_channels(&q, &facts);
	close(q.fd);
	return facts.queues;
}

unsigned int ethtool_get_flags(const char *interface)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};
	unsigned int flags = 0;

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (!ioctl(fd, SIOCGIFFLAGS, &request))
		flags = (unsigned short)request.ifr_flags;
	close(fd);
	return flags;
}
