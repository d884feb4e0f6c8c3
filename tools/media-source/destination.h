/*
 * Where the datagrams go: a bounded list of UDP addresses, made from HOST:PORT arguments.
 * Thread: one at a time.
 */
#ifndef MEDIA_SOURCE_DESTINATION_H
#define MEDIA_SOURCE_DESTINATION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define DESTINATION_MAX        4096
#define DESTINATION_TEXT_BYTES 80

struct destination {
	struct sockaddr_storage address;
	socklen_t length;
	uint64_t sent;   /* datagrams handed to the kernel */
	uint64_t errors; /* refused by the kernel, or reported back by ICMP */
};

struct destination_list {
	struct destination *items;
	size_t count;
};

/* How one argument stands for several destinations. */
struct destination_range {
	uint16_t first_port, last_port; /* for a HOST without a port; 0: it must have one */
	uint32_t count;                 /* ports from HOST:PORT on, 1 to DESTINATION_MAX */
	uint16_t step;                  /* from one port to the next, 1 to 65535 */
};

/*
 * Resolve text, which is HOST:PORT, [IPV6]:PORT or (with range->first_port) HOST, and append what it
 * stands for. The first address of a name is taken. Owns: list->items is freed by destination_free.
 * why: on error, what is wrong, without a full stop. Errors: -EINVAL for syntax and ports beyond 65535,
 * -E2BIG beyond DESTINATION_MAX, -ENOENT when the name cannot be resolved, -ENOMEM.
 */
int destination_add(struct destination_list *list, const char *text,
                    const struct destination_range *range, char *why, size_t why_size);

/*
 * Resolve a local address to send from: ADDR, ADDR:PORT or [IPV6]:PORT. Only *out's address and length
 * are set, port 0 when none is given. Errors: as destination_add.
 */
int destination_parse_source(struct destination *out, const char *text, char *why, size_t why_size);

/* Free the list's memory and empty it. */
void destination_free(struct destination_list *list);

/* Write HOST:PORT, numeric, into out (DESTINATION_TEXT_BYTES). */
void destination_format(const struct destination *destination, char *out);

#endif
