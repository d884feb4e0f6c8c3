/*
 * Loading and attaching the XDP program.
 *
 * A bpf_link rather than a netlink attach: nobody can replace it by accident, and the kernel detaches
 * it when the process dies, so that no stale program is left behind.
 */
#include "steering.h"

#include "base/log.h"
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

int steering_map(const struct steering *steering, enum steering_map map)
{
	switch (map) {
	case STEERING_PORTS:
		return bpf_map__fd(steering->object->maps.ports);
	case STEERING_PORT_INDEX:
		return bpf_map__fd(steering->object->maps.port_index);
	case STEERING_FILTERS:
		return bpf_map__fd(steering->object->maps.filters);
	case STEERING_PORT_COUNTERS:
		return bpf_map__fd(steering->object->maps.port_counters);
	case STEERING_SOURCES:
		return bpf_map__fd(steering->object->maps.sources);
	case STEERING_CEILINGS:
		return bpf_map__fd(steering->object->maps.ceilings);
	case STEERING_LOCALS:
		return bpf_map__fd(steering->object->maps.locals);
	}
	return -EINVAL;
}
