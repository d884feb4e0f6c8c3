/*
 * The drivers' checks: a table of drivers, each with its limits and the checks that it makes beyond them.
 * A driver is added by a row.
 */
#include "preflight.h"

#include "base/shell_word.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FRAME_BYTES          2048
#define FRAME_BYTES_ENA_ZERO 4096

struct findings {
	struct preflight_finding *list;
	size_t count;
};

typedef void (*check_fn)(const struct preflight_facts *facts, struct findings *findings);

static struct preflight_finding *add(struct findings *findings, enum preflight_severity severity,
                                     enum preflight_subject subject, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Append a finding; the last one is written over when there are too many. */
static struct preflight_finding *add(struct findings *findings, enum preflight_severity severity,
                                     enum preflight_subject subject, const char *format, ...)
{
	struct preflight_finding *finding = &findings->list[findings->count];
	va_list args;

	if (findings->count < PREFLIGHT_MAX_FINDINGS - 1)
		findings->count++;
	*finding = (struct preflight_finding){.severity = severity, .subject = subject};
	va_start(args, format);
	vsnprintf(finding->sentence, sizeof(finding->sentence), format, args);
	va_end(args);
	return finding;
}

static void set_command(struct preflight_finding *finding, const char *program,
                        const struct preflight_facts *facts, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What mends it: the program, the interface, and the rest. */
static void set_command(struct preflight_finding *finding, const char *program,
                        const struct preflight_facts *facts, const char *format, ...)
{
	char word[SHELL_WORD_INTERFACE_BYTES], rest[64];
	va_list args;

	shell_word(word, sizeof(word), facts->interface);
	va_start(args, format);
	vsnprintf(rest, sizeof(rest), format, args);
	va_end(args);
	snprintf(finding->command, sizeof(finding->command), "%s %s %s", program, word, rest);
}

/* The major and minor number of amzn-drivers' ena, 2.17 as 2017; 0 for the kernel's own. */
static unsigned int ena_version(const struct preflight_facts *facts)
{
	unsigned int major = 0, minor = 0;

	if (sscanf(facts->version, "%u.%u", &major, &minor) != 2 || major != 2)
		return 0; /* the kernel's driver gives the kernel's release */
	return major * 1000 + minor;
}

/* XDP doubles the transmit queues of ena, so half of them must be free; lifted in 2.17. */
static void check_ena(const struct preflight_facts *facts, struct findings *findings)
{
	const uint32_t half = facts->max_combined / 2;
	struct preflight_finding *finding;

	if (!facts->max_combined || facts->combined <= half || ena_version(facts) >= 2017)
		return;
	finding = add(findings, PREFLIGHT_REFUSED, PREFLIGHT_CHANNELS,
	              "ena takes XDP with at most half of its %u channels, %u are in use",
	              facts->max_combined, facts->combined);
	if (half)
		set_command(finding, "ethtool -L", facts, "combined %u", half);
}

/*
 * virtio_net gives XDP a transmit queue a processor: without them it refuses before 5.13, and locks
 * since (97c2c69e1926). Offloads of the host that the guest cannot switch off are refused.
 */
static void check_virtio(const struct preflight_facts *facts, struct findings *findings)
{
	const uint32_t wanted = facts->combined + facts->cpus;
	struct preflight_finding *finding;

	if (facts->max_combined && wanted > facts->max_combined && facts->kernel < 5013) {
		finding = add(findings, PREFLIGHT_REFUSED, PREFLIGHT_CHANNELS,
		              "virtio_net needs a free transmit queue for each of %u processors "
		              "beside the %u in use, it has %u",
		              facts->cpus, facts->combined, facts->max_combined);
		if (facts->max_combined > facts->cpus)
			set_command(finding, "ethtool -L", facts, "combined %u",
			            facts->max_combined - facts->cpus);
	}
	if (facts->gro_hw && facts->gro_hw_fixed)
		add(findings, PREFLIGHT_REFUSED, PREFLIGHT_OFFLOADS,
		    "the host joins packets (GRO) and does not let this machine switch it off: give the "
		    "hypervisor's device ctrl_guest_offloads=on, or guest_tso4=off and guest_tso6=off");
}

/* Packets that the device has joined do not fit into a frame. */
static void check_joining(const struct preflight_facts *facts, struct findings *findings)
{
	struct preflight_finding *finding;

	if (!facts->lro && (!facts->gro_hw || facts->gro_hw_fixed))
		return;
	finding = add(findings, PREFLIGHT_REFUSED, PREFLIGHT_OFFLOADS,
	              "%s takes no XDP while %s is on", facts->driver,
	              facts->lro ? "LRO" : "hardware GRO");
	set_command(finding, "ethtool -K", facts, "%s%s%s", facts->lro ? "lro off" : "",
	            facts->lro && facts->gro_hw ? " " : "", facts->gro_hw ? "rx-gro-hw off" : "");
}

/* Zero-copy rings of ice wrap by a mask. */
static void check_ice(const struct preflight_facts *facts, struct findings *findings)
{
	struct preflight_finding *finding;
	uint32_t size = 1;

	if (!facts->zero_copy || !(facts->rx_ring & (facts->rx_ring - 1)))
		return;
	while (size < facts->rx_ring)
		size *= 2;
	finding = add(findings, PREFLIGHT_NOTE, PREFLIGHT_RINGS,
	              "ice has zero-copy with receive rings of a power of two alone, not %u",
	              facts->rx_ring);
	set_command(finding, "ethtool -G", facts, "rx %u", size);
}

static const struct driver {
	const char *name;
	uint32_t max_mtu;          /* with a frame in one buffer; 0: not known */
	unsigned int frags_kernel; /* from this kernel on in several, any MTU; 0: never */
	unsigned int zero_kernel;  /* zero-copy from this kernel on; 0: never */
	check_fn check;            /* what else it refuses, or NULL */
} drivers[] = {
	{"ena", 3498, 0, 0, check_ena},
	{"virtio_net", 3506, 6003, 6011, check_virtio},
	{"mlx5_core", 3498, 5018, 5003, check_joining},
	{"ixgbe", 3050, 0, 4020, check_joining},
	{"i40e", 3046, 6004, 4020, NULL},
	{"ice", 3046, 6003, 5005, check_ice},
	{"igc", 1500, 0, 5014, NULL},
	{"veth", 3506, 5018, 0, NULL},
};

static const struct driver *find_driver(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	return NULL;
}

static bool takes_frags(const struct driver *driver, const struct preflight_facts *facts)
{
	if (!facts->frags)
		return false;
	if (driver->check == check_ena && ena_version(facts) >= 2014)
		return true;
	return driver->frags_kernel && facts->kernel >= driver->frags_kernel;
}

static bool has_zero_copy(const struct driver *driver, const struct preflight_facts *facts)
{
	if (driver->check == check_ena)
		return ena_version(facts) >= 2013;
	return driver->zero_kernel && facts->kernel >= driver->zero_kernel;
}

static void check_mtu(const struct driver *driver, const struct preflight_facts *facts,
                      struct findings *findings)
{
	struct preflight_finding *finding;

	if (!driver->max_mtu || facts->mtu <= driver->max_mtu || takes_frags(driver, facts))
		return;
	finding = add(findings, PREFLIGHT_REFUSED, PREFLIGHT_MTU,
	              "%s takes XDP up to an MTU of %u bytes, this is %u", driver->name,
	              driver->max_mtu, facts->mtu);
	set_command(finding, "ip link set", facts, "mtu %u", driver->max_mtu);
}

bool preflight_describe(const struct preflight_facts *facts, struct preflight_ability *out)
{
	const struct driver *driver = find_driver(facts->driver);

	if (!driver)
		return false;
	*out = (struct preflight_ability){takes_frags(driver, facts) ? 0 : driver->max_mtu,
	                                  has_zero_copy(driver, facts)};
	return true;
}

size_t preflight_check(const struct preflight_facts *facts, struct preflight_finding *list)
{
	const struct driver *driver = find_driver(facts->driver);
	struct findings findings = {.list = list};

	if (!driver)
		return 0;
	check_mtu(driver, facts, &findings);
	if (driver->check)
		driver->check(facts, &findings);
	if (facts->zero_copy && !has_zero_copy(driver, facts))
		add(&findings, PREFLIGHT_NOTE, PREFLIGHT_ZERO_COPY, "%s has no zero-copy here",
		    driver->name);
	return findings.count;
}

uint32_t preflight_frame_bytes(const struct preflight_facts *facts)
{
	return facts->zero_copy && !strcmp(facts->driver, "ena") ? FRAME_BYTES_ENA_ZERO
	                                                         : FRAME_BYTES;
}
