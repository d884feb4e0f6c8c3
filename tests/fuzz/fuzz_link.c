/*
 * Netlink datagrams: names are terminated, kinds are known, and no more messages come out than there is
 * room for.
 */
#include "ingest/link_watch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *context, const struct link_change *change)
{
	size_t *count = context;

	++*count;
	if (!memchr(change->name, 0, sizeof(change->name)) || change->kind > LINK_WATCH_OVERRUN)
		abort();
	if (change->running && !change->up)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0;

	if (link_watch_parse(data, size, see, &count) != count || count > size / 16)
		abort();
	return 0;
}
