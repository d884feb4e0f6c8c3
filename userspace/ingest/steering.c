/*
 * Loading and attaching the XDP program.
 *
 * A bpf_link rather than a netlink attach: nobody can replace it by accident. It is pinned, so after a
 * crash the program stays, passes everything to the kernel (no sockets are left in its map) and is taken
 * over by the next start: one atomic exchange of programs, never a moment without. Where it cannot be
 * pinned, the kernel detaches it when the process dies.
 */
#include "steering.h"

#include "base/event.h"
#include "base/log.h"
#include "bpf/steer.h"
#include "bpffs.h"
#include "claim.h"
#include "foreign.h"
#include "pins.h"
#include "steer.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct steering {
	struct steer_bpf *object;
	int link, claim;
	unsigned int ifindex;
	char interface[IF_NAMESIZE];
	char directory[BPFFS_PATH_MAX]; /* of the pins, or "" */
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
		snprintf(why, size, "the interface is busy (see: bpftool net list)");
		break;
	case -ERANGE:
	case -EINVAL:
		snprintf(why, size, "the driver refused XDP (MTU, queue count or LRO; see: dmesg)");
		break;
	default:
		snprintf(why, size, "attaching XDP failed: %s", strerror(-error));
	}
}

static int claim_interface(struct steering *steering, char *why, size_t size)
{
	pid_t holder;
	const int error = claim_take(&steering->claim, steering->interface, &holder);

	if (error == -EADDRINUSE) {
		snprintf(why, size, "another medialive-distributor (process %d) serves %s",
		         (int)holder, steering->interface);
		return -EBUSY;
	}
	if (error)
		snprintf(why, size, "the interface cannot be claimed: %s", strerror(-error));
	return error;
}

static int load(struct steering *steering, char *why, size_t size)
{
	int error;

	libbpf_set_print(log_library);
	steering->object = steer_bpf__open_and_load();
	if (steering->object)
		return 0;
	error = -errno;
	explain_load(error, why, size);
	return error;
}

/* What take_over_from is told. */
struct takeover {
	struct steering *steering;
	unsigned int ifindex;
	bool generic;
};

/* Let the link of a process that died run our program; detach it when it is of no use. */
static void take_over_link(const struct takeover *takeover, int link)
{
	struct steering *steering = takeover->steering;
	const int program = bpf_program__fd(steering->object->progs.steer);

	if (steering->link < 0 && pins_link_serves(link, takeover->ifindex, takeover->generic) &&
	    !bpf_link_update(link, program, NULL)) {
		steering->link = link;
		event_add(LOG_LEVEL_INFO, "xdp_taken_over", steering->interface,
		          "interface %s: took over the XDP program that a process left attached",
		          steering->interface);
		return;
	}
	bpf_link_detach(link); /* fails when the interface is gone: detached */
	close(link);
	event_add(
		LOG_LEVEL_INFO, "xdp_removed", steering->interface,
		"interface %s: removed the XDP program that a process left: it was in another mode or "
		"for an interface that is gone",
		steering->interface);
}

/*
 * A directory of pins, of this version of the program or of another: that of the interface, or one from before
 * it was renamed, unless its process lives.
 */
static int take_over_from(void *context, const char *interface, const char *path)
{
	const struct takeover *takeover = context;
	const bool renamed = strcmp(interface, takeover->steering->interface) != 0;
	int link = pins_open_link(path), claim = -1, result = 0;
	pid_t holder;

	if (renamed && (link < 0 || !pins_link_is_on(link, takeover->ifindex) ||
	                claim_take(&claim, interface, &holder))) {
		if (link >= 0)
			close(link);
		return 0;
	}
	if (link >= 0)
		take_over_link(takeover, link);
	if (strcmp(path, takeover->steering->directory))
		result = bpffs_clear_directory(path, true);
	claim_release(claim);
	return result;
}

