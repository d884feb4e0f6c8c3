/*
 * Multicast memberships as the kernel has them (/proc/net): from anybody or from named sources, on the
 * interfaces in use, through changes of the filter and of the interfaces. In a network namespace of its
 * own.
 *
 * It says "skipped" where the machine does not let it: not root, no veth.
 */
#include "kernel_fixture.h"

#include "ingest/membership.h"
#include "ingest/source.h"

#include <sched.h>

#define GROUP      "232.1.2.3"
#define GROUP_HEX  "e8010203"
#define GROUP6     "ff3e::8000:1"
#define GROUP6_HEX "ff3e0000000000000000000080000001"
#define PORT       5004

static const char *missing = "not root";

static void run(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

static int make_interfaces(void **state)
{
	(void)state;
	if (geteuid())
		return 0;
	missing = "no network namespace of our own, or no veth interfaces";
	if (!unshare(CLONE_NEWNET) &&
	    !system("ip link set lo up && ip link add one0 type veth peer name one1 2>/dev/null && "
	            "ip link add two0 type veth peer name two1 && "
	            "for i in one0 one1 two0 two1; do ip link set $i up; done && "
	            "ip addr add 10.1.0.1/24 dev one0 && ip addr add 10.2.0.1/24 dev two0"))
		missing = NULL;
	return 0;
}

static void need_interfaces(void)
{
	if (missing) {
		print_message("# skipped: %s\n", missing);
		skip();
	}
}

/* Lines of a table in /proc/net that have all of the words: an interface, a group, a source. */
static int count_lines(const char *table, const char *interface, const char *group,
                       const char *source)
{
	FILE *file = fopen(table, "r");
	char line[256];
	int count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		for (char *c = line; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'F' ? *c + 'a' - 'A' : *c);
		count += strstr(line, interface) && strstr(line, group) &&
		         (!source || strstr(line, source));
	}
	fclose(file);
	return count;
}

/* Sources that one0 or two0 admits for the group (source-specific), and memberships (of any kind). */
static int sources_of(const char *interface, const char *source)
{
	return count_lines("/proc/net/mcfilter", interface, GROUP_HEX, source);
}

/* /proc/net/igmp has the group on a line after its interface's, as a little-endian number. */
static bool is_member(const char *interface)
{
	FILE *file = fopen("/proc/net/igmp", "r");
	char line[256], current[32] = "";
	bool member = false;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] != '\t')
			sscanf(line, "%*d %31s", current);
		else if (!strcmp(current, interface) && strstr(line, "030201E8"))
			member = true;
	}
	fclose(file);
	return member;
}

static struct ingest_binding *bind_group(struct ingest *ingest, struct channel *channel,
                                         const char *interface, const struct ingest_filter *filter)
{
	struct ingest_target target = {.channel = channel, .address = parse(GROUP), .port = PORT};
	struct ingest_binding *binding;
	char why[200] = "";

	snprintf(target.interface, sizeof(target.interface), "%s", interface);
	if (ingest_bind(&binding, ingest, &target, filter, why, sizeof(why)))
		fail_msg("%s", why);
	return binding;
}

static void set_filter(struct ingest_binding *binding, const struct ingest_filter *filter)
{
	char why[200] = "";

	if (ingest_set_filter(binding, filter, why, sizeof(why)))
		fail_msg("%s", why);
}

/* Sources as /proc/net/mcfilter writes them. */
#define SOURCE_1 "0a010009"
#define SOURCE_2 "0a01000a"

static const struct filter_case {
	const char *sources[3];
	bool specific;
	bool from_1, from_2; /* named to the network */
} filter_cases[] = {
	{{NULL}, false, false, false},
	{{"10.1.0.9"}, true, true, false},
	{{"10.1.0.9", "10.1.0.10"}, true, true, true},
	{{"10.1.0.10"}, true, false, true},
	{{"10.1.0.10/31"}, false, false, false}, /* a network cannot be named */
	{{"10.1.0.9", "10.1.0.10"}, true, true, true},
	{{"10.1.0.9", "2001:db8::1"}, false, false, false},
	{{"10.1.0.9/32"}, true, true, false},
	{{NULL}, false, false, false},
};

