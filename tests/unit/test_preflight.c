/*
 * What each known driver refuses, and the command that mends it: exact sentences are for operators and may
 * change, the numbers in them and the commands may not.
 */
#include "ingest/preflight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KERNEL_6_1  6001
#define KERNEL_6_18 6018

static const struct {
	const char *name;
	struct preflight_facts facts;
	size_t count;
	enum preflight_severity severity; /* of the first finding */
	const char *part;                 /* of its sentence */
	const char *command;              /* its command */
} cases[] = {
	/* ena of the kernel: MTU and channels */
	{"ena as EC2 delivers it",
         {.driver = "ena",
          .version = "6.1.0",
          .kernel = KERNEL_6_1,
          .mtu = 9001,
          .combined = 4,
          .max_combined = 4},
         2,
         PREFLIGHT_REFUSED,
         "3498",
         "ip link set eth0 mtu 3498"},
	{"ena with a small MTU",
         {.driver = "ena",
          .version = "6.1.0",
          .kernel = KERNEL_6_1,
          .mtu = 3498,
          .combined = 4,
          .max_combined = 4},
         1,
         PREFLIGHT_REFUSED,
         "half of its 4 channels, 4",
         "ethtool -L eth0 combined 2"},
	{"ena as it should be",
         {.driver = "ena",
          .version = "6.1.0",
          .kernel = KERNEL_6_1,
          .mtu = 3498,
          .combined = 2,
          .max_combined = 4},
         0,
         0,
         NULL,
         NULL},
	{"ena, one more channel than half of an odd number",
         {.driver = "ena", .kernel = KERNEL_6_1, .mtu = 1500, .combined = 3, .max_combined = 5},
         1,
         PREFLIGHT_REFUSED,
         "5",
         "ethtool -L eth0 combined 2"},
	{"ena with a single channel can never",
         {.driver = "ena", .kernel = KERNEL_6_1, .mtu = 1500, .combined = 1, .max_combined = 1},
         1,
         PREFLIGHT_REFUSED,
         "1",
         ""},
	{"ena that says nothing of channels",
         {.driver = "ena", .kernel = KERNEL_6_1, .mtu = 1500},
         0,
         0,
         NULL,
         NULL},
	{"ena of the kernel never takes frags",
         {.driver = "ena",
          .version = "6.18.4",
          .kernel = KERNEL_6_18,
          .mtu = 9001,
          .combined = 1,
          .max_combined = 4,
          .frags = true},
         1,
         PREFLIGHT_REFUSED,
         "9001",
         "ip link set eth0 mtu 3498"},
	{"ena 2.14 takes frags",
         {.driver = "ena",
          .version = "2.14.1g",
          .kernel = KERNEL_6_1,
          .mtu = 9001,
          .combined = 2,
          .max_combined = 4,
          .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"but not from a program that has none",
         {.driver = "ena",
          .version = "2.14.1g",
          .kernel = KERNEL_6_1,
          .mtu = 9001,
          .combined = 2,
          .max_combined = 4},
         1,
         PREFLIGHT_REFUSED,
         "9001",
         "ip link set eth0 mtu 3498"},
	{"ena 2.16 wants half of the channels",
         {.driver = "ena",
          .version = "2.16.0g",
          .kernel = KERNEL_6_1,
          .mtu = 1500,
          .combined = 4,
          .max_combined = 4},
         1,
         PREFLIGHT_REFUSED,
         "4",
         "ethtool -L eth0 combined 2"},
	{"ena 2.17 does not",
         {.driver = "ena",
          .version = "2.17.0g",
          .kernel = KERNEL_6_1,
          .mtu = 1500,
          .combined = 4,
          .max_combined = 4},
         0,
         0,
         NULL,
         NULL},
	{"zero-copy of ena is not in the kernel's",
         {.driver = "ena",
          .version = "6.8.0-1019-aws",
          .kernel = 6008,
          .mtu = 1500,
          .zero_copy = true},
         1,
         PREFLIGHT_NOTE,
         "zero-copy",
         ""},
	{"zero-copy of ena 2.13",
         {.driver = "ena", .version = "2.13.0g", .kernel = 6008, .mtu = 1500, .zero_copy = true},
         0,
         0,
         NULL,
         NULL},

	/* virtio_net: transmit queues before 5.13, offloads of the host, MTU without frags */
	{"virtio before 5.13 without free queues",
         {.driver = "virtio_net",
          .kernel = 5012,
          .mtu = 1500,
          .combined = 4,
          .max_combined = 6,
          .cpus = 4},
         1,
         PREFLIGHT_REFUSED,
         "4 processors",
         "ethtool -L eth0 combined 2"},
	{"virtio before 5.13 with too few queues for any setting",
         {.driver = "virtio_net",
          .kernel = 5010,
          .mtu = 1500,
          .combined = 1,
          .max_combined = 1,
          .cpus = 2},
         1,
         PREFLIGHT_REFUSED,
         "2 processors",
         ""},
	{"virtio before 5.13 with enough",
         {.driver = "virtio_net",
          .kernel = 5012,
          .mtu = 1500,
          .combined = 2,
          .max_combined = 6,
          .cpus = 4},
         0,
         0,
         NULL,
         NULL},
	{"virtio since 5.13",
         {.driver = "virtio_net",
          .kernel = 5013,
          .mtu = 1500,
          .combined = 4,
          .max_combined = 4,
          .cpus = 4},
         0,
         0,
         NULL,
         NULL},
	{"virtio: offloads that the guest controls are switched off by the driver",
         {.driver = "virtio_net", .kernel = KERNEL_6_1, .mtu = 1500, .gro_hw = true},
         0,
         0,
         NULL,
         NULL},
	{"virtio: offloads that it does not",
         {.driver = "virtio_net",
          .kernel = KERNEL_6_1,
          .mtu = 1500,
          .gro_hw = true,
          .gro_hw_fixed = true},
         1,
         PREFLIGHT_REFUSED,
         "guest_tso4=off",
         ""},
	{"virtio at its limit",
         {.driver = "virtio_net", .kernel = KERNEL_6_1, .mtu = 3506},
         0,
         0,
         NULL,
         NULL},
	{"virtio over it",
         {.driver = "virtio_net", .kernel = KERNEL_6_1, .mtu = 3507},
         1,
         PREFLIGHT_REFUSED,
         "3507",
         "ip link set eth0 mtu 3506"},
	{"virtio before frags",
         {.driver = "virtio_net", .kernel = 6002, .mtu = 9000, .frags = true},
         1,
         PREFLIGHT_REFUSED,
         "9000",
         "ip link set eth0 mtu 3506"},
	{"virtio with frags",
         {.driver = "virtio_net", .kernel = 6003, .mtu = 9000, .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"virtio zero-copy before 6.11",
         {.driver = "virtio_net", .kernel = 6010, .mtu = 1500, .zero_copy = true},
         1,
         PREFLIGHT_NOTE,
         "zero-copy",
         ""},
	{"virtio zero-copy",
         {.driver = "virtio_net", .kernel = 6011, .mtu = 1500, .zero_copy = true},
         0,
         0,
         NULL,
         NULL},

	/* mlx5 and ixgbe: what joins packets */
	{"mlx5 with LRO",
         {.driver = "mlx5_core", .kernel = KERNEL_6_1, .mtu = 1500, .lro = true},
         1,
         PREFLIGHT_REFUSED,
         "LRO",
         "ethtool -K eth0 lro off"},
	{"mlx5 with hardware GRO",
         {.driver = "mlx5_core", .kernel = KERNEL_6_1, .mtu = 1500, .gro_hw = true},
         1,
         PREFLIGHT_REFUSED,
         "hardware GRO",
         "ethtool -K eth0 rx-gro-hw off"},
	{"mlx5 with both",
         {.driver = "mlx5_core", .kernel = KERNEL_6_1, .mtu = 1500, .lro = true, .gro_hw = true},
         1,
         PREFLIGHT_REFUSED,
         "LRO",
         "ethtool -K eth0 lro off rx-gro-hw off"},
	{"mlx5 without frags",
         {.driver = "mlx5_core", .kernel = 5017, .mtu = 9000, .frags = true, .lro = true},
         2,
         PREFLIGHT_REFUSED,
         "3498",
         "ip link set eth0 mtu 3498"},
	{"mlx5 with frags",
         {.driver = "mlx5_core", .kernel = 5018, .mtu = 9000, .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"ixgbe with LRO",
         {.driver = "ixgbe", .kernel = KERNEL_6_18, .mtu = 3050, .lro = true},
         1,
         PREFLIGHT_REFUSED,
         "LRO",
         "ethtool -K eth0 lro off"},

	/* MTU of the others */
	{"ixgbe has no frags",
         {.driver = "ixgbe", .kernel = KERNEL_6_18, .mtu = 3051, .frags = true},
         1,
         PREFLIGHT_REFUSED,
         "3051",
         "ip link set eth0 mtu 3050"},
	{"i40e",
         {.driver = "i40e", .kernel = 6003, .mtu = 3047, .frags = true},
         1,
         PREFLIGHT_REFUSED,
         "3047",
         "ip link set eth0 mtu 3046"},
	{"i40e with frags",
         {.driver = "i40e", .kernel = 6004, .mtu = 9000, .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"ice",
         {.driver = "ice", .kernel = KERNEL_6_18, .mtu = 9000},
         1,
         PREFLIGHT_REFUSED,
         "9000",
         "ip link set eth0 mtu 3046"},
	{"ice with frags",
         {.driver = "ice", .kernel = 6003, .mtu = 9000, .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"ice zero-copy with an odd ring",
         {.driver = "ice", .kernel = KERNEL_6_18, .mtu = 1500, .rx_ring = 2000, .zero_copy = true},
         1,
         PREFLIGHT_NOTE,
         "2000",
         "ethtool -G eth0 rx 2048"},
	{"ice zero-copy",
         {.driver = "ice", .kernel = KERNEL_6_18, .mtu = 1500, .rx_ring = 2048, .zero_copy = true},
         0,
         0,
         NULL,
         NULL},
	{"igc",
         {.driver = "igc", .kernel = KERNEL_6_18, .mtu = 1501, .frags = true},
         1,
         PREFLIGHT_REFUSED,
         "1501",
         "ip link set eth0 mtu 1500"},
	{"veth",
         {.driver = "veth", .kernel = KERNEL_6_18, .mtu = 9000},
         1,
         PREFLIGHT_REFUSED,
         "9000",
         "ip link set eth0 mtu 3506"},
	{"veth with frags",
         {.driver = "veth", .kernel = KERNEL_6_18, .mtu = 9000, .frags = true},
         0,
         0,
         NULL,
         NULL},
	{"veth zero-copy",
         {.driver = "veth", .kernel = KERNEL_6_18, .mtu = 1500, .zero_copy = true},
         1,
         PREFLIGHT_NOTE,
         "zero-copy",
         ""},

	/* who is not known is tried */
	{"an unknown driver",
         {.driver = "rocker", .mtu = 65535, .lro = true, .zero_copy = true},
         0,
         0,
         NULL,
         NULL},
	{"no answer at all", {.mtu = 65535}, 0, 0, NULL, NULL},
};

static void check_case(size_t i)
{
	struct preflight_finding findings[PREFLIGHT_MAX_FINDINGS];
	struct preflight_facts facts = cases[i].facts;
	size_t count;

	snprintf(facts.interface, sizeof(facts.interface), "eth0");
	memset(findings, 0x55, sizeof(findings));
	count = preflight_check(&facts, findings);
	if (count != cases[i].count)
		fail_msg("%s: %zu findings, the first: %s", cases[i].name, count,
		         count ? findings[0].sentence : "-");
	if (!count)
		return;
	if (findings[0].severity != cases[i].severity ||
	    !strstr(findings[0].sentence, cases[i].part))
		fail_msg("%s: %s", cases[i].name, findings[0].sentence);
	if (strcmp(findings[0].command, cases[i].command) != 0)
		fail_msg("%s: command %s", cases[i].name, findings[0].command);
}

static void test_drivers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_case(i);
}

/* The longest names and numbers fit, so no command is cut to another one. */
static void test_lengths(void **state)
{
	static const char *const drivers[] = {"ena",   "virtio_net", "mlx5_core",
	                                      "ixgbe", "ice",        "veth"};
	struct preflight_finding findings[PREFLIGHT_MAX_FINDINGS];

	(void)state;
	for (size_t i = 0; i < COUNT(drivers); i++) {
		struct preflight_facts facts = {.interface = "'''''''''''''''",
		                                .kernel = 5000,
		                                .mtu = UINT32_MAX,
		                                .combined = UINT32_MAX / 2,
		                                .max_combined = UINT32_MAX / 2 - 1,
		                                .rx_ring = (1u << 31) - 1,
		                                .cpus = 4096,
		                                .lro = true,
		                                .gro_hw = true,
		                                .gro_hw_fixed = i % 2,
		                                .zero_copy = true};
		size_t count;

		snprintf(facts.driver, sizeof(facts.driver), "%s", drivers[i]);
		count = preflight_check(&facts, findings);
		assert_in_range(count, 1, PREFLIGHT_MAX_FINDINGS);
		for (size_t n = 0; n < count; n++) {
			assert_true(strlen(findings[n].sentence) <
			            sizeof(findings[n].sentence) - 1);
			assert_true(strlen(findings[n].command) < sizeof(findings[n].command) - 1);
		}
	}
}

static void test_frame_bytes(void **state)
{
	static const struct {
		struct preflight_facts facts;
		uint32_t bytes;
	} sizes[] = {
		{{.driver = "ena"}, 2048},
		{{.driver = "ena", .zero_copy = true}, 4096},
		{{.driver = "ice", .zero_copy = true}, 2048},
		{{.driver = ""}, 2048},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_int_equal(preflight_frame_bytes(&sizes[i].facts), sizes[i].bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_frame_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
