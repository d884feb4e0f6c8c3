/*
 * Goes through the directories of pins, under the same claim that a running program holds.
 */
#include "detach.h"

#include "bpffs.h"
#include "claim.h"
#include "pins.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct detach {
	const char *interfaces; /* NULL: all */
	unsigned int removed;
	int error; /* the first */
};

static bool is_wanted(const char *interfaces, const char *name)
{
	const size_t length = strlen(name);

	for (const char *item = interfaces; item; item = strchr(item, ',')) {
		item += *item == ',';
		if (strcspn(item, ",") == length && !memcmp(item, name, length))
			return true;
	}
	return !interfaces;
}

static int remove_claimed(const char *interface, const char *path)
{
	pid_t holder;
	int claim, error = claim_take(&claim, interface, &holder);

	if (error == -EADDRINUSE) {
		fprintf(stderr,
		        "medialive-distributor: %s: process %d serves it; stop that first\n",
		        interface, (int)holder);
		return -EBUSY;
	}
	if (!error) {
		error = pins_remove(path);
		claim_release(claim);
	}
	if (error)
		fprintf(stderr, "medialive-distributor: %s: cannot remove %s: %s\n", interface,
		        path, strerror(-error));
	return error;
}

static int visit(void *context, const char *interface, const char *path)
{
	struct detach *detach = context;
	int error;

	if (!is_wanted(detach->interfaces, interface))
		return 0;
	error = remove_claimed(interface, path);
	if (!error) {
		printf("%s: XDP detached, %s removed\n", interface, path);
		detach->removed++;
	} else if (!detach->error) {
		detach->error = error;
	}
	return 0;
}

int detach_all(const char *interfaces)
{
	struct detach detach = {.interfaces = interfaces};
	const int error = bpffs_each_directory(visit, &detach);

	if (error) {
		fprintf(stderr, "medialive-distributor: cannot read " BPFFS_OURS ": %s\n",
		        strerror(-error));
		return error;
	}
	if (!detach.removed && !detach.error)
		printf("nothing to detach%s\n",
		       bpffs_is_mounted() ? "" : ": no BPF file system at " BPFFS_ROOT);
	return detach.error;
}
