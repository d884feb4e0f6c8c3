/*
 * The XDP program of one interface: loaded, attached, and its maps (see rules.h for what is in them).
 */
#ifndef INGEST_STEERING_H
#define INGEST_STEERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steering;

/*
 * Load bpf/steer.bpf.c and attach it by a bpf_link, which goes with the process however it ends.
 * generic: the kernel's generic mode, else the driver's native mode.
 * Owns: *out is the caller's, freed by steering_destroy. Errors: -EPERM, -EOPNOTSUPP, -EBUSY and other
 * negative errno; why (size bytes) gets a sentence for an operator. Thread: main.
 */
int steering_create(struct steering **out, unsigned int ifindex, bool generic, char *why,
                    size_t size);

/* Detach and unload: frames go to the kernel from now on. NULL is fine. Thread: main. */
void steering_destroy(struct steering *steering);

/* Redirect frames of a receive queue to an AF_XDP socket. Errors: negative errno. Thread: main. */
int steering_set_socket(struct steering *steering, uint32_t queue, int socket);

enum steering_map {
	STEERING_PORTS,
	STEERING_PORT_INDEX,
	STEERING_FILTERS,
	STEERING_PORT_COUNTERS,
	STEERING_SOURCES,
	STEERING_CEILINGS,
	STEERING_LOCALS,
};

/* The descriptor of one of the program's maps; borrowed. Thread: any. */
int steering_map(const struct steering *steering, enum steering_map map);

#endif