static int attach(struct steering *steering, unsigned int ifindex, bool generic, char *why,
                  size_t size)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
	            .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int error;

	steering->link = bpf_link_create(bpf_program__fd(steering->object->progs.steer),
	                                 (int)ifindex, BPF_XDP, &options);
	if (steering->link >= 0)
		return 0;
	error = errno == EEXIST ? -EBUSY : -errno; /* EEXIST: one in the other mode */
	if (error != -EBUSY || foreign_describe(ifindex, why, size))
		explain_attach(error, why, size);
	return error;
}

/* Find the pins of a process that died, attach, pin. */
static int attach_pinned(struct steering *steering, unsigned int ifindex, bool generic, char *why,
                         size_t size)
{
	struct takeover takeover = {steering, ifindex, generic};
	char unpinned[320] = "";
	int error = bpffs_make_directory(steering->directory, steering->interface, unpinned,
	                                 sizeof(unpinned));

	if (error)
		steering->directory[0] = '\0';
	else if (bpffs_each_directory(take_over_from, &takeover))
		log_warning("interface %s: pins of another version of this program stay",
		            steering->interface);
	error = steering->link < 0 ? attach(steering, ifindex, generic, why, size) : 0;
	if (error)
		return error;
	if (steering->directory[0]) {
		error = pins_write(steering->directory, steering->link, steering->object->obj,
		                   "steer");
		if (error) {
			snprintf(unpinned, sizeof(unpinned), "%s: %s", steering->directory,
			         strerror(-error));
			steering->directory[0] = '\0';
		}
	}
	if (!steering->directory[0])
		log_warning(
			"interface %s: XDP is not pinned: it goes with this process, and bpftool "
			"finds its maps by name only: %s",
			steering->interface, unpinned);
	return 0;
}

int steering_create(struct steering **out, unsigned int ifindex, bool generic, char *why,
                    size_t size)
{
	struct steering *steering = calloc(1, sizeof(*steering));
	int error;

	if (!steering)
		return -ENOMEM;
	steering->link = -1;
	steering->claim = -1;
	steering->ifindex = ifindex;
	if (!if_indextoname(ifindex, steering->interface)) {
		snprintf(why, size, "the interface is gone");
		error = -ENODEV;
		goto fail;
	}
	error = claim_interface(steering, why, size);
	if (!error)
		error = load(steering, why, size);
	if (!error)
		error = attach_pinned(steering, ifindex, generic, why, size);
	if (error)
		goto fail;
	*out = steering;
	return 0;
fail:
	steering_destroy(steering);
	return error;
}

void steering_detach(struct steering *steering)
{
	if (steering->link < 0)
		return;
	bpf_link_detach(steering->link); /* fails when the interface is gone: detached */
	close(steering->link);
	steering->link = -1;
}

void steering_destroy(struct steering *steering)
{
	int error;

	if (!steering)
		return;
	steering_detach(steering);
	if (steering->directory[0]) {
		error = bpffs_clear_directory(steering->directory, true);
		if (error)
			log_warning("interface %s: %s stays: %s", steering->interface,
			            steering->directory, strerror(-error));
	}
	steer_bpf__destroy(steering->object);
	claim_release(steering->claim);
	free(steering);
}

bool steering_is_attached(const struct steering *steering)
{
	return pins_link_is_on(steering->link, steering->ifindex);
}

int steering_set_socket(struct steering *steering, uint32_t queue, int socket)
{
	const int map = bpf_map__fd(steering->object->maps.xsks);

	return bpf_map_update_elem(map, &queue, &socket, BPF_ANY) ? -errno : 0;
}

void steering_get_verdicts(const struct steering *steering, uint64_t *packets)
{
	const int map = bpf_map__fd(steering->object->maps.verdicts);
	const int cpus = libbpf_num_possible_cpus();
	struct steer_counter *counters = cpus > 0 ? calloc((size_t)cpus, sizeof(*counters)) : NULL;

	memset(packets, 0, STEER_VERDICTS * sizeof(*packets));
	for (uint32_t verdict = 0; counters && verdict < STEER_VERDICTS; verdict++) {
		if (bpf_map_lookup_elem(map, &verdict, counters))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++)
			packets[verdict] += counters[cpu].packets;
	}
	free(counters);
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
