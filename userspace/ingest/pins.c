/*
 * Pins of one interface. Written anew at each start: the maps are of the program that runs now, and of the
 * old ones only the link goes on.
 */
#include "pins.h"

#include "bpffs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINK_NAME "link"

static int pin(int fd, const char *directory, const char *name)
{
	char path[BPFFS_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

static int pin_all(const char *directory, int link, const struct bpf_object *object,
                   const char *program)
{
	const struct bpf_program *loaded = bpf_object__find_program_by_name(object, program);
	const struct bpf_map *map;
	int error = pin(bpf_program__fd(loaded), directory, program);

	bpf_object__for_each_map(map, object)
	{
		if (error)
			return error;
		if (!bpf_map__is_internal(map)) /* .rodata and the like: bpffs takes no dots */
			error = pin(bpf_map__fd(map), directory, bpf_map__name(map));
	}
	return error ? error : pin(link, directory, LINK_NAME);
}

int pins_write(const char *directory, int link, const struct bpf_object *object,
               const char *program)
{
	int error = bpffs_clear_directory(directory, false);

	if (!error)
		error = pin_all(directory, link, object, program);
	if (error)
		bpffs_clear_directory(directory, true);
	return error;
}

int pins_open_link(const char *directory)
{
	char path[BPFFS_PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/" LINK_NAME, directory);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

/* What is known of an XDP link on the interface; false when it is another one. */
static bool read_link(struct bpf_link_info *info, int link, unsigned int ifindex)
{
	uint32_t size = sizeof(*info);

	*info = (struct bpf_link_info){0};
	return !bpf_obj_get_info_by_fd(link, info, &size) && info->type == BPF_LINK_TYPE_XDP &&
	       info->xdp.ifindex == ifindex;
}

bool pins_link_is_on(int link, unsigned int ifindex)
{
	struct bpf_link_info info;

	return read_link(&info, link, ifindex);
}

bool pins_link_serves(int link, unsigned int ifindex, bool generic)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, attached);
	struct bpf_link_info info;

	if (!read_link(&info, link, ifindex))
		return false;
	if (bpf_xdp_query((int)ifindex, 0, &attached))
		return false;
	return info.prog_id == (generic ? attached.skb_prog_id : attached.drv_prog_id);
}

int pins_remove(const char *directory)
{
	const int link = pins_open_link(directory);

	if (link >= 0) {
		bpf_link_detach(link); /* fails when the interface is gone: then it is detached */
		close(link);
	}
	return bpffs_clear_directory(directory, true);
}
