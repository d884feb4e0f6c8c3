/*
 * Attach a pinned XDP program to an interface by a link, and pin that: a foreign program for tests.
 *
 *   xdp_link INTERFACE PROGRAM LINK
 */
#include <bpf/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int program, link;

	if (argc != 4) {
		fprintf(stderr, "usage: xdp_link INTERFACE PROGRAM LINK\n");
		return 2;
	}
	program = bpf_obj_get(argv[2]);
	link = bpf_link_create(program, (int)if_nametoindex(argv[1]), BPF_XDP, NULL);
	if (program < 0 || link < 0 || bpf_obj_pin(link, argv[3])) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	close(link);
	close(program);
	return EXIT_SUCCESS;
}
