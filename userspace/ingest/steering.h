/*
 * The XDP program of one interface: loaded, attached, pinned, and its maps (see rules.h for what is in them).
 */
#ifndef INGEST_STEERING_H
#define INGEST_STEERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steering;

/*
 * Load bpf/steer.bpf.c and attach it by a bpf_link, pinned as bpffs.h says, or take over the link that a
 * process left which was killed. generic: the kernel's generic mode, else the driver's native mode.
 * Owns: *out is the caller's, freed by steering_destroy. Errors: -EBUSY when another program, of ours or
 * not, has the interface: no other mode helps; -EPERM, -EOPNOTSUPP, -ENODEV and other negative errno; why
 * (size bytes, 200 hold all) gets a sentence for an operator. Thread: main.
 */
int steering_create(struct steering **out, unsigned int ifindex, bool generic, char *why,
                    size_t size);

/* Detach: frames go to the kernel from now on. Pins and maps stay until steering_destroy. Thread: watch. */
void steering_detach(struct steering *steering);

/*
 * Detach, unpin and unload: frames go to the kernel from now on. NULL is fine, and so is an interface that
 * is gone. Thread: main.
 */
void steering_destroy(struct steering *steering);

/* Whether the program is still attached: any root can detach a link. Thread: watch. */
bool steering_is_attached(const struct steering *steering);

/* Redirect frames of a receive queue to an AF_XDP socket. Errors: negative errno. Thread: main. */
int steering_set_socket(struct steering *steering, uint32_t queue, int socket);

/*
 * Packets by verdict, summed over processors: STEER_VERDICTS numbers; 0 where the kernel does not say.
 * Thread: any.
 */
void steering_get_verdicts(const struct steering *steering, uint64_t *packets);

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
