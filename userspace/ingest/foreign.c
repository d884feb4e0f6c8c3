/*
 * Who else is attached to an interface. A program may have been attached through netlink (`ip link`,
 * xdp-loader) or by a link; each is removed by another command, and neither ever by us.
 */
#include "foreign.h"

#include "base/shell_word.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_LOOKED_AT 4096

static void name_program(uint32_t id, char *name, size_t size)
{
	const int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = {0};
	uint32_t info_size = sizeof(info);

	snprintf(name, size, "program %u", id);
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &info_size) && info.name[0])
		snprintf(name, size, "program %u \"%s\"", id, info.name);
	close(fd);
}

/* The program's link to an interface of that number, which may be one in another network namespace. */
static bool is_link_of(int fd, unsigned int ifindex, uint32_t program)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == BPF_LINK_TYPE_XDP &&
	       info.xdp.ifindex == ifindex && info.prog_id == program;
}

/*
 * The id of the link that attaches the program to the interface, 0: none. Errors: -EMLINK when it might be
 * one of several, -EPERM without CAP_SYS_ADMIN.
 */
static int find_link(unsigned int ifindex, uint32_t program, uint32_t *found)
{
	uint32_t id = 0;

	*found = 0;
	for (int i = 0; i < LINKS_LOOKED_AT; i++) {
		bool matches;
		int fd;

		if (bpf_link_get_next_id(id, &id))
			return errno == ENOENT ? 0 : -errno;
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue; /* gone since */
		matches = is_link_of(fd, ifindex, program);
		close(fd);
		if (matches && *found) {
			*found = 0;
			return -EMLINK;
		}
		if (matches)
			*found = id;
	}
	return 0;
}

/* `ip link` removes only what was attached in the mode that it is told. */
static const char *mode_name(const struct bpf_xdp_query_opts *attached, uint32_t id)
{
	if (id == attached->skb_prog_id)
		return "xdpgeneric";
	return id == attached->drv_prog_id ? "xdpdrv" : "xdpoffload";
}

static uint32_t program_id(const struct bpf_xdp_query_opts *attached)
{
	if (attached->drv_prog_id)
		return attached->drv_prog_id;
	return attached->skb_prog_id ? attached->skb_prog_id : attached->hw_prog_id;
}

int foreign_find(unsigned int ifindex, struct foreign *out)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, attached);
	char interface[IF_NAMESIZE], word[SHELL_WORD_INTERFACE_BYTES];
	const int error = bpf_xdp_query((int)ifindex, 0, &attached);
	uint32_t id, link;

	if (error)
		return error;
	id = program_id(&attached);
	if (!id || !if_indextoname(ifindex, interface))
		return -ENOENT;
	name_program(id, out->program, sizeof(out->program));
	snprintf(out->show, sizeof(out->show), "bpftool prog show id %u", id);
	out->is_unsure = find_link(ifindex, id, &link) != 0;
	if (link) {
		snprintf(out->remove, sizeof(out->remove), "bpftool link detach id %u", link);
	} else {
		shell_word(word, sizeof(word), interface);
		snprintf(out->remove, sizeof(out->remove), "ip link set dev %s %s off", word,
		         mode_name(&attached, id));
	}
	return 0;
}

int foreign_describe(unsigned int ifindex, char *why, size_t size)
{
	struct foreign foreign;
	const int error = foreign_find(ifindex, &foreign);

	if (!error)
		snprintf(why, size, "XDP %s is attached (show: %s; remove: %s%s)", foreign.program,
		         foreign.show, foreign.remove,
		         foreign.is_unsure ? ", or bpftool link detach" : "");
	return error;
}
