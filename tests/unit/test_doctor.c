/*
 * The doctor's checks against hosts that are made of files.
 */
#include "doctor/check.h"
#include "ingest/interface_names.h"
#include "base/listen_address.h"
#include "base/shell_word.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_TAKEN    16

static char root[64];
static struct host host;
static struct finding taken[MAX_TAKEN];
static size_t taken_count;
static struct findings findings;

static void take(void *context, const struct finding *finding)
{
	(void)context;
	assert_true(taken_count < MAX_TAKEN);
	taken[taken_count++] = *finding;
}

static int make_host(void **state)
{
	(void)state;
	strcpy(root, "/tmp/mld-doctor.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	host = (struct host){root};
	taken_count = 0;
	findings = (struct findings){.take = take, .subject = "eth1"};
	return 0;
}

static int remove_host(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

/* A file below the root, with the folders on the way. */
static void put(const char *path, const char *text)
{
	char whole[PATH_MAX];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(whole, 0700))
			assert_int_equal(errno, EEXIST);
		*slash = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const struct finding *find(const char *check)
{
	for (size_t i = taken_count; i-- > 0;)
		if (!strcmp(taken[i].check, check))
			return &taken[i];
	fail_msg("nothing was said of %s", check);
	return NULL;
}

static void expect(const char *check, enum finding_status status, const char *fix)
{
	const struct finding *finding = find(check);

	if (finding->status != status)
		fail_msg("%s: %s: %s", check, finding_status_name(finding->status),
		         finding->sentence);
	assert_string_equal(finding->fix, fix);
	assert_true(strlen(finding->sentence) > 1);
}

/* A warning, and a command that makes the setting now and for the next start of the host. */
static void expect_setting(const char *check, const char *line)
{
	static const char file[] = "/etc/sysctl.d/60-medialive-distributor.conf";
	char fix[300];

	snprintf(fix, sizeof(fix), "echo '%s' >>%s && sysctl -p %s", line, file, file);
	expect(check, FINDING_WARNING, fix);
}

static void test_kernel(void **state)
{
	static const struct {
		const char *release;
		enum finding_status status;
	} releases[] = {
		{"6.1.0-18-amd64\n", FINDING_OK},
		{"6.12.48", FINDING_OK},
		{"7.0.0", FINDING_OK},
		{"6.0.19", FINDING_PROBLEM},
		{"5.15.0-1-aws", FINDING_PROBLEM},
		{"none", FINDING_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(releases); i++) {
		taken_count = 0;
		put("/proc/sys/kernel/osrelease", releases[i].release);
		check_kernel(&findings, &host);
		expect("kernel", releases[i].status, "");
	}
	expect("btf", FINDING_WARNING, "");
	expect("unprivileged-bpf", FINDING_UNKNOWN, "");
	expect("bpf-jit", FINDING_UNKNOWN, "");
	put("/sys/kernel/btf/vmlinux", "");
	put("/proc/sys/kernel/unprivileged_bpf_disabled", "0\n");
	put("/proc/sys/net/core/bpf_jit_enable", "0\n");
	taken_count = 0;
	check_kernel(&findings, &host);
	expect("btf", FINDING_OK, "");
	expect_setting("unprivileged-bpf", "kernel.unprivileged_bpf_disabled = 2");
	expect_setting("bpf-jit", "net.core.bpf_jit_enable = 1");
	put("/proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
	put("/proc/sys/net/core/bpf_jit_enable", "1\n");
	taken_count = 0;
	check_kernel(&findings, &host);
	expect("unprivileged-bpf", FINDING_OK, "");
	expect("bpf-jit", FINDING_OK, "");
}

static void test_queues(void **state)
{
	(void)state;
	check_queues(&findings, &host, false);
	expect("rmem", FINDING_UNKNOWN, "");
	expect("backlog", FINDING_UNKNOWN, "");
	put("/proc/sys/net/core/rmem_max", "212992\n");
	put("/proc/sys/net/core/netdev_max_backlog", "1000\n");
	put("/proc/net/softnet_stat", "0000a3f1 00000000 00000001 00000000\n"
	                              "00001000 0000001f 00000000 00000000\n");
	check_queues(&findings, &host, false);
	expect_setting("rmem", "net.core.rmem_max = 4194304");
	expect_setting("backlog", "net.core.netdev_max_backlog = 10000");
	assert_non_null(strstr(find("backlog")->sentence, "31 packets"));
	check_queues(&findings, &host, true);
	expect("rmem", FINDING_OK, "");
	put("/proc/sys/net/core/rmem_max", "4194304\n");
	put("/proc/sys/net/core/netdev_max_backlog", "10000\n");
	check_queues(&findings, &host, false);
	expect("rmem", FINDING_OK, "");
	expect("backlog", FINDING_OK, "");
}

static void test_clock(void **state)
{
	(void)state;
	check_clock(&findings, &host, TIME_OK, 0);
	expect("clock", FINDING_OK, "");
	check_clock(&findings, &host, -1, STA_UNSYNC);
	expect("clock", FINDING_UNKNOWN, "");
	check_clock(&findings, &host, TIME_ERROR, STA_UNSYNC);
	expect("clock", FINDING_WARNING, "apt-get install -y chrony");
	put("/lib/systemd/systemd-timesyncd", "");
	check_clock(&findings, &host, TIME_ERROR, STA_UNSYNC);
	expect("clock", FINDING_WARNING, "systemctl enable --now systemd-timesyncd");
	put("/usr/sbin/chronyd", "");
	check_clock(&findings, &host, TIME_ERROR, STA_UNSYNC);
	expect("clock", FINDING_WARNING, "systemctl enable --now chrony");
	put("/run/.containerenv", "");
	check_clock(&findings, &host, TIME_ERROR, STA_UNSYNC);
	expect("clock", FINDING_WARNING, "");
}

#define ROUTES        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
#define TO_ALL(name)  name "\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
#define TO_HERE(name) name "\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"

static void test_routes(void **state)
{
	static const struct {
		const char *routes, *all, *own;
		enum finding_status by_default, filter;
	} hosts[] = {
		{ROUTES TO_ALL("eth1") TO_HERE("eth1"), "1", "1", FINDING_WARNING, FINDING_OK},
		{ROUTES TO_ALL("eth0") TO_HERE("eth1"), "0", "1", FINDING_OK, FINDING_WARNING},
		{ROUTES TO_ALL("eth0") TO_HERE("eth1"), "1", "0", FINDING_OK, FINDING_WARNING},
		{ROUTES TO_ALL("eth0") TO_HERE("eth1"), "1", "2", FINDING_OK, FINDING_OK},
		{ROUTES TO_ALL("eth1") TO_ALL("eth0"), "0", "0", FINDING_OK, FINDING_OK},
		{ROUTES TO_ALL("lo") TO_HERE("eth1"), "1", "1", FINDING_OK, FINDING_OK},
		{ROUTES, "0", "0", FINDING_OK, FINDING_OK},
	};

	(void)state;
	check_routes(&findings, &host);
	expect("default-route", FINDING_UNKNOWN, "");
	for (size_t i = 0; i < COUNT(hosts); i++) {
		put("/proc/net/route", hosts[i].routes);
		put("/proc/sys/net/ipv4/conf/all/rp_filter", hosts[i].all);
		put("/proc/sys/net/ipv4/conf/eth1/rp_filter", hosts[i].own);
		taken_count = 0;
		check_routes(&findings, &host);
		expect("default-route", hosts[i].by_default, "");
		if (hosts[i].filter == FINDING_OK)
			expect("rp-filter", FINDING_OK, "");
		else
			expect_setting("rp-filter", "net.ipv4.conf.eth1.rp_filter = 2");
	}
	findings.subject = "eth1.100";
	put("/proc/net/route", ROUTES TO_HERE("eth1"));
	put("/proc/sys/net/ipv4/conf/eth1.100/rp_filter", "1");
	check_routes(&findings, &host);
	expect_setting("rp-filter", "net.ipv4.conf.eth1/100.rp_filter = 2");
	findings.subject = "a';reboot'";
	put("/proc/sys/net/ipv4/conf/a';reboot'/rp_filter", "1");
	check_routes(&findings, &host);
	assert_non_null(strstr(find("rp-filter")->fix,
	                       "echo 'net.ipv4.conf.a'\\'';reboot'\\''.rp_filter = 2' >>"));
}

static void put_irq(int number, const char *processors)
{
	char path[100];

	snprintf(path, sizeof(path), "/sys/class/net/eth1/device/msi_irqs/%d", number);
	put(path, "msix\n");
	snprintf(path, sizeof(path), "/proc/irq/%d/effective_affinity_list", number);
	put(path, processors);
}

static void test_interrupts(void **state)
{
	(void)state;
	put("/sys/devices/system/cpu/online", "0-3\n");
	put("/sys/devices/system/node/online", "0\n");
	check_placement(&findings, &host);
	expect("irq", FINDING_OK, "");
	expect("numa", FINDING_OK, "");
	put("/proc/interrupts", "           CPU0       CPU1\n"
	                        " 40:  1  0  PCI-MSIX  ena-mgmnt@pci:0000:00:06.0\n"
	                        " 41:  9  0  PCI-MSIX  eth1-Tx-Rx-0\n"
	                        " 42:  9  0  PCI-MSIX  eth1-Tx-Rx-1\n"
	                        " 43:  9  0  PCI-MSIX  eth0-Tx-Rx-0\n"
	                        "LOC:  9  0  Local timer interrupts\n");
	put_irq(40, "2\n");
	put_irq(41, "0\n");
	put_irq(42, "0\n");
	check_placement(&findings, &host);
	expect("irq", FINDING_WARNING,
	       "for pair in 41:0 42:1; do echo \"${pair#*:}\" "
	       ">/proc/irq/\"${pair%:*}\"/smp_affinity_list; done");
	put("/proc/irq/41/smp_affinity_list", "0-3\n"); /* any, and the kernel has chosen */
	check_placement(&findings, &host);
	assert_int_equal(find("irq")->status, FINDING_WARNING);
	put("/proc/irq/42/smp_affinity_list", "1\n"); /* from its next one on */
	check_placement(&findings, &host);
	expect("irq", FINDING_OK, "");
	put("/proc/irq/42/smp_affinity_list", "0-3\n");
	put_irq(42, "1\n");
	taken_count = 0;
	check_placement(&findings, &host);
	expect("irq", FINDING_OK, "");
	for (size_t i = 0; i < taken_count; i++)
		assert_string_not_equal(taken[i].check, "irqbalance");
	put("/proc/77/comm", "irqbalance\n");
	check_placement(&findings, &host);
	expect("irqbalance", FINDING_WARNING, "systemctl disable --now irqbalance");
}

/* No machine has processor 4095: the program may always run away from that node. */
static void test_nodes(void **state)
{
	(void)state;
	put("/sys/devices/system/cpu/online", "0-4095\n");
	put("/sys/devices/system/node/online", "0-1\n");
	put("/sys/class/net/eth1/device/numa_node", "1\n");
	put("/sys/devices/system/node/node1/cpulist", "4095\n");
	check_placement(&findings, &host);
	expect("numa", FINDING_WARNING,
	       "systemctl set-property medialive-distributor.service AllowedCPUs=4095 "
	       "AllowedMemoryNodes=1");
	put("/sys/devices/system/node/node1/cpulist", "8-15\n");
	put("/sys/fs/cgroup/system.slice/medialive-distributor.service/cpuset.cpus", "8-9,15\n");
	check_placement(&findings, &host);
	expect("numa", FINDING_OK, "");
	put("/sys/fs/cgroup/system.slice/medialive-distributor.service/cpuset.cpus", "7-9\n");
	check_placement(&findings, &host);
	expect("numa", FINDING_WARNING,
	       "systemctl set-property medialive-distributor.service AllowedCPUs=8-15 "
	       "AllowedMemoryNodes=1");
	put("/sys/class/net/eth1/device/numa_node", "-1\n");
	check_placement(&findings, &host);
	expect("numa", FINDING_OK, "");
}

static void test_driver(void **state)
{
	struct preflight_facts ena = {.interface = "eth1",
	                              .driver = "ena",
	                              .version = "6.1.0",
	                              .kernel = 6001,
	                              .mtu = 9001,
	                              .queues = 8,
	                              .combined = 8,
	                              .max_combined = 8,
	                              .rx_ring = 512,
	                              .max_rx_ring = 16384,
	                              .rx_vlan = true,
	                              .frags = true};

	(void)state;
	put("/proc/net/vlan/eth0.100", "eth0.100 VID: 100\nDevice: eth0\n");
	check_driver(&findings, &host, &ena);
	expect("driver", FINDING_OK, "");
	assert_string_equal(find("driver")->sentence,
	                    "ena 6.1.0: native XDP with an MTU of at most 3498, no zero-copy");
	expect("mtu", FINDING_PROBLEM, "ip link set eth1 mtu 3498");
	expect("channels", FINDING_PROBLEM, "ethtool -L eth1 combined 4");
	expect("rings", FINDING_WARNING, "ethtool -G eth1 rx 1024");
	expect("rxvlan", FINDING_OK, "");
	ena.mtu = 3498;
	ena.combined = 4;
	ena.rx_ring = 1024;
	ena.zero_copy = true;
	put("/proc/net/vlan/eth1.100", "eth1.100 VID: 100\nDevice: eth1\n");
	taken_count = 0;
	check_driver(&findings, &host, &ena);
	expect("mtu", FINDING_OK, "");
	expect("channels", FINDING_OK, "");
	expect("rings", FINDING_OK, "");
	expect("zero-copy", FINDING_WARNING, "");
	expect("rxvlan", FINDING_WARNING, "ethtool -K eth1 rxvlan off");
}

static void test_other_drivers(void **state)
{
	const struct preflight_facts joining = {.interface = "eth1",
	                                        .driver = "mlx5_core",
	                                        .kernel = 6001,
	                                        .mtu = 1300,
	                                        .queues = 300,
	                                        .lro = true,
	                                        .frags = true};
	const struct preflight_facts unknown = {.driver = "stmmac", .mtu = 1500, .queues = 1};

	(void)state;
	check_driver(&findings, &host, &joining);
	assert_non_null(strstr(find("driver")->sentence, "any MTU, and zero-copy"));
	expect("mtu", FINDING_WARNING, "ip link set eth1 mtu 1500");
	expect("channels", FINDING_WARNING, "");
	expect("offloads", FINDING_PROBLEM, "ethtool -K eth1 lro off");
	taken_count = 0;
	check_driver(&findings, &host, &unknown);
	expect("driver", FINDING_WARNING, "");
	expect("channels", FINDING_OK, "");
	expect("offloads", FINDING_OK, "");
}

/* A name is one word of a command, whatever it is. */
static void test_odd_names(void **state)
{
	struct preflight_facts facts = {.driver = "veth",
	                                .mtu = 1300,
	                                .rx_ring = 256,
	                                .max_rx_ring = 4096,
	                                .rx_vlan = true,
	                                .frags = true};

	(void)state;
	findings.subject = "a;reboot";
	put("/proc/net/vlan/v100", "v100 VID: 100\nDevice: a;reboot\n");
	check_driver(&findings, &host, &facts);
	expect("mtu", FINDING_WARNING, "ip link set 'a;reboot' mtu 1500");
	expect("rings", FINDING_WARNING, "ethtool -G 'a;reboot' rx 1024");
	expect("rxvlan", FINDING_WARNING, "ethtool -K 'a;reboot' rxvlan off");
	findings.subject = "'''''''''''''''"; /* the longest that there is */
	taken_count = 0;
	check_driver(&findings, &host, &facts);
	assert_non_null(strstr(find("mtu")->fix, "\\''' mtu 1500"));
	assert_int_equal(strlen(find("rings")->fix),
	                 strlen("ethtool -G ") + 2 + 15 * 4 + strlen(" rx 1024"));
}

/* "6.3" as 6003; 0 for words. */
static unsigned int kernel_of(const char *text)
{
	unsigned int major, minor;

	return sscanf(text, "%u.%u", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

static struct preflight_ability ability_of(const char *driver, unsigned int kernel)
{
	struct preflight_facts facts = {.kernel = kernel, .frags = true, .version = "6.1.0"};
	struct preflight_ability can;

	snprintf(facts.driver, sizeof(facts.driver), "%s", driver);
	if (!preflight_describe(&facts, &can))
		fail_msg("%s is in the page alone", driver);
	return can;
}

/* One row of the page: driver, MTU, kernels from which on any MTU and zero-copy are taken, 0 for never. */
static void check_row(const char *driver, uint32_t mtu, unsigned int any, unsigned int zero)
{
	assert_int_equal(ability_of(driver, any ? any - 1 : 99000).max_mtu, mtu);
	if (any)
		assert_int_equal(ability_of(driver, any).max_mtu, 0);
	assert_false(ability_of(driver, zero ? zero - 1 : 99000).zero_copy);
	if (zero)
		assert_true(ability_of(driver, zero).zero_copy);
}

/* The table of docs/DEPLOYMENT.md is the program's. */
static void test_page(void **state)
{
	FILE *file = fopen("docs/DEPLOYMENT.md", "re");
	char line[500], driver[32], any[80], zero[80];
	unsigned int mtu, rows = 0;

	(void)state;
	if (!file)
		skip(); /* not run in the repository's folder */
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "| `%31[^`]` | %*[^|] | %u | %79[^|] | %79[^|] |", driver, &mtu,
		           any, zero) != 4)
			continue;
		check_row(driver, mtu, kernel_of(any), kernel_of(zero));
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, 8);
}

static void test_lists(void **state)
{
	static const char list[] = "0-3,8,10-11";

	(void)state;
	for (unsigned int n = 0; n < 16; n++)
		assert_int_equal(host_list_has(list, n), n < 4 || n == 8 || n == 10 || n == 11);
	assert_false(host_list_has("", 0));
	assert_false(host_list_has("(null)", 0));
}

static void test_quote(void **state)
{
	char out[40];

	(void)state;
	shell_word(out, sizeof(out), "/var/lib/x-1_2.d");
	assert_string_equal(out, "/var/lib/x-1_2.d");
	shell_word(out, sizeof(out), "a b$(c)");
	assert_string_equal(out, "'a b$(c)'");
	shell_word(out, sizeof(out), "it's");
	assert_string_equal(out, "'it'\\''s'");
	shell_word(out, sizeof(out), "");
	assert_string_equal(out, "''");
}

/* A command that does not fit in is left out: half of one does something else. */
static void test_long_command(void **state)
{
	char command[FINDING_FIX_BYTES + 1];

	(void)state;
	memset(command, 'x', sizeof(command) - 1);
	command[sizeof(command) - 1] = '\0';
	findings_add(&findings, FINDING_PROBLEM, "long", command, "%s", "too long");
	expect("long", FINDING_PROBLEM, "");
	command[sizeof(command) - 2] = '\0';
	findings_add(&findings, FINDING_PROBLEM, "long", command, "%s", "just fits");
	expect("long", FINDING_PROBLEM, command);
}

static void test_interface_names(void **state)
{
	static const struct {
		const char *list;
		int error;
	} lists[] = {
		{"eth0", 0},
		{"eth0,eth1.100,fifteen-letters", 0},
		{"eth0,eth", 0},
		{"", -EINVAL},
		{"eth0,", -EINVAL},
		{",eth0", -EINVAL},
		{".", -EINVAL},
		{"..", -EINVAL},
		{"...", 0},
		{"eth0:1", -EINVAL},
		{"../../etc", -EINVAL},
		{"sixteen-letters0", -EINVAL},
		{"eth0,eth1,eth0", -EINVAL},
		{"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", 0},
		{"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", -E2BIG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		char why[200] = "";

		assert_int_equal(interface_names_check(lists[i].list, why, sizeof(why)),
		                 lists[i].error);
		assert_int_equal(*why != '\0', lists[i].error != 0);
	}
}

static void test_listen_addresses(void **state)
{
	static const char *const refused[] = {"",           "8000",        ":8000",
	                                      "127.0.0.1",  "127.0.0.1:",  "127.0.0.1:x",
	                                      "[::1:8000",  "::1:8000",    "localhost:8000",
	                                      "[]:8000",    "1.2.3.4:-1",  "1.2.3.4:65536",
	                                      "1.2.3.4:1x", "1.2.3.256:1", "[127.0.0.1]:1"};
	struct listen_address address;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_int_equal(listen_address_parse(&address, refused[i]), -EINVAL);
	assert_int_equal(listen_address_parse(&address, "127.0.0.1:8000"), 0);
	assert_int_equal(address.any.sa_family, AF_INET);
	assert_int_equal(address.size, sizeof(struct sockaddr_in));
	assert_int_equal(address.ipv4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(listen_address_port(&address), 8000);
	assert_int_equal(listen_address_parse(&address, "[::1]:65535"), 0);
	assert_int_equal(address.any.sa_family, AF_INET6);
	assert_true(IN6_IS_ADDR_LOOPBACK(&address.ipv6.sin6_addr));
	assert_int_equal(listen_address_port(&address), 65535);
	listen_address_set_port(&address, 0);
	assert_int_equal(listen_address_port(&address), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kernel, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_queues, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_clock, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_routes, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_interrupts, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_nodes, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_driver, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_other_drivers, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_odd_names, make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_long_command, make_host, remove_host),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_interface_names),
		cmocka_unit_test(test_listen_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
