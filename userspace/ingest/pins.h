/*
 * The pins of one interface: its link, its program and the program's maps, each a file that keeps it alive
 * and by which bpftool finds it.
 */
#ifndef INGEST_PINS_H
#define INGEST_PINS_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

/*
 * Pin link, the program of that name and every map of object in the directory, in place of what was
 * there. On error nothing is pinned. Errors: negative errno. Thread: main.
 */
int pins_write(const char *directory, int link, const struct bpf_object *object,
               const char *program);

/* The pinned link; the caller closes it. Errors: -ENOENT, other negative errno. Thread: main. */
int pins_open_link(const char *directory);

/* Does the link attach to that interface, in whatever mode? Thread: main. */
bool pins_link_is_on(int link, unsigned int ifindex);

/*
 * Does the link attach to that interface, in that mode? A link outlives its interface. Thread: main.
 */
bool pins_link_serves(int link, unsigned int ifindex, bool generic);

/*
 * Detach whatever is pinned in the directory and remove the directory. What is not there is fine.
 * Errors: negative errno. Thread: main.
 */
int pins_remove(const char *directory);

#endif