static void check_filter(const char *interface, const struct filter_case *c)
{
	const int wanted = c->from_1 + c->from_2;

	assert_true(is_member(interface));
	assert_int_equal(sources_of(interface, SOURCE_1), c->from_1);
	assert_int_equal(sources_of(interface, SOURCE_2), c->from_2);
	assert_int_equal(sources_of(interface, NULL), wanted);
}

/* Each filter when the channel is bound, and each after the one before. */
static void test_source_specific(void **state)
{
	struct ingest_binding *binding = NULL;
	struct channel *channel;
	struct ingest *ingest;

	(void)state;
	need_interfaces();
	ingest = make_ingest("one0,two0");
	channel = make_channel();
	for (size_t i = 0; i < COUNT(filter_cases); i++) {
		struct prefix sources[2];
		const struct ingest_filter filter =
			make_filter(sources, filter_cases[i].sources, 0);
		const struct in6_addr group = parse(GROUP);

		assert_int_equal(membership_is_source_specific(&group, &filter),
		                 filter_cases[i].specific);
		ingest_unbind(binding);
		retire_channel(ingest, make_channel());
		assert_false(is_member("one0"));
		binding = bind_group(ingest, channel, "", &filter);
		check_filter("one0", &filter_cases[i]);
		check_filter("two0", &filter_cases[i]);
		for (size_t k = 0; k < COUNT(filter_cases); k++) {
			const struct ingest_filter next =
				make_filter(sources, filter_cases[k].sources, 0);

			set_filter(binding, &next);
			check_filter("one0", &filter_cases[k]);
			check_filter("two0", &filter_cases[k]);
		}
	}
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
	assert_false(is_member("one0"));
}

/* More sources than the kernel lets a socket name: joined from anybody, checked all the same. */
static void test_many_sources(void **state)
{
	struct prefix sources[200];
	struct ingest_filter filter = {sources, COUNT(sources), 0};
	struct ingest_binding *binding;
	struct channel *channel;
	struct ingest *ingest;

	(void)state;
	need_interfaces();
	for (size_t i = 0; i < COUNT(sources); i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.1.0.%zu", i + 1);
		assert_int_equal(prefix_parse(&sources[i], text), 0);
	}
	ingest = make_ingest("one0");
	channel = make_channel();
	binding = bind_group(ingest, channel, "", &filter);
	assert_true(is_member("one0"));
	assert_int_equal(sources_of("one0", NULL), 0);
	filter.source_count = 3;
	set_filter(binding, &filter);
	assert_int_equal(sources_of("one0", NULL), 3);
	filter.source_count = COUNT(sources);
	set_filter(binding, &filter);
	assert_true(is_member("one0"));
	assert_int_equal(sources_of("one0", NULL), 0);
	ingest_unbind(binding);
	retire_channel(ingest, channel);
	ingest_destroy(ingest);
}

static void test_ipv6(void **state)
{
	static const char *const texts[] = {"2001:db8::9", "2001:db8::a", NULL};
	const struct in6_addr group = parse(GROUP6);
	struct prefix sources[2];
	struct ingest_filter filter = make_filter(sources, texts, 0);
	unsigned int ifindex;
	int fd;

	(void)state;
	need_interfaces();
	ifindex = if_nametoindex("one0");
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		print_message("# skipped: no IPv6\n");
		skip();
	}
	assert_true(membership_is_source_specific(&group, &filter));
	assert_int_equal(membership_set(fd, ifindex, &group, &filter), 0);
	assert_int_equal(count_lines("/proc/net/mcfilter6", "one0", GROUP6_HEX, NULL), 2);
	filter.source_count = 1;
	assert_int_equal(membership_set(fd, ifindex, &group, &filter), 0);
	assert_int_equal(count_lines("/proc/net/mcfilter6", "one0", GROUP6_HEX, NULL), 1);
	filter.source_count = 0;
	assert_int_equal(membership_set(fd, ifindex, &group, &filter), 0);
	assert_int_equal(count_lines("/proc/net/mcfilter6", "one0", GROUP6_HEX, NULL), 0);
	assert_int_equal(count_lines("/proc/net/igmp6", "one0", GROUP6_HEX, NULL), 1);
	membership_leave(fd, ifindex, &group);
	assert_int_equal(count_lines("/proc/net/igmp6", "one0", GROUP6_HEX, NULL), 0);
	close(fd);
}

