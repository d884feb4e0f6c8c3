/*
 * Loading, attaching and feeding the XDP program.
 *
 * A bpf_link rather than a netlink attach: nobody can replace it by accident, and the kernel detaches
 * it when the process dies, so that no stale program is left behind.
 */
#include "steering.h"

#include "base/log.h"
#include "bpf/steer.h"
#include "steer.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct steering {
	struct steer_bpf *object;
	int link;
	bool slot_used[STEER_MAX_PORTS];
};

__attribute__((format(printf, 2, 0))) static int log_library(enum libbpf_print_level level,
                                                             const char *format, va_list args)
{
	char line[512];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("%s", line);
	return 0;
}

static void explain_load(int error, char *why, size_t size)
{
	if (error == -EPERM || error == -EACCES)
		snprintf(why, size,
		         "loading the XDP program needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
	else
		snprintf(why, size, "loading the XDP program failed: %s", strerror(-error));
}

static void explain_attach(int error, char *why, size_t size)
{
	switch (error) {
	case -EPERM:
		snprintf(why, size, "attaching XDP needs CAP_NET_ADMIN");
		break;
	case -EOPNOTSUPP:
		snprintf(why, size, "the driver has no native XDP");
		break;
	case -EBUSY:
	case -EEXIST:
		snprintf(why, size, "another XDP program is attached (see: bpftool net list)");
		break;
	case -ERANGE:
	case -EINVAL:
		snprintf(why, size, "the driver refused XDP (MTU, queue count or LRO; see: dmesg)");
		break;
	default:
		snprintf(why, size, "attaching XDP failed: %s", strerror(-error));
	}
}

int steering_create(struct steering **out, unsigned int ifindex, bool generic, char *why,
                    size_t size)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
	            .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	struct steering *steering = calloc(1, sizeof(*steering));
	int error = 0;

	if (!steering)
		return -ENOMEM;
	steering->link = -1;
	libbpf_set_print(log_library);
	steering->object = steer_bpf__open_and_load();
	if (!steering->object) {
		error = -errno;
		explain_load(error, why, size);
		goto fail;
	}
	steering->link = bpf_link_create(bpf_program__fd(steering->object->progs.steer),
	                                 (int)ifindex, BPF_XDP, &options);
	if (steering->link < 0) {
		error = -errno;
		explain_attach(error, why, size);
		goto fail;
	}
	*out = steering;
	return 0;
fail:
	steering_destroy(steering);
	return error;
}

void steering_destroy(struct steering *steering)
{
	if (!steering)
		return;
	if (steering->link >= 0) {
		bpf_link_detach(steering->link);
		close(steering->link);
	}
	steer_bpf__destroy(steering->object);
	free(steering);
}

int steering_set_socket(struct steering *steering, uint32_t queue, int socket)
{
	const int map = bpf_map__fd(steering->object->maps.xsks);

	return bpf_map_update_elem(map, &queue, &socket, BPF_ANY) ? -errno : 0;
}

static struct steer_target make_target(const struct in6_addr *address, uint16_t port)
{
	struct steer_target target = {.port = htons(port)};

	memcpy(target.address, address, sizeof(target.address));
	return target;
}

/* Per-CPU array elements cannot be deleted: a slot that is used again starts from zero. */
static int clear_counter(const struct steering *steering, uint32_t slot)
{
	const int cpus = libbpf_num_possible_cpus();
	struct steer_counter *zero;
	int error;

	if (cpus < 0)
		return cpus;
	zero = calloc((size_t)cpus, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	error = bpf_map_update_elem(bpf_map__fd(steering->object->maps.port_counters), &slot, zero,
	                            BPF_ANY)
	                ? -errno
	                : 0;
	free(zero);
	return error;
}

int steering_add(struct steering *steering, const struct in6_addr *address, uint16_t port)
{
	const struct steer_target target = make_target(address, port);
	struct steer_rule rule = {0};
	int error;

	while (rule.slot < STEER_MAX_PORTS && steering->slot_used[rule.slot])
		rule.slot++;
	if (rule.slot == STEER_MAX_PORTS)
		return -ENOSPC;
	error = clear_counter(steering, rule.slot);
	if (error)
		return error;
	if (bpf_map_update_elem(bpf_map__fd(steering->object->maps.ports), &target, &rule,
	                        BPF_NOEXIST))
		return -errno;
	steering->slot_used[rule.slot] = true;
	return 0;
}

void steering_remove(struct steering *steering, const struct in6_addr *address, uint16_t port)
{
	const struct steer_target target = make_target(address, port);
	const int map = bpf_map__fd(steering->object->maps.ports);
	struct steer_rule rule;

	if (bpf_map_lookup_elem(map, &target, &rule))
		return;
	bpf_map_delete_elem(map, &target);
	steering->slot_used[rule.slot] = false;
}
