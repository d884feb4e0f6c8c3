/*
 * Names of modes.
 */
#include "mode.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {[INGEST_AUTO] = "auto",
                                    [INGEST_XDP] = "xdp",
                                    [INGEST_XDP_GENERIC] = "xdp-generic",
                                    [INGEST_UDP] = "udp"};

const char *ingest_mode_name(enum ingest_mode mode)
{
	return names[mode];
}

int ingest_mode_parse(enum ingest_mode *out, const char *name)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*out = (enum ingest_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}