/* A channel of one interface joins there alone; the same group and port on another one is another's. */
static void test_own_interface(void **state)
{
	const struct ingest_filter anybody = {0};
	struct ingest_binding *one, *two;
	struct channel *channels[2];
	struct ingest *ingest;

	(void)state;
	need_interfaces();
	ingest = make_ingest("one0"); /* two0 is not served: a kernel socket does it */
	channels[0] = make_channel();
	channels[1] = make_channel();
	one = bind_group(ingest, channels[0], "one0", &anybody);
	assert_true(is_member("one0"));
	assert_false(is_member("two0"));
	two = bind_group(ingest, channels[1], "two0", &anybody);
	assert_true(is_member("two0"));
	ingest_unbind(one);
	retire_channel(ingest, channels[0]);
	assert_false(is_member("one0"));
	assert_true(is_member("two0"));
	ingest_unbind(two);
	retire_channel(ingest, channels[1]);
	ingest_destroy(ingest);
}

/* An interface that goes and returns, many times: members again, old memberships do not pile up. */
static void test_rejoin(void **state)
{
	static const char *const texts[] = {"10.1.0.9", NULL};
	struct packet_source *source;
	struct ingest_binding *bindings[2];
	struct ingest_target target = {.address = parse(GROUP), .port = PORT};
	struct prefix sources[1];
	const struct ingest_filter filter = make_filter(sources, texts, 0);
	char why[200] = "";

	(void)state;
	need_interfaces();
	assert_int_equal(kernel_source_create(&source, "one0,two0"), 0);
	for (int i = 0; i < 2; i++) {
		target.port = (uint16_t)(PORT + i);
		strcpy(target.interface, i ? "two0" : "");
		assert_int_equal(binding_create(&bindings[i], &target, &filter), 0);
		if (source->ops->add(source, bindings[i], why, sizeof(why)))
			fail_msg("%s", why);
	}
	for (int i = 0; i < 30; i++) { /* the kernel's limit is 20 memberships a socket */
		run("ip link del two0; ip link add two0 type veth peer name two1; "
		    "ip link set two0 up; ip link set two1 up");
		assert_false(is_member("two0"));
		source->ops->rejoin(source, "two0");
		assert_true(is_member("two0"));
		assert_int_equal(sources_of("two0", SOURCE_1), 1);
		assert_true(is_member("one0"));
	}
	source->ops->rejoin(source, "two0"); /* it was there all the time: nothing changes */
	source->ops->rejoin(source, "no-such");
	assert_true(is_member("two0"));
	for (int i = 0; i < 2; i++) {
		int device = 0;
		socklen_t size = sizeof(device);

		assert_int_equal(getsockopt(bindings[i]->socket, SOL_SOCKET, SO_BINDTOIFINDEX,
		                            &device, &size),
		                 0);
		assert_int_equal(device, i ? (int)if_nametoindex("two0") : 0);
		source->ops->remove(source, bindings[i]);
		source->ops->release(source, bindings[i]);
		binding_destroy(bindings[i]);
	}
	source->ops->destroy(source);
	assert_false(is_member("two0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_specific),
		cmocka_unit_test(test_many_sources),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_own_interface),
		cmocka_unit_test(test_rejoin),
	};

	return cmocka_run_group_tests(tests, make_interfaces, NULL);
}
